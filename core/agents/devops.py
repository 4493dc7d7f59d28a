"""devops: services that are probed, uptime, and what other agents report as degraded."""

from collections.abc import Iterable, Mapping
from typing import Final

from core.actions import JsonObject, JsonValue
from core.agents.ports import Means
from core.agents.specialist import Specialist
from core.agents.watch import Wish
from core.fleet_ports import AgentContext
from core.measures import Reading, Severity, SourceState

DOWN_MIN: Final = 3  # failed probes on end before a restart is proposed
_PROBE: Final = "http_probe "
_PROBED_BY: Final = ("devops", "backend", "frontend", "mobile", "system")


class Devops(Specialist):
    """Proposes to restart a probed service that is down."""

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        self._down: dict[str, int] = {}
        self._seen: dict[str, object] = {}

    async def look(self, context: AgentContext) -> None:
        """Each probed service: whether it answers, and for how many probes it has not."""
        readings = [each for name in _PROBED_BY for each in context.readings(name)]
        probes = group_probes(readings, self._settings.services)
        for gone in self._down.keys() - probes.keys():
            del self._down[gone]
        for service, probed in probes.items():
            await self._follow(context, service, probed)
        await self.pass_on(
            context,
            {"deployment_success_rate": "backend", "infrastructure_cost_optimization": "business"},
        )

    def status(self) -> JsonObject:
        """With the services that are down."""
        down: dict[str, JsonValue] = {name: count for name, count in self._down.items() if count}
        return {"services_down": down}

    def needs(self) -> str:
        """Probes."""
        return "A metric with source = 'http_probe' is a probed service."

    async def _follow(
        self, context: AgentContext, service: str, probed: tuple[Reading, ...]
    ) -> None:
        mark = tuple((each.spec.key, each.at) for each in probed)
        failing = tuple(each for each in probed if is_failing(each))
        if not failing:
            if self._down.get(service):
                await context.resolve_alert(f"probe:{service}")
            self._down[service] = 0
        elif self._seen.get(service) != mark or any(
            each.state is SourceState.STALE for each in failing
        ):
            self._down[service] = self._down.get(service, 0) + 1
        self._seen[service] = mark
        if self._down[service] >= DOWN_MIN:
            await self._restart(context, service, failing[0])

    async def _restart(self, context: AgentContext, service: str, failing: Reading) -> None:
        count = self._down[service]
        why = failing.reason or failing.note or f"{failing.spec.key} is {failing.value:g}"
        heard = f" Reported as degraded: {', '.join(self._heard)}." if self._heard else ""
        evidence = f"{service} has failed {count} probes on end ({failing.source}): {why}.{heard}"
        await context.raise_alert(
            f"probe:{service}",
            severity=Severity.CRITICAL,
            title=f"{service} does not answer",
            detail=evidence,
        )
        await self.propose(
            context,
            Wish(
                kind="service.restart",
                resource=service,
                arguments={"service": service, "probe": failing.source},
                purpose=f"{evidence} A restart is the smallest step that may bring it back.",
            ),
        )


def group_probes(
    readings: Iterable[Reading], services: Mapping[str, str]
) -> dict[str, tuple[Reading, ...]]:
    """Probed readings by service; an address that no service declares stands for itself."""
    found: dict[str, tuple[Reading, ...]] = {}
    for reading in readings:
        if not reading.source.startswith(_PROBE) or reading.state is SourceState.WAITING:
            continue
        address = reading.source.split()[-1]  # "http_probe up http://127.0.0.1:8080/healthz"
        named = (name for name, start in services.items() if address.startswith(start))
        service = next(named, address)
        found[service] = (*found.get(service, ()), reading)
    return found


def is_failing(reading: Reading) -> bool:
    """The newest probe failed: no value came of it, or the share of good ones is 0 or has sunk."""
    if reading.state is SourceState.STALE:
        return True
    if reading.spec.unit != "ratio" or reading.value is None:
        return False
    sank = len(reading.trend) > 1 and reading.trend[-1] < reading.trend[-2]
    return reading.value <= 0 or sank
