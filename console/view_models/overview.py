"""The pulse: decisions, agents, what waits longest, alerts, the feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Final

from console.language import N_, _, numeral
from console.projection import FeedEvent, Snapshot, last_minute
from console.view_models import signs
from console.view_models.columns import Column, SortKey
from console.view_models.ink import Line, Span, Spans, Tone, Wrap
from console.view_models.rules import is_in_force
from console.view_models.summary import what_spans
from console.view_models.text import (
    cell_spans,
    count,
    short_id,
    time_of_day,
    visible,
    visible_spans,
)
from core.actions import Decision

if TYPE_CHECKING:  # not loaded for the first picture
    from core.ports import AgentView
    from core.records import ApprovalRecord

AGENT_COLUMNS: Final = (
    Column(title=N_("AGENT"), width=11, flexible=True),
    Column(title=N_("STATE"), width=12),
    Column(title=N_("TRUST"), width=6, right=True),
    Column(title=N_("HISTORY"), width=12, drop=2),
    Column(title=N_("ACTIONS"), width=7, right=True),
    Column(title=N_("ASKED"), width=5, right=True, drop=1),
    Column(title=N_("DENIED"), width=6, right=True),
)
FEED_COLUMNS: Final = (
    Column(title=N_("TIME"), width=8),
    Column(title=N_("WHAT"), width=10),
    Column(title=N_("ID"), width=6, drop=2),
    Column(title=N_("AGENT"), width=11),
    Column(title=N_("ACTION"), width=20, flexible=True),
    Column(title=N_("TOOK"), width=8, right=True, drop=1),
)
FEED_SORTS: Final[Mapping[str, SortKey[FeedEvent]]] = {
    "TIME": lambda event: event.at,
    "AGENT": lambda event: event.agent_id,
}
AGENT_SORTS: Final[Mapping[str, SortKey[AgentView]]] = {
    "AGENT": lambda agent: agent.principal.id,
    "TRUST": lambda agent: None if agent.trust is None else agent.trust.score,
    "ACTIONS": lambda agent: agent.actions,
    "ASKED": lambda agent: agent.asked,
    "DENIED": lambda agent: agent.denied,
}
_MILLI: Final = 1000


def pulse_lines(snapshot: Snapshot, now: datetime) -> tuple[Line, ...]:
    """Decisions per minute and since this console opened, beside the trail's state."""
    minute = last_minute(snapshot, now)
    name, lately, ever = _("DECISIONS"), _("1 min"), _("since open")
    at_name, at_lately, at_ever = len(name), 2 + max(len(lately), 6), 2 + max(len(ever), 9)
    left = [
        (Span(f"{name}{lately:>{at_lately}}{ever:>{at_ever}}", Tone.TITLE),),
        *(
            (
                signs.DECISION[each],
                Span(" " * (at_name - len(_(signs.DECISION[each].text)))),
                Span(f"{minute[each]:>{at_lately},}{snapshot.totals[each]:>{at_ever},}"),
            )
            for each in (Decision.ALLOW, Decision.ASK, Decision.DENY)
        ),
    ]
    right = _trail(snapshot, now)
    return tuple(
        Line((*one, Span("  │ ", Tone.DIM), *other), wrap=Wrap.CUT)
        for one, other in zip(left, right, strict=True)
    )


def _trail(snapshot: Snapshot, now: datetime) -> tuple[Spans, ...]:
    length = signs.no_source()
    if snapshot.audit_length is not None:
        length = Span(count(snapshot.audit_length, "entry", "entries"))
    head = (
        _("  head {audit_head}").format(audit_head=visible(snapshot.audit_head[:16]))
        if snapshot.audit_head
        else ""
    )
    return (
        (Span(_("AUDIT TRAIL"), Tone.TITLE),),
        (length, Span(head, Tone.DIM)),
        _verified(snapshot),
        _rules(snapshot, now),
    )


def _verified(snapshot: Snapshot) -> Spans:
    report = snapshot.verified
    if snapshot.audit_broken:
        return (Span(_("✗ broken  "), Tone.BAD), *visible_spans(snapshot.audit_broken))
    if report is None:
        return (Span(_("? unverified  "), Tone.WARN), Span(_("c verifies"), Tone.DIM))
    signed = _("{signed_length} of {entries} signed").format(
        signed_length=numeral(report.signed_length), entries=numeral(report.entries)
    )
    return (Span(_("✓ verified  "), Tone.OK), Span(signed, Tone.DIM))


def _rules(snapshot: Snapshot, now: datetime) -> Spans:
    """Rules in force; what the screen could not show comes before them."""
    if snapshot.dropped:
        return (
            Span(
                _("screen left out {events}").format(
                    events=count(snapshot.dropped, "event", "events")
                ),
                Tone.WARN,
            ),
        )
    if snapshot.grants is None:
        return (signs.no_source(),)
    live = sum(is_in_force(each, now) for each in snapshot.grants)
    if not live:
        return (Span(_("no rule approves by itself"), Tone.DIM),)
    return (
        Span(_("{rules} in force  ").format(rules=count(live, "rule", "rules"))),
        Span(_("s shows"), Tone.DIM),
    )


def alert_lines(snapshot: Snapshot) -> tuple[Line, ...]:
    """One line for each thing that is wrong, the newest first."""
    return tuple(
        Line(visible_spans(sentence), (Span("✗ ", Tone.BAD),), (Span("  "),))
        for sentence in reversed(tuple(snapshot.alerts.values()))
    )


def agent_cells(agent: AgentView) -> tuple[Spans, ...]:
    """One agent, in the order of `AGENT_COLUMNS`."""
    state = Span(_("✓ active"), Tone.OK)
    if agent.principal.quarantined:
        state = Span(_("✗ quarantine"), Tone.BAD)
    trust = agent.trust
    history = tuple(score for _, score, _ in trust.history) if trust else ()
    return (
        (Span(visible(agent.principal.id), Tone.STRONG),),
        (state,),
        # Nothing has come of its actions yet: it stands where every agent starts.
        (Span(_("new"), Tone.DIM) if trust is None else Span(numeral(trust.score, 2)),),
        (Span(signs.sparkline(history, width_max=12), Tone.INFO),),
        (Span(numeral(agent.actions)),),
        (Span(numeral(agent.asked), Tone.WARN if agent.asked else Tone.DIM),),
        (Span(numeral(agent.denied), Tone.BAD if agent.denied else Tone.DIM),),
    )


def oldest_first(approvals: Sequence[ApprovalRecord]) -> tuple[ApprovalRecord, ...]:
    """Those that have waited longest first."""
    return tuple(sorted(approvals, key=lambda each: (each.created_at, each.id)))


def feed_cells(event: FeedEvent, zone: tzinfo) -> tuple[Spans, ...]:
    """One event, in the order of `FEED_COLUMNS`."""
    what, action, took = _feed_words(event)
    return (
        (Span(time_of_day(event.at, zone), Tone.DIM),),
        (what,),
        (Span(short_id(event.action_id), Tone.DIM),),
        (Span(visible(event.agent_id)),),
        action,
        (Span(took, Tone.DIM),),
    )


def _feed_words(event: FeedEvent) -> tuple[Span, Spans, str]:
    from core.events import ActionJudged, ActionSettled, ActionWithdrawn  # noqa: PLC0415 - not for the start

    if isinstance(event, ActionJudged):
        body = what_spans(event.kind, event.resource, visible(event.summary))
        return (
            signs.DECISION[event.decision],
            body,
            _("{latency_us} ms").format(latency_us=numeral(event.latency_us / _MILLI, 1)),
        )
    if isinstance(event, ActionSettled):
        sign = signs.SETTLED.get(event.status, Span(_(visible(event.status)), Tone.WARN))
        by = _("by {by}").format(by=visible(event.by)) if event.by else _("nobody answered")
        edited = _(", edited") if event.edited else ""
        return sign, (Span(f"{by}{edited}  ", Tone.DIM), *cell_spans(event.reason)), ""
    if isinstance(event, ActionWithdrawn):
        why = (Span(_("approval withdrawn  "), Tone.WARN), *cell_spans(event.reason))
        return signs.SETTLED["denied"], why, ""
    return signs.OUTCOME[event.status], cell_spans(event.error), ""


def feed_title(shown: int, *, paused: bool, missed: int, left_out: int = 0) -> Spans:
    """Heading of the feed."""
    if paused:
        return (
            Span(_("FEED  "), Tone.TITLE),
            Span(
                _("‖ paused, {missed} newer  p goes on").format(missed=numeral(missed)), Tone.WARN
            ),
        )
    told = count(shown, "event", "events")
    if left_out:
        told += _(", the filter leaves out {left_out}").format(left_out=numeral(left_out))
    return (Span(_("FEED  "), Tone.TITLE), Span(_("{told}  p pauses").format(told=told), Tone.DIM))
