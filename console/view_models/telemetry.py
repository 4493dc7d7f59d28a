"""Pair coordinators, outside programs that send telemetry, and their sessions."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final

from console.language import N_, _, numeral, pgettext
from console.view_models.columns import Column, SortKey
from console.view_models.facts import fact, title_of
from console.view_models.filters import Searched
from console.view_models.fleet import age_of
from console.view_models.ink import Line, Span, Spans, Tone, Wrap
from console.view_models.text import (
    cell_spans,
    count,
    day_and_time,
    duration,
    visible,
)
from console.view_models.units import tokens, usd
from core.fleet import CoordinatorState
from core.usage import EmitterView, SessionUsage, UsageTotals

COORDINATOR_COLUMNS: Final = (
    Column(title=N_("PAIR"), width=18),
    Column(title=N_("STATE"), width=11),
    Column(title=N_("LAST"), width=7, right=True),
    Column(title=N_("NEXT"), width=7, right=True),
    Column(title=N_("RUNS"), width=6, right=True, drop=1),
    Column(title=N_("FOUND"), width=20, flexible=True),
)
EMITTER_COLUMNS: Final = (
    Column(title=N_("PROGRAM"), width=16, flexible=True),
    Column(title=N_("READ AS"), width=13),
    Column(title=N_("SPANS"), width=8, right=True, drop=1),
    Column(title=N_("LOGS"), width=8, right=True, drop=1),
    Column(title=N_("POINTS"), width=8, right=True, drop=2),
    Column(title=N_("CALLS"), width=7, right=True),
    Column(title=N_("TOKENS"), width=8, right=True),
    Column(title=N_("COST"), width=9, right=True),
    Column(title=N_("UNMAPPED"), width=8, right=True, drop=3),
    Column(title=N_("LAST"), width=6, right=True),
)
SESSION_COLUMNS: Final = (
    Column(title=N_("AGENT"), width=14),
    Column(title=N_("SESSION"), width=12, flexible=True),
    Column(title=N_("MODELS"), width=24, drop=2),
    Column(title=N_("CALLS"), width=6, right=True),
    Column(title=N_("IN"), width=7, right=True),
    Column(title=N_("OUT"), width=7, right=True),
    Column(title=N_("COST"), width=9, right=True),
    Column(title=N_("UNPRICED"), width=8, right=True, drop=1),
    Column(title=N_("LAST"), width=6, right=True),
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
    "LAST": lambda each: each.last_at,
}
_NONE: Final = Span("-", Tone.DIM)


def _tokens_of(totals: UsageTotals) -> int:
    return totals.input_tokens + totals.output_tokens


def _cost(totals: UsageTotals) -> Span:
    """What is known of the cost; a sum that lacks calls says so."""
    if totals.unpriced and not totals.cost_usd_micros:
        return Span(_("unpriced"), Tone.WARN)
    more = "+" if totals.unpriced else ""
    return Span(f"{usd(totals.cost_usd_micros)}{more}") if totals.calls else _NONE


def _total_lines(totals: UsageTotals) -> tuple[Line, ...]:
    unpriced = (
        _(", {calls} without a price").format(calls=count(totals.unpriced, "call", "calls"))
        if totals.unpriced
        else ""
    )
    calls = _("{calls}, {failed} failed").format(
        calls=numeral(totals.calls), failed=numeral(totals.failed)
    )
    used = _("{tool_uses}, {tool_failures} failed").format(
        tool_uses=numeral(totals.tool_uses), tool_failures=numeral(totals.tool_failures)
    )
    prompt = _("{input_tokens} in, {output_tokens} out").format(
        input_tokens=numeral(totals.input_tokens), output_tokens=numeral(totals.output_tokens)
    )
    cache = _("{cache_read_tokens} read, {cache_write_tokens} written").format(
        cache_read_tokens=numeral(totals.cache_read_tokens),
        cache_write_tokens=numeral(totals.cache_write_tokens),
    )
    return (
        fact(_("calls"), calls),
        fact(_("tools"), used),
        fact(_("tokens"), prompt),
        fact(_("cache"), cache),
        fact(_("cost"), (_cost(totals), Span(unpriced, Tone.WARN))),
    )


# -- coordinators -------------------------------------------------------------------------


def coordinator_searched(row: CoordinatorState) -> Searched:
    """What a filter may ask of it."""
    asked = {"pair": row.name, "state": _state(row).text}
    return Searched(asked, f"{row.name} {row.note} {' '.join(row.findings)}")


def _state(row: CoordinatorState) -> Span:
    if row.findings:
        return Span(_("▲ {number} found").format(number=len(row.findings)), Tone.WARN)
    if row.note.startswith("no source"):
        return Span(_("· no source"), Tone.DIM)
    if row.failures:
        return Span(_("▲ {failures} failed").format(failures=numeral(row.failures)), Tone.WARN)
    return Span(_("✓ ran"), Tone.OK) if row.runs else Span(_("◌ not yet"), Tone.INFO)


def coordinator_cells(row: CoordinatorState, now: datetime) -> tuple[Spans, ...]:
    """One pair, in the order of `COORDINATOR_COLUMNS`."""
    left = _NONE if row.next_at is None else Span(duration((row.next_at - now).total_seconds()))
    said = row.findings[0] if row.findings else row.note
    return (
        cell_spans(row.name, Tone.STRONG),
        (_state(row),),
        (Span(age_of(row.last_at, now)) if row.last_at else _NONE,),
        (left,),
        (Span(numeral(row.runs)),),
        cell_spans(said, Tone.WARN if row.findings else Tone.DIM),
    )


def coordinators_title(rows: Sequence[CoordinatorState], shown: int) -> Spans:
    """How many, and how much they found."""
    found = sum(len(each.findings) for each in rows)
    said = Span(f"  ▲ {count(found, 'finding', 'findings')}", Tone.WARN) if found else Span("")
    return title_of(_("COORDINATORS"), len(rows), shown, said)


def coordinator_lines(row: CoordinatorState, zone: tzinfo) -> tuple[Line, ...]:
    """One pair whole."""
    return (
        fact(_("every"), duration(row.every_s)),
        fact(_("last"), day_and_time(row.last_at, zone) if row.last_at else (_NONE,)),
        fact(_("next"), day_and_time(row.next_at, zone) if row.next_at else (_NONE,)),
        fact(
            _("runs"),
            _("{runs}, {failures} failed").format(
                runs=numeral(row.runs), failures=numeral(row.failures)
            ),
        ),
        *(fact(_("found"), each, Wrap.WORDS) for each in row.findings),
        fact(_("says"), row.note or (_NONE,), Wrap.WORDS),
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
        cell_spans(f"{row.emitter} {row.version}".strip(), Tone.STRONG),
        cell_spans(row.kind),
        (Span(numeral(row.spans)),),
        (Span(numeral(row.logs)),),
        (Span(numeral(row.points)),),
        (Span(numeral(row.totals.calls)),),
        (Span(tokens(_tokens_of(row.totals))),),
        (_cost(row.totals),),
        (Span(numeral(unmapped), Tone.WARN if unmapped else Tone.DIM),),
        (Span(age_of(row.last_at, now), Tone.DIM),),
    )


def emitters_title(rows: Sequence[EmitterView], shown: int) -> Spans:
    """How many, and what they came to since the start."""
    calls = sum(each.totals.calls for each in rows)
    cost = sum(each.totals.cost_usd_micros for each in rows)
    unpriced = sum(each.totals.unpriced for each in rows)
    words = (
        _("  {calls}, {cost} since the start").format(
            calls=count(calls, "call", "calls"), cost=usd(cost)
        )
        if rows
        else ""
    )
    left = (
        Span(_("  ▲ {unpriced} unpriced").format(unpriced=numeral(unpriced)), Tone.WARN)
        if unpriced
        else Span("")
    )
    return title_of(_("TELEMETRY"), len(rows), shown, Span(words, Tone.DIM), left)


def emitter_lines(row: EmitterView, zone: tzinfo) -> tuple[Line, ...]:
    """One program whole: what came, what was understood, what was left out."""
    unmapped = sorted(row.unmapped.items(), key=lambda pair: (-pair[1], pair[0]))
    return (
        fact(_("program"), f"{row.emitter} {row.version}".strip()),
        fact(_("read as"), row.kind),
        fact(
            _("heard"),
            _("{day_and_time} to {day_and_time_2}").format(
                day_and_time=day_and_time(row.first_at, zone),
                day_and_time_2=day_and_time(row.last_at, zone),
            ),
        ),
        fact(
            _("came"),
            _("{spans} spans, {logs} logs, {points} points").format(
                spans=numeral(row.spans), logs=numeral(row.logs), points=numeral(row.points)
            ),
        ),
        fact(_("rejected"), numeral(row.rejected)),
        fact(
            _("dropped"),
            _("{texts} of prompts and answers, never kept").format(
                texts=count(row.content_dropped, "text", "texts")
            ),
            Wrap.WORDS,
        ),
        *_total_lines(row.totals),
        *(
            fact(
                _("unmapped"),
                _("{number} of {name}").format(number=numeral(number), name=visible(name)),
            )
            for name, number in unmapped
        ),
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
        cell_spans(row.agent, Tone.STRONG),
        cell_spans(row.session) if row.session else (Span(_("no session named"), Tone.DIM),),
        cell_spans(", ".join(row.models), Tone.DIM),
        (Span(numeral(totals.calls)),),
        (Span(tokens(totals.input_tokens)),),
        (Span(tokens(totals.output_tokens)),),
        (_cost(totals),),
        (Span(numeral(totals.unpriced), Tone.WARN if totals.unpriced else Tone.DIM),),
        (Span(age_of(row.last_at, now), Tone.DIM),),
    )


def sessions_title(rows: Sequence[SessionUsage], shown: int) -> Spans:
    """How many, and what they came to."""
    cost = sum(each.totals.cost_usd_micros for each in rows)
    unpriced = sum(each.totals.unpriced for each in rows)
    left = (
        Span(_("  ▲ {calls} unpriced").format(calls=count(unpriced, "call", "calls")), Tone.WARN)
        if unpriced
        else Span("")
    )
    return title_of(
        _("SESSIONS"), len(rows), shown, Span(f"  {usd(cost)}" if rows else "", Tone.DIM), left
    )


def session_lines(row: SessionUsage, zone: tzinfo) -> tuple[Line, ...]:
    """One session whole."""
    return (
        fact(_("agent"), row.agent),
        fact(_("session"), row.session or (Span(_("none was named"), Tone.DIM),)),
        fact(_("program"), row.emitter),
        fact(_("from"), day_and_time(row.first_at, zone)),
        fact(pgettext("clock", "to"), day_and_time(row.last_at, zone)),
        fact(_("models"), ", ".join(row.models) or (Span(_("none was named"), Tone.DIM),)),
        *_total_lines(row.totals),
    )
