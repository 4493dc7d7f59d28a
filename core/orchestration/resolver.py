"""The conflict resolver: ends conflicts by the rules, tells the parties, asks the operator."""

import asyncio
from collections.abc import Mapping
from typing import Final

from core.actions import JsonObject, JsonValue
from core.agents.messages import CONFLICT_FOUND
from core.agents.specialist import UnreadableMessageError
from core.errors import MaestroError
from core.fleet import Message
from core.fleet_ports import AgentContext
from core.ids import AgentId
from core.measures import Severity
from core.orchestration.conflicts import Claim, Conflict, Notice, Resolution, resolve_conflict

_UNANSWERED_MAX: Final = 20


class ConflictResolver:
    """Ends conflicts for who finds them, and for agents that report them by message.

    They send `conflict.found` to architect. It counts what it did and keeps nothing else.
    """

    def __init__(self) -> None:
        self.resolved = 0
        self.open = 0
        self.unanswered: tuple[str, ...] = ()  # notices of the last conflict

    async def resolve(self, conflict: Conflict, context: AgentContext) -> Resolution:
        """End the conflict; what no rule ends becomes an alert with the decision to take."""
        resolution = resolve_conflict(conflict)
        cause = f"conflict:{conflict.type}:{conflict.subject}"
        if not resolution.resolved:
            self.open += 1
            await context.raise_alert(
                cause,
                severity=Severity.WARNING,
                title=f"a decision to take: {conflict.type} over {conflict.subject}",
                detail=resolution.reason,
            )
            return resolution
        self.resolved += 1
        await context.resolve_alert(cause)
        answered = await asyncio.gather(*(_tell(each, context) for each in resolution.notices))
        self.unanswered = tuple(problem for problem in answered if problem)[:_UNANSWERED_MAX]
        return resolution

    async def handle(self, message: Message, context: AgentContext) -> JsonObject:
        """Take `conflict.found`, in the form that `read_conflict` names."""
        if message.type != CONFLICT_FOUND:
            return {"error": f"unknown type {message.type!r}; taken is {CONFLICT_FOUND}"}
        try:
            conflict = read_conflict(message.payload)
        except UnreadableMessageError as error:
            return {"error": f"{message.type}: {error}"}
        resolution = await self.resolve(conflict, context)
        return {
            "resolved": resolution.resolved,
            "reason": resolution.reason,
            "winner": resolution.winner,
            "shares": {str(agent): share for agent, share in resolution.shares.items()},
            "unanswered": list(self.unanswered),
        }


async def _tell(notice: Notice, context: AgentContext) -> str:
    """Why no answer came, or ""."""
    try:
        await context.ask(notice.to, notice.type, notice.payload, priority=notice.priority)
    except MaestroError as error:
        return f"{notice.to}: {error}"
    return ""


def read_conflict(payload: JsonObject) -> Conflict:
    """A conflict that an agent reports. Raises UnreadableMessageError naming what is missing.

    {"type", "subject", "parties": [name], "contracts"?: {name: object}, "limit"?: units,
    "claims"?: [{"agent", "need", "priority"?}]}
    """
    kind, subject = payload.get("type"), payload.get("subject")
    if not isinstance(kind, str) or not kind or not isinstance(subject, str) or not subject:
        raise UnreadableMessageError("a conflict has a 'type' and a 'subject'")
    parties, contracts = payload.get("parties"), payload.get("contracts")
    limit = payload.get("limit", 0)
    return Conflict(
        type=kind,
        subject=subject,
        parties=tuple(AgentId(each) for each in _as_list(parties) if isinstance(each, str)),
        contracts={
            AgentId(name): each for name, each in contracts.items() if isinstance(each, Mapping)
        }
        if isinstance(contracts, Mapping)
        else {},
        claims=tuple(_read_claim(each) for each in _as_list(payload.get("claims"))),
        limit=_read_count({"limit": limit}, "limit"),
    )


def _read_claim(row: JsonValue) -> Claim:
    if not isinstance(row, Mapping) or not isinstance(agent := row.get("agent"), str):
        raise UnreadableMessageError("a claim has an 'agent', a 'need' and perhaps a 'priority'")
    return Claim(
        agent=AgentId(agent),
        need=_read_count(row, "need"),
        priority=_read_count({"priority": 5, **row}, "priority"),
    )


def _read_count(row: JsonObject, name: str) -> int:
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnreadableMessageError(f"{name!r} is a whole number")
    return value


def _as_list(value: JsonValue) -> tuple[JsonValue, ...]:
    return tuple(value) if isinstance(value, list | tuple) else ()
