"""The video pipeline's ledger: who is the bottleneck, and how many workers help. Pure.

{"ai": {"waiting": 40, "workers": 3, "per_worker_per_h": 12},
 "video": {"waiting": 4, "workers": 5, "per_worker_per_h": 6},
 "videos": [{"at": "2026-11-21T08:00:00+00:00", "quality": 4.3}]}
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.actions import JsonObject, JsonValue
from core.agents.deploys import read_instant
from core.agents.documents import as_number, as_objects, as_text
from core.errors import SourceFailed

QUALITY_MIN: Final = 4.0
RECENT_VIDEOS: Final = 20
_GAIN_MIN: Final = 0.2  # of the time until the backlog is cleared, before workers are moved
_WORKERS_MAX: Final = 10_000
_LOAD_HIGH: Final = 0.85
_LOAD_LOW: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Backlog and capacity of one side."""

    name: str
    waiting: int
    workers: int
    per_worker_per_h: float

    def hours_to_clear(self, workers: int) -> float:
        """How long the backlog lasts with so many workers."""
        return self.waiting / (workers * self.per_worker_per_h)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The pipeline now. Qualities are of its newest videos, 1..5."""

    ai: Side
    video: Side
    qualities: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Workers to move, and why."""

    source: str
    target: str
    workers: int
    evidence: str


def read_ledger(document: JsonObject) -> Ledger:
    """Raises SourceFailed naming what is missing."""
    videos: list[tuple[str, float]] = []
    for row in as_objects(document.get("videos")):
        quality = as_number(row.get("quality"))
        at = read_instant(as_text(row.get("at")))
        if quality is not None and at is not None:
            videos.append((at.isoformat(), quality))
    newest = sorted(videos)[-RECENT_VIDEOS:]
    return Ledger(
        ai=_read_side(document, "ai"),
        video=_read_side(document, "video"),
        qualities=tuple(quality for _, quality in newest),
    )


def _read_side(document: JsonObject, name: str) -> Side:
    row = document.get(name)
    given = row if isinstance(row, dict) else {}
    rate = as_number(given.get("per_worker_per_h"))
    waiting, workers = _read_count(given.get("waiting")), _read_count(given.get("workers"))
    if waiting is None or not workers or workers > _WORKERS_MAX or rate is None or rate <= 0:
        raise SourceFailed(
            f"the pipeline ledger's {name!r} needs waiting (from 0), workers (1 to"
            f" {_WORKERS_MAX:,}) and per_worker_per_h (above 0)"
        )
    return Side(name=name, waiting=waiting, workers=workers, per_worker_per_h=rate)


def _read_count(value: JsonValue) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value


def find_move(ledger: Ledger) -> Move | None:
    """The workers to move to the side that takes longer, if that gains enough. One stays."""
    sides = (ledger.ai, ledger.video)
    target = max(sides, key=lambda each: each.hours_to_clear(each.workers))
    source = ledger.video if target is ledger.ai else ledger.ai
    now_h = target.hours_to_clear(target.workers)

    def last_h(moved: int) -> float:
        return max(
            target.hours_to_clear(target.workers + moved),
            source.hours_to_clear(source.workers - moved),
        )

    best = min(range(source.workers), key=lambda moved: (last_h(moved), moved))
    if best == 0 or last_h(best) > now_h * (1 - _GAIN_MIN):
        return None
    return Move(
        source=source.name,
        target=target.name,
        workers=best,
        evidence=(
            f"{target.name} needs {now_h:.1f} h for the {target.waiting} that wait with"
            f" {target.workers} workers, {source.name}"
            f" {source.hours_to_clear(source.workers):.1f} h; with {best} moved both are done"
            f" after {last_h(best):.1f} h"
        ),
    )


def find_move_by_load(ai: float, video: float) -> Move | None:
    """Without a ledger: one worker, when one side is past its cut-off and the other half idle."""
    sides = sorted(((ai, "ai"), (video, "video")))
    (low, source), (high, target) = sides
    if high <= _LOAD_HIGH or low >= _LOAD_LOW:
        return None
    evidence = f"the load of {target} is {high:.2f} and that of {source} {low:.2f}"
    return Move(source=source, target=target, workers=1, evidence=evidence)


def mean_quality(qualities: Sequence[float]) -> float | None:
    """The mean of the newest videos; None without any."""
    return sum(qualities) / len(qualities) if qualities else None
