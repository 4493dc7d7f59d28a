"""Keys of policies, traces, reports, logs, settings, coordinators and outside telemetry."""

from typing import Final

from console.keys.model import KeyRow, Need

POLICY_LISTS: Final = ("policies", "policy_tests", "policy_replay", "policy_proposals")
_READ: Final = (*POLICY_LISTS, "traces", "logs", "settings", "doctor")
MORE_LISTS: Final = (*_READ, "reports", "coordinators", "telemetry", "sessions")

_TABLES: Final = ("audit", "rules", "actions", "agents", "metrics", "messages", "alerts")

MORE_ROWS: Final = (
    KeyRow(
        action="policy_tests",
        keys=("t",),
        label="tests",
        help="Run the test cases of every pack in force",
        screens=("policies",),
    ),
    KeyRow(
        action="policy_replay",
        keys=("w",),
        label="what if",
        help="Hold recorded actions against the packs as they stand in a folder now",
        screens=("policies",),
    ),
    KeyRow(
        action="policy_proposals",
        keys=("n",),
        label="proposed rules",
        help="Rules that your decisions bear out: always approved, never denied",
        screens=("policies",),
    ),
    KeyRow(
        action="choose_folder",
        keys=("w",),
        label="folder",
        help="Replay against the packs of another folder",
        screens=("policy_replay",),
    ),
    KeyRow(
        action="accept_rule",
        keys=("a",),
        label="accept",
        help="Make the proposed rule, with its end; asks first, and stands in the trail",
        screens=("policy_proposals",),
        needs=(Need.ROW, Need.ROOM),
        changes=True,
    ),
    KeyRow(
        action="follow",
        keys=("f",),
        label="follow",
        help="Follow new lines, or hold still",
        screens=("logs",),
    ),
    KeyRow(
        action="level",
        keys=("t",),
        label="level",
        help="Only warnings and worse, only errors, or every level again",
        screens=("logs",),
    ),
    KeyRow(
        action="write_report",
        keys=("w",),
        label="write",
        help="Write the selected report to a file and say where",
        screens=("reports",),
        needs=(Need.ROW,),
    ),
    KeyRow(
        action="report_form",
        keys=("f",),
        label="form",
        help="The next form: html, md, pdf, json, csv",
        screens=("reports",),
    ),
    KeyRow(
        action="report_period",
        keys=("t",),
        label="period",
        help="Since when, and until when: 24h, 7d, 2026-11-21, 2026-11-01 2026-11-08",
        screens=("reports",),
    ),
    KeyRow(
        action="to_doctor",
        keys=("d",),
        label="doctor",
        help="Check configuration, sources, permissions and trail, and say what to mend",
        screens=("settings",),
    ),
    KeyRow(
        action="to_sessions",
        keys=("n",),
        label="sessions",
        help="Go to the sessions of outside agents",
        screens=("telemetry",),
    ),
    KeyRow(
        action="reload",
        keys=("r",),
        label="read again",
        help="Read it again now",
        screens=_READ,
    ),
    KeyRow(
        action="export",
        keys=("e",),
        help="Write the rows as filtered, with all that they hold, to CSV and JSON in the home",
        screens=(*_TABLES, *MORE_LISTS),
    ),
    KeyRow(action="policies", keys=("7",), help="Packs, their tests, replay, proposed rules"),
    KeyRow(action="traces", keys=(), help="The newest traces"),
    KeyRow(action="reports", keys=(), help="Reports: write one to a file"),
    KeyRow(action="logs", keys=(), help="The engine's own log"),
    KeyRow(action="settings", keys=(), help="Every setting in force, and where it comes from"),
    KeyRow(action="doctor", keys=(), help="What the doctor finds: configuration, sources, trail"),
    KeyRow(action="coordinators", keys=(), help="The pairs of agents that are kept in step"),
    KeyRow(action="telemetry", keys=(), help="Outside programs that send telemetry"),
    KeyRow(action="sessions", keys=(), help="Sessions of outside agents: tokens and cost"),
)
