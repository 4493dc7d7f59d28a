"""frontend: web vitals and what people experience, and whether the API is the reason."""

from typing import Final

from core.actions import JsonObject
from core.agents.documents import as_objects, as_text
from core.agents.messages import CONVERSION_REVIEW, HEALTH_ASK
from core.agents.ports import Means
from core.agents.specialist import ContractUser
from core.agents.watch import is_due
from core.fleet import Message
from core.fleet_ports import AgentContext

_TELLS: Final = {
    "core_web_vitals_score": "backend",
    "conversion_rate_optimization": "business",
    "user_experience_score": "business",
    "component_reusability_ratio": "architect",
}


class Frontend(ContractUser):
    """When pages turn slow it asks backend whether the API is past its bounds too."""

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        self._suspects: tuple[str, ...] = ()
        self._answers[CONVERSION_REVIEW] = self._review

    async def look(self, context: AgentContext) -> None:
        """Web vitals and experience."""
        await self.pass_on(context, _TELLS)
        if self.worry("core_web_vitals_score") is None:
            self._suspects = ()
            self._told.pop(HEALTH_ASK, None)
            return
        now = context.clock.now()
        if is_due(self._told.get(HEALTH_ASK), now):
            self._told[HEALTH_ASK] = now
            self._suspects = past_bounds(await self.ask(context, "backend", HEALTH_ASK, {}))

    def status(self) -> JsonObject:
        """With the metrics of backend that may be the reason for slow pages."""
        return {**super().status(), "suspects": list(self._suspects)}

    async def _review(self, _message: Message, _context: AgentContext) -> JsonObject:
        worries = [each.to_payload() for each in self._watch.worries()]
        return {"past_bounds": worries, "suspects": list(self._suspects)}


def past_bounds(answer: JsonObject | None) -> tuple[str, ...]:
    """The metrics past their bounds in an answer to `health.ask`."""
    rows = as_objects((answer or {}).get("past_bounds"))
    return tuple(name for row in rows if (name := as_text(row.get("metric"))))
