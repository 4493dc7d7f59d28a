"""What one agent asked to do, as rows."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Final

from console.language import N_, _
from console.view_models import signs
from console.view_models.columns import Column, SortKey
from console.view_models.ink import Span, Spans, Tone
from console.view_models.summary import what_spans
from console.view_models.text import count, short_id, short_time, visible, visible_spans
from core.actions import RiskLevel
from core.records import ActionRecord

COLUMNS: Final = (
    Column(title=N_("TIME"), width=11),
    Column(title=N_("ID"), width=6),
    Column(title=N_("DECISION"), width=8),
    Column(title=N_("RISK"), width=9, drop=1),
    Column(title=N_("STATE"), width=10),
    Column(title=N_("ACTION"), width=20, flexible=True),
    Column(title=N_("BY"), width=10, drop=2),
)
_RISKS: Final = tuple(RiskLevel)
SORTS: Final[Mapping[str, SortKey[ActionRecord]]] = {
    "TIME": lambda record: record.action.proposed_at,
    "DECISION": lambda record: record.verdict.decision.value,
    "RISK": lambda record: _RISKS.index(record.verdict.risk),
    "STATE": lambda record: record.status.value,
    "ACTION": lambda record: f"{record.action.kind} {record.action.resource}",
}


def action_cells(record: ActionRecord, zone: tzinfo, now: datetime) -> tuple[Spans, ...]:
    """One action, in the order of `COLUMNS`."""
    action, status = record.action, record.status.value
    state = Span(_(visible(status)))
    if record.outcome is not None:
        state = signs.OUTCOME[record.outcome.status]
    return (
        (Span(short_time(action.proposed_at, zone, now), Tone.DIM),),
        (Span(short_id(record.id), Tone.STRONG),),
        (signs.DECISION[record.verdict.decision],),
        (signs.RISK[record.verdict.risk],),
        (state,),
        what_spans(action.kind, action.resource, ""),
        (Span(visible(record.decided_by or ""), Tone.DIM),),
    )


def actions_title(agent: str, shown: int, known: int, *, full: bool, problem: str) -> Spans:
    """Whose they are and how many; `full`: older ones are not read."""
    head = Span(_("ACTIONS OF {agent}  ").format(agent=visible(agent)), Tone.TITLE)
    if problem:
        return (head, Span("✗ ", Tone.BAD), *visible_spans(problem, Tone.BAD))
    told = (
        _("{shown} of {known}").format(shown=shown, known=known)
        if shown < known
        else count(known, "action", "actions")
    )
    return (head, Span(told + (_(", the newest") if full else ""), Tone.DIM))
