"""One agent, whole: why it is as it is, what it depends on, what it does, what it costs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final

from console.language import N_, _, numeral, pgettext
from console.view_models import signs
from console.view_models.fleet import age_of, is_degraded, note_of, sign_of
from console.view_models.ink import Line, Span, Spans, Tone, Wrap, prose
from console.view_models.metrics import value_span
from console.view_models.summary import what_spans
from console.view_models.text import count, duration, short_id, short_time, visible, visible_spans
from console.view_models.units import milliseconds, percent, size, tokens, usd
from core.actions import ActionStatus
from core.fleet import AgentOrigin, AgentState, MessageView
from core.fleet_ports import AgentDetail
from core.ids import AgentId
from core.measures import Reading
from core.records import ActionRecord, TrustRecord
from core.usage import SessionUsage

_KEY: Final = 12
_DEPTH_MAX: Final = 4
_TRUST_SHOWN: Final = 8
_ACTION: Final = signs.Signs(
    {
        ActionStatus.ALLOWED: Span(N_("✓ allowed"), Tone.OK),
        ActionStatus.PENDING: Span(N_("? waits  "), Tone.WARN),
        ActionStatus.DENIED: Span(N_("✗ denied "), Tone.BAD),
        ActionStatus.EXPIRED: Span(N_("✗ expired"), Tone.WARN),
    }
)


def agent_title(state: AgentState, now: datetime) -> Spans:
    """Name, state, since when."""
    hosted = state.origin is AgentOrigin.HOSTED
    where = (
        _("hosted here, mode {value}").format(value=_(state.mode.value)) if hosted else _("outside")
    )
    since = duration((now - state.since).total_seconds())
    return (
        Span(visible(state.spec.name).upper() + "  ", Tone.TITLE),
        sign_of(state),
        Span(_(" for {since}, {where}").format(since=since, where=where), Tone.DIM),
    )


def fact_lines(detail: AgentDetail, fleet: Sequence[AgentState], now: datetime) -> tuple[Line, ...]:
    """What it is, why it is so, what was measured, and whom it needs."""
    state = detail.state
    hosted = state.origin is AgentOrigin.HOSTED
    inside = (
        Line(),
        *_metrics(detail.readings),
        Line(),
        *_tree(detail, fleet),
    )
    return (
        *_why(state),
        _fact(_("role"), visible_spans(state.spec.role or _("not told"))),
        _fact(
            _("can"),
            visible_spans(", ".join(state.spec.capabilities) or _("nothing by capability")),
        ),
        _fact(_("seen"), _seen(state, now)),
        *_measured(state),
        *(inside if hosted else ()),
    )


def _fact(name: str, body: Spans) -> Line:
    return Line(body, (Span(f"{name:<{_KEY}}", Tone.KEY),), (Span(" " * _KEY),))


def _head(text: str, aside: str = "") -> Line:
    gap = (Span("  "), Span(aside, Tone.DIM)) if aside else ()
    return Line((Span(text, Tone.TITLE), *gap))


def _why(state: AgentState) -> Iterator[Line]:
    note = note_of(state)
    if note:
        yield _fact(_("why"), visible_spans(note, Tone.WARN if is_degraded(state) else Tone.PLAIN))
    if state.degraded_by:
        yield _fact(_("fallen with"), visible_spans(", ".join(state.degraded_by), Tone.WARN))
    for number, each in enumerate(state.suggestions):
        yield _fact("" if number else _("would try"), visible_spans(each))


def _seen(state: AgentState, now: datetime) -> Spans:
    ago = age_of(state.heartbeat_at, now)
    restarts = f", {count(state.restarts, 'restart', 'restarts')}" if state.restarts else ""
    every = (
        ""
        if state.spec.every_s is None
        else _(", own work every {duration}").format(duration=duration(state.spec.every_s))
    )
    return (
        Span(ago if ago == "never" else _("{ago} ago").format(ago=ago)),
        Span(f"{restarts}{every}", Tone.DIM),
    )


def _measured(state: AgentState) -> Iterator[Line]:
    told = state.statistics
    if state.origin is AgentOrigin.HOSTED:
        yield _fact(
            _("load"),
            (
                Span(percent(state.load)),
                Span(_(" of {capacity}").format(capacity=numeral(state.spec.capacity))),
            ),
        )
        yield _fact(
            _("work"),
            (
                Span(_("{completed} done, ").format(completed=numeral(told.completed))),
                Span(
                    _("{failed} failed").format(failed=numeral(told.failed)),
                    Tone.BAD if told.failed else Tone.PLAIN,
                ),
                Span(_(", {pending} pending").format(pending=numeral(told.pending))),
            ),
        )
    errors = signs.no_source() if told.error_rate is None else Span(percent(told.error_rate))
    verdict = (
        Span(_("  tracker: {verdict}").format(verdict=_(visible(state.verdict))), Tone.DIM)
        if state.verdict
        else Span("")
    )
    yield _fact(_("errors"), (errors, verdict))
    mean = (
        signs.no_source()
        if told.response_ms_mean is None
        else Span(milliseconds(told.response_ms_mean))
    )
    slow = (
        signs.no_source()
        if told.response_ms_p95 is None
        else Span(milliseconds(told.response_ms_p95))
    )
    yield _fact(_("answers in"), (mean, Span(_("  p95 "), Tone.KEY), slow))
    cpu = signs.no_source() if told.cpu_share is None else Span(percent(told.cpu_share))
    memory = signs.no_source() if told.memory_bytes is None else Span(size(told.memory_bytes))
    yield _fact(_("cpu"), (cpu, Span(_("  memory "), Tone.KEY), memory))
    cost = told.cost_usd_micros_per_h
    yield _fact(
        _("costs"),
        (signs.no_source(),)
        if cost is None
        else (Span(_("{cost} an hour").format(cost=usd(cost))),),
    )


def _metrics(readings: Sequence[Reading]) -> Iterator[Line]:
    yield _head(_("METRICS"), _("4 shows all") if readings else "")
    if not readings:
        yield prose(_("the catalogue names none"), Tone.DIM, lead="  ")
    for each in readings:
        yield Line(
            (value_span(each), Span("  "), signs.SOURCE[each.state]),
            (Span(f"  {visible(each.spec.name)}  ", Tone.KEY),),
            (Span("    "),),
        )


# -- dependencies -----------------------------------------------------------------------------


def _tree(detail: AgentDetail, fleet: Sequence[AgentState]) -> Iterator[Line]:
    by_name = {each.spec.name: each for each in fleet}
    name = detail.state.spec.name
    yield _head(_("DEPENDS ON") if detail.state.spec.depends_on else _("DEPENDS ON  nobody"))
    yield from _branches(detail.state.spec.depends_on, by_name, seen=(name,), indent="  ")
    yield _head(
        _("NEEDED BY") if detail.dependents else _("NEEDED BY  nobody"),
    )
    yield from _leaves(detail.dependents, by_name)


def _branches(
    names: Sequence[AgentId],
    by_name: Mapping[AgentId, AgentState],
    *,
    seen: tuple[AgentId, ...],
    indent: str,
) -> Iterator[Line]:
    """What it needs, and what that needs; a circle or a deep tree ends in `⋯`."""
    for number, name in enumerate(names):
        last = number == len(names) - 1
        state = by_name.get(name)
        below = () if state is None else state.spec.depends_on
        ends = name in seen or len(seen) >= _DEPTH_MAX
        more = Span("  ⋯", Tone.DIM) if ends and below else Span("")
        yield _branch(indent + ("└ " if last else "├ "), name, state, more)
        if not ends:
            deeper = indent + ("  " if last else "│ ")
            yield from _branches(below, by_name, seen=(*seen, name), indent=deeper)


def _leaves(names: Sequence[AgentId], by_name: Mapping[AgentId, AgentState]) -> Iterator[Line]:
    for number, name in enumerate(names):
        glyph = "└ " if number == len(names) - 1 else "├ "
        yield _branch("  " + glyph, name, by_name.get(name), Span(""))


def _branch(lead: str, name: AgentId, state: AgentState | None, more: Span) -> Line:
    sign = Span(_("? not in the fleet"), Tone.BAD) if state is None else sign_of(state)
    body = (Span(visible(name), Tone.STRONG), Span("  "), sign, more)
    return Line(body, (Span(lead, Tone.DIM),), wrap=Wrap.CUT)


# -- what it does -------------------------------------------------------------------------------


def activity_lines(detail: AgentDetail, zone: tzinfo, now: datetime) -> tuple[Line, ...]:
    """Mailbox, recent actions, trust, sessions; of an outside agent its sessions first."""
    acts = (*_actions(detail.recent, zone, now), Line(), *_trust(detail.trust, zone, now))
    sessions = tuple(_sessions(detail.sessions, zone, now))
    if detail.state.origin is AgentOrigin.HOSTED:
        return (*_mailbox(detail.mailbox, now), Line(), *acts, Line(), *sessions)
    return (*sessions, Line(), *acts)


def _listed(title: str, lines: Iterable[Line], nothing: str) -> Iterator[Line]:
    found = list(lines)
    yield _head(title, "" if found else nothing)
    yield from found


def _mailbox(mailbox: Sequence[MessageView], now: datetime) -> Iterator[Line]:
    return _listed(
        _("MAILBOX"),
        (
            Line(
                (
                    Span(f"{each.priority_now:>2}  ", Tone.DIM),
                    signs.MESSAGE[each.state],
                    Span(f"  {age_of(each.message.at, now):>6}  ", Tone.DIM),
                    Span(visible(each.message.type), Tone.STRONG),
                    Span(_(" from {sender}").format(sender=visible(each.message.sender)), Tone.DIM),
                ),
                (Span("  "),),
                wrap=Wrap.CUT,
            )
            for each in mailbox
        ),
        _("empty"),
    )


def _actions(recent: Sequence[ActionRecord], zone: tzinfo, now: datetime) -> Iterator[Line]:
    return _listed(
        _("RECENT ACTIONS"),
        (
            Line(
                (
                    Span(f"{short_time(each.action.proposed_at, zone, now)}  ", Tone.DIM),
                    _ACTION[each.status],
                    Span(f"  {short_id(each.id)}  ", Tone.DIM),
                    *what_spans(each.action.kind, each.action.resource, ""),
                ),
                (Span("  "),),
                wrap=Wrap.CUT,
            )
            for each in recent
        ),
        _("none yet"),
    )


def _trust(trust: TrustRecord | None, zone: tzinfo, now: datetime) -> Iterator[Line]:
    if trust is None:
        yield _head(pgettext("card", "TRUST"), _("no source: no outcome of its actions yet"))
        return
    scores = tuple(score for _, score, _ in trust.history)
    yield Line(
        (
            Span(_("TRUST  "), Tone.TITLE),
            Span(f"{numeral(trust.score, 2)}  ", Tone.STRONG),
            Span(signs.sparkline(scores), Tone.INFO),
            Span(
                _("  {clean} clean, {violations}").format(
                    clean=numeral(trust.clean),
                    violations=count(trust.violations, "violation", "violations"),
                ),
                Tone.DIM,
            ),
        )
    )
    for at, score, why in reversed(trust.history[-_TRUST_SHOWN:]):
        body = (Span(f"{short_time(at, zone, now)}  ", Tone.DIM), Span(f"{numeral(score, 2)}  "))
        yield Line((*body, *visible_spans(why)), (Span("  "),), (Span("    "),))


def _sessions(sessions: Sequence[SessionUsage], zone: tzinfo, now: datetime) -> Iterator[Line]:
    return _listed(
        _("SESSIONS"),
        (
            Line(
                (
                    Span(f"{short_time(each.last_at, zone, now)}  ", Tone.DIM),
                    Span(visible(each.session or _("no session")), Tone.STRONG),
                    Span(f"  {count(each.totals.calls, 'call', 'calls')}, "),
                    Span(
                        _("{input_tokens} in ").format(
                            input_tokens=tokens(each.totals.input_tokens)
                        )
                    ),
                    Span(
                        _("{output_tokens} out  ").format(
                            output_tokens=tokens(each.totals.output_tokens)
                        )
                    ),
                    *cost_spans(each),
                    Span(f"  {visible(', '.join(each.models))}", Tone.DIM),
                ),
                (Span("  "),),
                (Span("    "),),
            )
            for each in sessions
        ),
        _("no telemetry of it has arrived"),
    )


def cost_spans(session: SessionUsage) -> Spans:
    """What is priced, and how many calls are not: those are never counted as free."""
    totals = session.totals
    if totals.calls and totals.unpriced == totals.calls:
        return (Span(_("unpriced"), Tone.WARN),)
    priced = Span(usd(totals.cost_usd_micros))
    if totals.unpriced:
        return (
            priced,
            Span(
                _(" + {calls} unpriced").format(calls=count(totals.unpriced, "call", "calls")),
                Tone.WARN,
            ),
        )
    return (priced,)


def load_lines(loads: Sequence[float]) -> tuple[Line, ...]:
    """The chart of loads as a table, newest first."""
    if not loads:
        return (prose(_("no load measured yet"), Tone.DIM),)
    return tuple(
        Line((Span(f"{percent(each):>7}"),), (Span(f"  {f'-{at}' if at else _('now'):>4}  "),))
        for at, each in enumerate(reversed(loads))
    )


def load_title(loads: Sequence[float], *, as_table: bool) -> Spans:
    """Heading of the chart of loads."""
    other = _("w chart") if as_table else _("w table")
    if not loads:
        return (Span(_("LOAD  "), Tone.TITLE), Span(_("not measured yet"), Tone.DIM))
    words = _("now {loads}, highest {max} of {number} samples").format(
        loads=percent(loads[-1]), max=percent(max(loads)), number=len(loads)
    )
    return (Span(_("LOAD  "), Tone.TITLE), Span(f"{words}  {other}", Tone.DIM))
