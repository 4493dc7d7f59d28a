"""The OpenAPI document tells the truth: schemathesis finds nothing against a real server."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from core.gateway.http.openapi import make_document
from core.gateway.http.table import OPERATIONS
from core.gateway.server import GatewayServer
from core.records import TokenKind
from tests.fakes_gateway import Rig, make_rig

_OPERATOR_ONLY = {row.path for row in OPERATIONS if row.kind is TokenKind.OPERATOR}
_STREAMS = {row.path for row in OPERATIONS if row.media == "text/event-stream"}


@dataclass(frozen=True)
class Live:
    """A gateway in a thread of its own, for clients that block."""

    url: str
    rig: Rig


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("home")
    started = threading.Event()
    found: list[Live] = []
    stop: list[asyncio.Event] = []

    async def serve(home: Path) -> None:
        rig = await make_rig()
        service = GatewayServer(rig.app, home=home, clock=rig.clock, port=0)
        stop.append(asyncio.Event())
        running = asyncio.get_running_loop().create_task(service.run())
        found.append(Live(await service.wait_started(), rig))
        started.set()
        await stop[0].wait()
        running.cancel()
        await asyncio.wait((running,))

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(home),))
    thread.start()
    assert started.wait(10)
    yield found[0]
    loop.call_soon_threadsafe(stop[0].set)
    thread.join(10)
    loop.close()


# Its types are only partly known to the checkers, so they end here.
_Check = Callable[[Any, Live], None]
_schema: Any = schemathesis.openapi.from_dict(make_document(OPERATIONS))
# An endless answer has no end to check; test_events reads it.
_parametrize: Callable[[_Check], _Check] = _schema.exclude(path=sorted(_STREAMS)).parametrize()


@_parametrize
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_answer_is_the_one_that_is_documented(case: Any, live: Live) -> None:
    token = live.rig.operator if case.operation.path in _OPERATOR_ONLY else live.rig.agent
    case.call_and_validate(base_url=live.url, headers={"Authorization": f"Bearer {token}"})


def test_every_row_of_the_table_is_described_with_its_refusals() -> None:
    document = make_document(OPERATIONS)
    for row in OPERATIONS:
        described = document["paths"][row.path][row.method.lower()]
        expected = {"200", "400", "403", "405", "414", "421", "422", "429", "431", "500", "503"}
        expected |= set() if row.open else {"401"}
        expected |= {"408", "413", "415"} if row.body else set()
        expected |= {str(int(status)) for status in row.refusals}
        assert set(described["responses"]) == expected
        assert bool(described["security"]) is not row.open
