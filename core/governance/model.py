"""Frozen values that the parts of the gate hand to each other."""

from dataclasses import dataclass
from typing import Protocol

from core.actions import Action, Counsel, Decision, Finding, JsonValue
from core.records import PrincipalRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What policies see as `context`: complete for every action, so no attribute is ever missing.

    Shares are per mille (Cedar has no fractions); money is integer micros.
    """

    approved: bool = False  # an operator consented, or a grant matches; set by the gate alone
    trust_permille: int = 500  # 0..1000
    quarantined: bool = False
    risk_rank: int = 0  # 0 low … 3 critical: the worst finding, or what the agent claims
    finding_codes: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    purpose_known: bool = False  # the user's words are known
    read_only: bool = False  # the call only reads, as far as can be told
    grounded: bool = True  # every target stands in the user's words
    tainted: bool = False  # some target stands only in text that came from tools
    tool_named: bool = True  # the user's words call for this tool or operation
    shell_level: int = 0  # 0 harmless or no shell, 1 ask, 2 deny
    irreversible: bool = False
    people_affected: int = 0
    special_category: bool = False  # health, belief, biometrics … (GDPR art. 9)
    amount_micros: int = 0  # money moved; 0 when none, 2^62 when it cannot be read
    outside_workspace: bool = False
    secrets: bool = False  # a secret stands in the arguments
    injection: bool = False  # the arguments look like a prompt injection
    external: bool = False  # leaves this machine or organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRequest:
    """One question to the judge."""

    principal: PrincipalRecord
    kind: str
    resource: str
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAnswer:
    """The judge's answer: three verdicts out of two-valued Cedar."""

    decision: Decision
    policies: tuple[str, ...]  # @id of the determining policies; "default-deny" when none permits
    reasons: tuple[str, ...]  # their @reason texts, or what is missing
    second_approver: bool = False  # a determining policy carries @second_approver("true")
    violation: bool = False  # a rule was broken: counts against the agent's trust


class PolicyJudge(Protocol):
    """Evaluates policies. Pure and quick; raises nothing but a defect."""

    @property
    def version(self) -> str:
        """Digest of the schema and policy sets in force."""
        ...

    def judge(self, request: PolicyRequest) -> PolicyAnswer:
        """Deny on any evaluation error, on an unknown pack, and when nothing permits."""
        ...


class Counsellor(Protocol):
    """Gives counsel; may wait (a model behind the same port). Never decides."""

    @property
    def waits(self) -> bool:
        """False when it only computes; else the judge works meanwhile."""
        ...

    async def counsel(self, action: Action, facts: Facts, findings: tuple[Finding, ...]) -> Counsel:
        """Advise on one action."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounding:
    """Whether an action's targets come from the user's words."""

    read_only: bool
    grounded: bool
    tainted: bool
    tool_named: bool
    pays: bool = False  # the tool moves money
    erases: bool = False  # the tool removes something for good
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What screening found in arguments or results, and the redacted copy."""

    redacted: JsonValue
    secrets: bool
    injection: bool
    findings: tuple[Finding, ...] = ()
