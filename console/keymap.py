"""One table: action -> key -> help -> why it is disabled. Help, footer and `:` are made from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from console.keys.fleet import FLEET_ROWS
from console.keys.governance import GOVERNANCE_ROWS
from console.keys.model import KeyRow, Need
from console.keys.more import MORE_ROWS
from console.keys.shared import SHARED_ROWS
from console.language import N_, _

__all__ = [
    "KEYMAP",
    "KeyRow",
    "Keys",
    "Need",
    "binding_id",
    "find_row",
    "key_name",
    "reason_disabled",
    "rows_for",
]

KEYMAP: Final = (*GOVERNANCE_ROWS, *FLEET_ROWS, *MORE_ROWS, *SHARED_ROWS)
_NAMED: Final = ("next_risk", "open", "read_on", "recall")  # actions whose keys stand in a `Need`
NAMES: Final = {
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "space": "Space",
    "enter": "Enter",
    "backspace": "Bksp",
    "escape": "Esc",
    "tab": "Tab",
    "full_stop": ".",
    "comma": ",",
    "plus": "+",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}
PROMPT_ONLY: Final = {
    "agent": N_("agent NAME: keep only this agent's rows"),
    "theme": N_("theme NAME: change the theme"),
    "language": N_("language en|pt_BR: the language of the screens"),
    "screenshot": N_("screenshot svg|text: write this screen to a file in the home"),
    "goto": N_(
        "goto ID: go to the agent, metric, alert, held action or entry of this name or number"
    ),
    "mouse": N_("mouse: give the mouse to the terminal, to select text; again: back"),
    "clock": N_("clock: show the time in the header, or not"),
    "debug": N_("debug: show what drawing costs, or not"),
}


def key_name(key: str) -> str:
    """How a key is written for people."""
    return NAMES.get(key, key)


def rows_for(screen: str) -> tuple[KeyRow, ...]:
    """What works on a screen, its own actions first."""
    own = [row for row in KEYMAP if screen in row.screens]
    return (*own, *(row for row in KEYMAP if not row.screens))


def find_row(action: str) -> KeyRow:
    """The row of an action. Raises KeyError for an unknown one."""
    return _ROWS[action]


_ROWS: Final = {row.action: row for row in KEYMAP}


def binding_id(screen: str, row: KeyRow, key: str) -> str:
    """What a binding is called where its key is changed."""
    return f"{screen}.{row.action}" + ("" if key == row.keys[0] else f".{key}")


@dataclass(frozen=True, slots=True)
class Keys:
    """The table with an operator's own keys in it: action -> keys."""

    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def rows_for(self, screen: str) -> tuple[KeyRow, ...]:
        """What works on a screen, under the keys that it has here."""
        return tuple(map(self.row, rows_for(screen)))

    def row(self, row: KeyRow) -> KeyRow:
        """A row under its keys here."""
        own = self.own.get(row.action)
        return row if own is None else replace(row, keys=own)

    def pressed(self, action: str, key: str) -> str:
        """The key that was really pressed, where the table's own key was bound to another."""
        own = self.own.get(action)
        return own[0] if own and key in find_row(action).keys else key

    def bindings(self) -> dict[str, str]:
        """Ids of bindings -> keys, as Textual takes them."""
        changed: dict[str, str] = {}
        for screen in {name for row in KEYMAP for name in row.screens} | {"help"}:
            for row in rows_for(screen):
                if own := self.own.get(row.action):
                    changed |= {binding_id(screen, row, key): ",".join(own) for key in row.keys}
        return changed


def reason_disabled(action: str, missing: Iterable[Need], keys: Keys) -> str:
    """Why an action cannot be done now, as one sentence; "" when it can. `keys` are named in it."""
    lacking = frozenset(missing)
    for need in find_row(action).all_needs:
        if need in lacking:
            names = {each: key_name(keys.row(find_row(each)).keys[0]) for each in _NAMED}
            return _(need.value).format(**names)
    return ""
