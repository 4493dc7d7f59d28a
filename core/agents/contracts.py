"""What a comparison of two API contracts says. Pure values."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from core.actions import JsonObject


class ContractLevel(StrEnum):
    """What a difference means for who relies on the old contract."""

    BREAKING = "breaking"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFinding:
    """One difference between two contracts."""

    code: str  # stable, kebab-case: "operation-removed"
    level: ContractLevel
    pointer: str  # JSON pointer (RFC 6901) into the document where it shows
    message: str  # one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractReport:
    """All differences, worst first, and the share of operations that none of them breaks."""

    findings: tuple[ContractFinding, ...]
    score: float  # 0..1; 1.0 when nothing was relied on
    operations: int  # of the old document
    broken: int  # of these

    @property
    def breaking(self) -> tuple[ContractFinding, ...]:
        """Those that break who relies on the old contract."""
        return tuple(each for each in self.findings if each.level is ContractLevel.BREAKING)


CompareContracts = Callable[[JsonObject, JsonObject], ContractReport]
"""(what is relied on, what is offered) -> what differs."""
