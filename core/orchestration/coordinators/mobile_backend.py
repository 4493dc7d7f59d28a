"""mobile-backend: API versions in use against versions served, sync failures, lag."""

from collections.abc import Awaitable, Callable, Sequence

from core.actions import JsonObject
from core.agents.messages import VERSIONS_REPORT
from core.agents.reader import DocumentReader
from core.agents.settings import OrchestrationSettings
from core.fleet_ports import AgentContext
from core.measures import Severity
from core.orchestration.coordinators.base import Found, no_source, sum_up
from core.orchestration.coordinators.versions import (
    SYNC_FAILURES_MAX,
    SYNC_LAG_S_MAX,
    SeenCall,
    Sync,
    Versions,
    count_versions,
    measure_sync,
    read_served,
)

ReadCalls = Callable[[], Awaitable[Sequence[SeenCall]]]
"""The newest calls of the declared access log. Raises SourceFailed."""

_CAUSE = "versions:mobile-backend"


class MobileBackend:
    """Tells mobile which versions apps use, and which of them nobody serves."""

    name = "mobile-backend"
    every_s = 300.0

    def __init__(
        self,
        *,
        settings: OrchestrationSettings,
        reader: DocumentReader,
        read_calls: ReadCalls | None,
    ) -> None:
        self._settings = settings
        self._reader = reader
        self._read_calls = read_calls
        self._told: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    async def run_once(self, context: AgentContext) -> Found:
        """Compare the log with the contract."""
        contract = self._settings.contracts.backend
        if contract is None or self._read_calls is None or self._settings.access_log is None:
            return no_source("[orchestration] access_log", "[orchestration.contracts] backend")
        calls = await self._read_calls()
        served = read_served(await self._reader.load(str(contract)))
        versions, sync = count_versions(calls, served), measure_sync(calls)
        await self._tell(versions, sync, context)
        findings = [*_judge_versions(versions), *_judge_sync(sync)]
        in_use = ", ".join(f"{name} {count}" for name, count in versions.in_use.items())
        lag = "" if sync.lag_s_p95 is None else f", 95 of 100 within {sync.lag_s_p95:.2f} s"
        return sum_up(
            findings,
            f"{len(calls)} calls; versions in use: {in_use or 'none named in paths'}; served:"
            f" {', '.join(sorted(served)) or 'none named'}; {sync.failures} of {sync.calls} sync"
            f" calls failed{lag}",
        )

    async def _tell(self, versions: Versions, sync: Sync, context: AgentContext) -> None:
        missing = versions.not_served if versions.served else ()
        if missing:
            await context.raise_alert(
                _CAUSE,
                severity=Severity.WARNING,
                title=f"apps call API versions that are not served: {', '.join(missing)}",
                detail="; ".join(_judge_versions(versions)),
            )
        elif self._told[1]:
            await context.resolve_alert(_CAUSE)
        told = tuple(versions.in_use), missing
        if told == self._told:
            return
        payload: JsonObject = {
            "in_use": list(told[0]),
            "not_served": list(missing),
            "sync_failure_share": sync.failure_share,
            "lag_s_p95": sync.lag_s_p95,
        }
        await context.send("mobile", VERSIONS_REPORT, payload, priority=7 if missing else 4)
        self._told = told


def _judge_versions(versions: Versions) -> list[str]:
    if not versions.served:  # the contract names no version: nothing to hold calls against
        return []
    served = ", ".join(sorted(versions.served))
    return [
        f"apps made {versions.in_use[each]} calls of {each}, and only {served} is served"
        for each in versions.not_served
    ]


def _judge_sync(sync: Sync) -> list[str]:
    findings: list[str] = []
    if sync.failure_share is not None and sync.failure_share > SYNC_FAILURES_MAX:
        findings.append(
            f"{sync.failures} of {sync.calls} sync calls failed, more than {SYNC_FAILURES_MAX:g}"
        )
    if sync.lag_s_p95 is not None and sync.lag_s_p95 > SYNC_LAG_S_MAX:
        findings.append(
            f"5 of 100 sync calls take longer than {sync.lag_s_p95:.1f} s, the bound is"
            f" {SYNC_LAG_S_MAX:g} s"
        )
    return findings
