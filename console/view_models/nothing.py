"""What stands beside an empty list: why it is empty, and what to do."""

from typing import Final

from console.language import N_, _
from console.view_models.ink import Line, Tone, prose

_TELEMETRY: Final = N_(
    "A program sends it once OTEL_EXPORTER_OTLP_ENDPOINT names the address of this gateway"
    " and OTEL_EXPORTER_OTLP_HEADERS carries a token: `maestro tokens create` makes one."
)
_CONNECT: Final = N_(
    "`maestro hook install` connects Claude Code, `maestro mcp-proxy` an MCP server;"
    " any other program posts to /v1/actions."
)
_WHY: Final = {
    "alerts": (
        N_("An alert opens by itself: a metric past its bound, an agent that fails."),
        N_("h shows those resolved in the last day; 4 shows the metrics and their bounds."),
    ),
    "audit": (
        N_("The first action that is proposed, or decision that is taken, writes an entry."),
        _CONNECT,
    ),
    "dead": (
        N_("What nobody took in time, or failed too often, comes here. d shows all messages."),
    ),
    "logs": (N_("What the engine says appears here by itself; t takes the next level."),),
    "messages": (
        N_("Agents write to each other when one finds something that concerns another."),
        N_("2 shows who is at work; `maestro demo` shows a small world that talks."),
    ),
    "policies": (
        N_("Policies come in packs; `maestro policy check` says what is wrong with one."),
    ),
    "policy_proposals": (
        N_("Decisions make proposals by themselves: 3 shows what waits for one."),
    ),
    "policy_replay": (N_("w names another folder of packs to hold the recorded actions against."),),
    "policy_tests": (N_("Cases stand beside a pack; `maestro policy test` runs the same ones."),),
    "reports": (N_("`maestro report` writes one from the command line."),),
    "sessions": (_TELEMETRY,),
    "telemetry": (_TELEMETRY,),
    "traces": (N_("Every proposed action leaves one."), _CONNECT),
}


def nothing_lines(name: str) -> tuple[Line, ...]:
    """The sentences of a list by its name; none where its one line says all."""
    return tuple(prose(_(each), Tone.DIM) for each in _WHY.get(name, ()))
