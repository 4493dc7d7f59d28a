"""Editing arguments as text: what is shown, what is wrong with it, what is sent."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, cast

from console.language import _
from console.view_models.leaves import leaves_of
from console.view_models.summary import current_arguments
from console.view_models.text import find_hidden
from core.actions import JsonObject, JsonValue
from core.errors import InvalidAction
from core.governance.restoring import restore_markers
from core.governance.rules import digest_action
from core.ports import Dossier

EDITED_MAX: Final = 200_000  # characters; a longer text would hold up the loop at every key


def to_text(arguments: JsonObject) -> str:
    """Arguments as JSON to edit: two spaces a level, hidden characters as JSON escapes."""
    text = json.dumps(arguments, indent=2, ensure_ascii=False, default=str)
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(
        json.dumps(each)[1:-1] if hidden and each != "\n" else each
        for each, hidden in find_hidden(text)
    )


def parse(text: str) -> JsonObject:
    """The arguments that `text` stands for.

    Raises InvalidAction saying what is wrong, with line and column.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_no_twins)
    except json.JSONDecodeError as error:
        raise InvalidAction(
            _("not valid JSON: {msg} (line {lineno}, column {colno})").format(
                msg=error.msg, lineno=error.lineno, colno=error.colno
            )
        ) from error
    except RecursionError as error:
        raise InvalidAction(_("not usable: nested too deeply")) from error
    if not isinstance(value, dict):
        raise InvalidAction(_("arguments are a JSON object: { … }"))
    return cast("JsonObject", value)


def _refuse_constant(name: str) -> JsonValue:
    raise InvalidAction(_("not valid JSON: {name} is no JSON number").format(name=name))


def _no_twins(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    twins = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
    if twins:
        raise InvalidAction(
            _("the key {twins!r} stands twice in one object").format(twins=twins[0])
        )
    return dict(pairs)


def same(one: JsonValue, other: JsonValue) -> bool:
    """Equal as JSON: unlike in Python, 1 is not true."""
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(
        other, sort_keys=True, default=str
    )


class Checked(NamedTuple):
    """What an edited text is worth; `problem` is "" when it could be sent."""

    problem: str
    digest: str  # of what would run then; "" while there is a problem, or the engine alone knows
    changed: bool
    warnings: tuple[str, ...]  # values that are of another type than they were


def check(text: str, dossier: Dossier) -> Checked:
    """Look at a text as it is typed: never raises."""
    try:
        edited = parse(text)
        whole = arguments_to_send(text, dossier)
        digest = digest_action(dossier.record.action, whole) if _has_all(dossier) else ""
        changed = not same(edited, dossier.arguments_shown)
    except InvalidAction as error:
        return Checked(str(error), "", changed=True, warnings=())
    except RecursionError:
        return Checked(_("not usable: nested too deeply"), "", changed=True, warnings=())
    return Checked("", digest, changed, tuple(_other_types(dossier.arguments_shown, edited)))


def _has_all(dossier: Dossier) -> bool:
    """False where secrets stayed with the engine: what is here has another digest then."""
    held = dossier.record.digest if dossier.approval is None else dossier.approval.digest
    return digest_action(dossier.record.action, current_arguments(dossier)) == held


def _other_types(before: JsonObject, after: JsonObject) -> Iterator[str]:
    """Where a value is no longer of the type that the agent gave it, or is gone, or is new."""
    old = {leaf.shown: _type(leaf.value) for leaf in leaves_of(before)}
    new = {leaf.shown: _type(leaf.value) for leaf in leaves_of(after)}
    for name, kind in old.items():
        if name not in new:
            yield _("{name} is gone").format(name=name)
        elif new[name] != kind:
            yield _("{name} was {kind}, is now {new}").format(name=name, kind=kind, new=new[name])
    yield from (_("{name} is new").format(name=name) for name in new if name not in old)


def _type(value: JsonValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return _("true or false")
    if isinstance(value, int | float):
        return _("a number")
    if isinstance(value, str):
        return _("text")
    return _("an object") if isinstance(value, Mapping) else _("a list")


def arguments_to_send(text: str, dossier: Dossier) -> JsonObject:
    """What an edited text asks to run, redacted values put back where they are known here.

    Raises InvalidAction when it is no JSON object, or a secret's place cannot be told.
    """
    actual = current_arguments(dossier)
    return restore_markers(parse(text), shown=dossier.arguments_shown, actual=actual)
