"""Keys of policies, traces, reports, logs, settings, coordinators and outside telemetry."""

from typing import Final

from console.keys.model import KeyRow, Need
from console.language import N_

POLICY_LISTS: Final = ("policies", "policy_tests", "policy_replay", "policy_proposals")
_READ: Final = (*POLICY_LISTS, "traces", "logs", "settings", "doctor")
MORE_LISTS: Final = (*_READ, "reports", "coordinators", "telemetry", "sessions")

_FLEET: Final = ("agents", "metrics", "messages", "alerts", "heat", "graph")
_TABLES: Final = ("audit", "rules", "actions", *_FLEET)

MORE_ROWS: Final = (
    KeyRow(
        action="policy_tests",
        keys=("t",),
        label=N_("tests"),
        help=N_("Run the test cases of every pack in force"),
        screens=("policies",),
    ),
    KeyRow(
        action="policy_replay",
        keys=("w",),
        label=N_("what if"),
        help=N_("Hold recorded actions against the packs as they stand in a folder now"),
        screens=("policies",),
    ),
    KeyRow(
        action="policy_proposals",
        keys=("n",),
        label=N_("proposed rules"),
        help=N_("Rules that your decisions bear out: always approved, never denied"),
        screens=("policies",),
    ),
    KeyRow(
        action="choose_folder",
        keys=("w",),
        label=N_("folder"),
        help=N_("Replay against the packs of another folder"),
        screens=("policy_replay",),
    ),
    KeyRow(
        action="accept_rule",
        keys=("a",),
        label=N_("accept"),
        help=N_("Make the proposed rule, with its end; asks first, and stands in the trail"),
        screens=("policy_proposals",),
        needs=(Need.ROW, Need.ROOM),
        changes=True,
    ),
    KeyRow(
        action="follow",
        keys=("f",),
        label=N_("follow"),
        help=N_("Follow new lines, or hold still"),
        screens=("logs",),
    ),
    KeyRow(
        action="level",
        keys=("t",),
        label=N_("level"),
        help=N_("Only warnings and worse, only errors, or every level again"),
        screens=("logs",),
    ),
    KeyRow(
        action="write_report",
        keys=("w",),
        label=N_("write"),
        help=N_("Write the selected report to a file and say where"),
        screens=("reports",),
        needs=(Need.ROW,),
    ),
    KeyRow(
        action="report_form",
        keys=("f",),
        label=N_("form"),
        help=N_("The next form: html, md, pdf, json, csv"),
        screens=("reports",),
    ),
    KeyRow(
        action="report_period",
        keys=("t",),
        label=N_("period"),
        help=N_("Since when, and until when: 24h, 7d, 2026-11-21, 2026-11-01 2026-11-08"),
        screens=("reports",),
    ),
    KeyRow(
        action="to_doctor",
        keys=("d",),
        label=N_("doctor"),
        help=N_("Check configuration, sources, permissions and trail, and say what to mend"),
        screens=("settings",),
    ),
    KeyRow(
        action="next_language",
        keys=("l",),
        label=N_("language"),
        help=N_("The screens in the next language, at once and from now on"),
        screens=("settings",),
    ),
    KeyRow(
        action="next_theme",
        keys=("t",),
        label=N_("theme"),
        help=N_("The next theme, at once and from now on"),
        screens=("settings",),
    ),
    KeyRow(
        action="to_sessions",
        keys=("n",),
        label=N_("sessions"),
        help=N_("Go to the sessions of outside agents"),
        screens=("telemetry",),
    ),
    KeyRow(
        action="reload",
        keys=("r",),
        label=N_("read again"),
        help=N_("Read it again now"),
        screens=_READ,
    ),
    KeyRow(
        action="export",
        keys=("e",),
        help=N_("Write the rows as filtered, with all that they hold, to CSV and JSON in the home"),
        screens=(*_TABLES, *MORE_LISTS),
    ),
    KeyRow(action="policies", keys=("7",), help=N_("Packs, their tests, replay, proposed rules")),
    KeyRow(action="heat", keys=(), help=N_("When which agent did how much, as a map")),
    KeyRow(action="graph", keys=(), help=N_("Which agent needs which, as a drawing")),
    KeyRow(action="traces", keys=(), help=N_("The newest traces")),
    KeyRow(action="reports", keys=(), help=N_("Reports: write one to a file")),
    KeyRow(action="logs", keys=(), help=N_("The engine's own log")),
    KeyRow(action="settings", keys=(), help=N_("Every setting in force, and where it comes from")),
    KeyRow(
        action="doctor", keys=(), help=N_("What the doctor finds: configuration, sources, trail")
    ),
    KeyRow(action="coordinators", keys=(), help=N_("The pairs of agents that are kept in step")),
    KeyRow(action="telemetry", keys=(), help=N_("Outside programs that send telemetry")),
    KeyRow(action="sessions", keys=(), help=N_("Sessions of outside agents: tokens and cost")),
)
