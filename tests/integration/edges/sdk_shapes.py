"""Checks a document against the typed dictionaries that the Claude Agent SDK publishes."""

from types import UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

from pydantic import TypeAdapter, ValidationError


def complaints(value: Any, shape: Any) -> list[str]:
    """What is wrong with `value` as a `shape`; a key that the shape has not is wrong too."""
    if is_typeddict(shape):
        return _complaints_of_dict(value, shape)
    if get_origin(shape) in (Union, UnionType):
        found = [complaints(value, each) for each in get_args(shape)]
        return [] if [] in found else min(found, key=len)
    try:
        TypeAdapter(shape).validate_python(value, strict=True)
    except ValidationError as error:
        return [str(error)]
    return []


def _complaints_of_dict(value: Any, shape: Any) -> list[str]:
    if not isinstance(value, dict):
        return [f"{value!r} is no {shape.__name__}"]
    hints = get_type_hints(shape)
    document = cast("dict[str, Any]", value)
    given = set(document)
    return [
        *(f"{shape.__name__} has no {key}" for key in given - set(hints)),
        *(f"{shape.__name__} needs {key}" for key in shape.__required_keys__ - given),
        *(
            f"{key}: {complaint}"
            for key in given & set(hints)
            for complaint in complaints(document[key], hints[key])
        ),
    ]
