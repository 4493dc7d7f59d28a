"""Rules out of decisions: what operators always approved. Pure."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from core.actions import ActionStatus, Decision, RiskLevel
from core.governance.rules import (
    TOLD_WHOLE,
    digest_others,
    find_grant,
    match_target,
    pattern_is_too_wide,
)
from core.governance.screening.secrets import find_secrets
from core.ids import OperatorId
from core.policy_ports import RuleProposal
from core.records import ActionRecord, GrantRecord

APPROVED_MIN: Final = 5  # fewer are no habit
LASTS: Final = timedelta(days=7)
_PATTERN_MAX: Final = 2_000  # characters; nobody reads a longer rule


def propose_rules(
    records: Iterable[ActionRecord],
    grants: Sequence[GrantRecord],
    *,
    now: datetime,
    approved_min: int = APPROVED_MIN,
) -> tuple[RuleProposal, ...]:
    """One proposal for each agent, kind, target and what stands beside it, if approved often
    enough, of `TOLD_WHOLE` alone.

    A target drops out for good when one of its actions was denied by anybody, was edited, was
    critical or needed two people; when it holds a secret; and while a rule in force fits it.
    """
    groups: dict[tuple[str, str, str], list[ActionRecord]] = {}
    for record in records:
        action = record.action
        target = match_target(action, action.arguments)
        if action.kind in TOLD_WHOLE and target is not None and len(target) <= _PATTERN_MAX:
            groups.setdefault((action.agent_id, action.kind, target), []).append(record)
    found = (
        _propose(target, alike, grants, now=now, approved_min=approved_min)
        for (_, _, target), group in groups.items()
        if not any(map(_speaks_against, group))
        for alike in _by_others(group)
    )
    proposals = [each for each in found if each is not None]
    return tuple(sorted(proposals, key=lambda each: (-each.asks, each.id)))


def _by_others(group: Sequence[ActionRecord]) -> Iterable[Sequence[ActionRecord]]:
    """A rule fits only what has the same beside its target: the same variables, the same folder."""
    alike: dict[str, list[ActionRecord]] = {}
    for each in group:
        others = digest_others(each.action, each.action.arguments)
        alike.setdefault(others, []).append(each)
    return alike.values()


def exact_pattern(target: str) -> str:
    """A shell-style pattern that fits `target` and nothing else."""
    return re.sub(r"([*?\[])", r"[\1]", target)


def _propose(
    target: str,
    group: Sequence[ActionRecord],
    grants: Sequence[GrantRecord],
    *,
    now: datetime,
    approved_min: int,
) -> RuleProposal | None:
    approved = [each for each in group if _approver(each) is not None]
    pattern = exact_pattern(target)
    if len(approved) < approved_min or pattern_is_too_wide(pattern):
        return None
    if find_secrets(target):
        return None  # a rule stands in the trail word for word, and a secret must not
    risk_max = max((each.verdict.risk for each in approved), key=lambda risk: risk.rank)
    newest = max(approved, key=lambda each: (each.decided_at or each.action.proposed_at, each.id))
    if find_grant(grants, newest.action, risk=risk_max, now=now) is not None:
        return None
    action = newest.action
    told = f"{action.agent_id}\n{action.kind}\n{pattern}\n{risk_max.value}"
    others = digest_others(action, action.arguments)
    told += f"\n{others}" if others else ""
    times = [each.action.proposed_at for each in approved]
    return RuleProposal(
        id=hashlib.sha256(told.encode(errors="backslashreplace")).hexdigest()[:16],
        agent_id=action.agent_id,
        kind=action.kind,
        resource_pattern=pattern,
        risk_max=risk_max,
        others_digest=others,
        approved=len(approved),
        asks=sum(_was_saved(each, risk_max) for each in group),
        operators=tuple(sorted({who for each in approved if (who := _approver(each))})),
        first_at=min(times),
        last_at=max(times),
        from_action=newest.id,
        lasts_s=LASTS.total_seconds(),
    )


def _approver(record: ActionRecord) -> OperatorId | None:
    """Who let it through, as it stood."""
    asked = record.verdict.decision is Decision.ASK
    return record.decided_by if asked and record.status is ActionStatus.ALLOWED else None


def _speaks_against(record: ActionRecord) -> bool:
    verdict = record.verdict
    edited = record.digest_released not in {None, record.digest}
    return (
        edited
        or record.status is ActionStatus.DENIED
        or verdict.risk is RiskLevel.CRITICAL
        or verdict.second_approver
    )


def _was_saved(record: ActionRecord, risk_max: RiskLevel) -> bool:
    verdict = record.verdict
    return verdict.decision is Decision.ASK and verdict.risk.rank <= risk_max.rank
