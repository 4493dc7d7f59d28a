"""What `maestro policy check|test|replay` runs: packs held against cases and against the past."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from core.actions import Decision
from core.governance.model import Facts, PolicyJudge, PolicyRequest
from core.governance.policies.engine import PolicyEngine
from core.governance.policies.facts import facts_from_json
from core.governance.policies.loading import collect_packs
from core.governance.policies.model import (
    CaseResult,
    PackLibrary,
    PolicyCase,
    Problem,
    ReplayChange,
    ReplayReport,
)
from core.ids import ActionId, AgentId
from core.records import ActionRecord, PrincipalRecord

_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)  # no policy reads when an agent was seen

FindPrincipal = Callable[[AgentId], PrincipalRecord | None]


def check(user_folder: Path | None) -> tuple[Problem, ...]:
    """Each problem of the shipped and the user's packs; none when they would load."""
    return collect_packs(user_folder)[1]


def run_cases(library: PackLibrary) -> tuple[CaseResult, ...]:
    """Every test case of every pack, judged by that pack."""
    engine = PolicyEngine(library)
    return tuple(
        CaseResult(pack=pack.name, case=case, answer=engine.judge(_ask_case(pack.name, case)))
        for pack in library.packs.values()
        for case in pack.cases
    )


def replay(
    records: Iterable[ActionRecord],
    judge: PolicyJudge,
    *,
    find_principal: FindPrincipal,
    pack: str | None = None,
) -> ReplayReport:
    """What `judge` would have answered to recorded actions, before anybody consented.

    `pack` replays all of them under that pack instead of each agent's own. Permissions are those
    of the time, as recorded.
    """
    unchanged, changes, skipped = 0, list[ReplayChange](), list[ActionId]()
    for record in records:
        principal = find_principal(record.action.agent_id)
        facts = _read_facts(record)
        if principal is None or facts is None:
            skipped.append(record.id)
            continue
        action = record.action
        answer = judge.judge(
            PolicyRequest(
                principal=replace(principal, pack=pack or principal.pack),
                kind=action.kind,
                resource=action.resource,
                facts=replace(facts, approved=False),
            )
        )
        was = _recorded_decision(record)
        if answer.decision is was:
            unchanged += 1
            continue
        changes.append(
            ReplayChange(
                action_id=record.id,
                agent_id=action.agent_id,
                kind=action.kind,
                resource=action.resource,
                was=was,
                now=answer,
            )
        )
    return ReplayReport(unchanged=unchanged, changes=tuple(changes), skipped=tuple(skipped))


def _ask_case(pack: str, case: PolicyCase) -> PolicyRequest:
    principal = PrincipalRecord(
        id=AgentId("case"),
        role=case.role,
        permissions=tuple(sorted(case.facts.permissions)),
        pack=pack,
        first_seen=_ANY_TIME,
        last_seen=_ANY_TIME,
    )
    return PolicyRequest(
        principal=principal, kind=case.kind, resource=case.resource, facts=case.facts
    )


def _read_facts(record: ActionRecord) -> Facts | None:
    """None for a verdict without facts (a part failed) or with facts of a shape not known."""
    if not record.verdict.facts:
        return None
    try:
        return facts_from_json(record.verdict.facts)
    except ValueError:
        return None


def _recorded_decision(record: ActionRecord) -> Decision:
    """What the policies said by themselves: allowed by consent means that they asked."""
    verdict = record.verdict
    by_grant = any(policy.startswith("grant:") for policy in verdict.policies)
    if verdict.decision is Decision.ALLOW and (by_grant or record.decided_by is not None):
        return Decision.ASK
    return verdict.decision
