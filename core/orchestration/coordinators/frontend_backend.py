"""frontend-backend: contracts that do not fit, features that clash, releases out of line."""

from collections.abc import Sequence

from core.actions import JsonObject
from core.agents.contracts import ContractFinding
from core.agents.reader import DocumentReader
from core.agents.settings import OrchestrationSettings
from core.fleet_ports import AgentContext
from core.ids import AgentId
from core.orchestration.conflicts import CONTRACT_MISMATCH, Conflict
from core.orchestration.coordinators.base import Found, no_source, sum_up
from core.orchestration.coordinators.plan import find_clashes, find_late, read_plan
from core.orchestration.resolver import ConflictResolver

_SENTENCES_MAX = 50


class FrontendBackend:
    """A mismatch goes to the conflict resolver once, and again when it is another one."""

    name = "frontend-backend"
    every_s = 300.0

    def __init__(
        self,
        *,
        settings: OrchestrationSettings,
        reader: DocumentReader,
        resolver: ConflictResolver,
    ) -> None:
        self._settings = settings
        self._reader = reader
        self._resolver = resolver
        self._told: tuple[str, ...] = ()

    async def run_once(self, context: AgentContext) -> Found:
        """Compare what is declared."""
        contracts, plan = self._settings.contracts, self._settings.plan
        findings: list[str] = []
        fine: list[str] = []
        if contracts.frontend is not None and contracts.backend is not None:
            report = await self._reader.compare_paths(
                str(contracts.frontend), str(contracts.backend)
            )
            breaking = report.breaking
            findings += [each.message for each in breaking]
            fine.append(
                f"{report.operations} operations that frontend relies on are served, with"
                f" {len(report.findings)} differences that break nothing"
            )
            await self._settle(breaking, context)
        if plan is not None:
            features = read_plan(await self._reader.load(str(plan)))
            findings += [*find_clashes(features), *find_late(features)]
            fine.append(f"{len(features)} planned features line up")
        if not fine:
            return no_source("[orchestration.contracts] frontend and backend", "plan")
        return sum_up(findings, "; ".join(fine))

    async def _settle(self, breaking: Sequence[ContractFinding], context: AgentContext) -> None:
        sentences = tuple(each.message for each in breaking)
        if sentences and sentences != self._told:
            contracts = self._settings.contracts
            told: JsonObject = {
                "breaking": list(sentences[:_SENTENCES_MAX]),
                "places": [each.pointer for each in breaking[:_SENTENCES_MAX]],
            }
            declared: dict[AgentId, JsonObject] = {
                AgentId("backend"): {"document": str(contracts.backend), **told}
            }
            if contracts.architect is not None:
                declared[AgentId("architect")] = {"document": str(contracts.architect), **told}
            conflict = Conflict(
                type=CONTRACT_MISMATCH,
                parties=(AgentId("frontend"), AgentId("backend")),
                subject="the API that frontend relies on and backend serves",
                contracts=declared,
            )
            await self._resolver.resolve(conflict, context)
        self._told = sentences
