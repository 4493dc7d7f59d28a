"""From Cedar text to checked policies. Nothing unchecked reaches the judge."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Final, cast

from cedarpy import (
    Schema,
    policies_to_pst,
    pst,
    validate_policies,  # pyright: ignore[reportUnknownVariableType]
)

from core.governance.policies.model import ASK_PREFIX, Policy, Problem

_TOKEN: Final = re.compile(r'"(?:\\.|[^"\\])*"|//[^\r\n]*|;|[^";/]+|.', re.DOTALL)
_END: Final = ";"
_ANNOTATIONS: Final = frozenset({"id", "reason", "second_approver", "violation"})
_GATE_ANSWERS: Final = ("default-deny", "fail-safe", "missing-permission", "grant:")
_CONTEXT: Final = pst.Var("context")
_UNLESS_APPROVED: Final = pst.Unless(pst.GetAttr(_CONTEXT, "approved"))


@dataclass(frozen=True, slots=True)
class _Statement:
    line: int  # of its first word, from 1
    text: str


def schema_text() -> str:
    """The Cedar schema that every policy must fit."""
    return (files("core.governance.policies") / "schema.cedarschema").read_text(encoding="utf-8")


@cache
def load_schema() -> Schema:
    """The schema, parsed once."""
    return Schema.from_str(schema_text())


def parse_policies(text: str, *, file: str) -> tuple[tuple[Policy, ...], tuple[Problem, ...]]:
    """The policies of one file, and each problem that keeps the file from loading."""
    statements = tuple(_split(text))
    try:
        nodes = policies_to_pst(text)
    except ValueError as error:
        line = next((each.line for each in statements if not _parses(each)), None)
        return (), (Problem(file=file, line=line, message=f"not valid Cedar: {error}"),)
    named = {**nodes.static_policies, **nodes.templates}
    policies = tuple(
        Policy(
            id=node.annotations.get("id", ""),
            file=file,
            line=statement.line,
            text=statement.text,
            node=node,
        )
        for statement, (_, node) in zip(
            statements, sorted(named.items(), key=lambda item: _position(item[0])), strict=True
        )
    )
    problems = [
        Problem(file=file, line=policy.line, policy=policy.id, message=message)
        for policy in policies
        for message in _find_faults(policy.node)
    ]
    return policies, (*problems, *_find_misfits(text, policies, file))


def read_attributes(policies: Iterable[Policy]) -> frozenset[str]:
    """Names of the context's attributes that these policies read."""
    return frozenset(use for each in policies for use in _context_uses(each.node.clauses))


def _split(text: str) -> Iterator[_Statement]:
    """Statements with their lines: Cedar's parser tells of an error what, but not where."""
    line, parts, start = 1, list[str](), 0
    for token in _TOKEN.findall(text):
        code = not token.startswith("//") and bool(token.strip())
        if code and not start:
            start = line + token[: len(token) - len(token.lstrip())].count("\n")
        if start:
            parts.append(token)
        line += token.count("\n")
        if token == _END:
            yield _Statement(start, "".join(parts).strip())
            parts, start = [], 0
    if start:
        yield _Statement(start, "".join(parts).strip())


def _position(name: str) -> int:
    """Cedar names policies and templates by their place in the text: policy0, policy1 …"""
    return int(name.removeprefix("policy"))


def _parses(statement: _Statement) -> bool:
    try:
        policies_to_pst(statement.text)
    except ValueError:
        return False
    return True


def _find_misfits(text: str, policies: tuple[Policy, ...], file: str) -> Iterator[Problem]:
    for error in validate_policies(text, load_schema()).errors:
        policy = policies[_position(error.policy_id)]
        message = error.error.removeprefix(f"for policy `{error.policy_id}`").lstrip(",: ")
        yield Problem(
            file=file,
            line=policy.line,
            policy=policy.id,
            message=f"does not fit the schema: {message}",
        )


def _find_faults(node: pst.Template) -> Iterator[str]:
    """What Cedar would accept and the gate must not."""
    policy_id = node.annotations.get("id", "")
    asks = policy_id.startswith(ASK_PREFIX)
    if not policy_id:
        yield 'has no name; put @id("…") before it: verdicts name it'
    elif policy_id.startswith(_GATE_ANSWERS):
        yield f"has a name that only the gate gives ({', '.join(_GATE_ANSWERS)}); choose another"
    if _has_slots(node):
        yield "is a template; write the principal and the resource out: nothing links templates"
    yield from _find_annotation_faults(node, asks=asks)
    consents = node.clauses.count(_UNLESS_APPROVED)
    if asks and (node.effect != "forbid" or consents != 1):
        yield "an ask: policy is a forbid that ends with `unless { context.approved }`"
    rest = tuple(each for each in node.clauses if not (asks and each == _UNLESS_APPROVED))
    uses = frozenset(_context_uses(rest))
    if "approved" in uses:
        yield "reads context.approved; only `unless { context.approved }` of an ask: policy may"
    if "" in uses:
        yield "takes context as a whole; name the attributes (context.read_only, …)"


def _find_annotation_faults(node: pst.Template, *, asks: bool) -> Iterator[str]:
    annotations = node.annotations
    for name in sorted(annotations.keys() - _ANNOTATIONS):
        near = get_close_matches(name, _ANNOTATIONS, n=1)
        hint = f"; did you mean @{near[0]}?" if near else ""
        yield f"unknown annotation @{name}{hint}"
    second = annotations.get("second_approver")
    if second is not None and (second != "true" or not asks):
        yield '@second_approver takes "true", on an ask: policy'
    violation = annotations.get("violation")
    if violation is not None and (violation != "false" or asks or node.effect != "forbid"):
        yield '@violation takes "false", on a forbid that asks nobody'


def _has_slots(node: pst.Template) -> bool:
    scopes = (node.principal, node.resource)
    return any(isinstance(getattr(scope, "entity", None), pst.Slot) for scope in scopes)


def _context_uses(node: object) -> Iterator[str]:
    """Each attribute of the context that is read; "" where the context is used as a whole."""
    if isinstance(node, pst.GetAttr) and node.base == _CONTEXT:
        yield node.attr
    elif node == _CONTEXT:
        yield ""
    elif isinstance(node, tuple | Mapping):
        inner = cast("Iterable[object]", node.values() if isinstance(node, Mapping) else node)
        for each in inner:
            yield from _context_uses(each)
    elif is_dataclass(node):
        for field in fields(node):
            yield from _context_uses(getattr(node, field.name))
