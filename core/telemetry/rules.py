"""Coercion, names and sums: what arrives is untrusted and often of the wrong type. Pure."""

import math
from datetime import UTC, datetime, timedelta
from typing import Final

from core.ids import AgentId
from core.telemetry.model import Value
from core.usage import ModelCall, ToolUse, UsageTotals

TEXT_MAX: Final = 200
INT_MAX: Final = 2**53 - 1
OTHERS: Final = "others"
OUTSIDE: Final = "~"  # no governed agent's name begins so
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NS_PER_US: Final = 1_000
_NS_PER_MS: Final = 1_000_000
_MICROS: Final = 1_000_000
_DAY_S: Final = 86_400
_EXACT_MAX: Final = 2**32 * _MICROS  # up to here a float tells microseconds apart, with room
_DIGITS_MAX: Final = 40  # of a number written as text


def as_text(value: Value) -> str | None:
    """A text of at most 200 printable characters; None for nothing at all."""
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else str(value)
    text = text[:TEXT_MAX]
    if not text.isprintable():
        text = "".join(each if each.isprintable() else "?" for each in text)
    return text.strip() or None


def as_float(value: Value) -> float | None:
    """A finite number that is not negative, also when it came as text."""
    if type(value) is str:
        try:
            value = float(value) if len(value) <= _DIGITS_MAX else None
        except ValueError:
            return None
    if value is None or isinstance(value, str):
        return None
    number = float(value) if isinstance(value, float) or abs(value) <= INT_MAX else math.inf
    return number if 0 <= number < math.inf else None


def as_int(value: Value) -> int | None:
    """A whole number from 0 to 2**53 - 1, also when it came as text."""
    if value is None:
        return None
    if type(value) is int:
        return value if 0 <= value <= INT_MAX else None
    number = as_float(value)
    return int(number) if number is not None and number <= INT_MAX else None


def as_bool(value: Value) -> bool | None:
    """A truth, also when it came as the text "true" or "false"."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return bool(value) if isinstance(value, bool | int) else None


def as_micros(usd: Value) -> int | None:
    """Micros of what came in USD."""
    number = as_float(usd)
    return None if number is None or number > INT_MAX / _MICROS else round(number * _MICROS)


def add_up(*tokens: int | None) -> int | None:
    """The sum of those that are known; None when none is."""
    known = [each for each in tokens if each is not None]
    return sum(known) if known else None


def span_ms(start_ns: int, end_ns: int) -> float | None:
    """How long it took; None when the clock ran backwards or an end is missing."""
    return (end_ns - start_ns) / _NS_PER_MS if 0 < start_ns <= end_ns else None


def start_of(at_ns: int, duration_ms: float | None) -> int:
    """When that began which ended at `at_ns`."""
    return max(0, at_ns - int((duration_ms or 0.0) * _NS_PER_MS))


def instant(at_ns: int) -> datetime:
    """An instant from ns since the epoch, to the microsecond. Any unsigned 64 bits will do."""
    micros = at_ns // _NS_PER_US
    if micros < _EXACT_MAX:  # half the time of the sum, and no bit less
        return datetime.fromtimestamp(micros / _MICROS, UTC)
    return _EPOCH + timedelta(microseconds=micros)


def micros_of(at: datetime) -> int:
    """Microseconds since the epoch."""
    passed = at - _EPOCH
    return (passed.days * _DAY_S + passed.seconds) * _MICROS + passed.microseconds


def http_error(status: Value, kind: Value = None) -> str | None:
    """The kind of an error, else its HTTP status from 400 on; messages may quote content."""
    named = as_text(kind)
    if named is not None:
        return named
    code = as_int(status)
    return f"HTTP {code}" if code is not None and code >= 400 else None  # noqa: PLR2004 - HTTP


def show_agent(name: str | None, *, emitter: str, bound_to: str | None) -> AgentId:
    """The name to show for an outside agent.

    What telemetry claims is marked with "~", so that it can pass for no governed agent. A token
    that is bound to an agent vouches for that name alone.
    """
    if name is None or name in (emitter, bound_to):
        return AgentId(bound_to or f"{OUTSIDE}{emitter}")
    return AgentId(f"{OUTSIDE}{bound_to}/{name}" if bound_to else f"{OUTSIDE}{name}")


class Tally:
    """Totals that grow."""

    __slots__ = ("_cost", "_input", "_output", "_read", "_uses", "_uses_failed", "_write",
                 "calls", "failed", "unpriced")  # fmt: skip

    def __init__(self) -> None:
        self.calls = self.failed = self.unpriced = 0
        self._input = self._output = self._read = self._write = self._cost = 0
        self._uses = self._uses_failed = 0

    def add_call(self, call: ModelCall) -> None:
        """Count one call."""
        self.calls += 1
        self._input += call.input_tokens or 0
        self._output += call.output_tokens or 0
        self._read += call.cache_read_tokens or 0
        self._write += call.cache_write_tokens or 0
        if call.error is not None:
            self.failed += 1
        cost = call.cost_usd_micros
        if cost is not None:
            self._cost += cost
        elif call.error is None or call.input_tokens is not None:
            self.unpriced += 1

    def add_tool(self, use: ToolUse, *, known: bool = False) -> None:
        """Count one tool use; of a `known` one, only whether it failed in the end."""
        self._uses += not known
        self._uses_failed += use.ok is False

    def totals(self) -> UsageTotals:
        """The sums now."""
        return UsageTotals(
            calls=self.calls,
            failed=self.failed,
            tool_uses=self._uses,
            tool_failures=self._uses_failed,
            input_tokens=self._input,
            output_tokens=self._output,
            cache_read_tokens=self._read,
            cache_write_tokens=self._write,
            cost_usd_micros=self._cost,
            unpriced=self.unpriced,
        )
