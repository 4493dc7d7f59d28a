"""An action in one line."""

from __future__ import annotations

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
_LEAD_MAX: Final = 40  # characters of a command before its risky part
_SPEAKING: Final = ("command", "file_path", "path", "url", "query", "to", "recipient")


@dataclass(frozen=True, slots=True)
class Brief:
    """What a list says of a held action beside its record; made from redacted arguments."""

    summary: str
    policies: tuple[str, ...]


def brief_of(dossier: Dossier) -> Brief:
    """The brief of one action: it begins with the risky part when that lies further on."""
    # What screens an action is loaded with the first one: no picture without any waits for it.
    from console.view_models.arguments import ROOT, mark_findings  # noqa: PLC0415
    from console.view_models.dossier import current_arguments  # noqa: PLC0415

    action = dossier.record.action
    shown = dossier.arguments_shown
    starts: list[int] = []
    if isinstance(shown.get("command"), str):
        # Only the command is looked at: arguments may be many, and rows are many.
        marked = mark_findings(
            [each for each in dossier.record.verdict.findings if each.path == f"{ROOT}.command"],
            shown={"command": shown["command"]},
            judged={"command": current_arguments(dossier).get("command")},
            resource=action.resource,
        )
        starts = [mark.start or 0 for mark in marked.marks.get(f"{ROOT}.command", ())]
    line = summarize(shown, leave_out=action.resource, risk_at=min(starts, default=0))
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
    """From the line with the risky part on; of a long line its program, then that part."""
    line = command.rfind("\n", 0, risk_at) + 1
    before = "⋯ " if line else ""
    if risk_at - line < _LEAD_MAX:
        return before + command[line:]
    program = "".join(command[line:risk_at].split(maxsplit=1)[:1])[:_LEAD_MAX]
    return f"{before}{program} ⋯ {command[risk_at:]}".lstrip()


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
