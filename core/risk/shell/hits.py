"""Judges the options of a call that the row of its program knows."""

import re
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.arguments import (
    check_code,
    check_command_value,
    check_escape,
    check_script_value,
)
from core.risk.shell.catalog import Row
from core.risk.shell.options import Hit, Reading
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Word
from core.risk.shell.targets import is_scratch, outside


def check_hits(review: Review, call: Call, row: Row, reading: Reading) -> tuple[Word, ...]:
    """Judge the options that the row knows. Returns the words that need no general look."""
    handled: list[Word] = []
    for hit in reading.hits:
        if hit.kind == "build" and hit.value is not None:
            _check_built(review, call, hit.value)
        elif hit.kind != "load" or not row.takes_script or not _is_own(review, hit.value):
            _check_hit(review, call, row, hit)
        if hit.kind in {"code", "script"} and hit.value is not None:
            handled.append(hit.value)
    return tuple(handled)


_NOTES: Final = {
    "shell": ("starts-shell", RiskLevel.HIGH, "opens a shell"),
    "load": ("loads-code", RiskLevel.HIGH, "loads a file that can run things"),
    "upload": ("sends-data", RiskLevel.HIGH, "sends local data to another machine"),
    "listen": ("opens-listener", RiskLevel.HIGH, "lets other machines connect"),
    "privilege": ("changes-privilege", RiskLevel.HIGH, "changes whose rights apply"),
    "danger": ("dangerous-option", RiskLevel.HIGH, "is known to be abused"),
    "erase": ("erases", RiskLevel.HIGH, "cannot be undone"),
    "reveal": ("asks-for-secret", RiskLevel.HIGH, "prints a secret"),
}


_MODULE: Final = re.compile(r"[@\w.~/][\w@./:+~-]*(?:=[\w,:.+-]*)?")
_MODULES_ACT: Final = frozenset({"un", "CPAN", "debug", "O"})  # they run what they are given


def _is_own(review: Review, value: Word | None) -> bool:
    """Whether a language loads a module it has, or a file of the project.

    Loading one is no more than running a script of the project.
    """
    text = value.text.removeprefix("no:") if value is not None else ""  # a plugin left out
    if not _MODULE.fullmatch(text) or (":" in text and "::" not in text) or text in _MODULES_ACT:
        return False
    path = review.resolve(text.rpartition("=")[2])
    if path.startswith(("/", "~", "..")) and outside(path, review.workspace or "/nowhere"):
        return False
    return not (is_scratch(path) or _was_written(review, path))


def _was_written(review: Review, path: str) -> bool:
    """Whether this command wrote the module `path`, or into the folder `path`."""
    name = re.split(r"[/:]+", path)[-1].partition(".")[0]
    for written in review.written:
        own = written.rpartition("/")[2].partition(".")[0]
        if written.startswith(path.rstrip("/") + "/") or (name and own == name):
            return True
    return False


def _is_given_text(review: Review, call: Call) -> bool:
    """Whether a call may build something out of other than files that were here before.

    What such files are built into is as trusted as they are.
    """
    given = call.fed_by is not None or call.heredoc or any(word.dynamic for word in call.words)
    read = any("<" in redirect.operator for redirect in call.redirects)
    return bool(given or read or review.written or review.fetched)


def _check_built(review: Review, call: Call, made: Word) -> None:
    given = _is_given_text(review, call)
    review.check_write(made, makes=given)
    if not given:
        review.built.add(review.resolve(made.text))


def _check_hit(review: Review, call: Call, row: Row, hit: Hit) -> None:
    by = f"{call.name} {hit.option}"
    if hit.kind in _NOTES:
        code, level, does = _NOTES[hit.kind]
        review.external = review.external or hit.kind in {"upload", "listen"}
        review.irreversible = review.irreversible or hit.kind == "erase"
        review.changes = True
        review.note(code, level, f"{by} {does}.", hit.word)
        return
    value = hit.value
    if value is None:
        return
    match hit.kind:
        case "run":
            check_command_value(review, value, by=by)
        case "code":
            if value.dynamic and value.text.startswith(("$(", "`")):
                review.note(
                    "unknown-program",
                    RiskLevel.MEDIUM,
                    f"{by} runs text that is known only when it runs.",
                    value,
                )
            check_code(review, value, by=by, backticks=row.backticks)
            check_escape(review, value, by=by)
        case "script":
            check_script_value(review, value, by=by)
        case "write":
            review.check_write(value)
        case "attach":
            review.note_attached(value)
        case _:
            pass
