"""Glyph and word of each state: never a colour alone."""

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from console.language import N_
from console.view_models.ink import Span, Tone, told
from core.actions import Decision, OutcomeStatus, RiskLevel
from core.fleet import MessageState
from core.measures import Severity, SourceState

K = TypeVar("K")


class Signs(Mapping[K, Span]):
    """Signs by what they stand for, each in the language in use."""

    def __init__(self, spans: Mapping[K, Span]) -> None:
        self._spans = spans

    def __getitem__(self, key: K) -> Span:
        return told(self._spans[key])

    def __iter__(self) -> Iterator[K]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)


RISK: Final = Signs(
    {
        RiskLevel.LOW: Span(N_("▰▱▱▱ low "), Tone.INFO),
        RiskLevel.MEDIUM: Span(N_("▰▰▱▱ med "), Tone.WARN),
        RiskLevel.HIGH: Span(N_("▰▰▰▱ HIGH"), Tone.BAD),
        RiskLevel.CRITICAL: Span(N_("▰▰▰▰ CRIT"), Tone.ALARM),
    }
)
DECISION: Final = Signs(
    {
        Decision.ALLOW: Span(N_("✓ allow"), Tone.OK),
        Decision.ASK: Span(N_("? ask  "), Tone.WARN),
        Decision.DENY: Span(N_("✗ deny "), Tone.BAD),
    }
)
SETTLED: Final = Signs(
    {
        "approved": Span(N_("✓ approved"), Tone.OK),
        "denied": Span(N_("✗ denied"), Tone.BAD),
        "expired": Span(N_("✗ expired"), Tone.WARN),
    }
)
OUTCOME: Final = Signs(
    {
        OutcomeStatus.SUCCEEDED: Span(N_("✓ done"), Tone.OK),
        OutcomeStatus.FAILED: Span(N_("✗ failed"), Tone.BAD),
        OutcomeStatus.UNKNOWN: Span(N_("? unknown"), Tone.WARN),
    }
)


def glyph(sign: Span) -> Span:
    """A sign without its word, where the word stands elsewhere."""
    return sign._replace(text=f"{sign.text.partition(' ')[0]} ")


SEVERITY: Final = Signs(
    {
        Severity.CRITICAL: Span(N_("✗ CRITICAL"), Tone.BAD),
        Severity.WARNING: Span(N_("▲ warning"), Tone.WARN),
        Severity.INFO: Span(N_("i info"), Tone.INFO),
    }
)
SOURCE: Final = Signs(
    {
        SourceState.FRESH: Span(N_("● fresh"), Tone.OK),
        SourceState.STALE: Span(N_("▲ stale"), Tone.WARN),
        SourceState.WAITING: Span(N_("◌ waiting"), Tone.INFO),
        SourceState.NO_SOURCE: Span(N_("· no source"), Tone.DIM),
    }
)
MESSAGE: Final = Signs(
    {
        MessageState.WAITING: Span(N_("◌ waiting"), Tone.WARN),
        MessageState.QUEUED: Span(N_("▪ queued"), Tone.INFO),
        MessageState.IN_WORK: Span(N_("● in work"), Tone.INFO),
        MessageState.HANDLED: Span(N_("✓ handled"), Tone.OK),
        MessageState.DEAD: Span(N_("✗ dead"), Tone.BAD),
    }
)
STEP: Final = Span(" \u203a ", Tone.DIM)  # between kind and resource, and between crumbs
_NO_SOURCE: Final = Span(N_("no source"), Tone.DIM)

_BARS: Final = "▁▂▃▄▅▆▇█"
_SOON_S: Final = 60
_LATER_S: Final = 180


def no_source() -> Span:
    """What stands in the place of a value that nobody measures."""
    return told(_NO_SOURCE)


def urgency(left_s: float) -> Tone:
    """The tone of a time that runs out."""
    return Tone.BAD if left_s < _SOON_S else Tone.WARN if left_s < _LATER_S else Tone.PLAIN


def sparkline(shares: tuple[float, ...], *, width_max: int = 24) -> str:
    """Bars for shares 0..1, newest last; only the newest `width_max` are drawn."""
    top = len(_BARS) - 1
    return "".join(_BARS[round(min(1.0, max(0.0, each)) * top)] for each in shares[-width_max:])
