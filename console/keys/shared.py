"""Keys that work everywhere."""

from typing import Final

from console.keys.model import KeyRow, Need

SHARED_ROWS: Final = (
    KeyRow(action="overview", keys=("1",), label="overview", help="The pulse of everything"),
    KeyRow(action="agents", keys=("2",), label="agents", help="The fleet: every agent, live"),
    KeyRow(action="approvals", keys=("3",), label="approvals", help="Actions that wait for you"),
    KeyRow(action="metrics", keys=("4",), label="metrics", help="The metric catalogue, measured"),
    KeyRow(action="messages", keys=("5",), label="messages", help="What agents send each other"),
    KeyRow(action="alerts", keys=("6",), label="alerts", help="What is past its bound or broken"),
    KeyRow(
        action="audit", keys=("9",), label="audit", help="The trail of everything that happened"
    ),
    KeyRow(
        action="rules",
        keys=("s",),
        label="rules",
        help="Standing rules: what was remembered and now approves by itself",
    ),
    KeyRow(
        action="recall",
        keys=("u",),
        help="Take back the last decision that is not sent yet, or the selected action's",
    ),
    KeyRow(action="last_view", keys=("minus",), help="The view before this one, and back again"),
    KeyRow(
        action="earlier",
        keys=("left_square_bracket",),
        help="Back through the views that were opened",
    ),
    KeyRow(action="later", keys=("right_square_bracket",), help="Forward through them again"),
    KeyRow(action="pane", keys=("tab",), help="Go to the next pane"),
    KeyRow(
        action="back",
        keys=("escape",),
        label="back",
        help="Back: closes what was opened, clears a filter",
    ),
    KeyRow(action="command", keys=("colon",), label="command", help="Type a command by its name"),
    KeyRow(action="help", keys=("question_mark",), label="help", help="This list"),
    KeyRow(action="tour", keys=(), help="A guided tour of five minutes, from its first step"),
    KeyRow(
        action="tour_next",
        keys=("plus",),
        help="In a tour: go on without doing what it asks for",
        needs=(Need.TOUR,),
    ),
    KeyRow(
        action="tour_leave",
        keys=("backspace",),
        help="In a tour: leave it",
        needs=(Need.TOUR,),
    ),
    KeyRow(
        action="quit",
        keys=("q",),
        label="quit",
        help="Back, or leave; asks when approvals wait",
    ),
)
