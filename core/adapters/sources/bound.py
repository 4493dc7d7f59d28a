"""What every source is to its callers: limits, scale and one kind of error."""

import asyncio
import math
from typing import Final, Protocol

from core.errors import SourceFailed
from core.measures import Measured
from core.source_settings import SourceBinding

_GRACE_S: Final = 1.0  # a source's own limit comes first: it knows better what to say


class Gauge(Protocol):
    """One kind of source at work."""

    @property
    def label(self) -> str:
        """For people, without secrets."""
        ...

    async def measure(self) -> Measured:
        """The value now. Raises SourceFailed, TimeoutError, OSError."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


class BoundSource:
    """A MetricSource: a gauge under the limits and the scale of its binding."""

    def __init__(self, gauge: Gauge, binding: SourceBinding) -> None:
        self._gauge = gauge
        self._binding = binding
        self.label: Final = gauge.label
        self.every_s: Final = binding.every_s

    async def read(self) -> Measured:
        """The value now, scaled. Raises SourceFailed with what, where and what to do."""
        timeout_s = self._binding.timeout_s
        try:
            async with asyncio.timeout(timeout_s + _GRACE_S):
                measured = await self._gauge.measure()
        except TimeoutError as error:
            raise SourceFailed(
                f"{self.label}: no answer within {timeout_s:g} s; see what keeps it, or raise"
                " timeout_s"
            ) from error
        except SourceFailed as error:
            raise SourceFailed(f"{self.label}: {error}") from error
        except OSError as error:
            raise SourceFailed(f"{self.label}: {error.strerror or error}") from error
        if measured.value is None:
            return measured
        value = measured.value * self._binding.scale
        if not math.isfinite(value):
            return Measured(None, measured.at_s, "the source gives no finite number")
        return Measured(value, measured.at_s, measured.note)

    async def close(self) -> None:
        """Let go of connections and files."""
        await self._gauge.close()
