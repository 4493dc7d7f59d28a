"""video: how long videos take, how busy the GPUs are, what comes out."""

from typing import Final

from core.agents.specialist import Specialist
from core.agents.workers import wish_move
from core.fleet_ports import AgentContext

_TELLS: Final = {
    "video_processing_time": "backend",
    "video_quality_consistency": "ai",
    "gpu_utilization": "devops",
    "encoding_efficiency_score": "devops",
    "output_format_compatibility": "backend",
}


class Video(Specialist):
    """Asks for workers of ai when videos take too long and its GPUs are full."""

    async def look(self, context: AgentContext) -> None:
        """Processing time and GPUs; the rest is passed on."""
        await self.pass_on(context, _TELLS)
        slow, busy = self.worry("video_processing_time"), self.worry("gpu_utilization")
        if slow is None or busy is None or busy.side != "above":
            return
        evidence = f"{slow.describe()}, and {busy.describe()}"
        await self.propose(
            context, wish_move(source="ai", target="video", workers=1, evidence=evidence)
        )
