"""Faults in the real parts of a running engine: each ends in a deny that stands on the trail."""

import contextlib
import errno
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from core.actions import ActionStatus, Decision
from core.adapters.append_file import AppendFile
from core.adapters.sqlite import writer
from core.adapters.system import SystemClock
from core.bootstrap import Engine, run_engine
from core.governance.ethics_counsel import RuleCounsellor
from core.governance.policies import engine as policy_engine
from core.governance.policies.loading import load_packs
from core.governance.policies.model import PackLibrary
from core.governance.policy_judge import CedarJudge
from core.ids import ActionId
from core.ports import Proposal, Ticket
from core.records import AuditQuery
from core.settings import GatewaySettings, Settings, StoreSettings
from tests.integration.disks import locked_by_another_process

Break = Callable[[Engine, pytest.MonkeyPatch], contextlib.AbstractContextManager[None]]


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncGenerator[Engine]:
    settings = Settings(
        gateway=GatewaySettings(enabled=False), store=StoreSettings(busy_timeout_s=0.1)
    )
    async with run_engine(tmp_path, settings) as running:
        yield running


async def propose(engine: Engine, agent: str = "coder") -> Ticket:
    """Propose something harmless. For a new agent no answer of the policies is remembered."""
    secret = (engine.home / "agent.token").read_text(encoding="utf-8").strip()
    proposal = Proposal(
        agent=agent, kind="shell.execute", resource="bash", arguments={"command": "ls"}
    )
    return await engine.gate.propose(proposal, token=engine.tokens.verify(secret))


async def judged(engine: Engine, action_id: ActionId) -> list[str]:
    """What the trail says of the judgement of an action."""
    query = AuditQuery(action_id=action_id, event="action.judged")
    return [entry.text for entry in await engine.desk.read_audit(query)]


def _broken(*_args: Any, **_kwargs: Any) -> Any:
    raise RuntimeError("injected")


def _full(*_args: Any, **_kwargs: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def _patched(target: object, name: str, value: object) -> Break:
    @contextlib.contextmanager
    def fault(_engine: Engine, patch: pytest.MonkeyPatch) -> Generator[None]:
        with patch.context() as patched:
            patched.setattr(target, name, value)
            yield

    return fault


@contextlib.contextmanager
def lost_policies(engine: Engine, _patch: pytest.MonkeyPatch) -> Generator[None]:
    engine.judge.reload(PackLibrary(packs={}, version="none"))
    yield
    engine.judge.reload(load_packs(None))


AUDITED: dict[str, Break] = {
    "policy evaluation": _patched(policy_engine, "is_authorized", _broken),
    "policies gone": lost_policies,
    "judge": _patched(CedarJudge, "judge", _broken),
    "counsel": _patched(RuleCounsellor, "counsel", _broken),
    "clock": _patched(SystemClock, "now", _broken),
    "copy of the trail": _patched(AppendFile, "append", _full),
}


@pytest.mark.parametrize("fault", AUDITED.values(), ids=AUDITED)
async def test_a_fault_is_an_audited_deny_and_passes(
    engine: Engine, fault: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await propose(engine)).decision is Decision.ALLOW
    with fault(engine, monkeypatch):
        await propose(engine, "first")  # what the copy of the trail misses blocks all that follows
        ticket = await propose(engine, "second")
    assert (ticket.decision, ticket.status) == (Decision.DENY, ActionStatus.DENIED)
    (text,) = await judged(engine, ticket.id)
    assert '"decision":"deny"' in text
    assert "fail-safe:" in text
    assert await recovers(engine)
    assert (await engine.desk.verify_audit()).ok


async def recovers(engine: Engine) -> bool:
    """Mended within the next look of the services."""
    for _ in range(100):
        if (await propose(engine)).decision is Decision.ALLOW:
            return True
        await engine.clock.sleep(0.05)
    return False


@contextlib.contextmanager
def locked_store(engine: Engine, _patch: pytest.MonkeyPatch) -> Generator[None]:
    with locked_by_another_process(engine.home / "maestro.db"):
        yield


UNWRITTEN: dict[str, Break] = {
    "locked store": locked_store,
    "stopwatch": _patched(SystemClock, "monotonic_s", _broken),
    "trail without room": _patched(writer, "EXTEND_AUDIT", "INSERT INTO nowhere VALUES (?)"),
}


@pytest.mark.parametrize("fault", UNWRITTEN.values(), ids=UNWRITTEN)
async def test_with_the_trail_itself_down_it_is_a_deny_and_leaves_nothing(
    engine: Engine, fault: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    await propose(engine)
    with fault(engine, monkeypatch):
        ticket = await propose(engine)
    assert (ticket.decision, ticket.status) == (Decision.DENY, ActionStatus.DENIED)
    assert "blocked because the trail cannot be written" in ticket.reasons[0]
    assert await judged(engine, ticket.id) == []
    assert await recovers(engine)
    assert (await engine.desk.verify_audit()).ok
