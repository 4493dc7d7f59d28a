"""Evaluation of one library: parsed handles, indexed by kind, finding and resource. Immutable."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from cedarpy import Decision as CedarDecision
from cedarpy import (
    Entities,
    PolicySet,
    is_authorized,  # pyright: ignore[reportUnknownVariableType]
    pst,
)

from core.actions import Decision
from core.governance.model import PolicyAnswer, PolicyRequest
from core.governance.policies.catalog import KINDS, known_kind, required_permission
from core.governance.policies.facts import ATTRIBUTES, Attribute, write_context
from core.governance.policies.model import ASK_PREFIX, Pack, PackLibrary, Policy
from core.governance.policies.parsing import load_schema, read_attributes

_FAILED_POLICY: Final = re.compile(r"policy `([^`]+)`")
REMEMBERED: Final = 2_048
_REMEMBERED_CHARS_MAX: Final = 2_000
_CODES: Final = pst.GetAttr(pst.Var("context"), "finding_codes")
_ACTIONS: Final = {kind: {"type": "Action", "id": kind} for kind in KINDS}


@dataclass(frozen=True, slots=True, eq=False)
class _PolicyTable:
    """Policies that can apply to one kind of action, and the attributes that they read."""

    policies: PolicySet
    attributes: tuple[Attribute, ...]
    named: Mapping[str, Policy]


@dataclass(frozen=True, slots=True)
class _ScopeTable:
    """Policies for any resource; with those for a resource that some policy names, by its name."""

    general: _PolicyTable
    by_resource: Mapping[str, _PolicyTable]


@dataclass(frozen=True, slots=True)
class _KindTable:
    """`codes` are findings without which the policies that only `noted` has cannot apply."""

    codes: frozenset[str]
    quiet: _ScopeTable
    noted: _ScopeTable


_PackTable = Mapping[str, _KindTable]


class _Refusal(NamedTuple):
    deciding: list[Policy]


class PolicyEngine:
    """Answers questions by the packs of one library; `remembered` answers are kept for repeats."""

    def __init__(self, library: PackLibrary, *, remembered: int = REMEMBERED) -> None:
        self.version = library.version
        self._packs = {name: _compile_pack(pack) for name, pack in library.packs.items()}
        # Action groups live here: without them `action in Action::"read"` matches nothing.
        self._entities = Entities.from_json_str(  # pyright: ignore[reportUnknownMemberType]
            "[]", load_schema()
        )
        # An answer is a pure function of the question, and agents ask the same ones all day.
        # Looked up by the whole question first: to write down what policies see of it takes longer.
        self._remembered = lru_cache(maxsize=remembered)(self._ask)
        self._judged = lru_cache(maxsize=remembered)(self._judge)

    def judge(self, request: PolicyRequest) -> PolicyAnswer:
        """Deny on any evaluation error, on an unknown pack, and when nothing permits."""
        short = len(request.resource) <= _REMEMBERED_CHARS_MAX
        return self._judged(request) if short else self._judge(request)

    def _judge(self, request: PolicyRequest) -> PolicyAnswer:
        pack = self._packs.get(request.principal.pack)
        if pack is None:
            return _deny("fail-safe:unknown-pack", _name_missing_pack(request, self._packs))
        permission = required_permission(request.kind)
        if permission not in request.facts.permissions:
            reason = _name_missing_permission(request, permission)
            return _deny(f"missing-permission:{permission}", reason)
        answer = self._evaluate(pack, request)
        if answer.decision is not Decision.ASK:
            return answer
        # Nobody is asked for what consent could not make allowed.
        consented = replace(request, facts=replace(request.facts, approved=True))
        after = self._evaluate(pack, consented)
        return answer if after.decision is Decision.ALLOW else after

    def _evaluate(self, pack: _PackTable, request: PolicyRequest) -> PolicyAnswer:
        kind = known_kind(request.kind)
        tables = pack[kind]
        quiet = tables.codes.isdisjoint(request.facts.finding_codes)
        scope = tables.quiet if quiet else tables.noted
        table = scope.by_resource.get(request.resource, scope.general)
        context = write_context(request, table.attributes)
        short = len(request.resource) + len(context) <= _REMEMBERED_CHARS_MAX
        ask = self._remembered if short else self._ask
        result = ask(table, request.principal.id, kind, request.resource, context)
        return result if isinstance(result, PolicyAnswer) else _refuse(request, result.deciding)

    def _ask(
        self, table: _PolicyTable, principal: str, kind: str, resource: str, context: str
    ) -> PolicyAnswer | _Refusal:
        """What Cedar says, or why it cannot."""
        question = {
            "principal": {"type": "Agent", "id": principal},
            "action": _ACTIONS[kind],
            "resource": {"type": "Resource", "id": resource},
            "context": context,
        }
        try:
            result = is_authorized(question, table.policies, self._entities)
        except (ValueError, TypeError):  # text that is not Unicode, among others
            return _fail(())
        # Cedar skips a policy whose condition fails, a forbid too: its answer must not count.
        if result.diagnostics.errors or result.decision is CedarDecision.NoDecision:
            return _fail(result.diagnostics.errors)
        deciding = [table.named[name] for name in sorted(result.diagnostics.reasons)]
        allowed = result.decision is CedarDecision.Allow
        return _answer(Decision.ALLOW, deciding) if allowed else _Refusal(deciding)


def _refuse(request: PolicyRequest, deciding: list[Policy]) -> PolicyAnswer:
    forbids = [each for each in deciding if not each.id.startswith(ASK_PREFIX)]
    if forbids:
        answer = _answer(Decision.DENY, forbids)
        return replace(answer, violation=any(each.violation for each in forbids))
    if deciding:
        # Only a policy set that was never validated can still ask after consent.
        decision = Decision.DENY if request.facts.approved else Decision.ASK
        return _answer(decision, deciding)
    return _deny(
        "default-deny",
        f"no policy of the pack {request.principal.pack!r} permits this {request.kind!r}; "
        "add a permit to the pack, or give the agent another one",
    )


def _answer(decision: Decision, deciding: list[Policy]) -> PolicyAnswer:
    return PolicyAnswer(
        decision=decision,
        policies=tuple(each.id for each in deciding),
        reasons=tuple(dict.fromkeys(each.reason for each in deciding)),
        second_approver=any(each.second_approver for each in deciding),
    )


def _deny(policy: str, reason: str) -> PolicyAnswer:
    return PolicyAnswer(decision=Decision.DENY, policies=(policy,), reasons=(reason,))


def _fail(errors: Iterable[str]) -> PolicyAnswer:
    """Names the policies and not Cedar's own words, which may quote an argument."""
    names = sorted({name for error in errors for name in _FAILED_POLICY.findall(error)})
    what = f"policy {', '.join(names)}" if names else "the facts as Cedar values"
    return _deny("fail-safe:policy-error", f"blocked: cannot evaluate {what}")


def _name_missing_pack(request: PolicyRequest, known: Iterable[str]) -> str:
    return (
        f"agent {request.principal.id!r}: the policy pack {request.principal.pack!r} is not "
        f"loaded; loaded are {', '.join(sorted(known)) or 'none'}"
    )


def _name_missing_permission(request: PolicyRequest, permission: str) -> str:
    agent = request.principal
    return (
        f"agent {agent.id!r} (role {agent.role.value!r}) lacks the permission {permission!r} that "
        f"{request.kind!r} needs; grant it under [agents.{agent.id}] permissions, or choose "
        "another pack"
    )


def _compile_pack(pack: Pack) -> _PackTable:
    return {kind: _compile_kind(kind, pack.policies) for kind in KINDS}


def _compile_kind(kind: str, policies: Iterable[Policy]) -> _KindTable:
    relevant = [each for each in policies if _applies(each.node.action, kind)]
    code_of = {each.id: _needed_code(each.node) for each in relevant}
    codes = frozenset(code for code in code_of.values() if code is not None)
    quiet = _compile_scope([each for each in relevant if code_of[each.id] is None])
    return _KindTable(codes, quiet, _compile_scope(relevant) if codes else quiet)


def _compile_scope(policies: Iterable[Policy]) -> _ScopeTable:
    general: list[Policy] = []
    named: dict[str, list[Policy]] = {}
    for policy in policies:
        resource = _named_resource(policy.node.resource)
        (general if resource is None else named.setdefault(resource, [])).append(policy)
    return _ScopeTable(
        general=_compile_table(general),
        by_resource={name: _compile_table([*general, *own]) for name, own in named.items()},
    )


def _compile_table(policies: list[Policy]) -> _PolicyTable:
    nodes = {each.id: replace(each.node, id=each.id) for each in policies}
    handle = PolicySet.from_pst(
        pst.PolicySet(
            templates=pst.FrozenMap(), static_policies=pst.FrozenMap(nodes), template_links=()
        )
    )
    names = sorted(read_attributes(policies) & ATTRIBUTES.keys())
    attributes = tuple(ATTRIBUTES[name] for name in names)
    return _PolicyTable(handle, attributes, {each.id: each for each in policies})


def _applies(scope: pst.ActionConstraint, kind: str) -> bool:
    """Whether the scope can match the kind, itself or through one of its groups."""
    names = {kind, *KINDS[kind].groups}
    if isinstance(scope, pst.ActionEq):
        return scope.entity.id == kind
    if isinstance(scope, pst.ActionIn):
        return any(entity.id in names for entity in scope.entities)
    return True


def _named_resource(scope: pst.PrincipalOrResourceConstraint) -> str | None:
    if isinstance(scope, pst.ScopeEq) and isinstance(scope.entity, pst.EntityUid):
        return scope.entity.id
    return None


def _needed_code(node: pst.Template) -> str | None:
    """The finding that the policy asks for before all else; without it, no error can come either.

    Cedar evaluates conditions from the left and stops at the first that is false.
    """
    first = node.clauses[0] if node.clauses else None
    expr = first.expr if isinstance(first, pst.When) else None
    while isinstance(expr, pst.BinaryOp) and expr.op == "and":
        expr = expr.left
    if not isinstance(expr, pst.BinaryOp) or (expr.op, expr.left) != ("contains", _CODES):
        return None
    return expr.right.value if isinstance(expr.right, pst.StringLit) else None
