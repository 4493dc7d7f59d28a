"""Data flows of the compliance manifest: which move without a purpose, or out of a region. Pure.

[[flow]]
name = "orders to analytics"
from = "shop"
to = "warehouse"
fields = ["order_id", "customer.email"]
purpose = "sales figures"
personal = true
region_from = "eu"
region_to = "eu-central"     # within eu
safeguard = "standard contractual clauses"   # what allows it to leave, where something does
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core.actions import JsonObject
from core.agents.documents import as_objects, as_text, as_texts
from core.errors import SourceFailed

_FLOWS_MAX: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One declared movement of data."""

    name: str
    source: str
    target: str
    fields: tuple[str, ...]
    purpose: str
    personal: bool
    region_from: str
    region_to: str
    safeguard: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A flow that should not be as it is."""

    flow: Flow
    reason: str


def read_flows(document: JsonObject) -> tuple[Flow, ...]:
    """The manifest's flows. Raises SourceFailed naming the one that cannot be read."""
    rows = as_objects(document.get("flow")) or as_objects(document.get("flows"))
    if not rows:
        raise SourceFailed("the manifest of data flows holds no [[flow]]")
    if len(rows) > _FLOWS_MAX:
        raise SourceFailed(f"the manifest holds more than {_FLOWS_MAX:,} flows")
    flows = tuple(_read_flow(row, number) for number, row in enumerate(rows, 1))
    names = [each.name for each in flows]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SourceFailed(f"two flows of the manifest are named {twice!r}")
    return flows


def _read_flow(row: JsonObject, number: int) -> Flow:
    source, target = as_text(row.get("from")), as_text(row.get("to"))
    if not source or not target:
        raise SourceFailed(f"flow {number} of the manifest does not say from where and to where")
    return Flow(
        name=as_text(row.get("name")) or f"{source} to {target}",
        source=source,
        target=target,
        fields=as_texts(row.get("fields")),
        purpose=as_text(row.get("purpose")),
        personal=row.get("personal") is not False,  # what is not declared harmless is personal
        region_from=as_text(row.get("region_from")).lower(),
        region_to=as_text(row.get("region_to")).lower(),
        safeguard=as_text(row.get("safeguard")),
    )


def find_violations(flows: Iterable[Flow]) -> Iterator[Violation]:
    """One for each flow with a fault: all its reasons in one sentence."""
    for flow in flows:
        reasons = [*_find_reasons(flow)]
        if reasons:
            moved = ", ".join(flow.fields[:10]) or "fields that are not listed"
            start = f"{flow.name}: {moved} from {flow.source} to {flow.target}"
            yield Violation(flow, f"{start} {' and '.join(reasons)}")


def _find_reasons(flow: Flow) -> Iterator[str]:
    if not flow.purpose:
        yield "has no declared purpose"
    if not flow.personal or flow.safeguard:
        return
    if not flow.region_from or not flow.region_to:
        yield "is personal and does not say in which regions"
    elif not _is_within(flow.region_to, flow.region_from):
        yield f"is personal and leaves {flow.region_from} for {flow.region_to}"


def _is_within(region: str, outer: str) -> bool:
    return region == outer or region.startswith(f"{outer}-")
