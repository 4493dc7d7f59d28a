"""Keys of what is held, what happened, and what is remembered."""

from typing import Final

from console.keys.fleet import FLEET_LISTS
from console.keys.model import KeyRow, Need

_DECIDE: Final = (Need.ROW, Need.ROOM, Need.SHOWN, Need.PENDING, Need.IDLE, Need.LIVE)
_LISTS: Final = ("approvals", "audit", "overview", "rules", *FLEET_LISTS)

GOVERNANCE_ROWS: Final = (
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
        screens=("approvals", "audit", "messages", "alerts"),
        needs=(Need.ROW,),
    ),
    KeyRow(
        action="read_back",
        keys=("comma",),
        help="Scroll it back",
        screens=("approvals", "audit", "messages", "alerts"),
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
        action="try_it",
        keys=("i",),
        label="try it",
        help="Have try-it, an agent in here, ask for something harmless, to see how it goes",
        screens=("overview",),
        needs=(Need.FIRST_RUN,),
    ),
    KeyRow(
        action="filter",
        keys=("slash",),
        label="filter",
        help="Keep rows with these words (agent: risk: kind: event: action: seq: type: state:);"
        " empty clears",
        screens=("approvals", "audit", *FLEET_LISTS),
    ),
    KeyRow(
        action="pause",
        keys=("p",),
        label="pause",
        help="Hold what moves still; it goes on being counted",
        screens=("overview", "messages"),
    ),
    KeyRow(
        action="copy",
        keys=("y",),
        help="Copy the name, id, hash or trace id",
        screens=(*_LISTS, "trace", "agent_detail", "metric_detail"),
        needs=(Need.ROW,),
    ),
    KeyRow(
        action="verify",
        keys=("v",),
        label="verify",
        help="Verify the whole audit trail",
        screens=("audit", "overview"),
    ),
)
