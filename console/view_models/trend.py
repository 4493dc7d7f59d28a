"""Series as text: sparklines for tables, braille areas for charts. Pure, and without colour."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

_BARS: Final = "▁▂▃▄▅▆▇█"
_BRAILLE: Final = 0x2800
# Bits of a braille cell's dots from the lowest up, left and right column.
_COLUMNS: Final = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
DOTS_HIGH: Final = 4
DOTS_WIDE: Final = 2


def spark(values: Sequence[float], width: int, *, low: float | None = None) -> str:
    """The newest values as bars between the least and the largest; a flat series lies low.

    `low` fixes the foot of the scale: 0 for what cannot be less.
    """
    newest = [each for each in values[-width:] if math.isfinite(each)]
    if not newest:
        return ""
    foot = min(newest) if low is None else low
    span = max(newest) - foot
    if span <= 0:
        return _BARS[0] * len(newest)
    top = len(_BARS) - 1
    return "".join(_BARS[round(min(1.0, max(0.0, (each - foot) / span)) * top)] for each in newest)


def resample(values: Sequence[float], points: int) -> list[float]:
    """At most `points` values: means of equal runs, so that no peak of one width is invented."""
    if len(values) <= points:
        return list(values)
    edges = [round(at * len(values) / points) for at in range(points + 1)]
    return [math.fsum(values[start:end]) / (end - start) for start, end in pairwise(edges)]


def area_rows(
    values: Sequence[float], *, width: int, height: int, low: float, high: float
) -> list[str]:
    """A filled area of braille dots, newest at the right, the top row first.

    A value at or below `low` still gets one dot: it was measured.
    """
    points = resample([each for each in values if math.isfinite(each)], width * DOTS_WIDE)
    span = (high - low) or 1.0
    dots = [
        max(1, round(min(1.0, max(0.0, (each - low) / span)) * height * DOTS_HIGH))
        for each in points
    ]
    dots = [0] * (width * DOTS_WIDE - len(dots)) + dots
    return [
        "".join(_cell(dots[at : at + DOTS_WIDE], row * DOTS_HIGH) for at in range(0, len(dots), 2))
        for row in reversed(range(height))
    ]


def _cell(dots: Sequence[int], foot: int) -> str:
    bits = 0
    for column, high in zip(_COLUMNS, dots, strict=True):
        for bit in column[: max(0, min(DOTS_HIGH, high - foot))]:
            bits |= bit
    return chr(_BRAILLE + bits) if bits else " "


def nice_bounds(values: Sequence[float], *, also: Sequence[float] = ()) -> tuple[float, float]:
    """A scale that holds all values, and `also` where that does not squeeze them flat."""
    finite = [each for each in values if math.isfinite(each)] or [0.0]
    low, high = min(finite), max(finite)
    room = (high - low) or abs(high) or 1.0
    near = [each for each in also if low - room <= each <= high + room]
    low, high = min([low, *near]), max([high, *near])
    margin = 0.05 * ((high - low) or room) or 1.0  # of the smallest floats no part is left
    return low - margin, high + margin


def ticks(low: float, high: float, count_max: int) -> list[float]:
    """Round numbers within a scale: multiples of 1, 2 or 5 times a power of ten."""
    span = high - low
    if span <= 0 or count_max < 1:
        return []
    raw = span / count_max
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= raw * (1 - 1e-9))
    first = math.ceil(low / step)
    last = math.floor(high / step)
    return [at * step for at in range(first, last + 1)]
