"""Keeps services alive: ordered start, restart with back-off and a budget, reverse stop."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.errors import RestartBudgetSpent
from core.events import ServiceFailed, ServiceRecovered
from core.ports import Service

_BACKOFF_FIRST_S = 0.1
_BACKOFF_MAX_S = 30.0
_STOP_TIMEOUT_S = 5.0
_TURNS_TO_BEGIN = (
    4  # of the loop: the keeper's, the service's, and both again if it returns at once
)
_BELIEVED_AFTER_S = 5.0  # a restarted service has recovered when it has run for so long

Report = Callable[[ServiceFailed | ServiceRecovered], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ServiceStatistics:
    """How one service fares."""

    running: bool
    failures: int


@dataclass(slots=True)
class _Kept:
    service: Service
    task: asyncio.Task[None]
    failures: int = 0
    failing: bool = False  # told as failed, and not told as recovered since


class Supervisor:
    """Runs each service in a task of its own.

    A service that returns is done; one that raises, or is cancelled by anybody else, is restarted
    after 0.1, 0.2, 0.4 … s (at most 30 s), up to `restarts_max` times within `period_s`; then it
    stays down and is reported. No failing service takes another one down.
    """

    def __init__(
        self, *, clock: Clock, report: Report, restarts_max: int = 5, period_s: float = 60.0
    ) -> None:
        self._clock = clock
        self._report = report
        self._restarts_max = restarts_max
        self._period_s = period_s
        self._kept: dict[str, _Kept] = {}

    async def start(self, services: Sequence[Service]) -> None:
        """Start in the order given. Raises ValueError when a name is taken."""
        for service in services:
            if service.name in self._kept:
                raise ValueError(f"a service named {service.name!r} is running already")
            await self._begin(service)

    async def stop(self) -> None:
        """Stop in the reverse order of the start, waiting for each."""
        for kept in reversed(self._kept.values()):
            await _end(kept.task)
        self._kept.clear()

    async def start_one(self, name: str) -> None:
        """Start a service that was started before and does not run now; with a new budget.

        Raises ValueError when there is none of this name.
        """
        kept = self._find(name)
        if kept.task.done():
            await self._begin(kept.service, kept)

    async def stop_one(self, name: str) -> None:
        """Stop one service and wait for it; the others go on. It keeps its place in the order.

        Raises ValueError when there is none of this name.
        """
        await _end(self._find(name).task)

    async def restart(self, name: str) -> None:
        """Stop one service, when it runs, and start it with a new budget.

        Raises ValueError when there is none of this name, or when it does not stop.
        """
        kept = self._find(name)
        await _end(kept.task)
        if not kept.task.done():
            raise ValueError(f"the service {name!r} does not stop; restart the program")
        await self.start_one(name)

    def statistics(self) -> dict[str, ServiceStatistics]:
        """State of each service by name."""
        return {
            name: ServiceStatistics(not kept.task.done(), kept.failures)
            for name, kept in self._kept.items()
        }

    def _find(self, name: str) -> _Kept:
        kept = self._kept.get(name)
        if kept is None:
            raise ValueError(f"there is no service named {name!r}")
        return kept

    async def _begin(self, service: Service, before: _Kept | None = None) -> None:
        task = asyncio.create_task(self._keep_alive(service), name=service.name)
        if before is None:
            self._kept[service.name] = _Kept(service, task)
        else:
            before.task = task
        for _ in range(_TURNS_TO_BEGIN):
            await asyncio.sleep(0)

    async def _keep_alive(self, service: Service) -> None:
        kept = self._kept[service.name]
        recent: deque[float] = deque(maxlen=self._restarts_max + 1)
        pause_s = 0.0
        while True:
            try:
                async with self._believing(kept, max(pause_s, _BELIEVED_AFTER_S)):
                    return await _run_apart(service)
            except Exception as error:  # noqa: BLE001 - a supervisor survives whatever a service does
                recent.append(self._clock.monotonic_s())
                kept.failures += 1
                kept.failing = True
                spent = len(recent) > self._restarts_max
                if spent and recent[-1] - recent[0] <= self._period_s:
                    given_up = RestartBudgetSpent(service.name, kept.failures)
                    await self._tell(service, f"{given_up}; last error: {error}", restarting=False)
                    return None
                await self._tell(service, str(error) or type(error).__name__, restarting=True)
            pause_s = min(_BACKOFF_MAX_S, _BACKOFF_FIRST_S * 2 ** (len(recent) - 1))
            await self._clock.sleep(pause_s)

    @contextlib.asynccontextmanager
    async def _believing(self, kept: _Kept, after_s: float) -> AsyncGenerator[None]:
        """Beside the block, and no longer than it: tell of the recovery after `after_s`."""
        if not kept.failing:
            yield
            return
        telling = asyncio.create_task(self._tell_recovery(kept, after_s))
        try:
            yield
        finally:
            telling.cancel()

    async def _tell_recovery(self, kept: _Kept, after_s: float) -> None:
        await self._clock.sleep(after_s)
        kept.failing = False
        await self._report(ServiceRecovered(at=self._clock.now(), service=kept.service.name))

    async def _tell(self, service: Service, message: str, *, restarting: bool) -> None:
        await self._report(
            ServiceFailed(
                at=self._clock.now(), service=service.name, message=message, restarting=restarting
            )
        )


async def _run_apart(service: Service) -> None:
    """Run in a task of its own: whoever cancels that one from within stops no supervision."""
    task = asyncio.create_task(service.run(), name=service.name)
    try:
        await task
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if current is not None and current.cancelling():
            raise
        raise RuntimeError("it was cancelled, and not by its supervisor") from None


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task], timeout=_STOP_TIMEOUT_S)
