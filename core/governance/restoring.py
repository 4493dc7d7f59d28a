"""Puts back what redaction took out of arguments that an operator sends back. Pure.

Operators are shown markers in the place of secrets. Left as shown they stand for what the engine
holds; a marker of which nobody can tell what it stands for must not run as if it were the value.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, NoReturn, cast

from core.actions import JsonObject, JsonValue
from core.errors import InvalidAction
from core.governance.screening.rules import screen
from core.governance.screening.secrets import MARKER, find_secrets, marker, redact

_BEFORE: Final = 12  # characters before a marker that say which one it is
_PATH_CHARS_MAX: Final = 200

_Around = tuple[str, str, str]


class _Place(NamedTuple):
    """What stands at one path, as it is and as operators are shown it."""

    shown: JsonValue = None
    actual: JsonValue = None


def restore_edit(edited: JsonObject, held: JsonObject) -> JsonObject:
    """The edit as it is to run: markers that were shown in `held` are what they stand for.

    Raises InvalidAction, which names the path, for a marker of which that cannot be told.
    """
    try:
        if MARKER.search(_written(edited)) is None:
            return edited
    except RecursionError as error:
        raise _too_deep() from error
    return restore_markers(edited, shown=screen(held).redacted, actual=held)


def restore_markers(edited: JsonObject, *, shown: JsonValue, actual: JsonObject) -> JsonObject:
    """The same, where it is known how `actual` is shown."""
    try:
        return cast("JsonObject", _restore(edited, _Place(shown, actual), "arguments"))
    except RecursionError as error:
        raise _too_deep() from error


def _restore(edited: JsonValue, place: _Place, path: str) -> JsonValue:
    if isinstance(edited, str):
        return _restore_text(edited, place, path)
    if isinstance(edited, Mapping):
        return _restore_object(edited, place, path)
    if isinstance(edited, Sequence):
        return _restore_list(edited, place, path)
    return edited


def _restore_object(
    edited: Mapping[str, JsonValue], place: _Place, path: str
) -> dict[str, JsonValue]:
    known = _keys(place)
    restored: dict[str, JsonValue] = {}
    for key, each in edited.items():
        inner = f"{path}.{key}"
        real, there = known.get(key, (key, _Place()))
        if real in restored or (key not in known and MARKER.search(key)):
            _refuse(inner)
        restored[real] = _restore(each, there, inner)
    return restored


def _keys(place: _Place) -> dict[str, tuple[str, _Place]]:
    """By each key as it is shown, and as it is: the key as it is, and what stands under it."""
    shown, actual = place
    if not isinstance(shown, Mapping) or not isinstance(actual, Mapping):
        return {}
    pairs = tuple(zip(shown.items(), actual.items(), strict=False))
    by_shown = {key: (real, _Place(here, there)) for (key, here), (real, there) in pairs}
    return {real: (real, _Place(here, there)) for (_, here), (real, there) in pairs} | by_shown


def _restore_list(edited: Sequence[JsonValue], place: _Place, path: str) -> list[JsonValue]:
    shown, actual = _items(place.shown), _items(place.actual)
    places = [_Place(*each) for each in zip(shown, actual, strict=False)]
    if len(edited) != len(places):
        places = _find_moved(edited, places)
    return [
        _restore(each, there, f"{path}[{index}]")
        for index, (each, there) in enumerate(zip(edited, places, strict=True))
    ]


def _find_moved(edited: Sequence[JsonValue], places: Sequence[_Place]) -> list[_Place]:
    """For each item of a list of another length the one that is shown like it, if they agree."""
    alike: dict[str, list[_Place]] = {}
    for each in places:
        alike.setdefault(_written(each.shown), []).append(each)
    found = (alike.get(_written(each), []) for each in edited)
    return [
        each[0] if len({_written(one.actual) for one in each}) == 1 else _Place() for each in found
    ]


def _restore_text(edited: str, place: _Place, path: str) -> JsonValue:
    shown, actual = place
    if edited == shown:
        return actual
    marks = list(MARKER.finditer(edited))
    if not marks:
        return edited
    if not isinstance(shown, str) or not isinstance(actual, str):
        _refuse(path)
    parts: list[str] = []
    done = 0
    for found, meant in zip(marks, _find_meant(edited, marks, shown, actual), strict=True):
        if len(meant) != 1:
            _refuse(path)
        parts += edited[done : found.start()], *meant
        done = found.end()
    return "".join((*parts, edited[done:]))


def _find_meant(
    edited: str, marks: Sequence[re.Match[str]], shown: str, actual: str
) -> list[set[str]]:
    """For each marker all that it may stand for: as many as are shown with the same around them."""
    wanted = [_around(edited, found) for found in marks]
    known = list(_read_marks(shown, actual))
    if wanted == [around for around, _ in known]:
        return [{meant} for _, meant in known]
    alike: dict[_Around, set[str]] = {}
    for around, meant in known:
        alike.setdefault(around, set()).add(meant)
    return [alike.get(around, set()) for around in wanted]


def _read_marks(shown: str, actual: str) -> Iterator[tuple[_Around, str]]:
    """Each marker that is shown, with what stands around it, and what it stands for."""
    spans = find_secrets(actual)
    if redact(actual, spans) != shown:
        return  # it is hidden as a whole: no part of it can be meant
    hidden: dict[int, str] = {}
    moved = 0
    for start, end, kind in spans:
        hidden[start + moved] = actual[start:end]
        moved += len(marker(kind)) - (end - start)
    for found in MARKER.finditer(shown):
        # What the agent itself wrote as a marker stands for itself.
        yield _around(shown, found), hidden.get(found.start(), found[0])


def _around(text: str, found: re.Match[str]) -> _Around:
    """What stands before it, itself, and the character that goes on with it, if any does."""
    start, end = found.span()
    return text[max(0, start - _BEFORE) : start], found[0], text[end : end + 1].strip()


def _refuse(path: str) -> NoReturn:
    raise InvalidAction(
        f"{path[:_PATH_CHARS_MAX]}: the engine cannot tell which secret the marker [redacted:…]"
        f" stands for: leave it in its place with the {_BEFORE} characters before it and the one"
        " after it, or write the value itself"
    )


def _too_deep() -> InvalidAction:
    return InvalidAction("arguments: nested too deeply")


def _written(value: JsonValue) -> str:
    """As text: unlike in Python, 1 is not true."""
    return json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)


def _items(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
