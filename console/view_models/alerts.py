"""Alerts as rows, and one alert whole."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final

from console.language import N_, _, numeral
from console.view_models import signs
from console.view_models.columns import Column, SortKey
from console.view_models.filters import Searched
from console.view_models.fleet import alert_tally
from console.view_models.ink import Line, Span, Spans, Tone
from console.view_models.text import (
    cell_spans,
    count,
    day_and_time,
    duration,
    visible,
    visible_spans,
)
from console.view_models.units import with_unit
from core.measures import Alert, AlertState, Reading, Severity

COLUMNS: Final = (
    Column(title=N_("SEVERITY"), width=10),
    Column(title=N_("STATE"), width=15),
    Column(title=N_("AGENT"), width=10),
    Column(title=N_("WHAT"), width=20, flexible=True),
    Column(title=N_("SINCE"), width=6, right=True),
    Column(title=N_("TIMES"), width=5, right=True, drop=1),
    Column(title=N_("LOOKS AFTER IT"), width=14, drop=2),
)
_KEY: Final = 10
_METRIC: Final = "metric:"
_RANK: Final = {Severity.CRITICAL: 2, Severity.WARNING: 1, Severity.INFO: 0}

SORTS: Final[Mapping[str, SortKey[Alert]]] = {
    "SEVERITY": lambda alert: -_RANK[alert.severity],
    "STATE": lambda alert: alert.state.value,
    "AGENT": lambda alert: alert.agent,
    "WHAT": lambda alert: alert.title,
    "SINCE": lambda alert: -alert.opened_at.timestamp(),
    "TIMES": lambda alert: alert.count,
}


def is_silenced(alert: Alert, now: datetime) -> bool:
    """Whether its cause is not to be shown now."""
    return alert.silenced_until is not None and alert.silenced_until > now


def state_of(alert: Alert, now: datetime) -> Span:
    """Glyph and word of where it stands."""
    if alert.state is AlertState.RESOLVED:
        return Span(_("✓ resolved"), Tone.OK)
    if is_silenced(alert, now) and alert.silenced_until is not None:
        return Span(
            _("‖ silent {duration}").format(
                duration=duration((alert.silenced_until - now).total_seconds())
            ),
            Tone.DIM,
        )
    if alert.state is AlertState.ACKNOWLEDGED:
        return Span(_("◐ looked after"), Tone.INFO)
    return Span(_("! firing"), Tone.ALARM if alert.severity is Severity.CRITICAL else Tone.WARN)


def alert_cells(alert: Alert, now: datetime) -> tuple[Spans, ...]:
    """One alert, in the order of `COLUMNS`."""
    over = alert.state is AlertState.RESOLVED or is_silenced(alert, now)
    sign = signs.SEVERITY[alert.severity]
    return (
        (Span(sign.text, Tone.DIM) if over else sign,),
        (state_of(alert, now),),
        (Span(visible(alert.agent)),),
        cell_spans(alert.title, Tone.DIM if over else Tone.STRONG),
        (Span(duration((now - alert.opened_at).total_seconds()), Tone.DIM),),
        (Span(numeral(alert.count), Tone.DIM),),
        (Span(visible(alert.acknowledged_by or alert.silenced_by or _("nobody")), Tone.DIM),),
    )


def metric_of(alert: Alert) -> str:
    """The key of the metric that raised it; "" when none did."""
    return alert.cause.removeprefix(_METRIC) if alert.cause.startswith(_METRIC) else ""


def alert_lines(
    alert: Alert, readings: Sequence[Reading], zone: tzinfo, now: datetime
) -> tuple[Line, ...]:
    """All of one alert; its metric's unit, where the catalogue knows it."""
    key = metric_of(alert)
    unit = next((each.spec.unit for each in readings if each.spec.key == key), "")
    open_s = ((alert.resolved_at or now) - alert.opened_at).total_seconds()
    facts: list[tuple[str, Spans]] = [
        (_("severity"), (signs.SEVERITY[alert.severity],)),
        (_("state"), (state_of(alert, now),)),
        (_("agent"), visible_spans(alert.agent)),
    ]
    if alert.detail:
        facts.append((_("detail"), visible_spans(alert.detail)))
    if alert.value is not None:
        facts.append((_("value"), (Span(with_unit(alert.value, unit), Tone.STRONG),)))
    if alert.bound is not None:
        facts.append((_("bound"), (Span(with_unit(alert.bound, unit)),)))
    since = _("{day_and_time}, for {duration}").format(
        day_and_time=day_and_time(alert.opened_at, zone), duration=duration(open_s)
    )
    facts.append((_("since"), (Span(since),)))
    facts.append((_("raised"), (Span(count(alert.count, "time", "times")),)))
    if alert.acknowledged_by is not None and alert.acknowledged_at is not None:
        when = day_and_time(alert.acknowledged_at, zone)
        by = _("by {acknowledged_by}, {when}").format(
            acknowledged_by=visible(alert.acknowledged_by), when=when
        )
        facts.append((_("looked at"), (Span(by),)))
    if alert.silenced_until is not None:
        until = day_and_time(alert.silenced_until, zone)
        who = (
            _("by {silenced_by}, ").format(silenced_by=visible(alert.silenced_by))
            if alert.silenced_by
            else ""
        )
        facts.append((_("silenced"), (Span(_("{who}until {until}").format(who=who, until=until)),)))
    if alert.resolved_at is not None:
        facts.append((_("resolved"), (Span(day_and_time(alert.resolved_at, zone)),)))
    facts += [
        (_("cause"), visible_spans(alert.cause)),
        (_("id"), visible_spans(alert.id, Tone.DIM)),
    ]
    return tuple(
        Line(body, (Span(f"{name:<{_KEY}}", Tone.KEY),), (Span(" " * _KEY),))
        for name, body in facts
    )


def searched(alert: Alert, now: datetime) -> Searched:
    """What a filter may ask of an alert."""
    state = f"{alert.state.value} {state_of(alert, now).text}"
    severity = alert.severity.value
    fields = {"agent": alert.agent, "state": state, "risk": severity, "severity": severity}
    everything = f"{severity} {state} {alert.agent} {alert.title} {alert.cause} {alert.id}"
    return Searched(fields, everything)


def alerts_title(
    alerts: Sequence[Alert] | None, now: datetime, *, history: bool, problem: str
) -> Spans:
    """Heading: what nobody looks after."""
    head = Span(_("ALERTS  "), Tone.TITLE)
    if problem:
        return (head, Span("✗ ", Tone.BAD), *visible_spans(problem, Tone.BAD))
    if alerts is None:
        return (head, Span(_("not read yet"), Tone.DIM))
    still_open = [each for each in alerts if each.state is not AlertState.RESOLVED]
    past = (
        _("  with those resolved in the last day") if history else _("  h shows resolved ones too")
    )
    return (head, *alert_tally(still_open, now), Span(past, Tone.DIM))
