"""Numbers with their units, as every screen, chart and command writes them."""

import math
from collections.abc import Callable, Mapping
from typing import Final

from console.language import _, by_locale, dollars, numeral
from console.view_models.text import visible
from core.measures import MetricSpec

_PERCENT_FINE: Final = 99.0  # above it, and below 10, a tenth of a percent is too coarse
_PERCENT_SMALL: Final = 10.0
_MICROS: Final = 1_000_000
_STEP: Final = 1024
_LONG_MS: Final = 10_000
_LONG_S: Final = 1_000
_LONG_MIN: Final = 600
_LARGE: Final = 100
_HUGE: Final = 1e9


def percent(share: float) -> str:
    """A share 0..1 as `71%`, `4.25%`, `99.95%`: no more digits than tell something."""
    number = 100 * share
    fine = abs(number) < _PERCENT_SMALL or abs(number) > _PERCENT_FINE
    return f"{_trim(number, 2 if fine else 1)}%"


def usd(micros: int) -> str:
    """Money in millionths: `$0.0031`, `$4.18`, `$1,204.50`."""
    return _usd(micros / _MICROS)


def _usd(amount: float) -> str:
    small = 0 < abs(amount) < 1 / _LARGE
    sign = "-" if amount < 0 else ""
    return sign + dollars(_usd_digits(abs(amount), small))


def _usd_digits(amount: float, small: bool) -> str:  # noqa: FBT001 - private
    if amount >= _HUGE:
        return f"{amount:.3g}"
    return f"{amount:.4f}" if small else f"{amount:,.2f}"


def size(count: int) -> str:
    """Bytes: `812 B`, `118 MB`, `1.4 GB`."""
    number, name = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if number < _STEP:
            break
        number, name = number / _STEP, larger
    return f"{_trim(number, 0 if number >= _PERCENT_SMALL else 1)} {name}"


def tokens(count: int) -> str:
    """`812`, `12.4k`, `3.1M`."""
    if count < 10 * 1000:
        return numeral(count)
    large = f"{count / 1000:.1f}k" if count < _MICROS else f"{count / _MICROS:.1f}M"
    return by_locale(large)


def milliseconds(value: float) -> str:
    """`0.4 ms`, `310 ms`, `12.4 s`."""
    if abs(value) >= _LONG_MS:
        return _seconds(value / 1000)
    return f"{_number(value)} ms"


def _seconds(value: float) -> str:
    return f"{_number(value)} s" if abs(value) < _LONG_S else f"{_number(value / 60)} min"


def _minutes(value: float) -> str:
    return f"{_number(value)} min" if abs(value) < _LONG_MIN else f"{_number(value / 60)} h"


def _number(value: float) -> str:
    return _trim(value, 0 if abs(value) >= _LARGE else 1 if abs(value) >= 10 else 2)  # noqa: PLR2004


def _trim(value: float, digits: int) -> str:
    if abs(value) >= _HUGE:
        return by_locale(f"{value:.3g}")
    text = f"{value:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return by_locale("0" if text == "-0" else text)


_UNITS: Final[Mapping[str, Callable[[float], str]]] = {
    "ratio": percent,
    "ms": milliseconds,
    "s": _seconds,
    "min": _minutes,
    "h": lambda value: f"{_number(value)} h",
    "usd": _usd,
    "per_s": lambda value: f"{_number(value)}/s",
    "per_min": lambda value: f"{_number(value)}/min",
    "per_hour": lambda value: f"{_number(value)}/h",
    "per_day": lambda value: f"{_number(value)}/d",
    "per_week": lambda value: _("{number}/wk").format(number=_number(value)),
    "score": lambda value: _trim(value, 2),
}


def with_unit(value: float, unit: str) -> str:
    """`value` in the catalogue's unit, short enough for a table; ratios become percents."""
    if not math.isfinite(value):
        return _("not a number")
    write = _UNITS.get(unit)
    return f"{_number(value)} {visible(_(unit))}".rstrip() if write is None else write(value)


def target_of(spec: MetricSpec) -> str:
    """What is aimed at; a score says the end of its scale."""
    text = with_unit(spec.target, spec.unit)
    return (
        text
        if spec.max is None
        else _("{text} of {trim}").format(text=text, trim=_trim(spec.max, 0))
    )


def bound_of(spec: MetricSpec) -> str:
    """What raises an alert: `< 90%`, `> 500 ms`, `< 60% > 95%`; "" when nothing does."""
    bounds: list[str] = []
    if spec.alert_below is not None:
        bounds.append(f"< {with_unit(spec.alert_below, spec.unit)}")
    if spec.alert_above is not None:
        bounds.append(f"> {with_unit(spec.alert_above, spec.unit)}")
    return " ".join(bounds)


def past_bound(spec: MetricSpec, value: float) -> bool:
    """Whether a value lies where an alert is due."""
    below = spec.alert_below is not None and value < spec.alert_below
    return below or (spec.alert_above is not None and value > spec.alert_above)
