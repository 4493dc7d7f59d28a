"""business: what growth costs and brings, from readings and from the cost protocol."""

from typing import Final

from core.actions import JsonObject
from core.agents.messages import CONVERSION_REVIEW, COST_PROTOCOL
from core.agents.ports import Means
from core.agents.specialist import Specialist, read_number
from core.agents.watch import is_due
from core.fleet import Message
from core.fleet_ports import AgentContext

_TELLS: Final = {
    "user_acquisition_cost": "frontend",
    "customer_satisfaction_score": "mobile",
    "growth_experiment_success_rate": "data",
    "revenue_impact_accuracy": "data",
}


class Business(Specialist):
    """When the funnel narrows it asks frontend what its pages say."""

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        self._over_budget: JsonObject = {}
        self._review: JsonObject = {}
        self._answers[COST_PROTOCOL] = self._take_cost

    async def look(self, context: AgentContext) -> None:
        """Acquisition cost, funnel, experiments, satisfaction."""
        await self.pass_on(context, _TELLS)
        funnel = self.worry("conversion_funnel_optimization")
        now = context.clock.now()
        if funnel is None:
            self._told.pop(CONVERSION_REVIEW, None)
        elif is_due(self._told.get(CONVERSION_REVIEW), now):
            self._told[CONVERSION_REVIEW] = now
            payload = funnel.to_payload()
            answer = await self.ask(context, "frontend", CONVERSION_REVIEW, payload, priority=6)
            self._review = answer or {}

    def status(self) -> JsonObject:
        """With the hour's cost when it is over budget, and frontend's last review."""
        return {"over_budget": self._over_budget, "review": self._review}

    def needs(self) -> str:
        """Experiments and the funnel."""
        return "Experiments and the funnel are read from these metrics alone."

    async def _take_cost(self, message: Message, _context: AgentContext) -> JsonObject:
        spent = read_number(message, "spent_usd_per_h")
        budget = read_number(message, "budget_usd_per_h")
        self._over_budget = {"spent_usd_per_h": spent, "budget_usd_per_h": budget}
        return {"noted": True, "over_usd_per_h": round(spent - budget, 6)}
