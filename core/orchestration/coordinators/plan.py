"""The declared plan: features that get in each other's way, releases that do not line up. Pure.

[[feature]]
name = "checkout v2"
side = "frontend"
release = "2026-12-01"
touches = ["POST /orders"]   # operations, schemas, pages: any names that both sides use
change = "uses"              # "uses", "adds", "changes", "removes"
needs = ["orders v2"]        # features that must be out by then
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Final

from core.actions import JsonObject
from core.agents.documents import as_objects, as_text, as_texts
from core.errors import SourceFailed

_CHANGES: Final = ("uses", "adds", "changes", "removes")
_GET_IN_THE_WAY: Final = frozenset(
    (
        frozenset(("changes",)),
        frozenset(("removes",)),
        frozenset(("adds",)),
        frozenset(("changes", "removes")),
        frozenset(("adds", "removes")),
        frozenset(("adds", "changes")),
        frozenset(("uses", "removes")),
    )
)
_FEATURES_MAX: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One planned feature of one side."""

    name: str
    side: str
    release: date | None
    touches: frozenset[str]
    change: str
    needs: tuple[str, ...]


def read_plan(document: JsonObject) -> tuple[Feature, ...]:
    """The features of a plan. Raises SourceFailed naming the feature that cannot be read."""
    rows = as_objects(document.get("feature")) or as_objects(document.get("features"))
    if len(rows) > _FEATURES_MAX:
        raise SourceFailed(f"the plan has more than {_FEATURES_MAX} features")
    return tuple(_read_feature(row, number) for number, row in enumerate(rows, 1))


def _read_feature(row: JsonObject, number: int) -> Feature:
    name, side = as_text(row.get("name")), as_text(row.get("side"))
    change = as_text(row.get("change")) or "uses"
    if not name or not side or change not in _CHANGES:
        raise SourceFailed(
            f"feature {number} of the plan needs a name, a side and, as change, one of"
            f" {', '.join(_CHANGES)}"
        )
    released = as_text(row.get("release"))
    try:
        release = date.fromisoformat(released[:10]) if released else None
    except ValueError as error:
        raise SourceFailed(f"feature {name!r} of the plan: {released!r} is no date") from error
    touches = frozenset(" ".join(each.split()).lower() for each in as_texts(row.get("touches")))
    return Feature(
        name=name,
        side=side,
        release=release,
        touches=touches,
        change=change,
        needs=as_texts(row.get("needs")),
    )


def find_clashes(features: Sequence[Feature]) -> Iterator[str]:
    """Features of different sides that touch the same thing and cannot both be right."""
    for one, other in combinations(features, 2):
        shared = one.touches & other.touches
        if one.side == other.side or not shared:
            continue
        if frozenset((one.change, other.change)) in _GET_IN_THE_WAY:
            yield (
                f"{one.name!r} ({one.side}) {one.change} and {other.name!r} ({other.side})"
                f" {other.change} {', '.join(sorted(shared))}"
            )


def find_late(features: Iterable[Feature]) -> Iterator[str]:
    """Features that need what is not planned, has no date or comes out later."""
    known = {each.name: each for each in features}
    for feature in known.values():
        for need in feature.needs:
            needed = known.get(need)
            start = f"{feature.name!r} ({feature.side}) needs {need!r}"
            if needed is None:
                yield f"{start}, which is not in the plan"
            elif feature.release is None:
                continue
            elif needed.release is None:
                yield f"{start} by {feature.release}, which has no release date"
            elif needed.release > feature.release:
                days = (needed.release - feature.release).days
                yield (
                    f"{start} by {feature.release}, which comes out {days} days later,"
                    f" on {needed.release}"
                )
