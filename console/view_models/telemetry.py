"""Pair coordinators, outside programs that send telemetry, and their sessions."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final

from console.view_models.columns import Column, SortKey
from console.view_models.facts import fact, title_of
from console.view_models.filters import Searched
from console.view_models.fleet import age_of
from console.view_models.ink import Line, Span, Spans, Tone, Wrap
from console.view_models.text import count, day_and_time, duration, visible, visible_spans
from console.view_models.units import tokens, usd
from core.fleet import CoordinatorState
from core.usage import EmitterView, SessionUsage, UsageTotals

COORDINATOR_COLUMNS: Final = (
    Column(title="PAIR", width=18),
    Column(title="STATE", width=11),
    Column(title="LAST", width=7, right=True),
    Column(title="NEXT", width=7, right=True),
    Column(title="RUNS", width=6, right=True, drop=1),
    Column(title="FOUND", width=20, flexible=True),
)
EMITTER_COLUMNS: Final = (
    Column(title="PROGRAM", width=16, flexible=True),
    Column(title="READ AS", width=13),
    Column(title="SPANS", width=8, right=True, drop=1),
    Column(title="LOGS", width=8, right=True, drop=1),
    Column(title="POINTS", width=8, right=True, drop=2),
    Column(title="CALLS", width=7, right=True),
    Column(title="TOKENS", width=8, right=True),
    Column(title="COST", width=9, right=True),
    Column(title="UNMAPPED", width=8, right=True, drop=3),
    Column(title="LAST", width=6, right=True),
)
SESSION_COLUMNS: Final = (
    Column(title="AGENT", width=14),
    Column(title="SESSION", width=12, flexible=True),
    Column(title="MODELS", width=24, drop=2),
    Column(title="CALLS", width=6, right=True),
    Column(title="IN", width=7, right=True),
    Column(title="OUT", width=7, right=True),
    Column(title="COST", width=9, right=True),
    Column(title="UNPRICED", width=8, right=True, drop=1),
    Column(title="LAST", width=6, right=True),
)
COORDINATOR_SORTS: Final[Mapping[str, SortKey[CoordinatorState]]] = {
    "PAIR": lambda each: each.name,
    "RUNS": lambda each: each.runs,
}
EMITTER_SORTS: Final[Mapping[str, SortKey[EmitterView]]] = {
    "PROGRAM": lambda each: each.emitter,
    "CALLS": lambda each: each.totals.calls,
    "TOKENS": lambda each: _tokens_of(each.totals),
    "COST": lambda each: each.totals.cost_usd_micros,
    "UNMAPPED": lambda each: sum(each.unmapped.values()),
}
SESSION_SORTS: Final[Mapping[str, SortKey[SessionUsage]]] = {
    "AGENT": lambda each: each.agent,
    "CALLS": lambda each: each.totals.calls,
    "IN": lambda each: each.totals.input_tokens,
    "OUT": lambda each: each.totals.output_tokens,
    "COST": lambda each: each.totals.cost_usd_micros,
    "LAST": lambda each: each.last_at.timestamp(),
}
_NONE: Final = Span("-", Tone.DIM)


def _tokens_of(totals: UsageTotals) -> int:
    return totals.input_tokens + totals.output_tokens


def _cost(totals: UsageTotals) -> Span:
    """What is known of the cost; a sum that lacks calls says so."""
    if totals.unpriced and not totals.cost_usd_micros:
        return Span("unpriced", Tone.WARN)
    more = "+" if totals.unpriced else ""
    return Span(f"{usd(totals.cost_usd_micros)}{more}") if totals.calls else _NONE


def _total_lines(totals: UsageTotals) -> tuple[Line, ...]:
    unpriced = f", {count(totals.unpriced, 'call')} without a price" if totals.unpriced else ""
    calls = f"{totals.calls:,}, {totals.failed:,} failed"
    used = f"{totals.tool_uses:,}, {totals.tool_failures:,} failed"
    prompt = f"{totals.input_tokens:,} in, {totals.output_tokens:,} out"
    cache = f"{totals.cache_read_tokens:,} read, {totals.cache_write_tokens:,} written"
    return (
        fact("calls", calls),
        fact("tools", used),
        fact("tokens", prompt),
        fact("cache", cache),
        fact("cost", (_cost(totals), Span(unpriced, Tone.WARN))),
    )


# -- coordinators -------------------------------------------------------------------------


def coordinator_searched(row: CoordinatorState) -> Searched:
    """What a filter may ask of it."""
    asked = {"pair": row.name, "state": _state(row).text}
    return Searched(asked, f"{row.name} {row.note} {' '.join(row.findings)}")


def _state(row: CoordinatorState) -> Span:
    if row.findings:
        return Span(f"▲ {len(row.findings)} found", Tone.WARN)
    if row.note.startswith("no source"):
        return Span("· no source", Tone.DIM)
    if row.failures:
        return Span(f"▲ {row.failures:,} failed", Tone.WARN)
    return Span("✓ ran", Tone.OK) if row.runs else Span("◌ not yet", Tone.INFO)


def coordinator_cells(row: CoordinatorState, now: datetime) -> tuple[Spans, ...]:
    """One pair, in the order of `COORDINATOR_COLUMNS`."""
    left = _NONE if row.next_at is None else Span(duration((row.next_at - now).total_seconds()))
    said = row.findings[0] if row.findings else row.note
    return (
        visible_spans(row.name, Tone.STRONG),
        (_state(row),),
        (Span(age_of(row.last_at, now)) if row.last_at else _NONE,),
        (left,),
        (Span(f"{row.runs:,}"),),
        visible_spans(said, Tone.WARN if row.findings else Tone.DIM),
    )


def coordinators_title(rows: Sequence[CoordinatorState], shown: int) -> Spans:
    """How many, and how much they found."""
    found = sum(len(each.findings) for each in rows)
    said = Span(f"  ▲ {count(found, 'finding')}", Tone.WARN) if found else Span("")
    return title_of("COORDINATORS", len(rows), shown, said)


def coordinator_lines(row: CoordinatorState, zone: tzinfo) -> tuple[Line, ...]:
    """One pair whole."""
    return (
        fact("every", duration(row.every_s)),
        fact("last", day_and_time(row.last_at, zone) if row.last_at else (_NONE,)),
        fact("next", day_and_time(row.next_at, zone) if row.next_at else (_NONE,)),
        fact("runs", f"{row.runs:,}, {row.failures:,} failed"),
        *(fact("found", each, Wrap.WORDS) for each in row.findings),
        fact("says", row.note or (_NONE,), Wrap.WORDS),
    )


# -- outside programs ---------------------------------------------------------------------


def emitter_searched(row: EmitterView) -> Searched:
    """What a filter may ask of it."""
    asked = {"program": row.emitter, "as": row.kind}
    return Searched(asked, f"{row.emitter} {row.kind} {' '.join(row.unmapped)}")


def emitter_cells(row: EmitterView, now: datetime) -> tuple[Spans, ...]:
    """One program, in the order of `EMITTER_COLUMNS`."""
    unmapped = sum(row.unmapped.values())
    return (
        visible_spans(f"{row.emitter} {row.version}".strip(), Tone.STRONG),
        visible_spans(row.kind),
        (Span(f"{row.spans:,}"),),
        (Span(f"{row.logs:,}"),),
        (Span(f"{row.points:,}"),),
        (Span(f"{row.totals.calls:,}"),),
        (Span(tokens(_tokens_of(row.totals))),),
        (_cost(row.totals),),
        (Span(f"{unmapped:,}", Tone.WARN if unmapped else Tone.DIM),),
        (Span(age_of(row.last_at, now), Tone.DIM),),
    )


def emitters_title(rows: Sequence[EmitterView], shown: int) -> Spans:
    """How many, and what they came to since the start."""
    calls = sum(each.totals.calls for each in rows)
    cost = sum(each.totals.cost_usd_micros for each in rows)
    unpriced = sum(each.totals.unpriced for each in rows)
    words = f"  {count(calls, 'call')}, {usd(cost)} since the start" if rows else ""
    left = Span(f"  ▲ {unpriced:,} unpriced", Tone.WARN) if unpriced else Span("")
    return title_of("TELEMETRY", len(rows), shown, Span(words, Tone.DIM), left)


def emitter_lines(row: EmitterView, zone: tzinfo) -> tuple[Line, ...]:
    """One program whole: what came, what was understood, what was left out."""
    unmapped = sorted(row.unmapped.items(), key=lambda pair: (-pair[1], pair[0]))
    return (
        fact("program", f"{row.emitter} {row.version}".strip()),
        fact("read as", row.kind),
        fact("heard", f"{day_and_time(row.first_at, zone)} to {day_and_time(row.last_at, zone)}"),
        fact("came", f"{row.spans:,} spans, {row.logs:,} logs, {row.points:,} points"),
        fact("rejected", f"{row.rejected:,}"),
        fact("dropped", f"{count(row.content_dropped, 'text')} of prompts and answers, never kept"),
        *_total_lines(row.totals),
        *(fact("unmapped", f"{number:,} of {visible(name)}") for name, number in unmapped),
    )


# -- sessions -----------------------------------------------------------------------------


def session_searched(row: SessionUsage) -> Searched:
    """What a filter may ask of it."""
    asked = {"agent": row.agent, "session": row.session or "", "model": " ".join(row.models)}
    return Searched(asked, f"{' '.join(asked.values())} {row.emitter}")


def session_cells(row: SessionUsage, now: datetime) -> tuple[Spans, ...]:
    """One session, in the order of `SESSION_COLUMNS`."""
    totals = row.totals
    return (
        visible_spans(row.agent, Tone.STRONG),
        visible_spans(row.session) if row.session else (Span("no session named", Tone.DIM),),
        visible_spans(", ".join(row.models), Tone.DIM),
        (Span(f"{totals.calls:,}"),),
        (Span(tokens(totals.input_tokens)),),
        (Span(tokens(totals.output_tokens)),),
        (_cost(totals),),
        (Span(f"{totals.unpriced:,}", Tone.WARN if totals.unpriced else Tone.DIM),),
        (Span(age_of(row.last_at, now), Tone.DIM),),
    )


def sessions_title(rows: Sequence[SessionUsage], shown: int) -> Spans:
    """How many, and what they came to."""
    cost = sum(each.totals.cost_usd_micros for each in rows)
    unpriced = sum(each.totals.unpriced for each in rows)
    left = Span(f"  ▲ {count(unpriced, 'call')} unpriced", Tone.WARN) if unpriced else Span("")
    return title_of(
        "SESSIONS", len(rows), shown, Span(f"  {usd(cost)}" if rows else "", Tone.DIM), left
    )


def session_lines(row: SessionUsage, zone: tzinfo) -> tuple[Line, ...]:
    """One session whole."""
    return (
        fact("agent", row.agent),
        fact("session", row.session or (Span("none was named", Tone.DIM),)),
        fact("program", row.emitter),
        fact("from", day_and_time(row.first_at, zone)),
        fact("to", day_and_time(row.last_at, zone)),
        fact("models", ", ".join(row.models) or (Span("none was named", Tone.DIM),)),
        *_total_lines(row.totals),
    )
