"""The ports over HTTP are the ports: the same answers, the same effects, the same errors."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.actions import ActionStatus
from core.commands import (
    AcknowledgeAlert,
    AgentChange,
    ApproveAction,
    ControlAgent,
    DeferAction,
    DenyAction,
    DiscardMessage,
    EditAction,
    Remember,
    ResendMessage,
    RevokeGrant,
    SetQuarantine,
    SilenceAlert,
)
from core.errors import (
    ActionNotFound,
    AgentNotFound,
    AlertNotFound,
    ApprovalSettled,
    InvalidAction,
    MaestroError,
    MessageNotFound,
)
from core.fleet import ActivitySpan, AgentMode
from core.fleet_ports import FleetPort, MessageQuery
from core.ids import ActionId, AgentId, AlertId, GrantId, MessageId
from core.ports import OperatorPort, Ticket
from core.records import ActionQuery, AuditQuery
from tests.integration.attach.engines import ANA, Reached, reach

PUSH = "docker push registry.shop.example/shop"
NOBODY = "0" * 26


@pytest.fixture
async def reached(tmp_path: Path) -> AsyncIterator[Reached]:
    async with reach(tmp_path / "home") as each:
        yield each


@pytest.fixture(params=["in process", "over HTTP"])
def operator(request: pytest.FixtureRequest, reached: Reached) -> OperatorPort:
    return reached.engine.desk if request.param == "in process" else reached.operator


@pytest.fixture(params=["in process", "over HTTP"])
def fleet(request: pytest.FixtureRequest, reached: Reached) -> FleetPort:
    return reached.engine.fleet if request.param == "in process" else reached.fleet


async def _hold(reached: Reached) -> Ticket:
    ticket = await reached.propose(PUSH, session="one", purpose="Publish it")
    assert ticket.status is ActionStatus.PENDING
    return ticket


async def _approve(operator: OperatorPort, ticket: Ticket, **changes: Any) -> None:
    dossier = await operator.show_action(ticket.id)
    await operator.dispatch(
        ApproveAction(
            operator=ANA,
            shown_digest=dossier.shown_digest,
            key="a",
            action_id=ticket.id,
            digest=ticket.digest,
            **changes,
        )
    )


async def test_the_trail_has_when_an_attached_operator_pressed_the_key(reached: Reached) -> None:
    ticket = await _hold(reached)
    pressed_at = datetime(2026, 11, 21, 9, 0, 0, 250_000, tzinfo=UTC)
    await _approve(reached.operator, ticket, pressed_at=pressed_at)
    (entry,) = await reached.engine.desk.read_audit(AuditQuery(event="approval.approved"))
    assert json.loads(entry.text)["body"]["pressed_at"] == pressed_at.isoformat()


async def test_every_read_of_the_operators_port_gives_the_same(reached: Reached) -> None:
    here, there = reached.engine.desk, reached.operator
    first, second = await _hold(reached), await _hold(reached)
    await _approve(there, first, remember=Remember(resource_pattern=PUSH, duration_s=60))
    await reached.propose("ls")
    reads: list[Callable[[OperatorPort], Awaitable[object]]] = [
        lambda port: port.list_approvals(),
        lambda port: port.show_action(second.id),
        lambda port: port.show_action(first.id),
        lambda port: port.list_actions(ActionQuery()),
        lambda port: port.list_actions(
            ActionQuery(status=ActionStatus.PENDING, agent_id=AgentId("coder"), limit=1)
        ),
        lambda port: port.list_agents(),
        lambda port: port.list_grants(),
        lambda port: port.read_audit(AuditQuery(limit=3)),
        lambda port: port.read_audit(AuditQuery(after_seq=1, ascending=True, actor="ana")),
        lambda port: port.read_audit(AuditQuery(action_id=first.id, text="approv")),
        lambda port: port.verify_audit(),
    ]
    for read in reads:
        found = await read(here)
        assert found
        assert await read(there) == found
    async with asyncio.timeout(30):  # spans are gathered before they are written
        while not (spans := await here.load_trace(first.id)) or (  # noqa: ASYNC110
            await there.load_trace(first.id) != spans
        ):
            await asyncio.sleep(0.05)


async def test_every_read_of_the_fleets_port_gives_the_same(reached: Reached) -> None:
    here, there = reached.engine.fleet, reached.fleet
    now = reached.engine.clock.now()
    reads: list[Callable[[FleetPort], Awaitable[object]]] = [
        lambda port: port.coordinators(),
        lambda port: port.messages(MessageQuery(agent="devops", limit=5)),
        lambda port: port.series(
            "system.host_memory", since=now - timedelta(hours=1), until=now, points_max=40
        ),
        lambda port: port.alerts(resolved=True),
        lambda port: port.emitters(),
        lambda port: port.sessions(),
    ]
    for read in reads:
        assert await read(there) == await read(here)
    # What is measured each second may differ; what it is measured of does not.
    assert [each.spec for each in await there.fleet()] == [each.spec for each in await here.fleet()]
    mine, theirs = await here.readings(), await there.readings()
    assert [each.spec for each in theirs] == [each.spec for each in mine]
    detail = await there.show_agent(AgentId("video"))
    assert detail.state.spec == (await here.show_agent(AgentId("video"))).state.spec
    assert (await there.health()).degraded is (await here.health()).degraded


async def test_what_an_agent_did_is_counted_the_same(reached: Reached) -> None:
    await reached.propose("ls")
    for span in ActivitySpan:
        here = await reached.engine.fleet.activity(span)
        there = await reached.fleet.activity(span)
        coder = [next(a for a in each.agents if a.agent == "coder") for each in (here, there)]
        assert [sum(each.actions) for each in coder] == [1, 1]
        assert (there.each_s, there.spans, there.since_s) == (
            here.each_s,
            here.spans,
            here.since_s,
        )


async def test_approving_releases_the_action(reached: Reached, operator: OperatorPort) -> None:
    ticket = await _hold(reached)
    await _approve(operator, ticket)
    dossier = await operator.show_action(ticket.id)
    assert dossier.record.status is ActionStatus.ALLOWED
    assert dossier.approval is not None
    (vote,) = dossier.approval.votes
    assert (vote.operator, vote.key) == (ANA, "a")
    assert vote.shown_digest
    reason = dossier.record.decision_reason
    assert reason.startswith("approved by ana; no policy denies it; consent lifts: ")
    assert "harmless" not in reason
    with pytest.raises(ApprovalSettled):
        await _approve(operator, ticket)


async def test_denying_tells_the_reason(reached: Reached, operator: OperatorPort) -> None:
    ticket = await _hold(reached)
    await operator.dispatch(DenyAction(operator=ANA, action_id=ticket.id, reason="not today"))
    record = (await operator.show_action(ticket.id)).record
    assert (record.status, record.decision_reason) == (ActionStatus.DENIED, "not today")


async def test_an_edit_is_what_may_run(reached: Reached, operator: OperatorPort) -> None:
    ticket = await _hold(reached)
    edited = {"command": "docker push registry.shop.example/shop:2"}
    await operator.dispatch(
        EditAction(operator=ANA, action_id=ticket.id, digest=ticket.digest, arguments=edited)
    )
    assert (await operator.show_action(ticket.id)).record.arguments_released == edited


async def test_deferring_moves_it_down(reached: Reached, operator: OperatorPort) -> None:
    ticket = await _hold(reached)
    until = reached.engine.clock.now() + timedelta(minutes=2)
    await operator.dispatch(DeferAction(operator=ANA, action_id=ticket.id, until=until))
    (held,) = await operator.list_approvals()
    assert held.deferred_until == until


async def test_a_rule_is_made_and_ended(reached: Reached, operator: OperatorPort) -> None:
    ticket = await _hold(reached)
    await _approve(operator, ticket, remember=Remember(resource_pattern=PUSH, duration_s=60))
    (grant,) = await operator.list_grants()
    await operator.dispatch(RevokeGrant(operator=ANA, grant_id=grant.id))
    left = [each for each in await operator.list_grants() if each.revoked_at is None]
    assert left == []


async def test_an_agent_is_put_into_quarantine(reached: Reached, operator: OperatorPort) -> None:
    await _hold(reached)
    agent = AgentId("coder")
    command = SetQuarantine(operator=ANA, agent_id=agent, quarantined=True, reason="odd")
    await operator.dispatch(command)
    views = {each.principal.id: each for each in await operator.list_agents()}
    assert views[agent].principal.quarantined


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (DenyAction(operator=ANA, action_id=ActionId(NOBODY), reason="x"), ActionNotFound),
        (RevokeGrant(operator=ANA, grant_id=GrantId(NOBODY)), MaestroError),
    ],
)
async def test_a_command_about_nothing_fails_with_the_same_words(
    reached: Reached, command: Any, error: type[MaestroError]
) -> None:
    words: set[str] = set()
    for port in (reached.engine.desk, reached.operator):
        with pytest.raises(error) as raised:
            await port.dispatch(command)
        words.add(f"{type(raised.value).__name__}: {raised.value}")
    assert len(words) == 1, words


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (
            ControlAgent(
                operator=ANA, agent_id=AgentId("nobody"), change=AgentChange.PAUSE, reason="x"
            ),
            AgentNotFound,
        ),
        (ResendMessage(operator=ANA, message_id=MessageId(NOBODY)), MessageNotFound),
        (DiscardMessage(operator=ANA, message_id=MessageId(NOBODY), reason="x"), MessageNotFound),
        (AcknowledgeAlert(operator=ANA, alert_id=AlertId(NOBODY)), AlertNotFound),
    ],
)
async def test_a_fleet_command_about_nothing_fails_with_the_same_words(
    reached: Reached, command: Any, error: type[MaestroError]
) -> None:
    words: set[str] = set()
    for port in (reached.engine.fleet, reached.fleet):
        with pytest.raises(error) as raised:
            await port.dispatch(command)
        words.add(str(raised.value))
    assert len(words) == 1, words


async def test_reads_about_nothing_fail_the_same(operator: OperatorPort, fleet: FleetPort) -> None:
    with pytest.raises(ActionNotFound, match="known here"):
        await operator.show_action(ActionId(NOBODY))
    with pytest.raises(ActionNotFound):
        await operator.load_trace(ActionId(NOBODY))
    with pytest.raises(AgentNotFound):
        await fleet.show_agent(AgentId("nobody"))


async def test_an_agent_is_paused_through_the_gate(fleet: FleetPort) -> None:
    video = AgentId("video")
    said = await fleet.dispatch(
        ControlAgent(operator=ANA, agent_id=video, change=AgentChange.PAUSE, reason="quiet")
    )
    assert said == "video is paused; its mailbox waits"
    assert (await fleet.show_agent(video)).state.mode is AgentMode.PAUSED


async def test_silencing_needs_a_reason_everywhere(reached: Reached, fleet: FleetPort) -> None:
    until = reached.engine.clock.now() + timedelta(hours=1)
    command = SilenceAlert(operator=ANA, alert_id=AlertId(NOBODY), until=until, reason=" ")
    with pytest.raises(MaestroError) as raised:
        await fleet.dispatch(command)
    assert isinstance(raised.value, InvalidAction) or "reason" in str(raised.value)


async def test_secrets_that_an_agent_sent_stay_with_the_engine(reached: Reached) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6" * 3
    words = f"push with the token {secret}"
    ticket = await reached.propose(
        f"git push https://{secret}@git.example/shop", resource=f"sh {secret}", purpose=words
    )
    dossier = await reached.operator.show_action(ticket.id)
    assert secret not in repr(dossier)
    assert secret not in repr(await reached.operator.list_actions(ActionQuery(limit=1)))
    assert secret not in repr(await reached.operator.list_approvals())
    assert secret in repr(await reached.engine.desk.show_action(ticket.id))
    assert dossier.arguments_shown == dossier.record.action.arguments


async def test_many_reads_at_once_share_few_connections(reached: Reached) -> None:
    await _hold(reached)
    async with asyncio.timeout(30):
        found = await asyncio.gather(*(reached.operator.list_approvals() for _ in range(50)))
    assert len(set(found)) == 1
