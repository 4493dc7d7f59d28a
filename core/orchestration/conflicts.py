"""How conflicts between agents end: who is right, who gets how much, what people decide. Pure."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from core.actions import JsonObject, JsonValue
from core.agents.messages import CONTRACT_CHANGED, RESOURCE_LIMIT
from core.fleet import PRIORITY_MAX, PRIORITY_MIN
from core.ids import AgentId

CONTRACT_MISMATCH: Final = "api_contract_mismatch"
RESOURCE_CONTENTION: Final = "resource_contention"
AUTHORITY: Final = (AgentId("architect"), AgentId("backend"))
NOTICE_PRIORITY: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one agent needs of a resource, and how important that is."""

    agent: AgentId
    need: int  # units, from 0
    priority: int = 5  # 1..10: a claim of 10 gets ten times the share of a claim of 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A disagreement between agents. `contracts` and `claims` are what the two known types need."""

    type: str
    parties: tuple[AgentId, ...]
    subject: str  # the API, the resource
    contracts: Mapping[AgentId, JsonObject] = field(default_factory=dict[AgentId, JsonObject])
    claims: tuple[Claim, ...] = ()
    limit: int = 0  # units of the resource that there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message that an ended conflict asks for; each wants an answer."""

    to: AgentId
    type: str
    payload: JsonObject
    priority: int = NOTICE_PRIORITY


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """How it ended. Not resolved: a person decides, and the reason says what."""

    resolved: bool
    reason: str
    winner: AgentId | None = None
    shares: Mapping[AgentId, int] = field(default_factory=dict[AgentId, int])
    notices: tuple[Notice, ...] = ()


def resolve_conflict(conflict: Conflict) -> Resolution:
    """End it by its type's rule."""
    match conflict.type:
        case "api_contract_mismatch":
            return _resolve_contract(conflict)
        case "resource_contention":
            return _resolve_contention(conflict)
        case other:
            return Resolution(
                resolved=False,
                reason=f"no rule ends a conflict of the type {other!r}; decide for"
                f" {', '.join(conflict.parties) or 'nobody named'} over {conflict.subject}",
            )


def _resolve_contract(conflict: Conflict) -> Resolution:
    winner = next((each for each in AUTHORITY if each in conflict.contracts), None)
    if winner is None:
        return Resolution(
            resolved=False,
            reason=f"neither architect nor backend declares a contract for {conflict.subject}:"
            " say which one is in force",
        )
    payload: dict[str, JsonValue] = {
        "contract": conflict.subject,
        "from": winner,
        **conflict.contracts[winner],
    }
    losers = tuple(each for each in dict.fromkeys(conflict.parties) if each != winner)
    return Resolution(
        resolved=True,
        reason=f"the contract of {winner} is in force; sent to {', '.join(losers) or 'nobody'}",
        winner=winner,
        notices=tuple(Notice(to=to, type=CONTRACT_CHANGED, payload=payload) for to in losers),
    )


def _resolve_contention(conflict: Conflict) -> Resolution:
    fault = find_claim_fault(conflict.claims, conflict.limit)
    if fault:
        return Resolution(
            resolved=False, reason=f"{conflict.subject} cannot be divided: {fault}; divide it"
        )
    shares = divide_fairly(conflict.claims, conflict.limit)
    told = ", ".join(f"{agent} {share}" for agent, share in shares.items())
    return Resolution(
        resolved=True,
        reason=f"{conflict.limit} of {conflict.subject} divided: {told}",
        shares=shares,
        notices=tuple(
            Notice(
                to=claim.agent,
                type=RESOURCE_LIMIT,
                payload={
                    "resource": conflict.subject,
                    "share": shares[claim.agent],
                    "need": claim.need,
                    "limit": conflict.limit,
                },
            )
            for claim in conflict.claims
        ),
    )


def find_claim_fault(claims: Sequence[Claim], limit: int) -> str:
    """Why these claims cannot be divided, or ""."""
    if not claims:
        return "nobody claims any"
    if limit < 0:
        return f"the limit {limit} is below 0"
    if len({each.agent for each in claims}) < len(claims):
        return "an agent claims twice"
    for each in claims:
        if each.need < 0:
            return f"{each.agent} needs {each.need}"
        if not PRIORITY_MIN <= each.priority <= PRIORITY_MAX:
            return f"{each.agent} has the priority {each.priority}"
    return ""


def divide_fairly(claims: Sequence[Claim], limit: int) -> dict[AgentId, int]:
    """Weighted max-min fair shares in whole units, in the order of the claims.

    Everybody's share rises with its priority until its need is met; what is left goes on to the
    others. So nobody gets more than it needs, nothing stays unused while somebody is short, and
    nobody can get a unit more unless one with no more per priority has one less.

    Args:
        claims: Needs from 0, priorities 1..10, each agent once.
        limit: Units that there are, from 0.

    Source: D. Bertsekas and R. Gallager, Data Networks, 2nd ed. (1992), section 6.5.2.
    """
    shares = dict.fromkeys((each.agent for each in claims), 0)
    left = limit
    # Whoever needs least per priority is met first; then the level only rises for the others.
    short = sorted(claims, key=lambda each: (Fraction(each.need, each.priority), each.agent))
    weight = sum(each.priority for each in short)
    while short and short[0].need * weight <= left * short[0].priority:
        met = short.pop(0)
        shares[met.agent] = met.need
        left -= met.need
        weight -= met.priority
    for each in short:
        shares[each.agent] = left * each.priority // weight
    if short:
        _hand_out(short, left - sum(shares[each.agent] for each in short), shares)
    return shares


def _hand_out(short: Sequence[Claim], left: int, shares: dict[AgentId, int]) -> None:
    """The few units that no whole share took: each to whom it leaves lowest per priority."""
    queue = [_rank(each, shares[each.agent]) for each in short]
    heapq.heapify(queue)
    by_name = {each.agent: each for each in short}
    for _ in range(left):
        agent = heapq.heappop(queue)[-1]
        shares[agent] += 1
        if shares[agent] < by_name[agent].need:
            heapq.heappush(queue, _rank(by_name[agent], shares[agent]))


def _rank(claim: Claim, share: int) -> tuple[Fraction, int, AgentId]:
    return Fraction(share + 1, claim.priority), -claim.priority, claim.agent
