"""ai-video: workers to the bottleneck, quality back to `ai`, cost held against its budget."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from core.actions import JsonObject
from core.agents.messages import COST_PROTOCOL, QUALITY_FEEDBACK
from core.agents.proposals import Proposer
from core.agents.reader import DocumentReader
from core.agents.settings import OrchestrationSettings
from core.agents.watch import is_due
from core.agents.workers import wish_move
from core.fleet_ports import AgentContext, UsageStore
from core.ids import AgentId
from core.measures import Severity
from core.orchestration.coordinators.base import Found, sum_up
from core.orchestration.coordinators.pipeline import (
    QUALITY_MIN,
    Ledger,
    Move,
    find_move,
    find_move_by_load,
    mean_quality,
    read_ledger,
)

_HOUR: Final = timedelta(hours=1)
_MICROS: Final = 1_000_000
_COST_CAUSE: Final = "cost:hourly"


class AiVideo:
    """Looks at the ledger when there is one, else at the loads alone."""

    name = "ai-video"
    every_s = 120.0

    def __init__(
        self,
        *,
        settings: OrchestrationSettings,
        reader: DocumentReader,
        usage: UsageStore | None,
        load: Callable[[AgentId], float],
        proposer: Proposer,
    ) -> None:
        self._settings = settings
        self._reader = reader
        self._usage = usage
        self._load = load
        self._proposer = proposer
        self._quality_told_at: datetime | None = None
        self._cost_told_at: datetime | None = None

    async def run_once(self, context: AgentContext) -> Found:
        """Backlog, quality, cost."""
        await self._proposer.follow_up(context)
        ledger = await self._read_ledger()
        findings: list[str] = []
        if ledger is None:
            ai, video = self._load(AgentId("ai")), self._load(AgentId("video"))
            move = find_move_by_load(ai, video)
            fine = f"the load of ai is {ai:.2f}, of video {video:.2f}; no source for the backlog:"
            fine += " declare [orchestration] pipeline in maestro.toml"
        else:
            move = find_move(ledger)
            fine = f"{ledger.ai.waiting} wait for ai, {ledger.video.waiting} for video: balanced"
            findings += await self._judge_quality(ledger, context)
        if move is not None:
            findings.append(await self._move(move, context))
        cost, over = await self._judge_cost(context)
        findings += [cost] if over else []
        return sum_up(findings, f"{fine}; {cost}")

    async def _read_ledger(self) -> Ledger | None:
        if self._settings.pipeline is None:
            return None
        return read_ledger(await self._reader.load(str(self._settings.pipeline)))

    async def _move(self, move: Move, context: AgentContext) -> str:
        wish = wish_move(
            source=move.source, target=move.target, workers=move.workers, evidence=move.evidence
        )
        said = await self._proposer.propose(context, wish)
        return f"{move.evidence}. {said or f'{wish.key} was proposed already'}"

    async def _judge_quality(self, ledger: Ledger, context: AgentContext) -> list[str]:
        mean = mean_quality(ledger.qualities)
        if mean is None or mean >= QUALITY_MIN:
            self._quality_told_at = None
            return []
        count, now = len(ledger.qualities), context.clock.now()
        if is_due(self._quality_told_at, now):
            payload: JsonObject = {"mean": round(mean, 3), "videos": count, "bound": QUALITY_MIN}
            await context.send("ai", QUALITY_FEEDBACK, payload, priority=7)
            self._quality_told_at = now
        return [f"the mean quality of the newest {count} videos is {mean:.2f}, below {QUALITY_MIN}"]

    async def _judge_cost(self, context: AgentContext) -> tuple[str, bool]:
        """What the last hour cost, and whether that is over budget."""
        budget = self._settings.budget_usd_per_h
        if budget is None or self._usage is None:
            return "no budget: declare [orchestration] budget_usd_per_h in maestro.toml", False
        now = context.clock.now()
        costs = await self._usage.costs(since=now - _HOUR, until=now)
        spent = sum(each.cost_usd_micros for each in costs) / _MICROS
        calls, unpriced = sum(each.calls for each in costs), sum(each.unpriced for each in costs)
        at_least = "at least " if unpriced else ""
        cost = f"{at_least}{spent:.2f} USD of {budget:.2f}"
        said = f"{calls} model calls of the last hour cost {cost}"
        said += f", {unpriced} without a price" if unpriced else ""
        if spent <= budget:
            if self._cost_told_at is not None:
                await context.resolve_alert(_COST_CAUSE)
            self._cost_told_at = None
            return said, False
        await context.raise_alert(
            _COST_CAUSE,
            severity=Severity.WARNING,
            title="model calls cost more than the hour's budget",
            detail=f"{said}. The cost protocol has been started: ai and business are told.",
        )
        if is_due(self._cost_told_at, now, every=_HOUR):
            payload: JsonObject = {"spent_usd_per_h": round(spent, 6), "budget_usd_per_h": budget}
            for to in ("ai", "business"):
                await context.send(to, COST_PROTOCOL, payload, priority=8)
            self._cost_told_at = now
        return said, True
