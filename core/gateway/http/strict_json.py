"""JSON as the gate can bind it: no duplicate keys, no lone surrogates, RFC 8785 numbers."""

import json
import math
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final, TypeAlias

from core.gateway.http.problem import Fault, Refused

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

DEPTH_MAX: Final = 64
NAME_CHARS_MAX: Final = 1000  # a name stands in the path of each value below it
INTEGER_MAX: Final = 2**53 - 1  # RFC 8785 numbers are IEEE doubles: larger ones lose digits
_INTEGER_CHARACTERS_MAX: Final = 17  # sign and 16 digits; int() of a long one takes its time
_ESCAPED: Final = re.compile(r"\\u[dD][89a-fA-F]")  # only an escape can bring a lone one in
_LONE: Final = re.compile("[\ud800-\udfff]")


def parse_json(body: bytes) -> Json:
    """Read one JSON document. Raises Refused: 400 when it is not JSON, 422 when unbindable."""
    text = _decode(body)
    reader = _Reader()
    try:
        value = reader.read(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise _malformed(f"{error.msg} at {where}") from error
    except RecursionError as error:
        raise _too_deep() from error
    _check_depth(value)
    if reader.unbindable:
        _refuse_numbers(value)
    if _ESCAPED.search(text):
        _refuse_lone_surrogates(value)
    return value


class _Reader:
    """One parse; remembers whether a number came by that cannot be carried on exactly."""

    def __init__(self) -> None:
        self.unbindable = False

    def read(self, text: str) -> Json:
        value: Json = json.loads(
            text,
            object_pairs_hook=_pairs,
            parse_int=self._integer,
            parse_float=self._float,
            parse_constant=_constant,
        )
        return value

    def _integer(self, digits: str) -> int | float:
        value = int(digits) if len(digits) <= _INTEGER_CHARACTERS_MAX else math.inf
        self.unbindable |= abs(value) > INTEGER_MAX
        return value

    def _float(self, digits: str) -> float:
        value = float(digits)
        self.unbindable |= math.isinf(value)
        return value


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start} is not valid UTF-8") from error


def _pairs(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    longest = max(map(len, found), default=0)
    if longest > NAME_CHARS_MAX:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"an object has a name of {longest} characters: at most {NAME_CHARS_MAX} are taken",
        )
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _malformed(f"the key {json.dumps(twice)} stands twice in one object")
    return found


def _constant(name: str) -> float:
    raise _malformed(f"{name} is not JSON: leave it out or send null")


def _children(value: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield f".{key}", each
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield f"[{index}]", each


def _check_depth(value: Json) -> None:
    level = [value]
    for _ in range(DEPTH_MAX):
        level = [each for above in level for _, each in _children(above)]
        if not level:
            return
    if any(isinstance(each, dict | list) for each in level):
        raise _too_deep()


def _leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every value with its path; keys count as text of the object that holds them."""
    yield path.removeprefix("."), value
    for step, each in _children(value):
        if isinstance(value, dict):
            yield path.removeprefix("."), step
        yield from _leaves(each, path + step)


def _refuse_numbers(value: Json) -> None:
    for path, each in _leaves(value):
        if isinstance(each, int | float) and (math.isinf(each) or _too_large(each)):
            problem = f"integers go to ±{INTEGER_MAX} and fractions to the range of a double"
            raise _unbindable(path, f"this number cannot be bound exactly: {problem}; send a text")


def _too_large(number: float) -> bool:
    return isinstance(number, int) and abs(number) > INTEGER_MAX


def _refuse_lone_surrogates(value: Json) -> None:
    for path, each in _leaves(value):
        if isinstance(each, str) and _LONE.search(each):
            raise _unbindable(path, "a lone surrogate (\\ud800 to \\udfff) is no text in Unicode")


def _malformed(what: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, f"the body is not acceptable JSON: {what}")


def _too_deep() -> Refused:
    return _malformed(f"it is nested deeper than {DEPTH_MAX} levels")


def _unbindable(path: str, message: str) -> Refused:
    # A path can hold the very surrogate it tells of: escape it, or it could not be sent.
    shown = path.encode("ascii", "backslashreplace").decode("ascii")
    where = shown or "the body"
    return Refused(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{where}: {message}",
        faults=(Fault(path=shown, message=message),),
    )
