"""Sources that are asked within the process: telemetry received, and the console's own records."""

from collections.abc import Awaitable, Callable
from typing import Final

from core.errors import ConfigError, SourceFailed
from core.measures import Measured
from core.source_settings import InternalBinding, OtlpBinding

OtlpLookup = Callable[[OtlpBinding], Awaitable[Measured | None]]
"""None: nothing of that name and those attributes has come."""
InternalLookup = Callable[[InternalBinding], Awaitable[Measured]]
"""Raises SourceFailed, and ConfigError for a name that it does not know."""


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
        found = await self._lookup(self._binding)
        if found is None:
            raise SourceFailed(
                "no such metric has arrived; `maestro doctor` says what came from whom"
            )
        return found

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
        try:
            return await self._lookup(self._binding)
        except ConfigError as error:
            raise SourceFailed(str(error)) from error

    async def close(self) -> None:
        """Nothing is held."""
