"""The policies' port of an engine elsewhere."""

from console.language import _
from console.remote.client import COMMAND_S, RemoteClient
from core.errors import ActionNotFound, ConfigError
from core.ids import OperatorId
from core.policy_ports import CaseView, LibraryView, ReplayView, RuleProposal
from core.records import GrantRecord


class RemotePolicies:
    """Implements `core.policy_ports.PolicyPort`; may also raise EngineSilentError."""

    def __init__(self, client: RemoteClient) -> None:
        self._client = client

    async def library(self) -> LibraryView:
        """The packs in force."""
        return await self._client.view(LibraryView, "library")

    async def run_tests(self) -> tuple[CaseView, ...]:
        """Every test case, judged there."""
        return await self._client.view(tuple[CaseView, ...], "cases", timeout_s=COMMAND_S)

    async def replay(self, folder: str = "") -> ReplayView:
        """Recorded actions under the packs in the folder of the engine's settings.

        Raises ConfigError for another one: what lies on the engine's disk is not ours to name.
        """
        if folder:
            raise ConfigError(
                _(
                    "an attached console tries the folder of the engine's settings alone;"
                    " for another, run `maestro policy replay` where the engine is"
                )
            )
        return await self._client.view(ReplayView, "replay", timeout_s=COMMAND_S)

    async def propose_rules(self) -> tuple[RuleProposal, ...]:
        """Rules that recorded decisions bear out."""
        return await self._client.view(tuple[RuleProposal, ...], "rules", timeout_s=COMMAND_S)

    async def accept(self, proposal_id: str, *, operator: OperatorId, key: str = "") -> GrantRecord:
        """Make the rule there, as the operator whose token this is."""
        del operator
        said = await self._client.command("accept_rule", id=proposal_id, key=key)
        made = said.rpartition(" ")[2]
        for grant in await self._client.view(tuple[GrantRecord, ...], "grants"):
            if grant.id == made:
                return grant
        raise ActionNotFound(_("{said}, and it was ended at the same moment").format(said=said))
