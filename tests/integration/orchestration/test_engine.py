"""The orchestrator as the engine hosts it: real stores, a real gate, real agents."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.actions import ActionStatus, OutcomeStatus, RiskLevel
from core.adapters.system import SystemClock
from core.adapters.usage_store import SqliteUsageStore
from core.bootstrap import Engine, run_engine
from core.commands import AgentChange, ApproveAction, ControlAgent, DiscardMessage, SilenceAlert
from core.errors import AgentNotFound, ConfigError, InvalidAction, PermissionDenied
from core.fleet import AgentMode, AgentOrigin, AgentStatus
from core.fleet_ports import MessageQuery
from core.governance.insiders import (
    INSIDE,
    ORCHESTRATOR,
    hosted_principal,
    operator_principal,
)
from core.ids import AgentId, AlertId, MessageId, OperatorId
from core.measures import SourceState
from core.records import ActionQuery, TokenKind
from core.settings import Settings
from core.usage import ModelCall
from tests.factories import make_proposal, make_token

ANA = OperatorId("ana")
TEN = "architect backend frontend ai video devops data mobile security business"
# What the other three look at is there without any setting.
IDLE = {"backend", "frontend", "ai", "video", "data", "mobile", "business"}


@contextlib.asynccontextmanager
async def hosted(home: Path, **sections: Any) -> AsyncGenerator[Engine]:
    given: dict[str, Any] = {"gateway": {"enabled": False}, **sections}
    async with run_engine(home, Settings(**given), folder=home.parent) as engine:
        yield engine


async def until(happened: Callable[[], Any]) -> Any:
    """Wait for what the engine does by itself."""
    async with asyncio.timeout(60):
        while not (found := await happened()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    return found


async def test_a_probe_that_names_no_measure_is_no_source(tmp_path: Path) -> None:
    probe = {"source": "http_probe", "url": "http://127.0.0.1:1/"}
    async with hosted(tmp_path / "home", metrics={"backend": {"error_rate": probe}}) as engine:
        readings = {each.spec.key: each for each in await engine.fleet.readings()}
    assert readings["backend.error_rate"].state is SourceState.NO_SOURCE


async def test_ten_agents_come_up_and_say_why_they_idle(tmp_path: Path) -> None:
    async with hosted(tmp_path / "home") as engine:

        async def all_told() -> Any:
            states = await engine.fleet.fleet()
            told = {each.spec.name for each in states if each.note.startswith("no source")}
            return told == IDLE and states

        states = await until(all_told)
    assert " ".join(each.spec.name for each in states) == TEN
    assert {each.status for each in states} <= {AgentStatus.ONLINE, AgentStatus.BUSY}
    assert {each.origin for each in states} == {AgentOrigin.HOSTED}


async def test_every_metric_is_shown_and_only_the_hosts_have_a_source(tmp_path: Path) -> None:
    async with hosted(tmp_path / "home") as engine:

        async def cpu_is_fresh() -> Any:
            readings = await engine.fleet.readings()
            fresh = {each.spec.key for each in readings if each.state is SourceState.FRESH}
            return "system.host_memory" in fresh and readings

        readings = await until(cpu_is_fresh)
    missing = [each for each in readings if each.state is SourceState.NO_SOURCE]
    assert len(readings) == 54 + 3
    assert all(each.value is None and each.reason for each in missing)
    assert len(missing) > 40


async def test_an_operators_key_goes_through_the_gate_and_is_done(tmp_path: Path) -> None:
    async with hosted(tmp_path / "home") as engine:
        said = await engine.fleet.dispatch(
            ControlAgent(
                operator=ANA, agent_id=AgentId("video"), change=AgentChange.PAUSE, reason="quiet"
            )
        )
        state = (await engine.fleet.show_agent(AgentId("video"))).state
        (record,) = await engine.desk.list_actions(ActionQuery(agent_id=operator_principal(ANA)))
    assert said == "video is paused; its mailbox waits"
    assert state.mode is AgentMode.PAUSED
    assert (record.action.kind, record.action.resource) == ("agent.control", "video")
    assert record.outcome is not None
    assert record.outcome.status is OutcomeStatus.SUCCEEDED


async def test_what_cannot_be_asked_for_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async with hosted(tmp_path / "home") as engine:
        fleet = engine.fleet
        await engine.gate.propose(make_proposal(agent="outsider"), token=make_token())
        pause = AgentChange.PAUSE
        with pytest.raises(AgentNotFound, match="runs outside"):
            await fleet.dispatch(
                ControlAgent(operator=ANA, agent_id=AgentId("outsider"), change=pause, reason="x")
            )
        with pytest.raises(AgentNotFound):
            await fleet.show_agent(AgentId("nobody"))
        with pytest.raises(InvalidAction, match="give a reason"):
            await fleet.dispatch(
                ControlAgent(operator=ANA, agent_id=AgentId("ai"), change=pause, reason=" ")
            )
        with pytest.raises(InvalidAction, match="give a reason"):
            await fleet.dispatch(DiscardMessage(operator=ANA, message_id=MessageId("x"), reason=""))
        with pytest.raises(InvalidAction, match="give a reason"):
            await fleet.dispatch(
                SilenceAlert(
                    operator=ANA,
                    alert_id=AlertId("x"),
                    until=engine.clock.now() + timedelta(hours=1),
                    reason="",
                )
            )


async def test_an_outside_agent_shows_what_all_its_calls_of_the_hour_cost(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    now = datetime.now(UTC)
    store = SqliteUsageStore(home, clock=SystemClock())
    calls = [
        ModelCall(
            id=str(number),
            emitter="otlp",
            agent=AgentId("coder"),
            session=None,
            model="m",
            provider=None,
            started_at=now - timedelta(minutes=number % 50),
            duration_ms=None,
            cost_usd_micros=2,
        )
        for number in range(12_000)
    ]
    await store.add(calls, [])
    await store.close()
    async with hosted(home) as engine:
        await engine.gate.propose(make_proposal(agent="coder"), token=make_token())
        last = (await engine.fleet.fleet())[-1]
    assert (last.spec.name, last.statistics.cost_usd_micros_per_h) == ("coder", 24_000)


async def test_an_outside_agent_joins_the_same_fleet(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with hosted(home) as engine:
        await engine.gate.propose(make_proposal(agent="coder"), token=make_token())
        last = (await engine.fleet.fleet())[-1]
        detail = await engine.fleet.show_agent(AgentId("coder"))
    assert (last.spec.name, last.origin) == ("coder", AgentOrigin.OUTSIDE)
    assert [each.action.kind for each in detail.recent] == ["shell.execute"]
    async with hosted(home) as engine:  # known again after a restart, before it calls
        assert (await engine.fleet.fleet())[-1].spec.name == "coder"


async def test_a_metric_of_ones_own_needs_unit_and_target(tmp_path: Path) -> None:
    number = tmp_path / "queue"
    number.write_text("41\n")
    binding: dict[str, Any] = {"source": "file", "path": "queue", "format": "number"}
    with pytest.raises(ConfigError, match=r"metrics\.shop\.queue .*a unit and a target"):
        async with hosted(tmp_path / "home", metrics={"shop": {"queue": binding}}):
            pass
    binding |= {"unit": "count", "target": 10, "every_s": 0.05}
    async with hosted(tmp_path / "home", metrics={"shop": {"queue": binding}}) as engine:

        async def is_read() -> Any:
            readings = await engine.fleet.readings()
            return [each for each in readings if each.spec.key == "shop.queue" and each.value]

        (reading,) = await until(is_read)
    assert reading.value == 41


async def test_contracts_that_are_declared_are_compared_and_measured(tmp_path: Path) -> None:
    document = '{{"openapi": "3.1.0", "info": {{"title": "shop", "version": "1"}}, "paths": {}}}'
    operation = '{"get": {"responses": {"200": {"description": "ok"}}}}'
    (tmp_path / "front.json").write_text(
        document.format(f'{{"/a": {operation}, "/b": {operation}}}')
    )
    (tmp_path / "back.json").write_text(document.format(f'{{"/a": {operation}}}'))
    contracts = {"frontend": "front.json", "backend": "back.json"}
    async with hosted(tmp_path / "home", orchestration={"contracts": contracts}) as engine:

        async def is_found() -> Any:
            pairs = await engine.fleet.coordinators()
            return next((each for each in pairs if each.findings), None)

        pair = await until(is_found)
        sent = await engine.fleet.messages(MessageQuery())
    assert pair.name == "frontend-backend"
    assert "/b" in " ".join(pair.findings)
    assert sent


async def test_small_tuning_by_the_orchestrator_asks_nobody_and_takes_effect(
    tmp_path: Path,
) -> None:
    async with hosted(tmp_path) as engine:
        ticket = await engine.gate.propose(
            make_proposal(
                agent=ORCHESTRATOR,
                kind="config.change",
                resource="tuning/devops",
                arguments={"parallel": 2, "undo": {"parallel": 4}},
                purpose="devops: mean response 300 ms against 100 ms before",
                risk=RiskLevel.LOW,
            ),
            token=INSIDE,
        )
        assert ticket.status is ActionStatus.ALLOWED

        async def is_done() -> Any:
            return (await engine.desk.show_action(ticket.id)).record.outcome

        outcome = await until(is_done)
    assert outcome.status is OutcomeStatus.SUCCEEDED


async def test_an_operation_runs_the_program_that_is_named_for_it_once_approved(
    tmp_path: Path,
) -> None:
    flag = tmp_path / "restarted"
    commands = {"service.restart": {"shop": ["touch", str(flag)]}}
    async with hosted(tmp_path / "home", operations={"commands": commands}) as engine:
        ticket = await engine.gate.propose(
            make_proposal(
                agent=hosted_principal("devops"),
                kind="service.restart",
                resource="shop",
                arguments={},
            ),
            token=INSIDE,
        )
        assert not flag.exists()
        (held,) = await engine.desk.list_approvals()
        await engine.desk.dispatch(
            ApproveAction(operator=ANA, action_id=held.id, digest=held.digest)
        )

        async def is_done() -> Any:
            return (await engine.desk.show_action(ticket.id)).record.outcome

        outcome = await until(is_done)
    assert outcome.status is OutcomeStatus.SUCCEEDED
    assert flag.exists()


async def test_no_token_of_the_home_opens_a_name_of_the_program(tmp_path: Path) -> None:
    async with hosted(tmp_path / "home") as engine:
        for token in (make_token(), make_token(kind=TokenKind.OPERATOR)):
            with pytest.raises(PermissionDenied):
                await engine.gate.propose(make_proposal(agent="maestro/devops"), token=token)
