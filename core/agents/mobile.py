"""mobile: crashes, sync, and the API versions that apps still use."""

from typing import Final

from core.actions import JsonObject
from core.agents.documents import as_texts
from core.agents.messages import VERSIONS_REPORT
from core.agents.ports import Means
from core.agents.releases import ReleasedSpecialist
from core.agents.specialist import UnreadableMessageError
from core.fleet import Message
from core.fleet_ports import AgentContext

_VERSIONS_MAX: Final = 100
_TELLS: Final = {
    "app_crash_rate": "backend",
    "sync_reliability": "backend",
    "offline_functionality_score": "backend",
    "feature_parity_with_web": "frontend",
    "app_store_rating": "business",
}


class Mobile(ReleasedSpecialist):
    """Proposes to roll back an app release after which it crashes more often."""

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        self._in_use: tuple[str, ...] = ()
        self._unserved: tuple[str, ...] = ()
        self._answers[VERSIONS_REPORT] = self._take_versions

    async def look(self, context: AgentContext) -> None:
        """Crashes and sync, and the last release of the app."""
        await self.pass_on(context, _TELLS)
        await self.roll_back_if_deployed(context, self.worry("app_crash_rate"))

    def status(self) -> JsonObject:
        """With the API versions in use."""
        versions: JsonObject = {
            "versions_in_use": list(self._in_use),
            "versions_not_served": list(self._unserved),
        }
        return {**super().status(), **versions}

    def needs(self) -> str:
        """Releases."""
        return "Releases are read from [orchestration] deploys, with agent = 'mobile'."

    async def _take_versions(self, message: Message, _context: AgentContext) -> JsonObject:
        if "in_use" not in message.payload:
            raise UnreadableMessageError("'in_use' is a list of API versions")
        self._in_use = as_texts(message.payload["in_use"])[:_VERSIONS_MAX]
        self._unserved = as_texts(message.payload.get("not_served"))[:_VERSIONS_MAX]
        return {"in_use": len(self._in_use), "must_update": list(self._unserved)}
