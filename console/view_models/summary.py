"""An action in one line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from console.view_models import signs
from console.view_models.ink import Span, Spans, Tone
from console.view_models.leaves import Leaf, walk_leaves
from console.view_models.text import visible, whole
from core.actions import Finding, JsonObject, JsonValue

if TYPE_CHECKING:  # not loaded for the first picture
    from core.ports import Dossier
    from core.records import ActionRecord

SUMMARY_MAX: Final = 200  # characters; the whole action is one key away
_LEAVES_MAX: Final = 12
_LEAD_MAX: Final = 20  # characters of a command before its risky part: rows are narrow
_BEGINNING_MAX: Final = 20_000  # characters; no secret that a line shows a part of is longer
_PARSED_MAX: Final = 2_000  # characters; hostile ones of 20,000 take 0.1 s, too long for a row
_ROOM: Final = 32  # cells beside what else a line of 80 says; who knows its own room gives it
_PART_MIN: Final = 4  # characters of a pipeline's middle that are worth a gap
_STATEMENTS: Final = re.compile(r"(?:;|&&|\|\||(?<![<>&])&(?![>&]))\s*")
_SEPARATORS: Final = re.compile(r"(?:[;|&\n`]|\$\()\s*")
_BLANKS: Final = re.compile(r"\s+")
_CUT: Final = "⋯ "
_SPEAKING: Final = ("command", "file_path", "path", "url", "query", "to", "recipient")


@dataclass(frozen=True, slots=True)
class Brief:
    """What a list says of a held action beside its record; made from redacted arguments."""

    summary: str
    policies: tuple[str, ...]
    part: Part | None = None  # of a command of which the summary leaves out the beginning

    def fit(self, room: int) -> str:
        """The summary for so many cells: they are filled with what stands before the risky part."""
        return self.part.fit(room) if self.part else self.summary


@dataclass(frozen=True, slots=True)
class Part:
    """A command from its risky program on, and what stands before that; all safe to draw."""

    text: str
    before: str = ""  # in the same line
    is_later: bool = False  # whether other lines stand before it

    def fit(self, room: int) -> str:
        """As much of what stands before as `room` has space for: whole statements, else of a
        pipeline its first program and its end. The text itself stays as it is.
        """
        before, spare = self.before, room - len(self.text) - len(_CUT)
        if not before or len(before) <= (spare if self.is_later else spare + len(_CUT)):
            return (_CUT if self.is_later else "") + before + self.text
        starts = [found.end() for found in _STATEMENTS.finditer(before)]
        fitting = next((at for at in starts if len(before) - at <= spare), None)
        if fitting is not None:
            return _CUT + before[fitting:] + self.text
        at = max(starts, default=0)
        pipeline = before[at:]
        program, cut = pipeline.partition(" ")[0], _CUT if at or self.is_later else ""
        left = spare - len(program) - len(cut)
        if "|" not in pipeline or left < _PART_MIN:
            return _CUT + self.text
        return f"{cut}{program} {_CUT.rstrip()}{pipeline[-left:]}{self.text}"


def current_arguments(dossier: Dossier) -> JsonObject:
    """The arguments that would run now: the latest edit, else the original. Not redacted."""
    edited = dossier.approval.arguments_edited if dossier.approval else None
    return dossier.record.action.arguments if edited is None else edited


def brief_of(dossier: Dossier) -> Brief:
    """The brief of one action: a command begins where its worst finding lies, when further on."""
    resource, verdict = shown_text(dossier.record.action.resource), dossier.verdict
    shown, judged = dossier.arguments_shown, current_arguments(dossier)
    risk_at = _find_risk(resource, verdict.findings, shown, judged)
    command = shown.get("command")
    part = _part_of(command, risk_at) if isinstance(command, str) else None
    line = part.fit(_ROOM) if part else summarize(shown, leave_out=resource)
    return Brief(line[:SUMMARY_MAX], verdict.policies, part if part and part.before else None)


def past_summary(record: ActionRecord) -> str:
    """The same line of an action whose arguments nobody has redacted: of what ran, else of what
    was asked.
    """
    from core.governance.screening.rules import screen  # noqa: PLC0415 - not for the first picture

    asked, ran = record.action.arguments, record.arguments_released
    try:
        beginning = beginning_of(asked if ran is None else ran)
        shown = screen(beginning).redacted
    except RecursionError:
        return ""
    if not (isinstance(shown, Mapping) and isinstance(beginning, Mapping)):
        return ""
    findings = record.verdict.findings if ran in (None, asked) else ()
    resource = shown_text(record.action.resource)
    risk_at = _find_risk(resource, findings, shown, beginning)
    return summarize(shown, leave_out=resource, risk_at=risk_at)


def beginning_of(value: JsonValue) -> JsonValue:
    """The same, without what a line has no room for; raises RecursionError when very deep."""
    return _beginning(value, [_BEGINNING_MAX])


def _beginning(value: JsonValue, room: list[int]) -> JsonValue:
    """`room` is what is left, in characters."""
    room[0] -= 1
    if isinstance(value, str):
        taken = value[: max(0, room[0])]
        room[0] -= len(taken)
        return taken
    if isinstance(value, Mapping):
        return {key: _beginning(each, room) for key, each in value.items() if room[0] > 0}
    if isinstance(value, Sequence):
        return [_beginning(each, room) for each in value if room[0] > 0]
    return value


def _find_risk(
    resource: str, findings: Sequence[Finding], shown: JsonObject, judged: JsonObject
) -> int:
    """Where in the command that is shown its worst finding begins; 0 where there is none."""
    # What screens an action is loaded with the first one: no picture without any waits for it.
    from console.view_models.arguments import ROOT, mark_findings  # noqa: PLC0415

    path = f"{ROOT}.command"
    about = [each for each in findings if each.path == path]
    if not (about and isinstance(shown.get("command"), str)):
        return 0
    # Only the command is looked at: arguments may be many, and rows are many.
    marked = mark_findings(
        about,
        shown={"command": shown["command"]},
        judged={"command": judged.get("command")},
        resource=resource,
    )
    ranked = [
        (-about[mark.number - 1].level.rank, mark.start or 0) for mark in marked.marks.get(path, ())
    ]
    return min(ranked, default=(0, 0))[1]


def summarize(arguments: JsonObject, *, leave_out: str = "", risk_at: int = 0) -> str:
    """The most telling arguments first, in one line that holds no hidden character.

    `leave_out` is a value that stands beside the line already; `risk_at` is where in a command
    the risky part begins.
    """
    if not arguments:
        return ""
    command = arguments.get("command")
    if isinstance(command, str):
        return _part_of(command, risk_at).fit(_ROOM)[:SUMMARY_MAX]
    told = (leaf for leaf in walk_leaves(arguments) if leaf.value != leave_out)
    leaves = list(islice(told, _LEAVES_MAX))
    speaking = [leaf for name in _SPEAKING for leaf in leaves if leaf.path == name]
    rest = [leaf for leaf in leaves if leaf not in speaking]
    return "  ".join(_say(leaf) for leaf in [*speaking, *rest])[:SUMMARY_MAX]


def _part_of(command: str, risk_at: int) -> Part:
    """From the simple command on that holds the risky part: its program is always in sight.

    What lies far behind the program is shown behind it, with the words just before it.
    """
    line = command.rfind("\n", 0, risk_at) + 1
    start = _start_of_call(command, risk_at, default=line)
    if start >= line and risk_at - line < _LEAD_MAX:
        return _shown_part(command[line:], is_later=line > 0)
    first = command.rfind("\n", 0, start) + 1
    before, text = command[first:start], command[start:]
    near = _near(command, start, risk_at)
    if near - start > _LEAD_MAX:
        head = command[start : start + _LEAD_MAX].partition("\n")[0]
        whole_words = head.rpartition(" ")[0].rstrip() or head
        text = f"{whole_words} ⋯ {command[near:]}"
    return _shown_part(text, before, is_later=first > 0)


def _shown_part(text: str, before: str = "", *, is_later: bool) -> Part:
    is_later = is_later or len(before) > _PARSED_MAX
    return Part(visible(text[:SUMMARY_MAX]), whole(before[-_PARSED_MAX:]), is_later)


@lru_cache(maxsize=256)  # cards draw the same past actions again and again
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


def shown_text(text: str) -> str:
    """Without its secrets: agents name addresses that hold passwords."""
    if not text:
        return text
    from core.governance.screening.texts import redact_text  # noqa: PLC0415 - as `past_summary`

    return redact_text(text)


def what_spans(kind: str, resource: str, summary: str, tone: Tone = Tone.PLAIN) -> Spans:
    """What is done to what: a command speaks for itself, its shell's name says nothing."""
    resource = shown_text(resource)
    loud = Tone.DIM if tone is Tone.DIM else Tone.STRONG
    if kind.startswith("shell.") and summary:
        return (Span(visible(kind), tone), signs.STEP, Span(summary, loud))
    on = (signs.STEP, Span(visible(resource), tone)) if resource else ()
    rest = (Span(f"  {summary}", loud),) if summary else ()
    return (Span(visible(kind), tone), *on, *rest)
