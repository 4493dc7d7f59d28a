"""The policies for front ends: implements `core.policy_ports.PolicyPort` in process."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from core.actions import Decision
from core.bus import Bus
from core.clock import Clock
from core.errors import ActionNotFound, PermissionDenied
from core.events import GrantChanged
from core.governance.grants import GrantBook
from core.governance.insiders import is_own_request
from core.governance.policies.engine import PolicyEngine
from core.governance.policies.learning import propose_rules
from core.governance.policies.loading import load_packs
from core.governance.policies.model import (
    ASK_PREFIX,
    Pack,
    PackLibrary,
    Policy,
    ReplayChange,
    ReplayReport,
)
from core.governance.policies.testing import replay, run_cases
from core.governance.screening.texts import redact_text, redact_texts
from core.ids import ActionId, AgentId, GrantId, IdSource, OperatorId
from core.policy_ports import (
    CaseView,
    ChangeView,
    LibraryView,
    PackView,
    PolicyView,
    ReplayView,
    RuleProposal,
)
from core.ports import Store
from core.records import ActionQuery, ActionRecord, GrantRecord, PrincipalRecord

REPLAYED_MAX: Final = 10_000


class PolicyDesk:
    """Shows the library in force and holds the past against others, off the loop."""

    def __init__(
        self,
        *,
        library: PackLibrary,
        folder: Path | None,
        store: Store,
        principals: Callable[[], Sequence[PrincipalRecord]],
        grants: GrantBook,
        clock: Clock,
        ids: IdSource,
        bus: Bus,
    ) -> None:
        """`folder` is where the operator's own packs stand."""
        self._library = library
        self._folder = folder
        self._store = store
        self._principals = principals
        self._grants = grants
        self._clock = clock
        self._ids = ids
        self._bus = bus

    async def library(self) -> LibraryView:
        """The packs in force."""
        judged: dict[str, list[AgentId]] = {}
        for each in self._principals():
            judged.setdefault(each.pack, []).append(each.id)
        packs = (
            _pack_view(pack, judged.get(pack.name, ())) for pack in self._library.packs.values()
        )
        return LibraryView(
            version=self._library.version,
            packs=tuple(packs),
            folder="" if self._folder is None else str(self._folder),
        )

    async def run_tests(self) -> tuple[CaseView, ...]:
        """Every test case of the packs in force, judged by them."""
        results = await asyncio.to_thread(run_cases, self._library)
        return tuple(
            CaseView(
                pack=each.pack,
                name=each.case.name,
                kind=each.case.kind,
                resource=each.case.resource,
                expected=each.case.expect,
                expected_by=each.case.policy,
                got=each.answer.decision,
                got_by=each.answer.policies,
                passed=each.passed,
            )
            for each in results
        )

    async def replay(self, folder: str = "") -> ReplayView:
        """Recorded actions under the packs of a folder. Raises PolicyInvalid, StorageError."""
        where = _own_folder(folder) or self._folder
        library = await asyncio.to_thread(load_packs, where)
        records = await self._store.list_actions(ActionQuery(limit=REPLAYED_MAX))
        principals = {each.id: each for each in self._principals()}
        known = {each.id: each for each in records}

        def judge() -> tuple[ReplayReport, tuple[ChangeView, ...]]:
            report = replay(records, PolicyEngine(library), find_principal=principals.get)
            return report, tuple(_change_view(each, known) for each in report.changes)

        report, changes = await asyncio.to_thread(judge)
        return ReplayView(
            folder="" if where is None else str(where),
            version=library.version,
            version_in_force=self._library.version,
            read=len(records),
            unchanged=report.unchanged,
            skipped=len(report.skipped),
            changes=changes,
        )

    async def propose_rules(self) -> tuple[RuleProposal, ...]:
        """Rules that recorded decisions bear out, the most saving first. Raises StorageError."""
        records = await self._store.list_actions(ActionQuery(limit=REPLAYED_MAX))
        return await asyncio.to_thread(
            propose_rules, records, self._grants.in_force(), now=self._clock.now()
        )

    async def accept(self, proposal_id: str, *, operator: OperatorId, key: str = "") -> GrantRecord:
        """Make the rule out of decisions as they are now, not as a screen shows them.

        Raises ActionNotFound, PermissionDenied, StorageError.
        """
        if not operator.strip():
            raise PermissionDenied("a rule needs the name of the operator who makes it")
        proposals = {each.id: each for each in await self.propose_rules()}
        proposal = proposals.get(proposal_id)
        if proposal is None:
            raise ActionNotFound("decisions do not bear this rule out any more: read them again")
        if is_own_request(operator, proposal.agent_id):
            raise PermissionDenied(f"{operator} proposed these actions and cannot decide on them")
        now = self._clock.now()
        grant = GrantRecord(
            id=GrantId(self._ids.next_id()),
            agent_id=proposal.agent_id,
            kind=proposal.kind,
            resource_pattern=proposal.resource_pattern,
            created_by=operator,
            created_at=now,
            expires_at=now + timedelta(seconds=proposal.lasts_s),
            from_action=proposal.from_action,
            risk_max=proposal.risk_max,
            others_digest=proposal.others_digest,
        )
        await self._grants.make(
            grant, why=f"approved {proposal.approved} times, never denied", key=key
        )
        await self._bus.publish(GrantChanged(at=now, grant_id=grant.id, revoked=False, by=operator))
        return grant


def _own_folder(named: str) -> Path | None:
    return Path(named).expanduser() if named else None


def _pack_view(pack: Pack, agents: Sequence[AgentId]) -> PackView:
    return PackView(
        name=pack.name,
        description=pack.description,
        agents=tuple(sorted(agents)),
        policies=tuple(_policy_view(pack.name, each) for each in pack.policies),
        cases=len(pack.cases),
    )


def _policy_view(pack: str, policy: Policy) -> PolicyView:
    if policy.id.startswith(ASK_PREFIX):
        decision = Decision.ASK
    else:
        decision = Decision.ALLOW if policy.node.effect == "permit" else Decision.DENY
    return PolicyView(
        pack=pack,
        id=policy.id,
        decision=decision,
        reason=policy.reason,
        file=policy.file,
        line=policy.line,
        text=policy.text,
        second_approver=policy.second_approver,
        violation=policy.violation and decision is Decision.DENY,
    )


def _change_view(change: ReplayChange, known: dict[ActionId, ActionRecord]) -> ChangeView:
    return ChangeView(
        action_id=change.action_id,
        agent_id=change.agent_id,
        kind=change.kind,
        resource=redact_text(change.resource),
        at=known[change.action_id].action.proposed_at,
        was=change.was,
        now=change.now.decision,
        policies=change.now.policies,
        reasons=redact_texts(change.now.reasons),
    )
