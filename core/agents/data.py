"""data: freshness, query times and the pipelines' reliability."""

from typing import Final

from core.agents.specialist import ContractUser
from core.agents.watch import Wish
from core.fleet_ports import AgentContext

_TELLS: Final = {
    "analytics_query_performance": "backend",
    "data_pipeline_reliability": "devops",
    "ab_test_statistical_power": "business",
    "user_insight_accuracy": "business",
    "data_freshness_sla": "business",
}


class Data(ContractUser):
    """Proposes to run the pipeline again when data is too old."""

    async def look(self, context: AgentContext) -> None:
        """Freshness first; the rest is passed on to whom it concerns."""
        await self.pass_on(context, _TELLS)
        stale = self.worry("data_freshness_sla")
        if stale is None:
            return
        pipeline = self._settings.data_pipeline
        await self.propose(
            context,
            Wish(
                kind="pipeline.rerun",
                resource=pipeline,
                arguments={"pipeline": pipeline, "age_s": stale.value},
                purpose=f"{stale.describe()}; running {pipeline} again brings newer data.",
            ),
        )
