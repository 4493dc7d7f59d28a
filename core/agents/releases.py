"""A specialist whose service is deployed: a metric that turns bad right after is rolled back."""

from typing import Final

from core.actions import JsonObject
from core.agents.deploys import Deploy, find_culprit, parse_deploys, read_deploy, wish_rollback
from core.agents.messages import DEPLOY_FINISHED
from core.agents.ports import Means
from core.agents.specialist import ContractUser, UnreadableMessageError
from core.agents.watch import Streak
from core.errors import SourceFailed
from core.fleet import Message
from core.fleet_ports import AgentContext

_DEPLOYS_MAX: Final = 100


class ReleasedSpecialist(ContractUser):
    """Knows deploys from the declared file and from messages `deploy.finished`."""

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        self._deploys: list[Deploy] = []
        self._answers[DEPLOY_FINISHED] = self._take_deploy

    async def roll_back_if_deployed(self, context: AgentContext, streak: Streak | None) -> None:
        """Propose to roll back what was deployed right before the streak began."""
        if streak is None:
            return
        own = context.spec.name
        known = tuple(each for each in await self._known() if each.agent == own)
        deploy = find_culprit(known, streak)
        if deploy is not None and not deploy.previous:
            self.note_trouble(
                f"{deploy.service} {deploy.version} is suspected of {streak.key}, and its deploy"
                " names no previous version to go back to"
            )
        elif deploy is not None:
            await self.propose(context, wish_rollback(deploy, streak))

    async def _known(self) -> tuple[Deploy, ...]:
        if self._settings.deploys is None:
            return tuple(self._deploys)
        path = str(self._settings.deploys)
        try:
            text = await self._means.files.read_text(path)
            return (*parse_deploys(text, path), *self._deploys)
        except SourceFailed as error:
            self.note_trouble(str(error))
            return tuple(self._deploys)

    async def _take_deploy(self, message: Message, _context: AgentContext) -> JsonObject:
        deploy = read_deploy(message.payload)
        if deploy is None:
            raise UnreadableMessageError(
                "'service', 'version' and 'at' (with its offset) are needed"
            )
        self._deploys = [*self._deploys[1 - _DEPLOYS_MAX :], deploy]
        return {"watching": deploy.version}
