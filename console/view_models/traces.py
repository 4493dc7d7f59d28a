"""The newest traces, one a correlation id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from console.language import N_, _, numeral
from console.view_models.columns import Column, SortKey
from console.view_models.facts import fact, title_of
from console.view_models.filters import Searched
from console.view_models.ink import Line, Span, Spans, Tone
from console.view_models.summary import shown_text
from console.view_models.text import cell_spans, count, day_and_time, short_time
from console.view_models.trace import took
from core.actions import ActionStatus
from core.ids import ActionId
from core.records import ActionRecord, SpanRecord

COLUMNS: Final = (
    Column(title=N_("AT"), width=11),
    Column(title=N_("STATE"), width=10),
    Column(title=N_("TOOK"), width=9, right=True),
    Column(title=N_("SPANS"), width=5, right=True),
    Column(title=N_("AGENT"), width=13),
    Column(title=N_("KIND"), width=14, flexible=True, most=16, drop=2),
    Column(title=N_("RESOURCE"), width=12, flexible=True),
    Column(title=N_("TRACE"), width=8, drop=1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRow:
    """One trace. `ok` None: no span of it is kept, or none has ended yet."""

    trace_id: str
    action_id: ActionId  # any of its actions: leads to the waterfall
    agent: str
    kind: str
    resource: str
    status: str
    at: datetime
    actions: int
    spans: int
    failed: int
    took_us: int | None

    @property
    def ok(self) -> bool | None:
        """Whether every span went well."""
        return None if not self.spans else not self.failed


SORTS: Final[Mapping[str, SortKey[TraceRow]]] = {
    "AT": lambda row: row.at,
    "STATE": lambda row: None if row.ok is None else row.ok,
    "TOOK": lambda row: row.took_us,
    "SPANS": lambda row: row.spans,
    "AGENT": lambda row: row.agent,
}


def newest_of_each(records: Sequence[ActionRecord]) -> tuple[tuple[ActionRecord, int], ...]:
    """The first record of each trace, and how many actions it has; in the order that they came."""
    found: dict[str, tuple[ActionRecord, int]] = {}
    for record in records:
        first, number = found.get(record.action.correlation_id, (record, 0))
        found[record.action.correlation_id] = (first, number + 1)
    return tuple(found.values())


def trace_row(record: ActionRecord, actions: int, spans: Sequence[SpanRecord]) -> TraceRow:
    """One trace from its newest action and what is kept of its spans."""
    took_us = None
    if spans:
        ends = [each.started_at + timedelta(microseconds=each.duration_us) for each in spans]
        begin = min(each.started_at for each in spans)
        took_us = (max(ends) - begin) // timedelta(microseconds=1)
    action = record.action
    return TraceRow(
        trace_id=action.correlation_id,
        action_id=record.id,
        agent=action.agent_id,
        kind=action.kind,
        resource=shown_text(action.resource),
        status=record.status.value,
        at=action.proposed_at,
        actions=actions,
        spans=len(spans),
        failed=sum(not each.ok for each in spans),
        took_us=took_us,
    )


def searched(row: TraceRow) -> Searched:
    """What a filter may ask of it."""
    asked = {"agent": row.agent, "kind": row.kind, "state": _state(row).text, "trace": row.trace_id}
    return Searched(asked, f"{' '.join(asked.values())} {row.resource} {row.status}")


def _state(row: TraceRow) -> Span:
    if row.ok is None:
        return Span(_("· no span"), Tone.DIM)
    if row.ok and row.status == ActionStatus.PENDING:  # the wait has no span before it ends
        return Span(_("? waits"), Tone.WARN)
    return Span(_("✓ ok"), Tone.OK) if row.ok else Span(_("✗ failed"), Tone.BAD)


def trace_cells(row: TraceRow, zone: tzinfo, now: datetime) -> tuple[Spans, ...]:
    """One trace, in the order of `COLUMNS`."""
    return (
        (Span(short_time(row.at, zone, now), Tone.DIM),),
        (_state(row),),
        (Span("-" if row.took_us is None else took(row.took_us)),),
        (Span(numeral(row.spans)),),
        cell_spans(row.agent),
        cell_spans(row.kind),
        cell_spans(row.resource, Tone.STRONG),
        cell_spans(row.trace_id[:8], Tone.DIM),
    )


def traces_title(rows: Sequence[TraceRow], shown: int, read: int) -> Spans:
    """How many, out of how many actions."""
    bad = sum(row.ok is False for row in rows)
    failed = Span(_("  ✗ {bad} with a failed step").format(bad=bad), Tone.BAD if bad else Tone.DIM)
    newest = Span(
        _("  of the newest {actions}").format(actions=count(read, "action", "actions")), Tone.DIM
    )
    return title_of(_("TRACES"), len(rows), shown, newest, *((failed,) if bad else ()))


def trace_lines(row: TraceRow, zone: tzinfo) -> tuple[Line, ...]:
    """One trace whole; its waterfall lies behind Enter."""
    failed = _(", {failed} failed").format(failed=numeral(row.failed)) if row.failed else ""
    return (
        fact(_("trace"), row.trace_id),
        fact(_("action"), f"{row.kind} {row.resource}"),
        fact(_("agent"), row.agent),
        fact(_("status"), _(row.status)),
        fact(_("proposed"), day_and_time(row.at, zone)),
        fact(_("took"), "-" if row.took_us is None else took(row.took_us)),
        fact(_("spans"), (Span(count(row.spans, "span", "spans") + failed),)),
        fact(_("actions"), count(row.actions, "action", "actions") + _(" under this id")),
    )
