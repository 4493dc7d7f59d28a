"""One table: action -> key -> help -> why it is disabled. Help, footer and `:` are made from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Need(StrEnum):
    """What an action needs; the value is what the operator reads while it is missing."""

    ROW = "nothing is selected"
    SHOWN = "the action is not on the screen yet"
    PENDING = "this action is settled already"
    IDLE = "a decision is on its way"
    LIVE = "this has only just appeared: keys answer after 0.4 s"
    OWN_VOTE = "you have approved this: another operator must approve"
    RULE = "what is critical, or needs two people, is never remembered"
    ROOM = "the window is too small to show what you would decide"
    TRACE = "the selected row belongs to no action"
    AGENT = "go to the AGENTS pane first (Tab) and select one"
    IN_FORCE = "this rule has ended already"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One action. `screens` empty: everywhere. `label` empty: not in the footer."""

    action: str  # also the name of its `:` command
    keys: tuple[str, ...]
    help: str
    label: str = ""
    screens: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()


_DECIDE: Final = (Need.ROW, Need.ROOM, Need.SHOWN, Need.PENDING, Need.IDLE, Need.LIVE)
_LISTS: Final = ("approvals", "audit", "overview", "rules")

KEYMAP: Final = (
    KeyRow(
        action="approve",
        keys=("a",),
        label="approve",
        help="Approve exactly what is shown; high and critical risk ask for the end of the id",
        screens=("approvals",),
        needs=(*_DECIDE, Need.OWN_VOTE),
    ),
    KeyRow(
        action="deny",
        keys=("d",),
        label="deny",
        help="Deny, with a reason that the agent is told",
        screens=("approvals",),
        needs=_DECIDE,
    ),
    KeyRow(
        action="edit",
        keys=("e",),
        label="edit",
        help="Edit the arguments, see the difference, then approve the result",
        screens=("approvals",),
        needs=_DECIDE,
    ),
    KeyRow(
        action="defer",
        keys=("n", "f"),
        label="not now",
        help="Put it off for 5, 15 or 60 minutes; denies nothing",
        screens=("approvals",),
        needs=_DECIDE,
    ),
    KeyRow(
        action="remember",
        keys=("r",),
        label="remember",
        help="Choose a rule with an end, read it, then approve with it",
        screens=("approvals",),
        needs=(*_DECIDE, Need.OWN_VOTE, Need.RULE),
    ),
    KeyRow(
        action="group",
        keys=("g",),
        label="group",
        help="Decide the marked actions, or all with the same agent, kind and policies",
        screens=("approvals",),
        needs=(Need.ROW, Need.ROOM, Need.IDLE),
    ),
    KeyRow(
        action="mark",
        keys=("space",),
        help="Mark or unmark the selected action for a group",
        screens=("approvals",),
        needs=(Need.ROW,),
    ),
    KeyRow(
        action="next_risk",
        keys=("m",),
        help="Scroll to the next marked, risky part",
        screens=("approvals",),
        needs=(Need.SHOWN,),
    ),
    KeyRow(
        action="trace",
        keys=("t",),
        label="trace",
        help="Draw the waterfall of the selected action",
        screens=("approvals", "audit", "overview"),
        needs=(Need.ROW, Need.TRACE),
    ),
    KeyRow(
        action="open",
        keys=("enter",),
        help="Open the selected row, whole; never decides anything",
        screens=_LISTS,
        needs=(Need.ROW,),
    ),
    KeyRow(
        action="read_on",
        keys=("full_stop",),
        help="Scroll the pane beside the list on, without leaving the list",
        screens=("approvals", "audit"),
        needs=(Need.ROW,),
    ),
    KeyRow(
        action="read_back",
        keys=("comma",),
        help="Scroll it back",
        screens=("approvals", "audit"),
        needs=(Need.ROW,),
    ),
    KeyRow(
        action="revoke",
        keys=("x",),
        label="revoke",
        help="End the selected rule now; asks first",
        screens=("rules",),
        needs=(Need.ROW, Need.IN_FORCE),
    ),
    KeyRow(
        action="quarantine",
        keys=("x",),
        label="quarantine",
        help="Put the selected agent into quarantine, or release it; asks for a reason",
        screens=("overview",),
        needs=(Need.AGENT,),
    ),
    KeyRow(
        action="filter",
        keys=("slash",),
        label="filter",
        help="Keep rows with these words (agent: risk: kind: event: action: seq:); empty clears",
        screens=("approvals", "audit"),
    ),
    KeyRow(
        action="pause",
        keys=("p",),
        label="pause",
        help="Hold the feed still; events go on being counted",
        screens=("overview",),
    ),
    KeyRow(
        action="copy",
        keys=("y",),
        help="Copy the id, hash or trace id",
        screens=(*_LISTS, "trace"),
        needs=(Need.ROW,),
    ),
    KeyRow(
        action="verify",
        keys=("v",),
        label="verify",
        help="Verify the whole audit trail",
        screens=("audit", "overview"),
    ),
    KeyRow(action="overview", keys=("1",), label="overview", help="The pulse of everything"),
    KeyRow(action="approvals", keys=("3",), label="approvals", help="Actions that wait for you"),
    KeyRow(
        action="audit", keys=("9",), label="audit", help="The trail of everything that happened"
    ),
    KeyRow(
        action="rules",
        keys=("s",),
        label="rules",
        help="Standing rules: what was remembered and now approves by itself",
    ),
    KeyRow(action="pane", keys=("tab",), help="Go to the next pane"),
    KeyRow(
        action="back",
        keys=("escape",),
        label="back",
        help="Back: closes what was opened, clears a filter",
    ),
    KeyRow(action="command", keys=("colon",), label="command", help="Type a command by its name"),
    KeyRow(action="help", keys=("question_mark",), label="help", help="This list"),
    KeyRow(
        action="quit",
        keys=("q",),
        label="quit",
        help="Back, or leave; asks when approvals wait",
    ),
)

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
