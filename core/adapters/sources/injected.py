"""Sources that are asked within the process: telemetry received, and the console's own records."""

from collections.abc import Awaitable, Callable
from typing import Final

from core.errors import SourceFailed
from core.measures import Measured
from core.source_settings import InternalBinding, OtlpBinding

OtlpLookup = Callable[[OtlpBinding], Awaitable[Measured]]
InternalLookup = Callable[[InternalBinding], Awaitable[Measured]]


class OtlpGauge:
    """A metric that an outside agent sends."""

    def __init__(self, binding: OtlpBinding, lookup: OtlpLookup | None) -> None:
        self._binding = binding
        self._lookup = lookup
        sender = f" of {binding.agent}" if binding.agent else ""
        self.label: Final = f"otlp {binding.measure} {binding.metric}{sender}"

    async def measure(self) -> Measured:
        """Ask the receiver."""
        if self._lookup is None:
            raise SourceFailed("nothing receives telemetry in this process")
        return await self._lookup(self._binding)

    async def close(self) -> None:
        """Nothing is held."""


class InternalGauge:
    """A figure of the console's own records."""

    def __init__(self, binding: InternalBinding, lookup: InternalLookup | None) -> None:
        self._binding = binding
        self._lookup = lookup
        self.label: Final = f"internal {binding.name}"

    async def measure(self) -> Measured:
        """Ask whoever keeps the records."""
        if self._lookup is None:
            raise SourceFailed("no records are kept in this process")
        return await self._lookup(self._binding)

    async def close(self) -> None:
        """Nothing is held."""
