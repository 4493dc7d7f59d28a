"""Questions and packs for tests of policies."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from core.governance.model import Facts, PolicyRequest
from core.governance.policies.catalog import KINDS, PERMISSIONS
from core.governance.policies.model import Pack, PackLibrary
from core.governance.policies.parsing import parse_policies
from core.ids import AgentId
from core.records import PrincipalRecord, Role
from tests.factories import NOW

PERMIT_ALL = '@id("permit:all") permit (principal, action, resource);\n'
KIND_NAMES = sorted(KINDS)


def make_request(
    kind: str = "tool.call",
    *,
    resource: str = "send_email",
    pack: str = "mine",
    agent: str = "coder",
    role: Role = Role.AGENT,
    **facts: Any,
) -> PolicyRequest:
    """A question by an agent with every permission, unless the facts say otherwise."""
    given: dict[str, Any] = {"permissions": PERMISSIONS, **facts}
    known = Facts(**given)
    principal = PrincipalRecord(
        id=AgentId(agent),
        role=role,
        permissions=tuple(sorted(known.permissions)),
        pack=pack,
        first_seen=NOW,
        last_seen=NOW,
    )
    return PolicyRequest(principal=principal, kind=kind, resource=resource, facts=known)


def make_library(**texts: str) -> PackLibrary:
    """One pack a keyword, straight from its text: nothing here asks whether it is valid."""
    packs = {
        name: Pack(
            name=name,
            description=name,
            permissions={},
            policies=parse_policies(text, file=f"{name}.cedar")[0],
        )
        for name, text in texts.items()
    }
    return PackLibrary(packs=packs, version=f"sha256:{len(texts)}")


def write_pack(folder: Path, name: str = "mine", **files: str) -> Path:
    """A user's pack; `manifest`, `cases` and one .cedar file for every other keyword."""
    own = folder / name
    own.mkdir(parents=True, exist_ok=True)
    given: Mapping[str, str] = {"manifest": 'description = "mine"\n', **files}
    for key, text in given.items():
        file = {"manifest": "pack.toml", "cases": "cases.toml"}.get(key, f"{key}.cedar")
        (own / file).write_text(text, encoding="utf-8")
    return folder


def any_facts(**fixed: Any) -> st.SearchStrategy[Facts]:
    """Every combination of facts that the gate could find."""
    drawn: dict[str, st.SearchStrategy[Any]] = {
        each.name: st.booleans() for each in fields(Facts) if each.type is bool
    }
    drawn |= {
        "trust_permille": st.integers(0, 1000),
        "risk_rank": st.integers(0, 3),
        "shell_level": st.integers(0, 2),
        "people_affected": st.integers(0, 2000),
        "amount_micros": st.sampled_from(
            (0, 1, 10**8, 10**8 + 1, 10**9 + 1, 10**10 + 1, 10**12 + 1, 2**62)
        ),
        "finding_codes": st.frozensets(st.sampled_from(("reads-secret-file", "no-command"))),
        "permissions": st.frozensets(st.sampled_from(sorted(PERMISSIONS))) | st.just(PERMISSIONS),
    }
    drawn |= {name: st.just(value) for name, value in fixed.items()}
    return st.builds(Facts, **drawn)
