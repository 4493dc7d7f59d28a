"""What the console knows, and what reading adds to it. Pure: no clock, no terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from console.language import _, numeral
from core.actions import Decision

if TYPE_CHECKING:  # not loaded for the first picture
    from core.events import ActionJudged, ActionSettled, ActionWithdrawn, OutcomeReported
    from core.ports import AgentView, VerifyReport
    from core.records import ApprovalRecord, GrantRecord

FEED_MAX: Final = 500
WINDOW_S: Final = 60

FeedEvent: TypeAlias = "ActionJudged | ActionSettled | ActionWithdrawn | OutcomeReported"
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
            name = _("agent {id}").format(id=each.principal.id)
            trust = (
                ""
                if each.trust is None
                else _(" (trust {score})").format(score=numeral(each.trust.score, 2))
            )
            alerts[name] = _("{name} is in quarantine{trust}").format(name=name, trust=trust)
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
        return with_alert(snapshot, what, sentence)
    if what not in snapshot.alerts:
        return snapshot
    left = {key: text for key, text in snapshot.alerts.items() if key != what}
    return replace(snapshot, alerts=left)


def with_alert(snapshot: Snapshot, what: str, sentence: str) -> Snapshot:
    """One more thing that is wrong, or another word for one that is."""
    return replace(snapshot, alerts={**snapshot.alerts, what: sentence})
