"""One hosted agent as a service: takes from its mailbox, works within limits, does its own work."""

import asyncio
import contextlib
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from core.actions import JsonObject
from core.clock import Clock
from core.errors import AgentNotFound, MaestroError, StorageError
from core.fleet import AgentMode, AgentSpec, AgentStatistics, AgentStatus, Message
from core.fleet_ports import AgentContext, AgentWork
from core.ids import AgentId
from core.orchestration.performance import PerformanceTracker, Tuning, WorkSample
from core.orchestration.registry import AgentRegistry

_GRACE_S: Final = 5.0  # for work that was told to end; then the agent counts as stuck
_RETRY_S: Final = 1.0  # after the store could not be written

_T = TypeVar("_T")


class Mailroom(Protocol):
    """What a hosted agent needs of the message router."""

    def register(self, spec: AgentSpec, *, accepting: bool = True) -> None:
        """Give an agent a mailbox."""
        ...

    def set_accepting(self, name: AgentId, accepting: bool, why: str = "") -> None:  # noqa: FBT001
        """Whether it is sent new messages; its mailbox stays as it is."""
        ...

    async def take(self, name: AgentId) -> Message:
        """Wait for the first message; it is in work from now on. Raises StorageError."""
        ...

    def done(self, message: Message, answer: JsonObject | None = None) -> None:
        """It was handled."""
        ...

    def failed(self, message: Message, why: str) -> None:
        """It was not: it goes to the dead letters."""
        ...

    def abandon(self, name: AgentId, why: str) -> None:
        """All that the agent has in work goes to the dead letters."""
        ...

    def load(self, name: AgentId) -> float:
        """Messages queued and in work as a share of its capacity."""
        ...


class Tally(Protocol):
    """Counts what agents did."""

    def handled(self, agent: AgentId) -> None:
        """It handled a message."""
        ...

    def failed(self, agent: AgentId) -> None:
        """It failed at a message, or at its own work."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLimits:
    """Bounds on what one hosted agent may do."""

    parallel: int = 4  # messages that it works on at the same time
    work_timeout_s: float = 60.0  # of one message or one round of its own work; then it hangs


class AgentCrashError(RuntimeError):
    """What an agent's work raised, or that it hung; its supervisor restarts it."""


@dataclass(slots=True, eq=False)
class _Job:
    """A piece of work in hand."""

    started_s: float
    scope: asyncio.Timeout
    overdue_s: float | None = None  # when it was told to end


class HostedAgent:
    """Runs one agent's work under the supervisor.

    A MaestroError that the work raises fails that one message. Any other error, a hang and a
    cancellation from within are a crash: the message at fault and all else in work go to the dead
    letters, for they may have run; the mailbox stays as it is, and the service ends with an error.
    """

    def __init__(
        self,
        spec: AgentSpec,
        work: AgentWork,
        *,
        context: AgentContext,
        mailroom: Mailroom,
        registry: AgentRegistry,
        clock: Clock,
        limits: HostLimits,
        tally: Tally | None = None,
    ) -> None:
        self.name = f"agent:{spec.name}"
        self.spec = spec
        self.configured = Tuning(limits.parallel, spec.every_s)
        self.tuning = self.configured
        self.messages = PerformanceTracker()
        self.own_work = PerformanceTracker()
        self._work = work
        self._context = context
        self._mailroom = mailroom
        self._registry = registry
        self._clock = clock
        self._limits = limits
        self._tally = tally
        self._completed = 0
        self._failed = 0
        self._alive = False
        self._ending = False
        self._complained = False
        self._jobs: set[_Job] = set()
        self._in_work = 0  # messages
        self._open = asyncio.Event()  # it may take messages
        self._open.set()
        self._room = asyncio.Event()
        self._due = asyncio.Event()
        self._due_s = 0.0
        self._taking: asyncio.Timeout | None = None

    async def run(self) -> None:
        """Work until cancelled. Raises AgentCrashError."""
        self._registry.began(self.spec.name)
        self._alive, self._ending, self._in_work = True, False, 0
        self._due_s = self._clock.monotonic_s()
        self.accept()
        try:
            async with asyncio.TaskGroup() as tasks:
                try:
                    tasks.create_task(self._work_by_itself())
                    await self._take_on(tasks)
                finally:
                    self._ending = True
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            self._alive = False
            self._jobs.clear()
            self.accept()
            with contextlib.suppress(AgentNotFound):
                self._mailroom.abandon(
                    self.spec.name, "its agent crashed or was stopped while it worked on this"
                )

    def set_mode(self, mode: AgentMode, why: str) -> None:
        """Take up what the operator wants; what is in work goes on."""
        self._registry.set_mode(self.spec.name, mode, why)
        if mode is AgentMode.PAUSED:
            self._open.clear()
            self._stop_taking()
        else:
            self._open.set()
        self.accept()

    def tune(self, tuning: Tuning) -> None:
        """Change how much it does at a time and how often; from now on."""
        self.tuning = tuning
        self._room.set()
        if tuning.every_s is not None:
            self._due_s = min(self._due_s, self._clock.monotonic_s() + tuning.every_s)

    def accept(self) -> None:
        """Tell the router whether it may be sent messages."""
        state = self._registry.state(self.spec.name)
        online = self._alive and state.status in {AgentStatus.ONLINE, AgentStatus.BUSY}
        accepting = online and state.mode is AgentMode.RUNNING
        why = "" if accepting else state.note or "it is not running"
        self._mailroom.set_accepting(self.spec.name, accepting, why)

    def pulse(self, now_s: float) -> None:
        """Once in a while: end what hangs, start what is due, tell that it lives."""
        if not self._alive:
            return
        stuck = False
        for job in self._jobs:
            if job.overdue_s is not None:
                stuck = stuck or now_s - job.overdue_s > _GRACE_S
            elif now_s - job.started_s > self._limits.work_timeout_s:
                job.overdue_s = now_s
                job.scope.reschedule(0.0)
        if not stuck:
            silent = self._registry.health(self.spec.name).status is AgentStatus.OFFLINE
            self._registry.hear(self.spec.name)
            if silent:
                self.accept()
        every_s = self.tuning.every_s
        running = self._registry.mode(self.spec.name) is AgentMode.RUNNING
        if every_s is not None and running and now_s >= self._due_s:
            self._due_s = now_s + every_s
            self._due.set()

    @property
    def working(self) -> bool:
        """Whether anything is in work: a message or a round of its own work."""
        return bool(self._jobs)

    @property
    def load(self) -> float:
        """Messages waiting and in work as a share of its capacity."""
        return self._mailroom.load(self.spec.name)

    @property
    def waiting(self) -> int:
        """Messages in its mailbox that it has not taken."""
        held = round(self.load * self.spec.capacity)
        return max(0, held - self._in_work)

    def statistics(self) -> AgentStatistics:
        """What was measured. Response times are of messages, or of its own work without any.

        All hosted agents share one process: nothing tells what one of them takes of it.
        """
        tracker = self.messages if self.messages.added else self.own_work
        summary = tracker.summarise()
        return AgentStatistics(
            completed=self._completed,
            failed=self._failed,
            pending=self.waiting + self._in_work,
            error_rate=summary.error_rate,
            response_ms_mean=summary.response_ms_mean,
            response_ms_p95=summary.response_ms_p95,
        )

    async def _take_on(self, tasks: asyncio.TaskGroup) -> None:
        while not self._ending:
            await self._open.wait()
            if self._in_work >= self.tuning.parallel:
                self._room.clear()
                await self._room.wait()
                continue
            message = await self._take()
            if message is not None:
                self._in_work += 1
                tasks.create_task(self._handle(message))

    async def _take(self) -> Message | None:
        """The next message; None when it was paused, or nothing could be taken."""
        try:
            async with asyncio.timeout(None) as self._taking:
                return await self._mailroom.take(self.spec.name)
        except TimeoutError:
            return None
        except StorageError as error:
            self._complain(f"its messages cannot be taken: {error}")
            await self._clock.sleep(_RETRY_S)
            return None
        finally:
            self._taking = None

    async def _handle(self, message: Message) -> None:
        try:
            answer = await self._within_limits(
                self._work.handle(message, self._context),
                f"while it worked on a {message.type!r} message",
                self.messages,
            )
        except MaestroError as error:
            self._mailroom.failed(message, str(error))
        except AgentCrashError as error:
            self._mailroom.failed(message, str(error))
            raise
        else:
            self._mailroom.done(message, answer)
        finally:
            self._in_work -= 1
            self._room.set()

    async def _work_by_itself(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            if self._complained:
                self._registry.set_idle(self.spec.name, "")
                self._complained = False
            try:
                await self._within_limits(
                    self._work.tick(self._context), "in its own work", self.own_work
                )
            except MaestroError as error:
                self._complain(f"its own work failed: {error}")

    def _complain(self, why: str) -> None:
        self._complained = True
        self._registry.set_idle(self.spec.name, why)

    async def _within_limits(
        self, work: Awaitable[_T], where: str, tracker: PerformanceTracker
    ) -> _T:
        """Measure a piece of work. Raises what it raises, as AgentCrashError unless deliberate."""
        failed: bool | None = True
        started_s = self._clock.monotonic_s()
        scope = asyncio.timeout(None)
        job = _Job(started_s, scope)
        try:
            async with scope:
                self._jobs.add(job)
                result = await work
            failed = False
        except MaestroError:
            raise
        except asyncio.CancelledError:
            if self._ending:
                failed = None  # it was stopped: that says nothing of how it performs
                raise
            raise self._crash(f"it was cancelled from within {where}") from None
        except (Exception, SystemExit) as error:
            if scope.expired():
                limit_s = self._limits.work_timeout_s
                raise self._crash(f"no end after {limit_s:g} s {where}") from error
            raise self._crash(f"{type(error).__name__}: {error} {where}") from error
        else:
            return result
        finally:
            self._jobs.discard(job)
            self._completed += failed is False
            self._failed += failed is not False
            if failed is not None:
                taken_ms = (self._clock.monotonic_s() - started_s) * 1000
                tracker.add(WorkSample(max(0.0, taken_ms), float(failed)))
                self._count(tracker, failed=failed)

    def _count(self, tracker: PerformanceTracker, *, failed: bool) -> None:
        if self._tally is None:
            return
        if failed:
            self._tally.failed(self.spec.name)
        elif tracker is self.messages:
            self._tally.handled(self.spec.name)

    def _stop_taking(self) -> None:
        if self._taking is not None:
            self._taking.reschedule(0.0)
            self._taking = None

    def _crash(self, why: str) -> AgentCrashError:
        self._ending = True  # what else is in work is cancelled now, and is no crash of its own
        self._stop_taking()
        return AgentCrashError(why)
