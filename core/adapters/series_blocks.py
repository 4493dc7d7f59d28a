"""A minute of samples as one small value, and spans that add up to longer spans. Pure."""

import struct
from array import array
from collections.abc import Iterable
from math import fsum
from typing import Final

from core.measures import Bucket

MINUTE_MS: Final = 60_000
SAMPLE_BYTES: Final = 10  # two for the millisecond of its minute, eight for its value


def pack_minute(offsets: "array[int]", values: "array[float]") -> bytes:
    """Samples of one minute: `offsets` in milliseconds of the minute ("H"), `values` ("d")."""
    return struct.pack(f"<{len(offsets)}H{len(values)}d", *offsets, *values)


def unpack_minute(body: bytes) -> dict[int, float]:
    """Millisecond of the minute to value, in the order of time."""
    count = len(body) // SAMPLE_BYTES
    numbers = struct.unpack(f"<{count}H{count}d", body)
    return dict(zip(numbers[:count], numbers[count:], strict=True))


def merge_minute(
    body: bytes, offsets: "array[int]", values: "array[float]"
) -> "tuple[array[int], array[float]]":
    """What was packed and what came late, in the order of time; of two at once, the late one."""
    merged = unpack_minute(body) | dict(zip(offsets, values, strict=True))
    ordered = sorted(merged)
    return array("H", ordered), array("d", (merged[each] for each in ordered))


def summarise(values: "array[float]") -> tuple[float, float, float, int]:
    """Min, mean, max, count of at least one value."""
    return min(values), fsum(values) / len(values), max(values), len(values)


def add_up(buckets: Iterable[Bucket], *, step_s: int) -> tuple[Bucket, ...]:
    """Buckets as longer ones of `step_s`, which start at its multiples; gaps stay gaps."""
    spans: dict[int, list[Bucket]] = {}
    for each in buckets:
        spans.setdefault(int(each.at_s // step_s) * step_s, []).append(each)
    return tuple(_join(start, spans[start]) for start in sorted(spans))


def _join(start_s: int, parts: list[Bucket]) -> Bucket:
    if len(parts) == 1:
        (only,) = parts
        return Bucket(float(start_s), only.min, only.mean, only.max, only.count)
    count = sum(each.count for each in parts)
    return Bucket(
        at_s=float(start_s),
        min=min(each.min for each in parts),
        mean=fsum(each.mean * each.count for each in parts) / count,
        max=max(each.max for each in parts),
        count=count,
    )
