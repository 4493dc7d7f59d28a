"""Keys of the agents, their metrics, messages and alerts."""

from typing import Final

from console.keys.model import KeyRow, Need
from console.keys.more import MORE_LISTS

FLEET_LISTS: Final = ("agents", "metrics", "messages", "alerts", *MORE_LISTS)
_CONTROL: Final = ("agents", "agent_detail")
_CHARTS: Final = ("agent_detail", "metric_detail")
_HOSTED: Final = (Need.ROW, Need.HOSTED)

FLEET_ROWS: Final = (
    KeyRow(
        action="pause_agent",
        keys=("p",),
        label="pause",
        help="Pause the agent, or let it go on; asks for a reason and goes through the gate",
        screens=_CONTROL,
        needs=_HOSTED,
        changes=True,
    ),
    KeyRow(
        action="drain_agent",
        keys=("z",),
        label="drain",
        help="Let it finish what it has and send it nothing new; asks for a reason",
        screens=_CONTROL,
        needs=_HOSTED,
        changes=True,
    ),
    KeyRow(
        action="restart_agent",
        keys=("x",),
        label="restart",
        help="Restart the agent; asks for a reason and goes through the gate",
        screens=_CONTROL,
        needs=_HOSTED,
        changes=True,
    ),
    KeyRow(
        action="as_table",
        keys=("w",),
        label="table",
        help="Show the chart as a table, or the table as a chart",
        screens=_CHARTS,
    ),
    KeyRow(
        action="span",
        keys=("t",),
        label="span",
        help="Chart the last hour, day or fortnight",
        screens=("metric_detail",),
    ),
    KeyRow(
        action="resend",
        keys=("r",),
        label="resend",
        help="Send the selected dead letter again, as a new message",
        screens=("messages",),
        needs=(Need.ROW, Need.DEAD),
        changes=True,
    ),
    KeyRow(
        action="discard",
        keys=("x",),
        label="discard",
        help="Take the selected dead letter off the list for good; asks for a reason",
        screens=("messages",),
        needs=(Need.ROW, Need.DEAD),
        changes=True,
    ),
    KeyRow(
        action="dead",
        keys=("d",),
        label="dead letters",
        help="Only dead letters, or all messages again",
        screens=("messages",),
    ),
    KeyRow(
        action="acknowledge",
        keys=("a",),
        label="acknowledge",
        help="Tell everybody that you look after the selected alert",
        screens=("alerts",),
        needs=(Need.ROW, Need.OPEN),
        changes=True,
    ),
    KeyRow(
        action="silence",
        keys=("n",),
        label="silence",
        help="Do not show its cause for 15 minutes, 1 or 8 hours; asks for a reason",
        screens=("alerts",),
        needs=(Need.ROW, Need.OPEN),
        changes=True,
    ),
    KeyRow(
        action="to_agent",
        keys=("g",),
        label="agent",
        help="Go to the agent that this belongs to",
        screens=("alerts", "metrics", "metric_detail", "messages"),
        needs=(Need.ROW, Need.UNKNOWN_AGENT),
    ),
    KeyRow(
        action="to_actions",
        keys=("g",),
        label="actions",
        help="Go to the actions of the agent",
        screens=_CONTROL,
        needs=(Need.ROW,),
    ),
    KeyRow(
        action="history",
        keys=("h",),
        label="history",
        help="Show what was resolved in the last day too, or only what is open",
        screens=("alerts",),
    ),
)
