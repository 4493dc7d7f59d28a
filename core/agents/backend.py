"""backend: latency, throughput, errors, coverage, and what was deployed before they turned bad."""

from typing import Final

from core.agents.messages import HEALTH_DEGRADED
from core.agents.releases import ReleasedSpecialist
from core.fleet_ports import AgentContext

_TELLS: Final = {
    "api_response_time_p95": "devops",
    "api_throughput": "devops",
    "error_rate": "devops",
    "database_query_optimization_score": "data",
    "code_coverage": "architect",
}


class Backend(ReleasedSpecialist):
    """Tells devops of degradation and proposes to roll a bad deploy back."""

    async def look(self, context: AgentContext) -> None:
        """Latency, errors and coverage, and the last deploy."""
        await self.pass_on(context, _TELLS)
        for name in ("error_rate", "api_response_time_p95"):
            await self.roll_back_if_deployed(context, self.worry(name))

    async def heard_degraded(self, metric: str, context: AgentContext) -> None:
        """Apps or pages suffer while the API is past its bounds: devops is told who."""
        if self.worry("error_rate") or self.worry("api_response_time_p95"):
            payload = dict(self._heard[metric])
            await self.tell_once(
                context, f"forward {metric}", "devops", HEALTH_DEGRADED, payload, priority=8
            )

    def needs(self) -> str:
        """Deploys."""
        return "Deploys are read from [orchestration] deploys."
