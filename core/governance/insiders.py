"""Principals of the program itself: hosted agents and operators' keys. Nobody outside is one."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Final

from core.governance.names import fold_name, is_same_person
from core.ids import AgentId, OperatorId, TokenId
from core.records import Role, TokenKind, TokenRecord

PACK: Final = "operations"
_HOSTED: Final = "maestro/"
_OPERATOR: Final = "operator/"
_RESERVED: Final = frozenset((_HOSTED.rstrip("/"), _OPERATOR.rstrip("/")))
ORCHESTRATOR: Final = AgentId(_HOSTED + "orchestrator")

INSIDE: Final = TokenRecord(
    id=TokenId("inside"),
    kind=TokenKind.AGENT,
    hash="",  # no text hashes to this: it cannot be presented from outside
    label="this program",
    created_at=datetime.min.replace(tzinfo=UTC),
)
"""Never stored and never sent: who holds this very object runs in this process."""


def hosted_principal(agent: str) -> AgentId:
    """The principal of a hosted agent: an outside agent may have the same plain name."""
    return AgentId(_HOSTED + agent)


def hosted_name(principal: AgentId) -> AgentId | None:
    """The plain name of a hosted agent, or None for anybody else."""
    if not principal.startswith(_HOSTED) or principal == ORCHESTRATOR:
        return None
    return AgentId(principal.removeprefix(_HOSTED))


def operator_principal(operator: OperatorId) -> AgentId:
    """The principal under which an operator's own request is put before the gate."""
    name = unicodedata.normalize("NFKC", operator).strip()
    return AgentId(_OPERATOR + re.sub(r"[^\w.@:+-]", "-", name, flags=re.ASCII)[:100])


def is_own_request(operator: str, agent: str) -> bool:
    """Whether the operator is who proposed it: under the same name, or by an operator's own key."""
    own = (operator, operator_principal(OperatorId(operator)))
    return any(is_same_person(name, agent) for name in own)


def insider_role(name: str) -> Role | None:
    """The role of a principal of this program; None when the name is anybody's."""
    if name == ORCHESTRATOR:
        return Role.ORCHESTRATOR
    if name.startswith(_HOSTED):
        return Role.AGENT
    return Role.OPERATOR if name.startswith(_OPERATOR) else None


def is_reserved(name: str) -> bool:
    """True for what is a principal of this program or looks like one: `Maestro/backend`."""
    return fold_name(name).partition("/")[0] in _RESERVED
