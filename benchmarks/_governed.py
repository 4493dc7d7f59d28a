"""A real engine beside a flood: actions that go through the gate onto a signed trail.

Each is proposed on the loop that the console draws on, as when the console hosts the engine, and
counted once the gate has answered. `read_back` looks for every one of them in the store, after the
engine has stopped, and verifies the trail.
"""

import asyncio
import json
from pathlib import Path

from benchmarks._load import command, make_settings, write_pack
from core.adapters.sqlite.files import iter_audit_bytes
from core.audit.home import verify_home
from core.bootstrap import Engine, run_engine
from core.ports import Proposal, Ticket
from core.records import TokenKind, TokenRecord


async def propose(engine: Engine, token: TokenRecord, number: int) -> Ticket:
    """The gate's answer to one of the commands that agents give."""
    proposal = Proposal(
        agent=f"agent-{number % 20}",
        kind="shell.execute",
        resource="bash",
        arguments={"command": command(number)},
        purpose="build and test the project",
    )
    return await engine.gate.propose(proposal, token=token)


async def propose_steadily(folder: Path, rate_per_s: float, answered: list[str]) -> None:
    """Until cancelled; the ids of actions that were answered are added to `answered`."""
    async with run_engine(folder / "home", make_settings(write_pack(folder / "packs"))) as engine:
        token = next(each for each in engine.tokens.list() if each.kind is TokenKind.AGENT)
        number = 0
        while True:
            number += 1
            answered.append((await propose(engine, token, number)).id)
            await asyncio.sleep(1 / rate_per_s)


def read_back(folder: Path, answered: list[str]) -> dict[str, float]:
    """How many were answered, how many of them the trail lacks, and whether it verifies."""
    rows = [json.loads(text) for _, text, _ in iter_audit_bytes(folder / "home" / "maestro.db")]
    judged = {row["action_id"] for row in rows if row["event"] == "action.judged"}
    report = verify_home(folder / "home", rows=iter_audit_bytes(folder / "home" / "maestro.db"))
    return {
        "answered": len(answered),
        "not_on_trail": len(set(answered) - judged),
        "entries": len(rows),
        "verified": report.ok,
    }
