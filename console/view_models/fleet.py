"""The fleet as a table, and in one line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from console.language import N_, _, numeral
from console.view_models import signs
from console.view_models.columns import Column, SortKey
from console.view_models.filters import Searched
from console.view_models.ink import Line, Span, Spans, Tone, told
from console.view_models.text import cell_spans, count, duration, visible, visible_spans
from console.view_models.trend import spark
from console.view_models.units import milliseconds, percent, usd
from core.fleet import AgentMode, AgentOrigin, AgentState, AgentStatus, FleetHealth
from core.measures import Alert, AlertState

COLUMNS: Final = (
    Column(title=N_("AGENT"), width=11),
    Column(title=N_("STATE"), width=10),
    Column(title=N_("LOAD"), width=10, right=True, drop=2),
    Column(title=N_("QUEUE"), width=5, right=True, drop=5),
    Column(title=N_("ERR"), width=6, right=True, drop=3),
    Column(title=N_("P95"), width=8, right=True, drop=6),
    Column(title=N_("COST/H"), width=8, right=True, drop=7),
    Column(title=N_("TRUST"), width=6, right=True, drop=8),
    Column(title=N_("SEEN"), width=6, right=True, drop=4),
    Column(title=N_("TREND"), width=12, drop=9, is_drawn=True),
    Column(title=N_("NOTE"), width=14, flexible=True),
)
_TREND: Final = 12
_LOAD_CELLS: Final = 5
LOAD_HIGH: Final = 0.85  # above it the router passes an agent over
_ERRORS_MANY: Final = 0.05

STATUS: Final = {
    AgentStatus.ONLINE: Span(N_("● online"), Tone.OK),
    AgentStatus.BUSY: Span(N_("◐ busy"), Tone.INFO),
    AgentStatus.OFFLINE: Span(N_("○ offline"), Tone.WARN),
    AgentStatus.ERROR: Span(N_("✗ ERROR"), Tone.BAD),
}
_PAUSED: Final = Span(N_("‖ paused"), Tone.WARN)
_DRAINING: Final = Span(N_("▽ draining"), Tone.WARN)
_DEGRADED: Final = Span(N_("▲ degraded"), Tone.WARN)
_WORST: Final = (
    STATUS[AgentStatus.ERROR],
    STATUS[AgentStatus.OFFLINE],
    _DEGRADED,
    _PAUSED,
    _DRAINING,
    STATUS[AgentStatus.BUSY],
    STATUS[AgentStatus.ONLINE],
)
_WELL: Final = 5  # those from here on do what they should


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent with what other ports know of it."""

    state: AgentState
    trust: float | None


def sign_of(state: AgentState) -> Span:
    """Glyph and word: what is broken before what the operator wants before what it does."""
    return told(_sign(state))


def _sign(state: AgentState) -> Span:
    if state.status in (AgentStatus.ERROR, AgentStatus.OFFLINE):
        return STATUS[state.status]
    if state.mode is AgentMode.PAUSED:
        return _PAUSED
    if state.mode is AgentMode.DRAINING:
        return _DRAINING
    return _DEGRADED if is_degraded(state) else STATUS[state.status]


def is_degraded(state: AgentState) -> bool:
    """Whether what it depends on has failed, or it does worse than it did."""
    return bool(state.degraded_by) or state.verdict == "degraded"


def note_of(state: AgentState) -> str:
    """Why it is as it is; "" when there is nothing to say."""
    if state.note or not state.degraded_by:
        return state.note
    return _("degraded by ") + ", ".join(state.degraded_by)


def load_bar(share: float) -> str:
    """`▮▮▮▯▯ 62%`."""
    filled = round(min(1.0, max(0.0, share)) * _LOAD_CELLS)
    return "▮" * filled + "▯" * (_LOAD_CELLS - filled) + f" {round(100 * share):>3}%"


def age_of(at: datetime | None, now: datetime) -> str:
    """How long ago; "never" when it has not been."""
    return _("never") if at is None else duration((now - at).total_seconds())


def _or_none(value: float | None, write: Callable[[float], str]) -> Span:
    return Span("-", Tone.DIM) if value is None else Span(write(value))


def agent_cells(row: AgentRow, now: datetime) -> tuple[Spans, ...]:
    """One agent, in the order of `COLUMNS`. What nobody measures is "-", never 0."""
    state, told = row.state, row.state.statistics
    hosted = state.origin is AgentOrigin.HOSTED
    errors = _or_none(told.error_rate, percent)
    if told.error_rate is not None and told.error_rate > _ERRORS_MANY:
        errors = Span(f"!{errors.text}", Tone.BAD)
    high = Tone.WARN if state.load > LOAD_HIGH else Tone.PLAIN
    nothing = Span("-", Tone.DIM)
    return (
        (Span(visible(state.spec.name), Tone.STRONG if hosted else Tone.PLAIN),),
        (sign_of(state),),
        (Span(load_bar(state.load), high) if hosted else Span(_("outside"), Tone.DIM),),
        (
            Span(numeral(state.queue), Tone.PLAIN if state.queue else Tone.DIM)
            if hosted
            else nothing,
        ),
        (errors,),
        (_or_none(told.response_ms_p95, milliseconds),),
        (_or_none(told.cost_usd_micros_per_h, lambda micros: usd(round(micros))),),
        (_or_none(row.trust, lambda trust: numeral(trust, 2)),),
        (Span(age_of(state.heartbeat_at, now), Tone.DIM),),
        (Span(spark(state.loads, _TREND, low=0.0), Tone.INFO),),
        cell_spans(note_of(state), Tone.DIM),
    )


def agent_words(row: AgentRow) -> Spans:
    """One agent under the list: why it is as it is, or what it is there for."""
    state = row.state
    return (
        *visible_spans(state.spec.name, Tone.STRONG),
        Span("  "),
        sign_of(state),
        Span("  "),
        *cell_spans(note_of(state) or state.spec.role),
    )


SORTS: Final[Mapping[str, SortKey[AgentRow]]] = {
    "AGENT": lambda row: row.state.spec.name,
    "STATE": lambda row: _WORST.index(_sign(row.state)),
    "LOAD": lambda row: row.state.load if row.state.origin is AgentOrigin.HOSTED else None,
    "QUEUE": lambda row: row.state.queue if row.state.origin is AgentOrigin.HOSTED else None,
    "ERR": lambda row: row.state.statistics.error_rate,
    "P95": lambda row: row.state.statistics.response_ms_p95,
    "COST/H": lambda row: row.state.statistics.cost_usd_micros_per_h,
    "TRUST": lambda row: row.trust,
    "SEEN": lambda row: row.state.heartbeat_at.timestamp() if row.state.heartbeat_at else None,
}


def searched(row: AgentRow) -> Searched:
    """What a filter may ask of an agent."""
    state = row.state
    sign, name = sign_of(state).text, str(state.spec.name)
    everything = f"{name} {sign} {state.origin} {state.spec.role} {note_of(state)}"
    fields = {"agent": name, "state": sign, "role": state.spec.role, "origin": state.origin.value}
    return Searched(fields, everything)


def tally(agents: Sequence[AgentState]) -> Spans:
    """`10 agents  ● 7 online  ✗ 1 ERROR  3 outside`: only what there is."""
    hosted = [each for each in agents if each.origin is AgentOrigin.HOSTED]
    outside = len(agents) - len(hosted)
    counts: dict[Span, int] = {}
    for each in hosted:
        sign = _sign(each)
        counts[sign] = counts.get(sign, 0) + 1
    spans = [Span(count(len(hosted), "agent", "agents"))]
    for sign in sorted(counts, key=_WORST.index):
        glyph, _blank, word = told(sign).text.partition(" ")
        spans.append(Span(f"  {glyph} {counts[sign]} {word}", sign.tone))
    if outside:
        spans.append(Span(_("  {outside} outside").format(outside=outside), Tone.DIM))
    return tuple(spans)


def worst(agents: Sequence[AgentState]) -> Spans:
    """The same in few cells: what is worst, and how many others are not as they should be."""
    hosted = [_sign(each) for each in agents if each.origin is AgentOrigin.HOSTED]
    unwell = sorted((each for each in hosted if each in _WORST[:_WELL]), key=_WORST.index)
    spans = [Span(f"{len(hosted)} ")]
    if not unwell:
        return (*spans, Span(_("✓ all well"), Tone.OK))
    glyph, _blank, word = told(unwell[0]).text.partition(" ")
    same = unwell.count(unwell[0])
    others = f" +{len(unwell) - same}" if len(unwell) > same else ""
    return (*spans, Span(f"{glyph} {same} {word}{others}", unwell[0].tone))


def flow(health: FleetHealth) -> Spans:
    """What died, what waits, what was routed; degradation before all of it."""
    spans: list[Span] = []
    if health.dead:
        spans.append(Span(_("✗ {dead} dead  ").format(dead=numeral(health.dead)), Tone.BAD))
    if health.waiting:
        spans.append(
            Span(_("◌ {waiting} waiting  ").format(waiting=numeral(health.waiting)), Tone.WARN)
        )
    spans.append(Span(_("{routed} routed").format(routed=numeral(health.routed)), Tone.DIM))
    if health.degraded:
        why = visible(health.reason)
        return (
            Span(_("✗ DEGRADED: {why}; risky actions are blocked  ").format(why=why), Tone.ALARM),
            *spans,
        )
    return tuple(spans)


def fleet_title(
    agents: Sequence[AgentState] | None, health: FleetHealth | None, problem: str
) -> Spans:
    """Heading of the agents' table."""
    head = (Span(_("FLEET  "), Tone.TITLE),)
    if problem:
        return (*head, Span("✗ ", Tone.BAD), *visible_spans(problem, Tone.BAD))
    if agents is None:
        return (*head, Span(_("not read yet"), Tone.DIM))
    return (*head, *tally(agents), *((Span("  "), *flow(health)) if health else ()))


def firing(alerts: Sequence[Alert], now: datetime) -> list[Alert]:
    """Alerts that nobody looks after yet, or silenced."""
    return [
        each
        for each in alerts
        if each.state is AlertState.FIRING
        and (each.silenced_until is None or each.silenced_until <= now)
    ]


def firing_lines(alerts: Sequence[Alert], now: datetime) -> tuple[Line, ...]:
    """A line each, the worst first: what it is, whose, and for how long."""
    worst_first = list(signs.SEVERITY)
    return tuple(
        Line(
            (
                *cell_spans(each.title, Tone.STRONG),
                Span(
                    f"  {visible(each.agent)} {duration((now - each.opened_at).total_seconds())}",
                    Tone.DIM,
                ),
            ),
            (signs.glyph(signs.SEVERITY[each.severity]),),
            (Span("  "),),
        )
        for each in sorted(alerts, key=lambda each: worst_first.index(each.severity))
    )


def alert_tally(alerts: Sequence[Alert], now: datetime) -> Spans:
    """`✗ 1 critical  ▲ 2 warnings`, of what nobody looks after."""
    open_ones = firing(alerts, now)
    if not open_ones:
        rest = _(", {number} looked after or silenced").format(number=len(alerts)) if alerts else ""
        return (Span(_("✓ no alert"), Tone.OK), Span(rest, Tone.DIM))
    spans: list[Span] = []
    for severity, sign in signs.SEVERITY.items():  # worst first
        number = sum(each.severity is severity for each in open_ones)
        if number:
            glyph = sign.text.partition(" ")[0]
            gap = "  " if spans else ""
            spans.append(Span(f"{gap}{glyph} {number} {_(severity.value)}", sign.tone))
    return tuple(spans)


def worst_alert(alerts: Sequence[Alert], now: datetime) -> Spans:
    """The same in few cells: how many of the worst kind, and how many others."""
    open_ones = firing(alerts, now)
    if not open_ones:
        return (Span(_("✓ none"), Tone.OK),)
    kinds = [each.severity for each in open_ones]
    kind = next(each for each in signs.SEVERITY if each in kinds)
    same, sign = kinds.count(kind), signs.SEVERITY[kind]
    others = f" +{len(kinds) - same}" if len(kinds) > same else ""
    glyph = sign.text.partition(" ")[0]
    return (Span(f"{glyph} {same} {_(kind.value)}{others}", sign.tone),)
