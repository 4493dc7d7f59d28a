"""Records to JSON text and back, by plans made once from the record classes' own fields.

A field added to a record with a default needs nothing here: rows written before it decode to that
default.
"""

import contextlib
import json
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import orjson

from core.digests import sha256_hex
from core.json_text import STRICT, is_common
from core.records import Record

_Convert = Callable[[Any], Any]
_Plan = tuple[tuple[str, _Convert | None], ...]  # None: JSON carries the value as it is
_Check = Callable[[Any], bool]
_CheckPlan = tuple[tuple[Callable[[Any], Any], _Check], ...]
_R = TypeVar("_R", bound=Record)


def encode_record(record: Record) -> str:
    """One line of JSON that UTF-8 can hold. Raises ValueError when a value has no JSON form."""
    try:
        if _is_common(_check_plan(cast("type", type(record))), record):
            with contextlib.suppress(TypeError):  # text that is not Unicode, larger integers
                return orjson.dumps(record, option=STRICT).decode()
        return _ENCODER.encode(_encode_dataclass(_encode_plan(cast("type", type(record))), record))
    except (TypeError, RecursionError) as error:
        raise ValueError(f"no JSON form: {error}") from error


def encode_records(records: Sequence[Record]) -> str:
    """A JSON array of them. Raises ValueError when a value has no JSON form."""
    for each in records:
        kind: Any = type(each)
        if not _is_common(_check_plan(kind), each):
            break
    else:
        with contextlib.suppress(TypeError):
            return orjson.dumps(records, option=STRICT).decode()
    return f"[{','.join(map(encode_record, records))}]"


def digest_record(record: Record) -> str:
    """ "sha256:" + SHA-256 of all that a record says, the same before and after it was kept.

    A field at its default counts as none, so that one that is added later changes no digest.
    Raises ValueError when a value has no JSON form.
    """
    plain = _without_defaults(record, json.loads(encode_record(record)))
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return f"sha256:{sha256_hex(text.encode())}"


def _without_defaults(value: Any, plain: Any) -> Any:
    if is_dataclass(value):
        told = ((each, getattr(value, each.name)) for each in fields(value))
        return {
            each.name: _without_defaults(item, plain[each.name])
            for each, item in told
            if item != each.default
        }
    if issubclass(type(value), tuple):  # a tuple of what is not known by now
        return [_without_defaults(item, plain[place]) for place, item in enumerate(value)]
    return plain


def decode_record(kind: type[_R], text: str) -> _R:
    """The record that `encode_record` wrote. Raises ValueError when the text does not fit."""
    try:
        return cast("_R", _decode_dataclass(kind, json.loads(text)))
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a {kind.__name__}: {error}") from error


def decode_records(kind: type[_R], text: str) -> tuple[_R, ...]:
    """What `encode_records` wrote. Raises ValueError when the text does not fit."""
    try:
        return tuple(cast("_R", _decode_dataclass(kind, each)) for each in json.loads(text))
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"not some {kind.__name__}: {error}") from error


def encode_value(hint: Any, value: object) -> str:
    """JSON text of a value of the type `hint`: a dataclass, a tuple of them, or plain JSON.

    Raises ValueError when it has no JSON form.
    """
    try:
        convert = _encoder(hint)
        return _ENCODER.encode(value if convert is None or value is None else convert(value))
    except (TypeError, RecursionError) as error:
        raise ValueError(f"no JSON form: {error}") from error


def decode_value(hint: Any, plain: Any) -> Any:
    """The value whose text `encode_value` wrote, from that text's JSON.

    Raises ValueError when it does not fit.
    """
    try:
        convert = _decoder(hint)
        return plain if convert is None or plain is None else convert(plain)
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a {hint}: {error}") from error


def _plain(value: object) -> object:
    """Frozen mappings and sequences, which the JSON encoder does not know."""
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return list(cast("Sequence[object]", value))
    raise TypeError(f"{type(value).__name__} is not JSON")


# ASCII only: a lone surrogate in an agent's text must not make the row unwritable.
_ENCODER = json.JSONEncoder(
    ensure_ascii=True,
    allow_nan=False,
    check_circular=False,
    separators=(",", ":"),
    default=_plain,
)


def _is_common(plan: _CheckPlan, value: object) -> bool:
    """Whether the quick writer writes the parts that may hold any JSON as the other one does."""
    for read, check in plan:  # noqa: SIM110 - all() of a generator takes twice as long
        if not check(read(value)):
            return False
    return True


@cache
def _check_plan(kind: type) -> _CheckPlan:
    return tuple((attrgetter(path), check) for path, check in _checks(kind, ""))


def _checks(kind: type, where: str) -> Iterator[tuple[str, _Check]]:
    """What to check and its path, also of what is in a part that is always there."""
    hints = get_type_hints(kind)
    for each in fields(kind):
        hint = hints[each.name]
        if is_dataclass(hint):
            yield from _checks(cast("type", hint), f"{where}{each.name}.")
        elif (check := _checker(hint)) is not None:
            yield where + each.name, check


def _checker(hint: Any) -> _Check | None:
    """None where the type alone says that both writers agree."""
    hint = _without_none(hint)
    hint = getattr(hint, "__supertype__", hint)  # of a NewType
    if is_dataclass(hint):
        plan = _check_plan(cast("type", hint))
        return (lambda value: value is None or _is_common(plan, value)) if plan else None
    if get_origin(hint) is tuple:
        items = {_checker(each) for each in get_args(hint) if each is not Ellipsis}
        return None if items == {None} else is_common
    plain = isinstance(hint, type) and issubclass(hint, str | int | datetime)
    return None if plain else is_common


def _encode_dataclass(plan: _Plan, value: object) -> dict[str, Any]:
    encoded: dict[str, Any] = {}
    for name, convert in plan:
        item = getattr(value, name)
        encoded[name] = item if convert is None or item is None else convert(item)
    return encoded


@cache
def _encode_plan(kind: type) -> _Plan:
    hints = get_type_hints(kind)
    return tuple((each.name, _encoder(hints[each.name])) for each in fields(kind))


def _encoder(hint: Any) -> _Convert | None:
    hint = _without_none(hint)
    if hint is datetime:
        return datetime.isoformat
    if is_dataclass(hint):
        plan = _encode_plan(cast("type", hint))
        return lambda value: _encode_dataclass(plan, value)
    if get_origin(hint) is tuple:
        items = [_encoder(each) for each in get_args(hint) if each is not Ellipsis]
        return None if not any(items) else _tuple_converter(hint, items, list)
    return None  # text, numbers, StrEnum and JSON values are JSON already


def _decode_dataclass(kind: type, value: dict[str, Any]) -> Any:
    given: dict[str, Any] = {}
    for name, convert in _decode_plan(kind):
        if name in value:
            item = value[name]
            given[name] = item if convert is None or item is None else convert(item)
    return kind(**given)


@cache
def _decode_plan(kind: type) -> _Plan:
    hints = get_type_hints(kind)
    return tuple((each.name, _decoder(hints[each.name])) for each in fields(kind))


def _decoder(hint: Any) -> _Convert | None:
    hint = _without_none(hint)
    if hint is datetime:
        return datetime.fromisoformat
    if is_dataclass(hint):
        kind = cast("type", hint)
        return lambda value: _decode_dataclass(kind, value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    if get_origin(hint) is tuple:
        items = [_decoder(each) for each in get_args(hint) if each is not Ellipsis]
        return _tuple_converter(hint, items, tuple)
    return None


def _tuple_converter(
    hint: Any, items: Sequence[_Convert | None], make: Callable[[Any], Any]
) -> _Convert:
    """For `tuple[X, ...]`, or for a fixed `tuple[X, Y]`."""
    if get_args(hint)[-1] is not Ellipsis:
        return lambda value: make(
            each if convert is None else convert(each)
            for convert, each in zip(items, value, strict=True)
        )
    convert = items[0]
    return make if convert is None else lambda value: make(map(convert, value))


def _without_none(hint: Any) -> Any:
    """X for `X | None`; other unions, which only JSON values are, stay as they are."""
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    rest = [each for each in get_args(hint) if each is not type(None)]
    return _without_none(rest[0]) if len(rest) == 1 else hint
