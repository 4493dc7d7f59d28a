"""What the console knows after events. Pure: no clock, no terminal."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, assert_never

from console.language import _, numeral
from console.projection import (
    FEED_MAX,
    NONE_YET,
    WINDOW_S,
    FeedEvent,
    Snapshot,
    with_alert,
    with_trouble,
)
from core.events import (
    ActionHeld,
    ActionJudged,
    ActionSettled,
    ActionWithdrawn,
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

_ACTED: Final = (ActionJudged, OutcomeReported)  # a flood is made of these; one says what all say


def fold(snapshot: Snapshot, event: CoreEvent) -> Snapshot:
    """The snapshot after one event."""
    return fold_all(snapshot, (event,))


def fold_all(snapshot: Snapshot, events: Iterable[CoreEvent]) -> Snapshot:
    """The snapshot after several events; feed and counts are rebuilt once, not per event."""
    feed: list[FeedEvent] = []
    acted: CoreEvent | None = None
    for event in events:
        if isinstance(event, _ACTED):
            feed.append(event)
            acted = event
            continue
        if isinstance(event, ActionSettled | ActionWithdrawn):
            feed.append(event)
        snapshot = _fold_state(snapshot, event)
    if acted is not None:
        snapshot = _fold_state(snapshot, acted)
    if not snapshot.trail_stale:  # every event leaves entries on the trail
        snapshot = replace(snapshot, trail_stale=True)
    if not feed:
        return snapshot
    return _count(
        replace(snapshot, feed=(snapshot.feed + tuple(feed[-FEED_MAX:]))[-FEED_MAX:]),
        [event for event in feed if isinstance(event, ActionJudged)],
    )


def _fold_state(  # noqa: C901, PLR0911 - one a case
    snapshot: Snapshot, event: CoreEvent
) -> Snapshot:
    match event:
        case ActionHeld() | ApprovalChanged():
            return replace(snapshot, approvals_stale=True)
        case ActionJudged() | ActionWithdrawn() | OutcomeReported():
            return replace(snapshot, agents_stale=True, grants_stale=True)
        case ActionSettled():
            return _without(snapshot, event)
        case AgentSeen():
            return _see_agent(snapshot, event)
        case AuditAdvanced():
            return replace(snapshot, audit_length=event.length, audit_head=event.head)
        case AuditBroken():
            where = _("audit entry {position}: {message}").format(
                position=event.position, message=event.message
            )
            told = where if event.position else event.message
            return with_alert(replace(snapshot, audit_broken=event.message), "audit", told)
        case ServiceFailed():
            end = _("it is being restarted") if event.restarting else _("it is not restarted again")
            return with_alert(snapshot, event.service, f"{event.service}: {event.message}; {end}")
        case ServiceRecovered():
            return with_trouble(snapshot, event.service, "")
        case GrantChanged():
            return replace(snapshot, grants_stale=True)
        case AgentChanged() | MessageDied() | AlertChanged():
            return replace(snapshot, fleet_stale=True)
        case DegradationChanged():
            why = _("coordination failed: {reason}; risky actions are blocked").format(
                reason=event.reason
            )
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
    name = _("agent {agent_id}").format(agent_id=event.agent_id)
    if event.quarantined:
        return with_alert(
            stale,
            name,
            _("{name} is in quarantine (trust {trust})").format(
                name=name, trust=numeral(event.trust, 2)
            ),
        )
    left = {key: text for key, text in snapshot.alerts.items() if key != name}
    return replace(stale, alerts=left)


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
