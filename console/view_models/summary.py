"""An action in one line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from console.view_models import signs
from console.view_models.ink import Span, Spans, Tone
from console.view_models.leaves import Leaf, walk_leaves
from console.view_models.text import visible
from core.actions import JsonObject

if TYPE_CHECKING:  # not loaded for the first picture
    from core.ports import Dossier

SUMMARY_MAX: Final = 200  # characters; the whole action is one key away
_LEAVES_MAX: Final = 12
_LEAD_MAX: Final = 20  # characters of a command before its risky part: rows are narrow
_PARSED_MAX: Final = 20_000  # characters; longer ones take too long for a row
_SEPARATORS: Final = re.compile(r"(?:[;|&\n`]|\$\()\s*")
_BLANKS: Final = re.compile(r"\s+")
_SPEAKING: Final = ("command", "file_path", "path", "url", "query", "to", "recipient")


@dataclass(frozen=True, slots=True)
class Brief:
    """What a list says of a held action beside its record; made from redacted arguments."""

    summary: str
    policies: tuple[str, ...]


def brief_of(dossier: Dossier) -> Brief:
    """The brief of one action: a command begins where its worst finding lies, when further on."""
    # What screens an action is loaded with the first one: no picture without any waits for it.
    from console.view_models.arguments import ROOT, mark_findings  # noqa: PLC0415
    from console.view_models.dossier import current_arguments  # noqa: PLC0415

    action = dossier.record.action
    shown = dossier.arguments_shown
    risk_at = 0
    if isinstance(shown.get("command"), str):
        # Only the command is looked at: arguments may be many, and rows are many.
        path = f"{ROOT}.command"
        findings = [each for each in dossier.record.verdict.findings if each.path == path]
        marked = mark_findings(
            findings,
            shown={"command": shown["command"]},
            judged={"command": current_arguments(dossier).get("command")},
            resource=action.resource,
        )
        ranked = [
            (-findings[mark.number - 1].level.rank, mark.start or 0)
            for mark in marked.marks.get(path, ())
        ]
        risk_at = min(ranked, default=(0, 0))[1]
    line = summarize(shown, leave_out=action.resource, risk_at=risk_at)
    return Brief(line, dossier.record.verdict.policies)


def summarize(arguments: JsonObject, *, leave_out: str = "", risk_at: int = 0) -> str:
    """The most telling arguments first, in one line that holds no hidden character.

    `leave_out` is a value that stands beside the line already; `risk_at` is where in a command
    the risky part begins.
    """
    command = arguments.get("command")
    if isinstance(command, str):
        return visible(_from_risk(command, risk_at)[:SUMMARY_MAX])[:SUMMARY_MAX]
    told = (leaf for leaf in walk_leaves(arguments) if leaf.value != leave_out)
    leaves = list(islice(told, _LEAVES_MAX))
    speaking = [leaf for name in _SPEAKING for leaf in leaves if leaf.path == name]
    rest = [leaf for leaf in leaves if leaf not in speaking]
    return "  ".join(_say(leaf) for leaf in [*speaking, *rest])[:SUMMARY_MAX]


def _from_risk(command: str, risk_at: int) -> str:
    """From the simple command on that holds the risky part: its program is always in sight.

    What lies far behind the program is shown behind it, with the words just before it.
    """
    line = command.rfind("\n", 0, risk_at) + 1
    start = _start_of_call(command, risk_at, default=line)
    if start >= line and risk_at - line < _LEAD_MAX:
        return ("⋯ " if line else "") + command[line:]
    before = "⋯ " if start else ""
    near = _near(command, start, risk_at)
    if near - start <= _LEAD_MAX:
        return before + command[start:]
    head = command[start : start + _LEAD_MAX].partition("\n")[0]
    whole_words = head.rpartition(" ")[0].rstrip() or head
    return f"{before}{whole_words} ⋯ {command[near:]}"


def _start_of_call(command: str, risk_at: int, *, default: int) -> int:
    """Where the innermost simple command begins that this place belongs to, as the shell reads it:
    a separator in quotes begins nothing.
    """
    if risk_at == 0 or len(command) > _PARSED_MAX:
        return default
    from core.risk.shell.parse import parse  # noqa: PLC0415 - not for the first picture

    calls = [
        call
        for call in parse(command, known={}).calls
        if call.span.start <= risk_at < call.span.end
    ]
    if not calls:
        return default
    call = min(calls, key=lambda each: each.span.end - each.span.start)
    program = call.words[0].span.start if call.words else call.span.start
    return program if call.span.start < program <= risk_at else call.span.start


def _near(command: str, start: int, risk_at: int) -> int:
    """Where to go on before a risky part: behind a separator, which may begin a command inside of
    a quoted one, else a few words before.
    """
    between = command[start:risk_at]
    parted = start + max((found.end() for found in _SEPARATORS.finditer(between)), default=0)
    if risk_at - parted < _LEAD_MAX:
        return parted
    words = _BLANKS.search(command, risk_at - _LEAD_MAX, risk_at)
    return words.end() if words else risk_at


def _say(leaf: Leaf) -> str:
    text = visible(str(leaf.value)[:SUMMARY_MAX])
    return text if leaf.path in _SPEAKING else f"{visible(leaf.path)}={text}"


def what_spans(kind: str, resource: str, summary: str, tone: Tone = Tone.PLAIN) -> Spans:
    """What is done to what: a command speaks for itself, its shell's name says nothing."""
    loud = Tone.DIM if tone is Tone.DIM else Tone.STRONG
    if kind.startswith("shell.") and summary:
        return (Span(visible(kind), tone), signs.STEP, Span(summary, loud))
    rest = (Span(f"  {summary}", loud),) if summary else ()
    return (Span(visible(kind), tone), signs.STEP, Span(visible(resource), tone), *rest)
