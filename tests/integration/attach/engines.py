"""An engine in this process with a real gateway, and the ports that reach it over HTTP."""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.remote.address import find_url, read_operator_token
from console.remote.client import Access, RemoteClient
from console.remote.fleet import RemoteFleet
from console.remote.link import Link
from console.remote.operator import RemoteOperator
from core.bootstrap import Engine, run_engine
from core.fleet_ports import FleetPort
from core.ids import OperatorId
from core.ports import OperatorPort, Ticket
from core.records import TokenKind
from core.settings import Settings
from tests.factories import make_proposal, make_token

ANA = OperatorId("ana")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The same engine twice: its own ports, and those over HTTP."""

    engine: Engine
    client: RemoteClient
    operator: OperatorPort
    fleet: FleetPort

    async def propose(self, command: str, **changes: Any) -> Ticket:
        """An agent's shell command."""
        given = {"agent": "coder", "kind": "shell.execute", "arguments": {"command": command}}
        proposal = make_proposal(**{**given, **changes})
        return await self.engine.gate.propose(proposal, token=make_token(kind=TokenKind.AGENT))


@contextlib.asynccontextmanager
async def reach(home: Path) -> AsyncGenerator[Reached]:
    """Host `home`, and reach it."""
    settings = Settings.model_validate({"gateway": {"port": 0}, "console": {"operator": ANA}})
    async with run_engine(home, settings, folder=home.parent) as engine:
        access = Access(
            url=lambda: find_url(None, home), token=lambda: read_operator_token(home, None)
        )
        async with RemoteClient.open(access, Link(engine.clock.monotonic_s)) as client:
            yield Reached(
                engine=engine,
                client=client,
                operator=RemoteOperator(client),
                fleet=RemoteFleet(client),
            )
