"""What only programs do that look into other processes, where their secrets are."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.catalog import Row
from core.risk.shell.options import Reading
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Word

_ATTACHES: Final = re.compile(r"^\s*(?:process\s+)?att(?:ach?)?\b\s*(?:-\S+\s+)?(?P<process>\S*)")
_ENVIRONMENT: Final = re.compile(r"^(?!-)[a-df-zA-NP-Z]*e")  # `e` of BSD's form, without a dash


def _debugger(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    """`gdb PROGRAM PID`, and the debugger's own command to attach."""
    arguments = call.name == "lldb" or any(word.text == "--args" for word in reading.flags)
    for word in () if arguments else reading.positionals[1:]:
        if word.text.isdecimal():
            review.note_attached(word)
    for hit in reading.hits:
        found = _ATTACHES.match(hit.value.text) if hit.kind == "code" and hit.value else None
        if found is not None and hit.value is not None:
            review.note_attached(hit.value, found["process"])
    for line in call.heredoc.splitlines() if call.heredoc else ():
        if found := _ATTACHES.match(line):
            review.note_attached(Word(line, call.span), found["process"])


def _processes(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    """`ps e` shows the variables that each process was started with."""
    for word in call.arguments[:1]:
        if _ENVIRONMENT.match(word.text):
            review.note(
                "asks-for-secret",
                RiskLevel.MEDIUM,
                "Shows the variables of other processes, which often hold secrets.",
                word,
            )


PROCESS_SPECIALS: Final[Mapping[str, Callable[[Review, Call, Row, Reading], None]]] = {
    "debugger": _debugger,
    "processes": _processes,
}
