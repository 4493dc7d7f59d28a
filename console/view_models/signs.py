"""Glyph and word of each state: never a colour alone."""

from typing import Final

from console.view_models.ink import Span, Tone
from core.actions import Decision, OutcomeStatus, RiskLevel
from core.fleet import MessageState
from core.measures import Severity, SourceState

RISK: Final = {
    RiskLevel.LOW: Span("▰▱▱▱ low ", Tone.INFO),
    RiskLevel.MEDIUM: Span("▰▰▱▱ med ", Tone.WARN),
    RiskLevel.HIGH: Span("▰▰▰▱ HIGH", Tone.BAD),
    RiskLevel.CRITICAL: Span("▰▰▰▰ CRIT", Tone.ALARM),
}
DECISION: Final = {
    Decision.ALLOW: Span("✓ allow", Tone.OK),
    Decision.ASK: Span("? ask  ", Tone.WARN),
    Decision.DENY: Span("✗ deny ", Tone.BAD),
}
SETTLED: Final = {
    "approved": Span("✓ approved", Tone.OK),
    "denied": Span("✗ denied", Tone.BAD),
    "expired": Span("✗ expired", Tone.WARN),
}
OUTCOME: Final = {
    OutcomeStatus.SUCCEEDED: Span("✓ done", Tone.OK),
    OutcomeStatus.FAILED: Span("✗ failed", Tone.BAD),
    OutcomeStatus.UNKNOWN: Span("? unknown", Tone.WARN),
}
SEVERITY: Final = {
    Severity.CRITICAL: Span("✗ CRITICAL", Tone.BAD),
    Severity.WARNING: Span("▲ warning", Tone.WARN),
    Severity.INFO: Span("i info", Tone.INFO),
}
SOURCE: Final = {
    SourceState.FRESH: Span("● fresh", Tone.OK),
    SourceState.STALE: Span("▲ stale", Tone.WARN),
    SourceState.WAITING: Span("◌ waiting", Tone.INFO),
    SourceState.NO_SOURCE: Span("· no source", Tone.DIM),
}
MESSAGE: Final = {
    MessageState.WAITING: Span("◌ waiting", Tone.WARN),
    MessageState.QUEUED: Span("▪ queued", Tone.INFO),
    MessageState.IN_WORK: Span("● in work", Tone.INFO),
    MessageState.HANDLED: Span("✓ handled", Tone.OK),
    MessageState.DEAD: Span("✗ dead", Tone.BAD),
}
STEP: Final = Span(" \u203a ", Tone.DIM)  # between kind and resource, and between crumbs
NO_SOURCE: Final = Span("no source", Tone.DIM)

_BARS: Final = "▁▂▃▄▅▆▇█"


def sparkline(shares: tuple[float, ...], *, width_max: int = 24) -> str:
    """Bars for shares 0..1, newest last; only the newest `width_max` are drawn."""
    top = len(_BARS) - 1
    return "".join(_BARS[round(min(1.0, max(0.0, each)) * top)] for each in shares[-width_max:])
