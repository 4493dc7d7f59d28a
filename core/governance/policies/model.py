"""Frozen values of policies, packs and what testing them found."""

from collections.abc import Mapping
from dataclasses import dataclass

from cedarpy import pst

from core.actions import Decision
from core.governance.model import Facts, PolicyAnswer
from core.ids import ActionId, AgentId
from core.records import Role

ASK_PREFIX = "ask:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that keeps a pack from loading: where it is, what is wrong, what to do."""

    file: str
    line: int | None = None
    policy: str = ""
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        policy = f" policy {self.policy!r}:" if self.policy else ""
        return f"{place}:{policy} {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One Cedar policy. `id` is its @id, which is how verdicts name it."""

    id: str
    file: str
    line: int
    text: str
    node: pst.Template

    @property
    def reason(self) -> str:
        """The sentence that the operator reads."""
        return self.node.annotations.get("reason", f"policy {self.id} decides so")

    @property
    def second_approver(self) -> bool:
        """True when two different people must consent."""
        return self.node.annotations.get("second_approver") == "true"

    @property
    def violation(self) -> bool:
        """True when what it forbids breaks a rule; a guess, or a state, breaks none."""
        return self.node.annotations.get("violation") != "false"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCase:
    """What a pack's author expects of one set of facts."""

    name: str
    kind: str
    resource: str
    role: Role
    facts: Facts
    expect: Decision
    policy: str  # must be among those that decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A named set of policies, with those of the packs that it extends."""

    name: str
    description: str
    permissions: Mapping[Role, tuple[str, ...]]  # what a new principal of that role may do
    policies: tuple[Policy, ...]
    cases: tuple[PolicyCase, ...] = ()  # its own, not those of packs that it extends


@dataclass(frozen=True, slots=True, kw_only=True)
class PackLibrary:
    """All packs in force. `load_packs` makes it, and nothing that it has not validated."""

    packs: Mapping[str, Pack]
    version: str  # "sha256:…" over the schema, every policy's text and the permissions

    def permissions_of(self, pack: str, role: Role = Role.AGENT) -> tuple[str, ...]:
        """Permissions of a newly registered principal. Raises: KeyError for an unknown pack."""
        return self.packs[pack].permissions.get(role, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One test case of a pack, run."""

    pack: str
    case: PolicyCase
    answer: PolicyAnswer

    @property
    def passed(self) -> bool:
        """True when decision and deciding policy are the expected ones."""
        return self.answer.decision is self.case.expect and self.case.policy in self.answer.policies

    def __str__(self) -> str:
        given = f"{self.answer.decision} by {', '.join(self.answer.policies)}"
        if self.passed:
            return f"{self.pack}: {self.case.name}: {given}"
        wanted = f"{self.case.expect} by {self.case.policy}"
        return f"{self.pack}: {self.case.name}: expected {wanted}, got {given}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayChange:
    """One recorded action that other policies would have answered otherwise."""

    action_id: ActionId
    agent_id: AgentId
    kind: str
    resource: str
    was: Decision
    now: PolicyAnswer

    def __str__(self) -> str:
        what = f"{self.agent_id} {self.kind} {self.resource!r}"
        by = ", ".join(self.now.policies)
        return f"{self.action_id} {what}: {self.was} -> {self.now.decision} ({by})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What would have changed over recorded actions."""

    unchanged: int
    changes: tuple[ReplayChange, ...]
    skipped: tuple[ActionId, ...]  # without usable facts, or of an agent that is not known

    def changed_to(self, decision: Decision) -> tuple[ReplayChange, ...]:
        """Newly allowed, newly asked or newly denied ones."""
        return tuple(each for each in self.changes if each.now.decision is decision)

    def __str__(self) -> str:
        allowed, asked, denied = (
            len(self.changed_to(each)) for each in (Decision.ALLOW, Decision.ASK, Decision.DENY)
        )
        return (
            f"newly allowed {allowed}, newly asked {asked}, newly denied {denied}, "
            f"unchanged {self.unchanged}, skipped {len(self.skipped)}"
        )
