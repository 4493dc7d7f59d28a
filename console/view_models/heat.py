"""What agents did as a map: a row an agent, a cell a span of time; shade and colour agree."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Final

from console.language import N_, _, numeral
from console.view_models.columns import Column, SortKey, fit_columns
from console.view_models.filters import Searched
from console.view_models.fleet import sign_of
from console.view_models.ink import Span, Spans, Tone
from console.view_models.text import cell_spans, visible, visible_spans
from core.fleet import Activity, ActivitySpan, AgentActivity, AgentOrigin, AgentState
from core.ids import AgentId

COLUMNS: Final = (
    Column(title=N_("AGENT"), width=16),
    Column(title=N_("STATE"), width=10, drop=2),
    Column(title=N_("ACTIVITY"), width=20, flexible=True, is_drawn=True),
    Column(title=N_("DONE"), width=7, right=True, drop=1),
    Column(title=N_("ERRORS"), width=6, right=True),
)
CELL_COLUMNS: Final = (
    Column(title=N_("FROM"), width=11),
    Column(title=N_("AGENT"), width=14, flexible=True),
    Column(title=N_("ACTIONS"), width=9, right=True),
    Column(title=N_("MESSAGES"), width=9, right=True),
    Column(title=N_("ERRORS"), width=7, right=True),
)
_MAP: Final = 2  # place of ACTIVITY among the columns
_WIDE_MAX: Final = 3  # cells of the terminal that one span of time may take
_TICK: Final = 10  # cells between times on the axis, at least
_SHADES: Final = "░▒▓█"
_TONES: Final = (Tone.DIM, Tone.INFO, Tone.TITLE, Tone.STRONG)
NOTHING: Final = Span("·", Tone.DIM)
UNKNOWN: Final = Span("╌", Tone.DIM)
_WRONG: Final = "✗"


class Measure(StrEnum):
    """What is counted."""

    ALL = "all"
    ACTIONS = "actions"
    MESSAGES = "messages"
    ERRORS = "errors"


_MEASURE: Final = {
    Measure.ALL: N_("actions and messages"),
    Measure.ACTIONS: N_("actions"),
    Measure.MESSAGES: N_("messages"),
    Measure.ERRORS: N_("errors"),
}
_SPAN: Final = {
    ActivitySpan.HOUR: N_("last hour"),
    ActivitySpan.DAY: N_("last day"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatRow:
    """One agent. `did` is None where nothing was heard of it: it did nothing."""

    agent: AgentId
    origin: AgentOrigin
    state: AgentState | None
    did: AgentActivity | None

    @property
    def key(self) -> str:
        """An outside agent may have the name of a hosted one."""
        return f"{self.origin} {self.agent}"

    def counts(self, measure: Measure, spans: int) -> Sequence[int]:
        """One number for each span of time."""
        if self.did is None:
            return (0,) * spans
        if measure is Measure.ALL:
            return [sum(each) for each in zip(self.did.actions, self.did.messages, strict=True)]
        counts: Sequence[int] = getattr(self.did, measure.value)
        return counts

    @property
    def errors(self) -> int:
        """All of them."""
        return 0 if self.did is None else sum(self.did.errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatCell:
    """What one agent did in one span of time."""

    at: datetime
    agent: AgentId
    origin: AgentOrigin
    actions: int
    messages: int
    errors: int


def heat_rows(agents: Iterable[AgentState], activity: Activity) -> tuple[HeatRow, ...]:
    """The fleet in its order; then agents that did something and have left it."""
    did = {(each.origin, each.agent): each for each in activity.agents}
    rows = [
        HeatRow(
            agent=each.spec.name,
            origin=each.origin,
            state=each,
            did=did.pop((each.origin, each.spec.name), None),
        )
        for each in agents
    ]
    gone = (HeatRow(agent=e.agent, origin=e.origin, state=None, did=e) for e in did.values())
    return (*rows, *gone)


def first_known(activity: Activity) -> int:
    """The first span of time of which anything is known."""
    spans = math.floor((activity.since_s - activity.start_s) / activity.each_s)
    return min(activity.spans, max(0, spans))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """How a map is drawn: spans of time in groups of `group`, each `wide` cells wide."""

    activity: Activity
    measure: Measure
    group: int
    wide: int
    bounds: tuple[int, ...]  # of the four shades: the least count that has it
    most: int  # in one group

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """From which to before which span each group goes; the first may be shorter."""
        spans = self.activity.spans
        first = spans % self.group
        starts = range(first, spans + 1, self.group)
        return tuple(pairwise((0, *starts) if first else starts))

    @property
    def each_s(self) -> int:
        """How long a group is."""
        return self.group * self.activity.each_s


def make_grid(rows: Sequence[HeatRow], activity: Activity, measure: Measure, room: int) -> Grid:
    """A grid that fits into `room` cells, shaded by the largest count among these rows."""
    group = max(1, math.ceil(activity.spans / max(1, room)))
    wide = max(1, min(_WIDE_MAX, room // math.ceil(activity.spans / group)))
    grid = Grid(activity=activity, measure=measure, group=group, wide=wide, bounds=(), most=0)
    edges = grid.edges
    most = 0
    for row in rows:
        if row.did is not None:
            counts = row.counts(measure, activity.spans)
            most = max(most, *(sum(counts[start:end]) for start, end in edges))
    bounds = tuple(max(1, math.ceil(most * share)) for share in (0, 0.25, 0.5, 0.75))
    return Grid(
        activity=activity, measure=measure, group=group, wide=wide, bounds=bounds, most=most
    )


def map_room(width: int) -> tuple[int, int]:
    """Where the map begins in a table of this width, and how wide it is."""
    at = 0
    for index, room in fit_columns(COLUMNS, width):
        if index == _MAP:
            return at, room
        at += room + 1
    return at, 0


def map_spans(row: HeatRow, grid: Grid) -> Spans:
    """One agent's cells, oldest first."""
    activity = grid.activity
    counts, known = row.counts(grid.measure, activity.spans), first_known(activity)
    errors = (0,) * activity.spans if row.did is None else row.did.errors
    cells: list[Span] = []
    for start, end in grid.edges:
        if end <= known:
            cells.append(Span(UNKNOWN.text * grid.wide, UNKNOWN.tone))
            continue
        shade = _shade(sum(counts[start:end]), grid)
        wrong = grid.measure is not Measure.ERRORS and any(errors[start:end])
        if wrong:
            cells.append(Span(_WRONG, Tone.BAD))
        cells.append(Span(shade.text * (grid.wide - wrong), shade.tone))
    return tuple(
        Span("".join(each.text for each in run), tone)
        for tone, run in groupby(cells, key=lambda each: each.tone)
    )


def _shade(number: int, grid: Grid) -> Span:
    level = sum(number >= bound for bound in grid.bounds)
    if not number:
        return NOTHING
    tone = Tone.BAD if grid.measure is Measure.ERRORS else _TONES[level - 1]
    return Span(_SHADES[level - 1], tone)


def heat_cells(row: HeatRow, grid: Grid) -> tuple[Spans, ...]:
    """One agent, in the order of `COLUMNS`."""
    total = sum(row.counts(grid.measure, grid.activity.spans))
    errors, state = row.errors, row.state
    return (
        cell_spans(row.agent, Tone.STRONG if row.origin is AgentOrigin.HOSTED else Tone.PLAIN),
        (Span(_("? gone"), Tone.DIM) if state is None else sign_of(state),),
        map_spans(row, grid),
        (Span(numeral(total), Tone.PLAIN if total else Tone.DIM),),
        (Span(numeral(errors), Tone.BAD if errors else Tone.DIM),),
    )


def axis(grid: Grid, zone: tzinfo) -> str:
    """The time at which cells begin, under them; a time that does not fit whole is left out."""
    activity, wide = grid.activity, grid.wide
    width = len(grid.edges) * wide
    row = ""
    for number, (start, _end) in enumerate(grid.edges):
        at = number * wide
        text = _clock(activity.start_s + start * activity.each_s, zone)
        if at >= len(row) + (_TICK - len(text) if row else 0) and at + len(text) <= width:
            row = f"{row:<{at}}{text}"
    return row


def _clock(at_s: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at_s, UTC).astimezone(zone).strftime("%H:%M")


def legend(grid: Grid, zone: tzinfo) -> Spans:
    """What each sign says, in numbers."""
    spans: list[Span] = [NOTHING, Span(_(" none"), Tone.DIM)]
    least = dict(zip(grid.bounds, zip(_SHADES, _TONES, strict=True), strict=True))
    for bound, (shade, tone) in least.items() if grid.most else ():
        tone = Tone.BAD if grid.measure is Measure.ERRORS else tone  # noqa: PLW2901
        spans += [Span("  "), Span(shade, tone), Span(f" {numeral(bound)}+", Tone.DIM)]
    if grid.measure is not Measure.ERRORS:
        spans += [Span("  "), Span(_WRONG, Tone.BAD), Span(_(" errors"), Tone.DIM)]
    if first_known(grid.activity):
        since = _("  {sign} not counted before {time}").format(
            sign=UNKNOWN.text, time=_clock(grid.activity.since_s, zone)
        )
        spans.append(Span(since, Tone.DIM))
    return tuple(spans)


def heat_title(
    span: ActivitySpan, measure: Measure, grid: Grid | None, shown: int, problem: str = ""
) -> Spans:
    """What is shown, and how fine; why it is not newer, before all else."""
    if problem:
        old = visible_spans(f"✗ {problem}", Tone.BAD)
        return (Span(_("HEAT  "), Tone.TITLE), *old)
    said = _("{what}, {span}").format(what=_(_MEASURE[measure]), span=_(_SPAN[span]))
    head = (Span(_("HEAT  "), Tone.TITLE), Span(said))
    if grid is None:
        return head
    fine = _(", {minutes} min a cell").format(minutes=grid.each_s // 60)
    many = _("  {agents} agents").format(agents=numeral(shown))
    most = _("  most {most}").format(most=numeral(grid.most))
    return (*head, *(Span(each, Tone.DIM) for each in (fine, many, most)))


def row_words(row: HeatRow | None, activity: Activity, zone: tzinfo) -> Spans:
    """The selected agent in numbers."""
    if row is None:
        return (Span(_("nothing selected"), Tone.DIM),)
    name = Span(visible(row.agent), Tone.STRONG)
    if row.did is None:
        return (name, Span(_("  did nothing that is known of"), Tone.DIM))
    told = _("  {actions} actions  {messages} messages  {errors} errors").format(
        actions=numeral(sum(row.did.actions)),
        messages=numeral(sum(row.did.messages)),
        errors=numeral(row.errors),
    )
    counts = row.counts(Measure.ALL, activity.spans)
    most = max(counts)
    if not most:
        return (name, Span(told))
    at_s = activity.start_s + counts.index(most) * activity.each_s
    busiest = _("  most at {time}: {number}").format(time=_clock(at_s, zone), number=numeral(most))
    return (name, Span(told), Span(busiest, Tone.DIM))


SORTS: Final[Mapping[str, SortKey[HeatRow]]] = {
    "AGENT": lambda row: row.agent,
    "STATE": lambda row: None if row.state is None else sign_of(row.state).text,
    "DONE": lambda row: 0 if row.did is None else sum(row.did.actions) + sum(row.did.messages),
    "ERRORS": lambda row: row.errors,
}
CELL_SORTS: Final[Mapping[str, SortKey[HeatCell]]] = {
    "FROM": lambda cell: cell.at,
    "AGENT": lambda cell: cell.agent,
    "ACTIONS": lambda cell: cell.actions,
    "MESSAGES": lambda cell: cell.messages,
    "ERRORS": lambda cell: cell.errors,
}


def heat_table(rows: Iterable[HeatRow], activity: Activity) -> tuple[HeatCell, ...]:
    """The map as a table: every span in which an agent did anything, newest first."""
    cells = [
        HeatCell(
            at=datetime.fromtimestamp(activity.start_s + at * activity.each_s, UTC),
            agent=row.agent,
            origin=row.origin,
            actions=actions,
            messages=messages,
            errors=errors,
        )
        for row in rows
        if row.did is not None
        for at, (actions, messages, errors) in enumerate(
            zip(row.did.actions, row.did.messages, row.did.errors, strict=True)
        )
        if actions or messages or errors
    ]
    return tuple(sorted(cells, key=lambda each: each.at, reverse=True))


def table_cells(cell: HeatCell, zone: tzinfo, now: datetime) -> tuple[Spans, ...]:
    """One span of one agent, in the order of `CELL_COLUMNS`."""
    at, today = cell.at.astimezone(zone), now.astimezone(zone).date()
    when = at.strftime("%H:%M" if at.date() == today else "%m-%d %H:%M")

    def number(of: int, tone: Tone = Tone.PLAIN) -> Spans:
        return (Span(numeral(of), tone if of else Tone.DIM),)

    return (
        (Span(when, Tone.DIM),),
        cell_spans(cell.agent, Tone.STRONG),
        number(cell.actions),
        number(cell.messages),
        number(cell.errors, Tone.BAD),
    )


def searched(row: HeatRow) -> Searched:
    """What a filter may ask of an agent."""
    sign = "gone" if row.state is None else sign_of(row.state).text
    asked = {"agent": str(row.agent), "state": sign, "origin": row.origin.value}
    return Searched(asked, " ".join(asked.values()))
