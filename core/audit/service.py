"""Keeps the journal flushed, looks after its health and tells how far the trail goes."""

import asyncio
from typing import Protocol

from core.bus import Bus
from core.clock import Clock
from core.events import AuditAdvanced, ServiceFailed
from core.records import AuditHead


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


class JournalKeeper:
    """Flush once a second; tell when the trail grew or the journal fails.

    `run` lasts until it is cancelled.
    """

    name = "audit-journal"

    def __init__(
        self, journal: Journal, clock: Clock, bus: Bus, *, interval_s: float = 1.0
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._bus = bus
        self._interval_s = interval_s

    async def run(self) -> None:
        """Live. A problem is published once, and again only when it changes."""
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
                await self._bus.publish(
                    ServiceFailed(
                        at=self._clock.now(), service=self.name, message=problem, restarting=True
                    )
                )
            told = problem
            await self._clock.sleep(self._interval_s)
