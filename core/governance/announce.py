"""Tells the bus what the gate decided, and counts it."""

from dataclasses import dataclass
from datetime import datetime

from core.actions import Decision, JsonObject, JsonValue
from core.bus import Bus
from core.events import ActionHeld, ActionJudged, AgentSeen
from core.governance.enforcement import BLOCKED_BY_FAULT, Evaluation
from core.governance.identities import Admission
from core.governance.record import summarise, summarise_redacted
from core.governance.screening.texts import redact_texts
from core.records import ActionRecord, ApprovalRecord


@dataclass(slots=True)
class GateStatistics:
    """Counts since the start."""

    allowed: int = 0
    denied: int = 0
    asked: int = 0
    blocked_by_fault: int = 0


class Herald:
    """Publishes what is durably written, never before."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.statistics = GateStatistics()

    def count_unwritten(self) -> None:
        """Count a deny that could not be put on the trail."""
        self.statistics.denied += 1
        self.statistics.blocked_by_fault += 1

    async def announce(
        self,
        record: ActionRecord,
        admission: Admission,
        evaluation: Evaluation,
        *,
        approval: ApprovalRecord | None,
    ) -> None:
        """Publish AgentSeen at first contact, ActionJudged, and ActionHeld when it waits."""
        self._count(record)
        if admission.new:
            await self._bus.publish(
                AgentSeen(
                    at=record.action.proposed_at,
                    agent_id=record.action.agent_id,
                    trust=admission.trust_now,
                    quarantined=admission.principal.quarantined,
                    new=True,
                )
            )
        summary = summarise_redacted(_shown(evaluation.arguments_redacted))
        await self._bus.publish(_judged(record, summary, evaluation.latency_us))
        if approval is not None:
            await self._bus.publish(_held(record, summary, approval.expires_at))

    def _count(self, record: ActionRecord) -> None:
        match record.verdict.decision:
            case Decision.ALLOW:
                self.statistics.allowed += 1
            case Decision.ASK:
                self.statistics.asked += 1
            case _:
                self.statistics.denied += 1
                fault = record.verdict.policies[0].startswith(BLOCKED_BY_FAULT)
                self.statistics.blocked_by_fault += fault


def _judged(record: ActionRecord, summary: str, latency_us: int) -> ActionJudged:
    action = record.action
    return ActionJudged(
        at=action.proposed_at,
        action_id=action.id,
        agent_id=action.agent_id,
        correlation_id=action.correlation_id,
        session_id=action.session_id,
        kind=action.kind,
        resource=summarise(action.resource),
        summary=summary,
        decision=record.verdict.decision,
        risk=record.verdict.risk,
        reasons=redact_texts(record.verdict.reasons),
        latency_us=latency_us,
    )


def _held(record: ActionRecord, summary: str, expires_at: datetime) -> ActionHeld:
    action = record.action
    return ActionHeld(
        at=action.proposed_at,
        action_id=action.id,
        agent_id=action.agent_id,
        correlation_id=action.correlation_id,
        session_id=action.session_id,
        kind=action.kind,
        resource=summarise(action.resource),
        summary=summary,
        risk=record.verdict.risk,
        reasons=redact_texts(record.verdict.reasons),
        expires_at=expires_at,
    )


def _shown(arguments: JsonObject) -> JsonValue:
    command = arguments.get("command")
    return command if isinstance(command, str) else arguments
