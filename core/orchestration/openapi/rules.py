"""Two OpenAPI 3.x documents: what breaks who relies on the old one, and how consistent they are.

Compared: paths, operations, parameters, bodies, responses, headers, schemas, authentication.
Left out: callbacks, webhooks, links, examples and texts for people.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from core.actions import JsonObject
from core.agents.contracts import ContractFinding, ContractLevel, ContractReport
from core.orchestration.openapi.nodes import Node, follow, split_pointer
from core.orchestration.openapi.operations import Contract, Demand, Operation, read_contract
from core.orchestration.openapi.schemas import Key, SchemaComparison, Way

_RANK: Final = {level: rank for rank, level in enumerate(ContractLevel)}


class _Used:
    """The schemas that one operation uses."""

    def __init__(self, schemas: SchemaComparison) -> None:
        self._schemas = schemas
        self.keys: list[Key] = []

    def compare(self, old: Node, new: Node, way: Way) -> None:
        """Compare the schemas of two places that can have one."""
        before, after = old.child("schema"), new.child("schema")
        if before is not None and after is not None:
            self.keys.append(self._schemas.compare(before, after, way))


def compare_documents(old: JsonObject, new: JsonObject) -> ContractReport:
    """What differs, worst first.

    Args:
        old: What callers rely on.
        new: What is offered.

    A finding's pointer leads into the new document, or into the old one for what is gone. The
    score is the share of the old document's operations that no breaking finding touches.
    """
    before, after = read_contract(old), read_contract(new)
    schemas = SchemaComparison(old, new)
    found = list(_find_added(before, after))
    touched: list[tuple[bool, list[Key]]] = []
    for key, operation in before.operations.items():
        used = _Used(schemas)
        findings = tuple(_compare_operation(before, after, key, operation, used))
        touched.append((any(each.level is ContractLevel.BREAKING for each in findings), used.keys))
        found.extend(findings)
    found.extend(schemas.findings())
    harmful = schemas.find_broken()
    broken = sum(itself or not harmful.isdisjoint(keys) for itself, keys in touched)
    count = len(before.operations)
    return ContractReport(
        findings=_keep_worst(found),
        score=1.0 - broken / count if count else 1.0,
        operations=count,
        broken=broken,
    )


def _keep_worst(found: Iterable[ContractFinding]) -> tuple[ContractFinding, ...]:
    """Each difference once, however many operations share it and whichever way its values go."""
    worst: dict[tuple[str, str, str], ContractFinding] = {}
    for each in sorted(found, key=lambda each: (_RANK[each.level], each.pointer, each.message)):
        worst.setdefault((each.code, each.pointer, each.message), each)
    return tuple(worst.values())


def _find_added(before: Contract, after: Contract) -> Iterator[ContractFinding]:
    for key in after.operations.keys() - before.operations.keys():
        added = after.operations[key]
        yield _info("operation-added", added.node.pointer, f"{added.name} is new.")


def _find_removed(
    before: Contract, after: Contract, path: str, operation: Operation
) -> ContractFinding:
    if path in after.paths:
        at = operation.node.pointer
        return _breaking("operation-removed", at, f"{operation.name} is gone.")
    at = before.paths[path].pointer
    return _breaking("path-removed", at, f"The path {split_pointer(at)[-1]} is gone.")


def _compare_operation(
    before: Contract,
    after: Contract,
    key: tuple[str, str],
    old: Operation,
    used: _Used,
) -> Iterator[ContractFinding]:
    new = after.operations.get(key)
    if new is None:
        yield _find_removed(before, after, key[0], old)
        return
    if new.deprecated and not old.deprecated:
        yield _warning("deprecated", new.node.pointer, f"{new.name} is deprecated now.")
    names = old.node.text("operationId"), new.node.text("operationId")
    if names[0] and names[0] != names[1]:
        said = f"{new.name} has the operationId {names[1]!r} instead of {names[0]!r}."
        yield _warning("operation-renamed", new.node.pointer, said)
    yield from _compare_access(old, new)
    yield from _compare_parameters(old, new, used)
    yield from _compare_bodies(old, new, used)
    for status in old.responses:
        yield from _compare_response(before, after, status, (old, new), used)
    for status in new.responses.keys() - old.responses.keys():
        at = new.responses[status].pointer
        yield _info("response-added", at, f"{new.name} can answer {status} now.")


def _compare_access(old: Operation, new: Operation) -> Iterator[ContractFinding]:
    shut = [way for way in old.demands if not any(each <= way for each in new.demands)]
    if shut:
        now, was = _name_demands(new.demands), _name_demands(old.demands)
        said = f"{new.name} needs {now} instead of {was}."
        yield _breaking("access-changed", new.node.pointer, said)
    elif old.demands != new.demands:
        said = f"{new.name} can be called with {_name_demands(new.demands)} now."
        yield _info("access-widened", new.node.pointer, said)


def _name_demands(demands: frozenset[Demand]) -> str:
    ways = (" with ".join(" ".join(each) for each in sorted(way)) or "nothing" for way in demands)
    return " or ".join(sorted(ways))


def _compare_parameters(old: Operation, new: Operation, used: _Used) -> Iterator[ContractFinding]:
    for key, before in old.parameters.items():
        after = new.parameters.get(key)
        name = f"the {before.text('in')} parameter {before.text('name')!r}"
        if after is None:
            said = f"{new.name}: {name} is gone, and ignored at best."
            yield _warning("parameter-removed", before.pointer, said)
            continue
        if _is_required(after) and not _is_required(before):
            yield _breaking("parameter-required", after.pointer, f"{new.name} needs {name} now.")
        used.compare(before, after, Way.REQUEST)
    for key in new.parameters.keys() - old.parameters.keys():
        added = new.parameters[key]
        name = f"the {added.text('in')} parameter {added.text('name')!r}"
        if _is_required(added):
            yield _breaking("parameter-required", added.pointer, f"{new.name} needs {name} now.")
        else:
            yield _info("parameter-added", added.pointer, f"{new.name} takes {name} now.")


def _is_required(node: Node) -> bool:
    return node.get("required") is True


def _compare_bodies(old: Operation, new: Operation, used: _Used) -> Iterator[ContractFinding]:
    if (
        new.body is not None
        and _is_required(new.body)
        and not (old.body is not None and _is_required(old.body))
    ):
        yield _breaking("body-required", new.body.pointer, f"{new.name} needs a body now.")
    if old.body is None:
        return
    if new.body is None:
        yield _breaking("body-removed", old.body.pointer, f"{new.name} takes no body any more.")
        return
    yield from _compare_content(new.name, old.body, new.body, Way.REQUEST, used)


def _compare_content(
    name: str, old: Node, new: Node, way: Way, used: _Used
) -> Iterator[ContractFinding]:
    offered = new.children("content")
    for kind, before in old.children("content").items():
        after = offered.get(kind)
        if after is None:
            does = "takes" if way is Way.REQUEST else "answers with"
            said = f"{name} no longer {does} {kind}."
            yield _breaking("content-removed", before.pointer, said)
        else:
            used.compare(before, after, way)


def _compare_response(
    before: Contract,
    after: Contract,
    status: str,
    operations: tuple[Operation, Operation],
    used: _Used,
) -> Iterator[ContractFinding]:
    old, new = (each.responses.get(status) for each in operations)
    name = operations[1].name
    assert old is not None  # noqa: S101 - it is one of the old operation's
    new = new or _stand_in(operations[1], status)
    if new is None:
        success = status.startswith(("2", "3")) or status == "DEFAULT"
        make = _breaking if success else _warning
        yield make("response-removed", old.pointer, f"{name} no longer answers {status}.")
        return
    yield from _compare_content(f"{name} ({status})", old, new, Way.RESPONSE, used)
    offered = {key.lower(): each for key, each in new.children("headers").items()}
    for key, each in old.children("headers").items():
        if key.lower() in offered:
            pair = follow(before.document, each), follow(after.document, offered[key.lower()])
            used.compare(*pair, Way.RESPONSE)
        else:
            said = f"{name} ({status}) no longer has the header {key}."
            make = _breaking if _is_required(follow(before.document, each)) else _warning
            yield make("header-removed", each.pointer, said)


def _stand_in(operation: Operation, status: str) -> Node | None:
    """A range or the default says it for a status that is no longer named."""
    return operation.responses.get(f"{status[:1]}XX") or operation.responses.get("DEFAULT")


def _breaking(code: str, pointer: str, message: str) -> ContractFinding:
    return ContractFinding(
        code=code, level=ContractLevel.BREAKING, pointer=pointer, message=message
    )


def _warning(code: str, pointer: str, message: str) -> ContractFinding:
    return ContractFinding(code=code, level=ContractLevel.WARNING, pointer=pointer, message=message)


def _info(code: str, pointer: str, message: str) -> ContractFinding:
    return ContractFinding(code=code, level=ContractLevel.INFO, pointer=pointer, message=message)
