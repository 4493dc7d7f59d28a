"""Keeps services alive: ordered start, restart with back-off and a budget, reverse stop."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.errors import RestartBudgetSpent
from core.events import ServiceFailed
from core.ports import Service

_BACKOFF_FIRST_S = 0.1
_BACKOFF_MAX_S = 30.0
_STOP_TIMEOUT_S = 5.0

Report = Callable[[ServiceFailed], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ServiceStatistics:
    """How one service fares."""

    running: bool
    failures: int


class Supervisor:
    """Runs each service in a task of its own.

    A service that returns is done; one that raises is restarted after 0.1, 0.2, 0.4 … s (at most
    30 s), up to `restarts_max` times within `period_s`; then it stays down and is reported. No
    failing service takes another one down.
    """

    def __init__(
        self, *, clock: Clock, report: Report, restarts_max: int = 5, period_s: float = 60.0
    ) -> None:
        self._clock = clock
        self._report = report
        self._restarts_max = restarts_max
        self._period_s = period_s
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, int] = {}

    async def start(self, services: Sequence[Service]) -> None:
        """Start in the order given. Raises ValueError when a name is taken."""
        for service in services:
            if service.name in self._tasks:
                raise ValueError(f"a service named {service.name!r} is running already")
            self._failures[service.name] = 0
            self._tasks[service.name] = asyncio.create_task(
                self._keep_alive(service), name=service.name
            )
            await asyncio.sleep(0)

    async def stop(self) -> None:
        """Stop in the reverse order of the start, waiting for each."""
        for task in reversed(self._tasks.values()):
            task.cancel()
            await asyncio.wait([task], timeout=_STOP_TIMEOUT_S)
        self._tasks.clear()

    def statistics(self) -> dict[str, ServiceStatistics]:
        """State of each service by name."""
        return {
            name: ServiceStatistics(not task.done(), self._failures[name])
            for name, task in self._tasks.items()
        }

    async def _keep_alive(self, service: Service) -> None:
        recent: deque[float] = deque(maxlen=self._restarts_max + 1)
        while True:
            try:
                return await service.run()
            except Exception as error:  # noqa: BLE001 - a supervisor survives whatever a service does
                recent.append(self._clock.monotonic_s())
                self._failures[service.name] += 1
                spent = len(recent) > self._restarts_max
                if spent and recent[-1] - recent[0] <= self._period_s:
                    given_up = RestartBudgetSpent(service.name, self._failures[service.name])
                    await self._tell(service, f"{given_up}; last error: {error}", restarting=False)
                    return None
                await self._tell(service, str(error) or type(error).__name__, restarting=True)
            pause_s = min(_BACKOFF_MAX_S, _BACKOFF_FIRST_S * 2 ** (len(recent) - 1))
            await self._clock.sleep(pause_s)

    async def _tell(self, service: Service, message: str, *, restarting: bool) -> None:
        await self._report(
            ServiceFailed(
                at=self._clock.now(), service=service.name, message=message, restarting=restarting
            )
        )
