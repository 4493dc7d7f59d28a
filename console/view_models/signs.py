"""Glyph and word of each state: never a colour alone."""

from typing import Final

from console.view_models.ink import Span, Tone
from core.actions import Decision, OutcomeStatus, RiskLevel

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
STEP: Final = Span(" \u203a ", Tone.DIM)  # between kind and resource, and between crumbs
NO_SOURCE: Final = Span("no source", Tone.DIM)

_BARS: Final = "▁▂▃▄▅▆▇█"


def sparkline(shares: tuple[float, ...], *, width_max: int = 24) -> str:
    """Bars for shares 0..1, newest last; only the newest `width_max` are drawn."""
    top = len(_BARS) - 1
    return "".join(_BARS[round(min(1.0, max(0.0, each)) * top)] for each in shares[-width_max:])
