"""What a newcomer tries is a real action: held, decided, carried out and audited. And harmless."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from console.first_run import TRY_IT, TryIt
from core.bootstrap import Engine, run_engine
from core.commands import ApproveAction, Command, DenyAction, EditAction
from core.errors import PermissionDenied
from core.ports import Dossier, Ticket
from core.records import AuditQuery
from core.settings import GatewaySettings, GovernanceSettings, Settings

OFF = Settings(gateway=GatewaySettings(enabled=False))
Answer = Callable[[Engine, Dossier], Command]


def approve(engine: Engine, dossier: Dossier) -> Command:
    record = dossier.record
    return ApproveAction(
        operator=engine.operator, key="a", action_id=record.action.id, digest=record.digest
    )


def deny(engine: Engine, dossier: Dossier) -> Command:
    return DenyAction(
        operator=engine.operator, key="d", action_id=dossier.record.action.id, reason="not today"
    )


def edit(engine: Engine, dossier: Dossier) -> Command:
    record = dossier.record
    return EditAction(
        operator=engine.operator,
        key="e",
        action_id=record.action.id,
        digest=record.digest,
        arguments={**record.action.arguments, "folder": "/"},
    )


async def try_it(home: Path, answer: Answer) -> tuple[str, list[str], Engine]:
    """What it says in the end, and the events of its trail."""
    async with run_engine(home, OFF, folder=home.parent) as engine:
        trial = TryIt(engine.gate, engine.tokens, engine.clock, home)
        tickets: asyncio.Queue[Ticket] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            said = group.create_task(trial.run(tickets.put_nowait))
            ticket = await tickets.get()
            dossier = await engine.desk.show_action(ticket.id)
            await engine.desk.dispatch(answer(engine, dossier))
        entries = await engine.desk.read_audit(AuditQuery(limit=100))
        report = await engine.desk.verify_audit()
        assert (report.ok, report.signed_length) == (True, report.entries)  # up to this moment
        live = [each for each in engine.tokens.list() if each.revoked_at is None]
        assert TRY_IT not in {each.bound_to for each in live}
        return said.result(), [json.loads(each.text)["event"] for each in entries], engine


async def test_an_approved_try_is_carried_out_and_the_whole_way_is_on_the_trail(
    tmp_path: Path,
) -> None:
    said, events, _ = await try_it(tmp_path / "home", approve)
    assert said == "try-it reports: the folder is empty."
    assert {"action.judged", "approval.approved", "action.outcome", "token.revoked"} <= {*events}
    assert list((tmp_path / "home" / "try-it").iterdir()) == []


async def test_a_denied_try_does_nothing(tmp_path: Path) -> None:
    said, events, _ = await try_it(tmp_path / "home", deny)
    assert said == "try-it was told no (denied), and has done nothing."
    assert "action.outcome" not in events


async def test_an_edited_try_is_not_carried_out_whatever_it_says(tmp_path: Path) -> None:
    said, events, _ = await try_it(tmp_path / "home", edit)
    assert said == "try-it reports: not run: it lists its own folder and nothing else."
    assert "action.outcome" in events


async def test_where_unknown_agents_are_refused_it_is_told_and_no_token_stays(
    tmp_path: Path,
) -> None:
    strict = OFF.model_copy(update={"governance": GovernanceSettings(unknown_agents="refuse")})
    home = tmp_path / "home"
    async with run_engine(home, strict, folder=tmp_path) as engine:
        trial = TryIt(engine.gate, engine.tokens, engine.clock, home)
        with pytest.raises(PermissionDenied):
            await trial.run(lambda _: None)
        live = [each for each in engine.tokens.list() if each.revoked_at is None]
        assert TRY_IT not in {each.bound_to for each in live}
