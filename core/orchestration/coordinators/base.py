"""The loop of a coordinator: on its period, with a limit, and backing off when it fails."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from core.clock import Clock
from core.errors import MaestroError
from core.fleet import CoordinatorState
from core.fleet_ports import AgentContext

BACK_OFF_S: Final = 60.0
RUN_S_MAX: Final = 60.0
_FINDINGS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What one run found. `note` is one sentence; without a source it says what to declare."""

    note: str
    findings: tuple[str, ...] = ()


class Coordinator(Protocol):
    """Looks at a pair of agents, once each run."""

    name: str
    every_s: float

    async def run_once(self, context: AgentContext) -> Found:
        """Look, tell, propose. An error is counted and backed off from."""
        ...


class CoordinatorLoop:
    """One coordinator as a service. Its failures stay here: they stop nobody else."""

    def __init__(
        self,
        coordinator: Coordinator,
        *,
        context: AgentContext,
        clock: Clock,
        run_s_max: float = RUN_S_MAX,
    ) -> None:
        self.name = f"coordinator-{coordinator.name}"
        self._coordinator = coordinator
        self._context = context
        self._clock = clock
        self._run_s_max = run_s_max
        self._runs = 0
        self._failures = 0
        self._last_at: datetime | None = None
        self._next_at: datetime | None = None
        self._found = Found("has not run yet")

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            wait_s = await self.run_once()
            self._next_at = self._clock.now() + timedelta(seconds=wait_s)
            await self._clock.sleep(wait_s)

    async def run_once(self) -> float:
        """One run; how long to wait until the next one, in seconds."""
        self._runs += 1
        self._last_at = self._clock.now()
        try:
            async with asyncio.timeout(self._run_s_max):
                found = await self._coordinator.run_once(self._context)
        except TimeoutError:
            return self._fail(f"took longer than {self._run_s_max:g} s")
        except MaestroError as error:
            return self._fail(str(error))
        except Exception as error:  # noqa: BLE001 - a coordinator never takes anything else down
            return self._fail(f"{type(error).__name__}: {error}")
        self._found = Found(found.note, found.findings[:_FINDINGS_MAX])
        return self._coordinator.every_s

    def state(self) -> CoordinatorState:
        """For the screens."""
        return CoordinatorState(
            name=self._coordinator.name,
            every_s=self._coordinator.every_s,
            runs=self._runs,
            failures=self._failures,
            last_at=self._last_at,
            next_at=self._next_at,
            note=self._found.note,
            findings=self._found.findings,
        )

    def _fail(self, why: str) -> float:
        self._failures += 1
        note = f"failed: {why}; tried again in {BACK_OFF_S:.0f} s"
        self._found = Found(note, self._found.findings)
        return BACK_OFF_S


def no_source(*keys: str) -> Found:
    """What to declare so that there is something to look at."""
    named = " and ".join(keys)
    return Found(f"no source: declare {named} in maestro.toml")


def sum_up(findings: Sequence[str], fine: str) -> Found:
    """The first finding and how many more there are, or that all is well."""
    if not findings:
        return Found(fine)
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return Found(f"{findings[0]}{more}", tuple(findings))
