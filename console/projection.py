"""What the console knows, folded from events. Pure: no clock, no terminal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, assert_never

from core.actions import Decision
from core.events import (
    ActionHeld,
    ActionJudged,
    ActionSettled,
    AgentChanged,
    AgentSeen,
    AlertChanged,
    ApprovalChanged,
    AuditAdvanced,
    AuditBroken,
    CoreEvent,
    DegradationChanged,
    GrantChanged,
    MessageDied,
    OutcomeReported,
    ServiceFailed,
    ServiceRecovered,
)
from core.ports import AgentView, VerifyReport
from core.records import ApprovalRecord, GrantRecord

FEED_MAX: Final = 500
WINDOW_S: Final = 60

FeedEvent = ActionJudged | ActionSettled | OutcomeReported
Tally = Mapping[Decision, int]
NONE_YET: Final[Tally] = dict.fromkeys(Decision, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that screens draw from. None means: nobody has told yet."""

    approvals: tuple[ApprovalRecord, ...] | None = None  # pending, most urgent first
    agents: tuple[AgentView, ...] | None = None
    grants: tuple[GrantRecord, ...] | None = None  # remembered approvals in force
    feed: tuple[FeedEvent, ...] = ()  # newest last
    totals: Tally = field(default_factory=lambda: NONE_YET)  # since the console opened
    seconds: tuple[tuple[int, Tally], ...] = ()  # judged per second, newest last, one minute
    audit_length: int | None = None
    audit_head: str = ""
    audit_broken: str = ""  # one sentence; "" while nothing is known to be wrong
    verified: VerifyReport | None = None
    alerts: Mapping[str, str] = field(default_factory=dict[str, str])  # what -> sentence
    dropped: int = 0  # events that the screen was too slow for
    approvals_stale: bool = True
    agents_stale: bool = True
    grants_stale: bool = True
    fleet_stale: bool = True
    trail_stale: bool = True  # every event leaves entries on the trail


def fold(snapshot: Snapshot, event: CoreEvent) -> Snapshot:
    """The snapshot after one event."""
    return fold_all(snapshot, (event,))


def fold_all(snapshot: Snapshot, events: Iterable[CoreEvent]) -> Snapshot:
    """The snapshot after several events; feed and counts are rebuilt once, not per event."""
    feed: list[FeedEvent] = []
    for event in events:
        if isinstance(event, ActionJudged | ActionSettled | OutcomeReported):
            feed.append(event)
        snapshot = _fold_state(snapshot, event)
    if not snapshot.trail_stale:
        snapshot = replace(snapshot, trail_stale=True)
    if not feed:
        return snapshot
    return _count(
        replace(snapshot, feed=(snapshot.feed + tuple(feed[-FEED_MAX:]))[-FEED_MAX:]),
        [event for event in feed if isinstance(event, ActionJudged)],
    )


def _fold_state(  # noqa: C901, PLR0911, PLR0912 - one a case
    snapshot: Snapshot, event: CoreEvent
) -> Snapshot:
    match event:
        case ActionHeld() | ApprovalChanged():
            return replace(snapshot, approvals_stale=True)
        case ActionJudged() | OutcomeReported():
            if snapshot.agents_stale and snapshot.grants_stale:
                return snapshot
            return replace(snapshot, agents_stale=True, grants_stale=True)
        case ActionSettled():
            return _without(snapshot, event)
        case AgentSeen():
            return _see_agent(snapshot, event)
        case AuditAdvanced():
            return replace(snapshot, audit_length=event.length, audit_head=event.head)
        case AuditBroken():
            return _alert(
                replace(snapshot, audit_broken=event.message),
                "audit",
                f"audit entry {event.position}: {event.message}",
            )
        case ServiceFailed():
            end = "it is being restarted" if event.restarting else "it is not restarted again"
            return _alert(snapshot, event.service, f"{event.service}: {event.message}; {end}")
        case ServiceRecovered():
            return with_trouble(snapshot, event.service, "")
        case GrantChanged():
            return replace(snapshot, grants_stale=True)
        case AgentChanged() | MessageDied() | AlertChanged():
            return replace(snapshot, fleet_stale=True)
        case DegradationChanged():
            why = f"coordination failed: {event.reason}; risky actions are blocked"
            stale = replace(snapshot, fleet_stale=True)
            return with_trouble(stale, "coordination", why if event.degraded else "")
        case _:
            assert_never(event)


def _without(snapshot: Snapshot, event: ActionSettled) -> Snapshot:
    left = snapshot.approvals
    if left is not None:
        left = tuple(each for each in left if each.id != event.action_id)
    return replace(snapshot, approvals=left, approvals_stale=True, agents_stale=True)


def _see_agent(snapshot: Snapshot, event: AgentSeen) -> Snapshot:
    stale = replace(snapshot, agents_stale=True)
    name = f"agent {event.agent_id}"
    if event.quarantined:
        return _alert(stale, name, f"{name} is in quarantine (trust {event.trust:.2f})")
    left = {key: text for key, text in snapshot.alerts.items() if key != name}
    return replace(stale, alerts=left)


def _alert(snapshot: Snapshot, what: str, sentence: str) -> Snapshot:
    return replace(snapshot, alerts={**snapshot.alerts, what: sentence})


def _count(snapshot: Snapshot, judged: list[ActionJudged]) -> Snapshot:
    if not judged:
        return snapshot
    totals = dict(snapshot.totals)
    seconds = {second: dict(tally) for second, tally in snapshot.seconds}
    for event in judged:
        totals[event.decision] += 1
        tally = seconds.setdefault(int(event.at.timestamp()), dict(NONE_YET))
        tally[event.decision] += 1
    newest = max(seconds)
    kept = [(each, seconds[each]) for each in sorted(seconds) if each > newest - WINDOW_S]
    return replace(snapshot, totals=totals, seconds=tuple(kept))


def last_minute(snapshot: Snapshot, now: datetime) -> Tally:
    """Decisions of the last 60 seconds before `now`."""
    start = now.timestamp() - WINDOW_S
    return {
        decision: sum(tally[decision] for second, tally in snapshot.seconds if second > start)
        for decision in Decision
    }


def with_approvals(snapshot: Snapshot, approvals: tuple[ApprovalRecord, ...]) -> Snapshot:
    """The queue as just read."""
    return replace(snapshot, approvals=approvals, approvals_stale=False)


def with_agents(snapshot: Snapshot, agents: tuple[AgentView, ...]) -> Snapshot:
    """The agents as just read; quarantine that began before the console did is an alert too."""
    alerts = {key: text for key, text in snapshot.alerts.items() if not key.startswith("agent ")}
    for each in agents:
        if each.principal.quarantined:
            name = f"agent {each.principal.id}"
            trust = "" if each.trust is None else f" (trust {each.trust.score:.2f})"
            alerts[name] = f"{name} is in quarantine{trust}"
    return replace(snapshot, agents=agents, agents_stale=False, alerts=alerts)


def with_verification(snapshot: Snapshot, report: VerifyReport) -> Snapshot:
    """What verifying the trail found."""
    length = max(report.entries, snapshot.audit_length or 0)
    return replace(
        snapshot,
        verified=report,
        audit_length=length,
        audit_head=snapshot.audit_head or report.head,
        audit_broken="" if report.ok else report.problem,
    )


def with_audit_head(snapshot: Snapshot, length: int, head: str) -> Snapshot:
    """The newest entry as just read, when no event has told more."""
    snapshot = replace(snapshot, trail_stale=False)
    if snapshot.audit_length is not None and snapshot.audit_length >= length:
        return snapshot
    return replace(snapshot, audit_length=length, audit_head=head)


def with_grants(snapshot: Snapshot, grants: tuple[GrantRecord, ...]) -> Snapshot:
    """The remembered approvals as just read."""
    return replace(snapshot, grants=grants, grants_stale=False)


def with_trouble(snapshot: Snapshot, what: str, sentence: str) -> Snapshot:
    """A read that failed is an alert; "" takes it back."""
    if sentence:
        return _alert(snapshot, what, sentence)
    if what not in snapshot.alerts:
        return snapshot
    left = {key: text for key, text in snapshot.alerts.items() if key != what}
    return replace(snapshot, alerts=left)
