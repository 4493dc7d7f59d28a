"""The kinds of action that policies know, and the permission that each one needs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from core.records import Role

OTHER: Final = "other"  # every kind without a row of its own is judged as this one


@dataclass(frozen=True, slots=True)
class ActionKind:
    """One kind: the permission that it needs and the Cedar action groups that it stands in."""

    permission: str
    groups: frozenset[str] = frozenset()


def _kind(permission: str, *groups: str) -> ActionKind:
    return ActionKind(permission, frozenset(groups))


KINDS: Final[Mapping[str, ActionKind]] = {
    "shell.execute": _kind("execute_commands", "execute"),
    "file.read": _kind("read_files", "read"),
    "file.write": _kind("write_files", "write"),
    "file.delete": _kind("write_files", "write"),
    "network.request": _kind("network_access", "network"),
    "tool.call": _kind("call_tools", "execute", "tool"),
    "mcp.call": _kind("call_tools", "execute", "tool"),
    "message.send": _kind("send_messages", "write", "network"),
    "payment.transfer": _kind("move_money", "write"),
    "data.query": _kind("query_data", "read"),
    "data.export": _kind("query_data", "write", "network"),
    "secret.read": _kind("read_secrets", "read"),
    "agent.control": _kind("control_agents", "execute"),
    OTHER: _kind("call_tools"),
}

RESERVED: Final[Mapping[str, Role]] = {
    "evaluate_governance": Role.JUDGE,
    "provide_counsel": Role.COUNSELLOR,
}
"""Permissions that one role alone may hold."""

PERMISSIONS: Final = frozenset({kind.permission for kind in KINDS.values()} | RESERVED.keys())


def known_kind(kind: str) -> str:
    """The kind itself when policies know it, else `other`."""
    return kind if kind in KINDS else OTHER


def required_permission(kind: str) -> str:
    """The permission without which no policy can allow this kind of action."""
    return KINDS[known_kind(kind)].permission


def find_permission_problems(role: Role, permissions: Iterable[str]) -> Iterator[str]:
    """One sentence for each permission that does not exist or that this role may not hold."""
    for permission in permissions:
        if permission not in PERMISSIONS:
            yield f"unknown permission {permission!r}; known are {', '.join(sorted(PERMISSIONS))}"
        elif RESERVED.get(permission, role) is not role:
            yield f"permission {permission!r} is for the role {RESERVED[permission]} alone"
