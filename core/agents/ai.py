"""ai: success, cost and quality of what the models make."""

from typing import Final

from core.actions import JsonObject
from core.agents.documents import as_objects
from core.agents.messages import COST_PROTOCOL, HEALTH_ASK, QUALITY_FEEDBACK
from core.agents.ports import Means
from core.agents.specialist import ContractUser, read_number
from core.agents.watch import Wish, is_due
from core.agents.workers import wish_move
from core.fleet import Message
from core.fleet_ports import AgentContext

_PROFILE: Final = "ai/profile"
_TELLS: Final = {
    "video_quality_score": "video",
    "processing_success_rate": "devops",
    "cost_per_video": "business",
    "ai_optimization_effectiveness": "architect",
}


class Ai(ContractUser):
    """Answers the coordinator's feedback, and asks for workers that video does not use."""

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        self._answers[QUALITY_FEEDBACK] = self._take_feedback
        self._answers[COST_PROTOCOL] = self._save

    async def look(self, context: AgentContext) -> None:
        """Success, cost, quality."""
        await self.pass_on(context, _TELLS)
        failing = self.worry("processing_success_rate")
        now = context.clock.now()
        if failing is None or not is_due(self._told.get(HEALTH_ASK), now):
            return
        self._told[HEALTH_ASK] = now
        answer = await self.ask(context, "video", HEALTH_ASK, {})
        if answer is not None and has_idle_workers(answer):
            evidence = f"{failing.describe()}, while video's gpu_utilization is below its bound"
            await self.propose(
                context, wish_move(source="video", target="ai", workers=1, evidence=evidence)
            )

    async def _take_feedback(self, message: Message, context: AgentContext) -> JsonObject:
        mean, bound = read_number(message, "mean"), read_number(message, "bound")
        count = read_number(message, "videos")
        purpose = (
            f"the mean quality of the newest {count:.0f} videos is {mean:.2f}, below {bound:.2f};"
            " the quality profile spends more per video."
        )
        said = await self._change_profile(context, "quality", purpose)
        return {"accepted": True, "proposed": said}

    async def _save(self, message: Message, context: AgentContext) -> JsonObject:
        spent = read_number(message, "spent_usd_per_h")
        budget = read_number(message, "budget_usd_per_h")
        purpose = (
            f"model calls cost {spent:.2f} USD in the last hour, above the budget of {budget:.2f};"
            " the economy profile spends less per video."
        )
        said = await self._change_profile(context, "economy", purpose)
        return {"accepted": True, "proposed": said}

    async def _change_profile(self, context: AgentContext, profile: str, purpose: str) -> str:
        wish = Wish(
            kind="config.change",
            resource=_PROFILE,
            arguments={"profile": profile},
            purpose=purpose,
        )
        return await self.propose(context, wish)


def has_idle_workers(answer: JsonObject) -> bool:
    """Whether video's answer to `health.ask` says that its GPUs are used too little."""
    return any(
        row.get("metric") == "video.gpu_utilization" and row.get("side") == "below"
        for row in as_objects(answer.get("past_bounds"))
    )
