"""Keeps the journal flushed, looks after its health and tells how far the trail goes."""

import asyncio
import logging
from typing import Final, Protocol

from core.bus import Bus
from core.clock import Clock
from core.errors import Overloaded
from core.events import AuditAdvanced, ServiceFailed, ServiceRecovered
from core.measures import Severity
from core.records import AuditHead

_LOG: Final = logging.getLogger("maestro.audit")
_CAUSE: Final = "service:audit-journal"


class Journal(Protocol):
    """The file side of the trail; its calls block."""

    @property
    def problem(self) -> str:
        """Why nothing may be allowed now; empty while the files follow the store."""
        ...

    @property
    def reached(self) -> AuditHead:
        """How far the files follow the store."""
        ...

    def sync(self) -> None:
        """Flush what was written; after a failure, write what is missing.

        What goes wrong stands in `problem`; no StorageError is raised.
        """
        ...


class Alerts(Protocol):
    """Where alerts are raised."""

    async def raise_alert(
        self, cause: str, *, agent: str, severity: Severity, title: str, detail: str = ""
    ) -> object:
        """One cause, one alert. Raises Overloaded."""
        ...

    async def resolve(self, cause: str) -> object:
        """The cause is gone; unknown causes are ignored."""
        ...


class JournalKeeper:
    """Flush once a second; tell when the trail grew or the journal fails.

    `run` lasts until it is cancelled.
    """

    name = "audit-journal"

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        bus: Bus,
        *,
        alerts: Alerts,
        interval_s: float = 1.0,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._bus = bus
        self._alerts = alerts
        self._interval_s = interval_s

    async def run(self) -> None:
        """Live. A problem is told once, and again only when it changes; its end is told as well."""
        await self._alerts.resolve(_CAUSE)  # an alert of an earlier process may be open
        told = ""
        reached = self._journal.reached
        while True:
            await asyncio.to_thread(self._journal.sync)
            if self._journal.reached != reached:
                reached = self._journal.reached
                await self._bus.publish(
                    AuditAdvanced(at=self._clock.now(), length=reached.length, head=reached.hash)
                )
            problem = self._journal.problem
            if problem and problem != told:
                await self._tell(problem)
            elif told and not problem:
                await self._tell_recovery()
            told = problem
            await self._clock.sleep(self._interval_s)

    async def _tell(self, problem: str) -> None:
        _LOG.error("every action is denied: the trail cannot be kept", extra={"problem": problem})
        await self._bus.publish(
            ServiceFailed(at=self._clock.now(), service=self.name, message=problem, restarting=True)
        )
        try:
            await self._alerts.raise_alert(
                _CAUSE,
                agent="system",
                severity=Severity.CRITICAL,
                title="every action is denied: the trail cannot be kept",
                detail=problem,
            )
        except Overloaded as error:  # it stands in the log, and consoles were told
            _LOG.warning("no alert of it: %s", error)

    async def _tell_recovery(self) -> None:
        _LOG.warning("the trail is kept again, actions are judged")
        await self._bus.publish(ServiceRecovered(at=self._clock.now(), service=self.name))
        await self._alerts.resolve(_CAUSE)
