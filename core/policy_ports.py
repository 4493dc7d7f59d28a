"""What front ends may see and ask of the policies: packs, tests, the past under others, rules."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.actions import Decision, RiskLevel
from core.ids import ActionId, AgentId, OperatorId
from core.records import GrantRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """One policy of one pack. A policy that packs share is there once for each of them."""

    pack: str
    id: str
    decision: Decision  # what it says where it decides: allow, ask or deny
    reason: str
    file: str
    line: int
    text: str  # as it is written
    second_approver: bool
    violation: bool  # what it forbids counts against an agent's trust


@dataclass(frozen=True, slots=True, kw_only=True)
class PackView:
    """One pack in force."""

    name: str
    description: str
    agents: tuple[AgentId, ...]  # whom it judges
    policies: tuple[PolicyView, ...]
    cases: int  # its own test cases


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryView:
    """All packs in force."""

    version: str  # digest of all that a verdict can rest on
    packs: tuple[PackView, ...]
    folder: str = ""  # where the operator's own packs stand; "" for none


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """One test case, run."""

    pack: str
    name: str
    kind: str
    resource: str
    expected: Decision
    expected_by: str
    got: Decision
    got_by: tuple[str, ...]
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One recorded action that other policies would have answered otherwise."""

    action_id: ActionId
    agent_id: AgentId
    kind: str
    resource: str
    at: datetime
    was: Decision
    now: Decision
    policies: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayView:
    """The past under the policies that stand in a folder."""

    folder: str  # "" for the shipped packs alone
    version: str
    version_in_force: str
    read: int  # recorded actions looked at, newest first
    unchanged: int
    skipped: int  # without usable facts, or of an agent that is not known
    changes: tuple[ChangeView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleProposal:
    """What operators always approved, as a rule that fits exactly that."""

    id: str  # of agent, kind and pattern: the same as long as they are
    agent_id: AgentId
    kind: str
    resource_pattern: str  # fits one command line or resource, nothing else
    risk_max: RiskLevel  # the worst that was approved
    approved: int
    asks: int  # how often somebody was asked among the actions read: what it would have saved
    operators: tuple[OperatorId, ...]  # who approved
    first_at: datetime
    last_at: datetime
    from_action: ActionId  # the last one approved
    lasts_s: float  # how long the rule would hold
    others_digest: str = ""  # of what stands beside the target; "" for nothing


class PolicyPort(Protocol):
    """Reads never change what is in force; `accept` makes one rule, through the trail."""

    async def library(self) -> LibraryView:
        """The packs in force."""
        ...

    async def run_tests(self) -> tuple[CaseView, ...]:
        """Every test case of the packs in force, judged by them."""
        ...

    async def replay(self, folder: str = "") -> ReplayView:
        """Recorded actions under the packs as they stand in `folder` now.

        "" takes the folder of the settings. Raises PolicyInvalid, StorageError.
        """
        ...

    async def propose_rules(self) -> tuple[RuleProposal, ...]:
        """Rules that recorded decisions bear out, the most saving first. Raises StorageError."""
        ...

    async def accept(self, proposal_id: str, *, operator: OperatorId, key: str = "") -> GrantRecord:
        """Make the rule, if decisions still bear it out.

        Raises ActionNotFound, PermissionDenied, StorageError.
        """
        ...
