"""Keys of the agents, their metrics, messages and alerts."""

from typing import Final

from console.keys.model import KeyRow, Need
from console.keys.more import MORE_LISTS
from console.language import N_

FLEET_LISTS: Final = ("agents", "metrics", "messages", "alerts", "heat", "graph", *MORE_LISTS)
_CONTROL: Final = ("agents", "agent_detail")
_CHARTS: Final = ("agent_detail", "metric_detail", "heat", "graph")
_HOSTED: Final = (Need.ROW, Need.HOSTED)

FLEET_ROWS: Final = (
    KeyRow(
        action="pause_agent",
        keys=("p",),
        label=N_("pause"),
        help=N_("Pause the agent, or let it go on; asks for a reason and goes through the gate"),
        screens=_CONTROL,
        needs=_HOSTED,
        changes=True,
    ),
    KeyRow(
        action="drain_agent",
        keys=("z",),
        label=N_("drain"),
        help=N_("Let it finish what it has and send it nothing new; asks for a reason"),
        screens=_CONTROL,
        needs=_HOSTED,
        changes=True,
    ),
    KeyRow(
        action="restart_agent",
        keys=("x",),
        label=N_("restart"),
        help=N_("Restart the agent; asks for a reason and goes through the gate"),
        screens=_CONTROL,
        needs=_HOSTED,
        changes=True,
    ),
    KeyRow(
        action="as_table",
        keys=("w",),
        label=N_("table"),
        help=N_("Show the chart as a table, or the table as a chart"),
        screens=_CHARTS,
    ),
    KeyRow(
        action="span",
        keys=("t",),
        label=N_("span"),
        help=N_("Chart the last hour, day or fortnight"),
        screens=("metric_detail",),
    ),
    KeyRow(
        action="to_heat",
        keys=("h",),
        label=N_("heat"),
        help=N_("Go to the map of when which agent did how much"),
        screens=("agents",),
    ),
    KeyRow(
        action="to_graph",
        keys=("d",),
        label=N_("graph"),
        help=N_("Go to the drawing of which agent needs which"),
        screens=("agents",),
    ),
    KeyRow(
        action="heat_span",
        keys=("t",),
        label=N_("span"),
        help=N_("Map the last hour, or the last day"),
        screens=("heat",),
    ),
    KeyRow(
        action="heat_measure",
        keys=("m",),
        label=N_("count"),
        help=N_("Count actions and messages, actions, messages, or errors"),
        screens=("heat",),
    ),
    KeyRow(
        action="resend",
        keys=("r",),
        label=N_("resend"),
        help=N_("Send the selected dead letter again, as a new message"),
        screens=("messages",),
        needs=(Need.ROW, Need.DEAD),
        changes=True,
    ),
    KeyRow(
        action="discard",
        keys=("x",),
        label=N_("discard"),
        help=N_("Take the selected dead letter off the list for good; asks for a reason"),
        screens=("messages",),
        needs=(Need.ROW, Need.DEAD),
        changes=True,
    ),
    KeyRow(
        action="dead",
        keys=("d",),
        label=N_("dead letters"),
        help=N_("Only dead letters, or all messages again"),
        screens=("messages",),
    ),
    KeyRow(
        action="acknowledge",
        keys=("a",),
        label=N_("acknowledge"),
        help=N_("Tell everybody that you look after the selected alert"),
        screens=("alerts",),
        needs=(Need.ROW, Need.OPEN),
        changes=True,
    ),
    KeyRow(
        action="silence",
        keys=("n",),
        label=N_("silence"),
        help=N_("Do not show its cause for 15 minutes, 1 or 8 hours; asks for a reason"),
        screens=("alerts",),
        needs=(Need.ROW, Need.OPEN),
        changes=True,
    ),
    KeyRow(
        action="to_agent",
        keys=("g",),
        label=N_("agent"),
        help=N_("Go to the agent that this belongs to"),
        screens=("alerts", "metrics", "metric_detail", "messages"),
        needs=(Need.ROW, Need.UNKNOWN_AGENT),
    ),
    KeyRow(
        action="to_actions",
        keys=("g",),
        label=N_("actions"),
        help=N_("Go to the actions of the agent"),
        screens=_CONTROL,
        needs=(Need.ROW,),
    ),
    KeyRow(
        action="history",
        keys=("h",),
        label=N_("history"),
        help=N_("Show what was resolved in the last day too, or only what is open"),
        screens=("alerts",),
    ),
)
