"""What maps ask while they read one emitter's rows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from core.ids import AgentId, SessionId
from core.telemetry.memory import Notes
from core.telemetry.model import Counts, Value
from core.telemetry.pricing import PriceList
from core.telemetry.rules import as_text, instant, micros_of, show_agent

_NAMES_MAX: Final = 8_192
_AHEAD: Final = timedelta(minutes=5)  # clocks differ; more than that is made up
_NS_PER_US: Final = 1_000
_SECRET: Final = "[secret]"  # noqa: S105 - what is shown in place of one


class Names:
    """Names made fit to be kept and shown, remembered because they come again and again."""

    def __init__(self, is_secret: Callable[[str], bool]) -> None:
        self._is_secret = is_secret
        self._known: dict[Value, str | None] = {}

    def clean(self, value: Value) -> str | None:
        """At most 200 printable characters; "[secret]" for one; None for nothing."""
        try:
            return self._known[value]
        except KeyError:
            pass
        text = as_text(value)
        if text is not None and self._is_secret(text):
            text = _SECRET
        if len(self._known) >= _NAMES_MAX:
            self._known.clear()
        if not isinstance(value, str) or len(value) <= 1_000:  # noqa: PLR2004 - no long keys
            self._known[value] = text
        return text


class BookReader:
    """The `Reader` of one batch."""

    __slots__ = ("_agents", "_end_ns", "_prices", "bound_to", "emitter", "memory", "now", "text")

    def __init__(
        self,
        emitter: str,
        *,
        bound_to: str | None,
        names: Names,
        memory: Notes,
        prices: PriceList,
        now: datetime,
    ) -> None:
        self.emitter = emitter
        self.bound_to = bound_to
        self.memory = memory
        self.now = now
        self.text = names.clean  # asked several times for each call: not one more around it
        self._prices = prices
        self._end_ns = (micros_of(now + _AHEAD) + 1) * _NS_PER_US
        self._agents: dict[Value, AgentId] = {}

    def agent(self, name: Value) -> AgentId:
        """The agent to show for what the emitter calls it; None when it names none."""
        found = self._agents.get(name)
        if found is None:
            found = self._agents[name] = show_agent(
                self.text(name), emitter=self.emitter, bound_to=self.bound_to
            )
        return found

    def session(self, name: Value, /) -> SessionId | None:
        """The session, by the emitter's own id."""
        found = self.text(name)
        return None if found is None else SessionId(found)

    def key(self, value: Value) -> str | None:
        """A short printable id, or None for nothing."""
        return as_text(value)

    def at(self, at_ns: int) -> datetime:
        """When that was; what lies in the future or was not said is now."""
        return instant(at_ns) if 0 < at_ns < self._end_ns else self.now

    def cost(
        self,
        reported_micros: int | None,
        *,
        provider: str | None,
        model: str | None,
        started_at: datetime,
        tokens: Counts,
    ) -> tuple[int | None, str]:
        """Cost in micros of a USD, and on what basis: reported, else priced, else unpriced."""
        if reported_micros is not None:
            return reported_micros, "reported"
        return self._prices.price(
            provider=provider, model=model, started_at=started_at, tokens=tokens
        )
