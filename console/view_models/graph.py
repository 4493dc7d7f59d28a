"""Which agent needs which, in words and as a table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from console.language import N_, _
from console.view_models.columns import Column, SortKey
from console.view_models.filters import Searched
from console.view_models.fleet import sign_of
from console.view_models.ink import Span, Spans, Tone
from console.view_models.text import cell_spans, count, visible, visible_spans
from core.fleet import AgentState

COLUMNS: Final = (
    Column(title=N_("AGENT"), width=14),
    Column(title=N_("STATE"), width=18),
    Column(title=N_("DEPTH"), width=5, right=True, drop=1),
    Column(title=N_("NEEDS"), width=16, flexible=True),
    Column(title=N_("NEEDED BY"), width=24, drop=2),
)
MISSING: Final = N_("? not in the fleet")
"""The mark of an agent that another one needs and that there is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One agent. `state` is None when others need it and it is not in the fleet."""

    name: str
    state: AgentState | None
    needs: tuple[str, ...]
    needed_by: tuple[str, ...]
    depth: int  # the longest way down to it from one that needs nobody

    @property
    def sign(self) -> Span:
        """Glyph and word."""
        return Span(_(MISSING), Tone.BAD) if self.state is None else sign_of(self.state)


def make_nodes(agents: Iterable[AgentState]) -> tuple[Node, ...]:
    """The agents that need somebody or are needed, and those that are missing; by depth."""
    states: dict[str, AgentState] = {}
    for each in agents:
        states.setdefault(each.spec.name, each)  # a hosted one stands before its outside namesake
    needs: dict[str, tuple[str, ...]] = {
        name: tuple(dict.fromkeys(each.spec.depends_on)) for name, each in states.items()
    }
    for name in [far for near in needs.values() for far in near]:
        needs.setdefault(name, ())
    return tuple(each for each in _join(needs, states) if each.needs or each.needed_by)


def keep_nodes(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """These, with no more than what they need of each other."""
    kept = {each.name: each for each in nodes}
    needs = {name: tuple(far for far in each.needs if far in kept) for name, each in kept.items()}
    states = {name: each.state for name, each in kept.items() if each.state is not None}
    return _join(needs, states)


def _join(
    needs: Mapping[str, tuple[str, ...]], states: Mapping[str, AgentState]
) -> tuple[Node, ...]:
    needed_by: dict[str, list[str]] = {name: [] for name in needs}
    for name, far in needs.items():
        for each in far:
            needed_by[each].append(name)
    depths = _depths(needs)
    nodes = [
        Node(
            name=name,
            state=states.get(name),
            needs=needs[name],
            needed_by=tuple(needed_by[name]),
            depth=depths[name],
        )
        for name in needs
    ]
    return tuple(sorted(nodes, key=lambda each: each.depth))


def _depths(needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The longest way; those in a circle, which the engine refuses, stand below all others."""
    depths: dict[str, int] = {}
    left = dict(needs)
    while ready := [name for name, far in left.items() if all(each in depths for each in far)]:
        for name in ready:
            depths[name] = max((depths[each] + 1 for each in left.pop(name)), default=0)
    last = max(depths.values(), default=-1) + 1
    return depths | dict.fromkeys(left, last)


def graph_title(nodes: Sequence[Node], alone: int, problem: str = "") -> Spans:
    """How many, and what is amiss; why it is not newer, before all else."""
    if problem:
        return (Span(_("GRAPH  "), Tone.TITLE), *visible_spans(f"✗ {problem}", Tone.BAD))
    lines = sum(len(each.needs) for each in nodes)
    spans = [
        Span(_("GRAPH  "), Tone.TITLE),
        Span(count(len(nodes), "agent", "agents")),
        Span("  " + count(lines, "need", "needs"), Tone.DIM),
    ]
    missing = sum(each.state is None for each in nodes)
    if missing:
        spans.append(Span(_("  ? {number} not in the fleet").format(number=missing), Tone.BAD))
    if alone:
        said = _("  {number} need nobody and are needed by nobody").format(number=alone)
        spans.append(Span(said, Tone.DIM))
    return tuple(spans)


def node_words(node: Node | None) -> Spans:
    """The selected agent: how it is, whom it needs, who needs it."""
    if node is None:
        return (Span(_("nothing selected"), Tone.DIM),)
    spans = [Span(visible(node.name), Tone.STRONG), Span("  "), node.sign]
    for word, names in ((_("needs"), node.needs), (_("needed by"), node.needed_by)):
        said = ", ".join(map(visible, names)) or _("nobody")
        spans += [Span(f"  {word} ", Tone.KEY), Span(said)]
    return tuple(spans)


SORTS: Final[Mapping[str, SortKey[Node]]] = {
    "AGENT": lambda node: node.name,
    "STATE": lambda node: node.sign.text,
    "DEPTH": lambda node: node.depth,
    "NEEDS": lambda node: len(node.needs),
    "NEEDED BY": lambda node: len(node.needed_by),
}


def node_cells(node: Node) -> tuple[Spans, ...]:
    """One agent, in the order of `COLUMNS`."""
    return (
        cell_spans(node.name, Tone.STRONG),
        (node.sign,),
        (Span(str(node.depth), Tone.DIM),),
        cell_spans(", ".join(node.needs) or "-"),
        cell_spans(", ".join(node.needed_by) or "-", Tone.DIM),
    )


def searched(node: Node) -> Searched:
    """What a filter may ask of an agent."""
    asked = {
        "agent": node.name,
        "state": node.sign.text,
        "needs": " ".join(node.needs),
        "needed": " ".join(node.needed_by),
    }
    return Searched(asked, " ".join(asked.values()))
