"""What a call would print, where that can be told without running it."""

import base64
import binascii
import re
from typing import Final

from core.risk.shell.decode import unescape_ansi
from core.risk.shell.syntax import Call

_PRINTERS: Final = frozenset({"echo", "printf", "base64"})
_SILENT: Final = frozenset({"", ":", "cd", "for", "true"})
TRUSTED: Final = _PRINTERS | (_SILENT - {""})  # no function of that name may print otherwise
_FORMAT: Final = re.compile(r"%(.?)|[^%]+", re.DOTALL)
_PRINTED_MAX: Final = 20_000  # characters


def printed_by(call: Call, *, stages: int = 4) -> str | None:
    """What a call prints, when that is plain: `echo`, `printf`, and base64 of those.

    Looks back over at most `stages` stages of a pipeline.
    """
    if not call.beside:
        return _printed_alone(call, stages)
    together = [each for each in (*call.beside, call) if each.name not in _SILENT]
    parts = [_printed_alone(each, stages) for each in together]
    text = "\n".join(part or "" for part in parts)
    return None if None in parts or len(text) > _PRINTED_MAX else text


def said_by(call: Call) -> str:
    """The words that `echo` and `printf` are given, also where a part of them is not known."""
    return "\n".join(
        " ".join(word.text for word in each.arguments)
        for each in (*call.beside, call)
        if each.name in {"echo", "printf"}
    )


def _printed_alone(call: Call, stages: int) -> str | None:
    if call.name not in _PRINTERS or any(word.dynamic for word in call.words):
        return None
    texts = [word.text for word in call.arguments]
    if call.name == "printf":
        return _formatted(*texts)
    if call.name == "echo":
        while texts and texts[0] in {"-n", "-e", "-ne", "-en", "-E"}:
            texts.pop(0)
        return unescape_ansi(" ".join(texts)) if texts else None
    if call.fed_by is None:
        fed: str | None = call.heredoc
    else:
        fed = printed_by(call.fed_by, stages=stages - 1) if stages else None
    if fed and set(texts) & {"-d", "--decode", "-D", "-di"}:
        try:
            return base64.b64decode(fed.strip(), validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return None
    return None


def _formatted(form: str = "-", *values: str) -> str | None:
    """What `printf` prints; None for options and for what is more than a text put in place."""
    if form == "--":
        return _formatted(*values)
    slots = [found[1] for found in _FORMAT.finditer(form) if found[1] not in {None, "%"}]
    rounds = max(1, -(-len(values) // len(slots))) if slots else 1
    if form.startswith("-") or set(slots) - {"s", "b"} or len(form) * rounds > _PRINTED_MAX:
        return None
    left = iter(values)

    def fill(part: re.Match[str]) -> str:
        if part[1] in {"s", "b"}:
            value = next(left, "")
            return unescape_ansi(value) if part[1] == "b" else value
        return unescape_ansi(part[1] or part[0])

    return _FORMAT.sub(fill, form * rounds)
