"""The `internal` source: metrics that are computed from the console's own records."""

import difflib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from core.errors import ConfigError, SourceFailed, StorageError
from core.measures import Measured
from core.monitoring.alerts import AlertBook
from core.monitoring.readings import MetricBook
from core.monitoring.rules import overall_performance, share_of

Compute = Callable[[], Awaitable[Measured]]
Counts = Callable[[], Awaitable[tuple[int, int]]]
"""How many of how many, such as answered messages of those that required an answer."""

OVERALL: Final = "system.overall_system_performance"
DEVOPS_RESPONSE: Final = "devops.incident_response_time"
SECURITY_RESPONSE: Final = "security.incident_response_time"
COORDINATION: Final = "architect.cross_agent_coordination_effectiveness"
COLLABORATION: Final = "system.cross_agent_collaboration_score"
_EVERY_S: Final = 15.0
_SECURITY: Final = "security"


@dataclass(frozen=True, slots=True)
class InternalSource:
    """One named computation as a source."""

    name: str
    compute: Compute
    every_s: float = _EVERY_S

    @property
    def label(self) -> str:
        """For people."""
        return f"internal {self.name}"

    async def read(self) -> Measured:
        """Compute it now. Raises SourceFailed when the records cannot be read."""
        try:
            return await self.compute()
        except StorageError as error:
            raise SourceFailed(str(error)) from error

    async def close(self) -> None:
        """Nothing is held."""


class InternalRegistry:
    """Named computations. A name that is a metric's key is bound to it without any setting."""

    def __init__(self) -> None:
        self._computed: dict[str, Compute] = {}

    def add(self, name: str, compute: Compute) -> None:
        """Offer a computation. Raises ValueError when the name is taken."""
        if name in self._computed:
            raise ValueError(f"an internal computation {name!r} is there already")
        self._computed[name] = compute

    def names(self) -> tuple[str, ...]:
        """What there is, in the order of its coming."""
        return tuple(self._computed)

    def source(self, name: str, *, every_s: float = _EVERY_S) -> InternalSource:
        """The computation as a source. Raises ConfigError naming the nearest right name."""
        compute = self._computed.get(name)
        if compute is None:
            close = difflib.get_close_matches(name, list(self._computed), n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise ConfigError(f"there is no internal computation {name!r}{hint}")
        return InternalSource(name, compute, every_s)

    def bind_rest(self, book: MetricBook) -> None:
        """Bind each computation whose name is a metric that has no other source."""
        bound = book.bindings()
        for reading in book.readings():
            key = reading.spec.key
            if key in self._computed and key not in bound:
                book.bind(key, self.source(key))


def offer_own_metrics(
    registry: InternalRegistry,
    *,
    book: MetricBook,
    alerts: AlertBook,
    answered: Counts | None = None,
    coordinator_runs: Counts | None = None,
) -> None:
    """Offer what can be computed from readings, alerts, messages and coordinator runs.

    `answered`: messages answered, of those that required an answer and whose time for it is over
    or that were answered. `coordinator_runs`: runs that worked, of all runs.
    """

    async def overall() -> Measured:
        return overall_performance(book.readings(), own_key=OVERALL)

    async def devops() -> Measured:
        return alerts.response_time(lambda agent: agent != _SECURITY)

    async def security() -> Measured:
        return alerts.response_time(lambda agent: agent == _SECURITY)

    registry.add(OVERALL, overall)
    registry.add(DEVOPS_RESPONSE, devops)
    registry.add(SECURITY_RESPONSE, security)
    if answered is not None:
        registry.add(COORDINATION, _share(answered, "messages that required an answer got one"))
    if coordinator_runs is not None:
        registry.add(COLLABORATION, _share(coordinator_runs, "coordinator runs that worked"))


def _share(counts: Counts, what: str) -> Compute:
    async def compute() -> Measured:
        part, whole = await counts()
        return share_of(part, whole, what)

    return compute
