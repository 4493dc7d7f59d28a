"""An action in one line."""

from dataclasses import dataclass
from typing import Final

from console.view_models.leaves import Leaf, leaves_of
from console.view_models.text import visible
from core.actions import JsonObject
from core.ports import Dossier

SUMMARY_MAX: Final = 200  # characters; the whole action is one key away
_LEAVES_MAX: Final = 12
_SPEAKING: Final = ("command", "file_path", "path", "url", "query", "to", "recipient")


@dataclass(frozen=True, slots=True)
class Brief:
    """What a list says of a held action beside its record; made from redacted arguments."""

    summary: str
    policies: tuple[str, ...]


def brief_of(dossier: Dossier) -> Brief:
    """The brief of one action."""
    return Brief(summarize(dossier.arguments_shown), dossier.record.verdict.policies)


def summarize(arguments: JsonObject) -> str:
    """The most telling arguments first, in one line that holds no hidden character."""
    leaves = leaves_of(arguments, root="")[:_LEAVES_MAX]
    speaking = [leaf for name in _SPEAKING for leaf in leaves if leaf.path == name]
    rest = [leaf for leaf in leaves if leaf not in speaking]
    if len(speaking) == 1 and speaking[0].path == "command" and not rest:
        return visible(str(speaking[0].value))[:SUMMARY_MAX]
    return "  ".join(_say(leaf) for leaf in [*speaking, *rest])[:SUMMARY_MAX]


def _say(leaf: Leaf) -> str:
    text = visible(str(leaf.value)[:SUMMARY_MAX])
    return text if leaf.path in _SPEAKING else f"{visible(leaf.path)}={text}"
