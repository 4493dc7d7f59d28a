"""One table: action -> key -> help -> why it is disabled. Help, footer and `:` are made from it."""

from collections.abc import Iterable
from typing import Final

from console.keys.fleet import FLEET_ROWS
from console.keys.governance import GOVERNANCE_ROWS
from console.keys.model import KeyRow, Need
from console.keys.shared import SHARED_ROWS

__all__ = ["KEYMAP", "KeyRow", "Need", "find_row", "key_name", "reason_disabled", "rows_for"]

KEYMAP: Final = (*GOVERNANCE_ROWS, *FLEET_ROWS, *SHARED_ROWS)
NAMES: Final = {
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "space": "Space",
    "enter": "Enter",
    "escape": "Esc",
    "tab": "Tab",
    "full_stop": ".",
    "comma": ",",
    "plus": "+",
    "minus": "-",
}
PROMPT_ONLY: Final = {
    "agent": "agent NAME: keep only this agent's rows",
    "theme": "theme NAME: change the theme",
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


def reason_disabled(action: str, missing: Iterable[Need]) -> str:
    """Why an action cannot be done now, as one sentence; "" when it can."""
    lacking = frozenset(missing)
    return next((need.value for need in find_row(action).needs if need in lacking), "")
