"""architect: contracts that sides declare, changes of them, and decisions that are written down."""

import asyncio
from datetime import timedelta
from typing import Final

from core.actions import JsonObject
from core.agents.contracts import ContractReport
from core.agents.messages import CONFLICT_FOUND, CONTRACT_CHANGED
from core.agents.ports import FileSeen, Means
from core.agents.reader import DocumentReader
from core.agents.specialist import Specialist
from core.errors import SourceFailed
from core.fleet_ports import AgentContext
from core.measures import Measured

CONSISTENCY: Final = "api_contract_consistency_score"
DECISIONS: Final = "system_design_decisions_per_hour"
_RELY_ON_BACKEND: Final = ("frontend", "mobile", "data")
_HOUR: Final = timedelta(hours=1)
_SENTENCES_MAX: Final = 50
_TELLS: Final = {"cross_agent_coordination_effectiveness": "devops"}


class Architect(Specialist):
    """Tells everybody concerned when the contract in force changes, and wants an answer."""

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        self._reader = DocumentReader(means.files, means.compare)
        self._in_force: JsonObject | None = None
        self._unanswered: dict[str, JsonObject] = {}
        self._report: ContractReport | None = None
        self._decisions: tuple[FileSeen, ...] | None = None
        self._decided_per_h = 0
        if means.end_conflict is not None:
            self._answers[CONFLICT_FOUND] = means.end_conflict

    async def look(self, context: AgentContext) -> None:
        """Contracts, then decisions."""
        await self.pass_on(context, _TELLS)
        try:
            await self._compare()
            await self._follow_contract(context)
        except SourceFailed as error:
            self.note_trouble(str(error))
        await self._deliver(context)
        await self._count_decisions(context)

    def other_sources(self) -> bool:
        """Contracts and decisions are sources of their own."""
        contracts = self._settings.contracts
        return bool(contracts.backend or contracts.architect or self._settings.repositories)

    def needs(self) -> str:
        """Contracts and repositories."""
        return "Declare [orchestration.contracts], or repositories with decision records."

    def status(self) -> JsonObject:
        """With the contract's score, its breaks and the count of decisions."""
        report = self._report
        return {
            "consistency": report.score if report else None,
            "breaking": [each.message for each in report.breaking[:_SENTENCES_MAX]]
            if report
            else [],
            "decisions": None if self._decisions is None else len(self._decisions),
            "not_answered": sorted(self._unanswered),
        }

    def measure(self, name: str) -> Measured | None:
        """For the metrics that rest on its own work; None for any other and without a source."""
        if name == CONSISTENCY and self._report is not None:
            report = self._report
            note = f"{report.operations - report.broken} of {report.operations} operations hold"
            return Measured(report.score, note=note)
        if name == DECISIONS and self._decisions is not None:
            note = f"{len(self._decisions)} decision records in all"
            return Measured(float(self._decided_per_h), note=note)
        return None

    async def _compare(self) -> None:
        contracts = self._settings.contracts
        offered = contracts.backend or contracts.architect
        relied_on = contracts.frontend or contracts.architect
        if offered is None or relied_on is None or offered == relied_on:
            self._report = None
            return
        self._report = await self._reader.compare_paths(str(relied_on), str(offered))

    async def _follow_contract(self, context: AgentContext) -> None:
        contracts = self._settings.contracts
        path = contracts.architect or contracts.backend
        if path is None:
            return
        now = await self._reader.load(str(path))
        before, self._in_force = self._in_force, now
        if before is None or before is now:
            return
        report = await self._reader.compare(before, now)
        if not report.findings:
            return
        payload: JsonObject = {
            "contract": path.name,
            "changed_at": context.clock.now().isoformat(),
            "breaking": [each.message for each in report.breaking[:_SENTENCES_MAX]],
            "changes": len(report.findings),
        }
        to = (*_RELY_ON_BACKEND, "backend") if contracts.architect else _RELY_ON_BACKEND
        self._unanswered = dict.fromkeys(to, payload)

    async def _deliver(self, context: AgentContext) -> None:
        """Ask all at the same time; who does not answer is asked again with the next look."""
        waiting = tuple(self._unanswered.items())
        answers = await asyncio.gather(
            *(self.ask(context, to, CONTRACT_CHANGED, told, priority=9) for to, told in waiting)
        )
        for (to, _), answer in zip(waiting, answers, strict=True):
            if answer is not None:
                self._unanswered.pop(to, None)

    async def _count_decisions(self, context: AgentContext) -> None:
        if not self._settings.repositories:
            return
        found: list[FileSeen] = []
        for repository in self._settings.repositories:
            try:
                pattern = str(repository / self._settings.adr_glob)
                found += await self._means.files.list_files(pattern)
            except SourceFailed as error:
                self.note_trouble(str(error))
                return
        since = context.clock.now() - _HOUR
        self._decisions = tuple(found)
        self._decided_per_h = sum(each.changed_at >= since for each in found)
