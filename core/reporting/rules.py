"""How values are written for people. Pure."""

from datetime import datetime, timedelta, tzinfo
from typing import Final

from core.printable import visible
from core.reporting.model import Kind, Value

UNKNOWN: Final = "not known"
_MICROS: Final = 1_000_000
_CENT_MICROS: Final = 10_000


def write_value(value: Value, kind: Kind, zone: tzinfo) -> str:
    """One value as a person reads it; times in `zone`, hidden characters spelt out."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, str):
        return visible(value)
    return _write_number(value, kind)


def _write_number(value: float, kind: Kind) -> str:
    match kind:
        case Kind.SHARE:
            return f"{value:.1%}"
        case Kind.SECONDS:
            return _write_seconds(value)
        case Kind.USD_MICROS:
            return _write_usd(value)
        case Kind.COUNT:
            return f"{value:,.0f}"
        case _:
            return f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.0f}"  # noqa: PLR2004


def _write_usd(micros: float) -> str:
    """Cents; below one cent as many digits as there are, so that no cost reads as nothing."""
    if 0 < abs(micros) < _CENT_MICROS:
        return f"${micros / _MICROS:.6f}"
    return f"${micros / _MICROS:,.2f}"


def _write_seconds(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else str(timedelta(seconds=round(seconds)))  # noqa: PLR2004 - a minute


def median(values: list[float]) -> float | None:
    """The middle value, None when there is none."""
    if not values:
        return None
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
