"""Keys that work everywhere."""

from typing import Final

from console.keys.model import KeyRow, Need
from console.language import N_

SHARED_ROWS: Final = (
    KeyRow(
        action="overview", keys=("1",), label=N_("overview"), help=N_("The pulse of everything")
    ),
    KeyRow(
        action="agents", keys=("2",), label=N_("agents"), help=N_("The fleet: every agent, live")
    ),
    KeyRow(
        action="approvals", keys=("3",), label=N_("approvals"), help=N_("Actions that wait for you")
    ),
    KeyRow(
        action="metrics",
        keys=("4",),
        label=N_("metrics"),
        help=N_("The metric catalogue, measured"),
    ),
    KeyRow(
        action="messages", keys=("5",), label=N_("messages"), help=N_("What agents send each other")
    ),
    KeyRow(
        action="alerts",
        keys=("6",),
        label=N_("alerts"),
        help=N_("What is past its bound or broken"),
    ),
    KeyRow(
        action="audit",
        keys=("9",),
        label=N_("audit"),
        help=N_("The trail of everything that happened"),
    ),
    KeyRow(
        action="rules",
        keys=("s",),
        label=N_("rules"),
        help=N_("Standing rules: what was remembered and now approves by itself"),
    ),
    KeyRow(
        action="recall",
        keys=("u",),
        help=N_("Take back the last decision that is not sent yet, or the selected action's"),
    ),
    KeyRow(
        action="last_view", keys=("minus",), help=N_("The view before this one, and back again")
    ),
    KeyRow(
        action="earlier",
        keys=("left_square_bracket",),
        help=N_("Back through the views that were opened"),
    ),
    KeyRow(action="later", keys=("right_square_bracket",), help=N_("Forward through them again")),
    KeyRow(action="pane", keys=("tab",), help=N_("Go to the next pane")),
    KeyRow(
        action="back",
        keys=("escape",),
        label=N_("back"),
        help=N_("Back: closes what was opened, clears a filter"),
    ),
    KeyRow(
        action="command",
        keys=("colon",),
        label=N_("command"),
        help=N_("Type a command by its name"),
    ),
    KeyRow(action="help", keys=("question_mark",), label=N_("help"), help=N_("This list")),
    KeyRow(action="tour", keys=(), help=N_("A guided tour of five minutes, from its first step")),
    KeyRow(
        action="tour_next",
        keys=("plus",),
        help=N_("In a tour: go on without doing what it asks for"),
        needs=(Need.TOUR,),
    ),
    KeyRow(
        action="tour_leave",
        keys=("backspace",),
        help=N_("In a tour: leave it"),
        needs=(Need.TOUR,),
    ),
    KeyRow(
        action="quit",
        keys=("q",),
        label=N_("quit"),
        help=N_("Back, or leave; asks when approvals wait"),
    ),
)
