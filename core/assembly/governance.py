"""The gate and the operators' desk over the foundation."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from core.agents.catalog import SPECS
from core.assembly.foundation import Foundation, verify_hosted
from core.gateway.tokens import TokenBook
from core.governance.approvals import ApprovalQueue
from core.governance.desk import OperatorDesk
from core.governance.enforcement import Enforcement, JudgePort
from core.governance.ethics_counsel import RuleCounsellor
from core.governance.gate import Gate
from core.governance.grants import GrantBook
from core.governance.identities import PrincipalBook
from core.governance.insiders import PACK, hosted_principal
from core.governance.policies.desk import PolicyDesk
from core.governance.policies.model import PackLibrary
from core.governance.policy_judge import CedarJudge
from core.governance.sessions import SessionBook
from core.governance.settlement import Settlement
from core.governance.tallies import TallyBook
from core.ids import OperatorId
from core.orchestration.degradation import Degradation
from core.settings import AgentSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """The deciding parts."""

    judge: CedarJudge
    principals: PrincipalBook
    queue: ApprovalQueue
    degradation: Degradation
    gate: Gate
    desk: OperatorDesk
    policies: PolicyDesk


async def govern(
    base: Foundation, library: PackLibrary, tokens: TokenBook, operator: OperatorId
) -> Governance:
    """Load what is known and wire gate and desk. Raises StorageError, ConfigError."""
    clock, bus = base.clock, base.bus
    judge = CedarJudge(library)
    principals = PrincipalBook(
        settings=base.settings.governance,
        agents={**_insiders(), **base.settings.agents},
        permissions_of=library.permissions_of,
    )
    await principals.load(base.store, at=clock.now())
    tallies = await _load_tallies(base)
    grants = GrantBook(store=base.store, clock=clock)
    await grants.load()
    queue = ApprovalQueue(store=base.store, clock=clock, bus=bus, tracer=base.tracer)
    await queue.load()
    degradation = Degradation(clock=clock, publish=bus.publish)
    bus.listen(degradation.hear)
    enforcement = _make_enforcement(base, judge, degradation)
    sessions = SessionBook(base.store, base.own)
    gate = _make_gate(base, enforcement, principals, sessions, grants, queue=queue, tokens=tokens)
    return Governance(
        judge=judge,
        principals=principals,
        queue=queue,
        degradation=degradation,
        gate=gate,
        desk=_make_desk(
            base,
            gate,
            principals,
            sessions,
            grants=grants,
            queue=queue,
            tallies=tallies,
            is_operator=lambda name: name == operator or tokens.is_operator(name),
        ),
        policies=PolicyDesk(
            library=library,
            folder=base.settings.governance.packs_dir,
            store=base.store,
            principals=principals.list,
            grants=grants,
            clock=clock,
            ids=base.ids,
            bus=bus,
        ),
    )


def _insiders() -> dict[str, AgentSettings]:
    """Hosted agents may do what their row says, and no more."""
    return {
        hosted_principal(spec.name): AgentSettings(pack=PACK, permissions=spec.permissions)
        for spec in SPECS
    }


async def _load_tallies(base: Foundation) -> TallyBook:
    tallies = TallyBook()
    await tallies.load(base.store)
    base.bus.listen(tallies.hear)
    return tallies


def _make_enforcement(base: Foundation, judge: CedarJudge, degradation: Degradation) -> Enforcement:
    governance = base.settings.governance
    return Enforcement(
        judge=JudgePort(judge),
        counsellor=RuleCounsellor(),
        clock=base.clock,
        tracer=base.tracer,
        judge_timeout_s=governance.judge_timeout_s,
        counsel_timeout_s=governance.counsel_timeout_s,
        coordination_problem=degradation.problem,
    )


def _make_gate(
    base: Foundation,
    enforcement: Enforcement,
    principals: PrincipalBook,
    sessions: SessionBook,
    grants: GrantBook,
    *,
    queue: ApprovalQueue,
    tokens: TokenBook,
) -> Gate:
    return Gate(
        settings=base.settings.governance,
        store=base.store,
        enforcement=enforcement,
        principals=principals,
        sessions=sessions,
        grants=grants,
        queue=queue,
        clock=base.clock,
        ids=base.ids,
        bus=base.bus,
        tracer=base.tracer,
        trail_problem=lambda: base.journal.problem,
        own=base.own,
        is_revoked=tokens.is_revoked,
    )


def _make_desk(
    base: Foundation,
    gate: Gate,
    principals: PrincipalBook,
    sessions: SessionBook,
    *,
    grants: GrantBook,
    queue: ApprovalQueue,
    tallies: TallyBook,
    is_operator: Callable[[OperatorId], bool],
) -> OperatorDesk:
    settlement = Settlement(
        queue=queue,
        store=base.store,
        clock=base.clock,
        ids=base.ids,
        bus=base.bus,
        reevaluate=gate.reevaluate,
        keep_grant=grants.keep,
        is_operator=is_operator,
    )
    return OperatorDesk(
        store=base.store,
        queue=queue,
        settlement=settlement,
        principals=principals,
        sessions=sessions,
        grants=grants,
        tallies=tallies,
        clock=base.clock,
        bus=base.bus,
        verify=lambda: asyncio.to_thread(verify_hosted, base),
        tracer=base.tracer,
    )
