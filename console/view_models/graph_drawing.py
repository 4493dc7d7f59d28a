"""Agents and what they need, drawn: boxes in layers, or a tree where that would be too wide.

Layers go down: an agent stands below all that it needs. Every line leaves the box that is needed
and ends with an arrow on a box that needs it; lines of different agents cross, and never join.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, NamedTuple

from console.language import _
from console.view_models.graph import Node
from console.view_models.ink import Span, Spans, Tone
from console.view_models.text import visible


class Place(NamedTuple):
    """Where an agent is drawn, in cells."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Rows to draw, and where each agent stands in them."""

    rows: tuple[Spans, ...]
    places: Mapping[str, Place]
    width: int


def draw(nodes: Sequence[Node], *, width: int, height: int) -> Drawing:
    """High boxes where they fit, else low ones, else a tree."""
    if nodes and _may_fit(nodes, width):
        for box in (3, 1):
            drawn = _Layers(nodes, box).draw()
            if drawn.width <= width and (box == 1 or len(drawn.rows) <= height):
                return drawn
    return draw_tree(nodes)


def _may_fit(nodes: Sequence[Node], width: int) -> bool:
    """Whether the boxes alone do: laying out what is far too wide takes its time."""
    if not all(each.name.isascii() for each in nodes):
        return False  # boxes need characters of one width
    layers: dict[int, int] = {}
    for node in nodes:
        layers[node.depth] = layers.get(node.depth, _MARGIN - _GAP) + _box_width(node) + _GAP
    return max(layers.values()) <= width


# -- boxes and lines ----------------------------------------------------------------------------

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_LINES: Final = {
    _UP | _DOWN: "│", _LEFT | _RIGHT: "─", _DOWN | _RIGHT: "┌", _DOWN | _LEFT: "┐",
    _UP | _RIGHT: "└", _UP | _LEFT: "┘", _UP | _DOWN | _RIGHT: "├", _UP | _DOWN | _LEFT: "┤",
    _LEFT | _RIGHT | _DOWN: "┬", _LEFT | _RIGHT | _UP: "┴", _UP | _DOWN | _LEFT | _RIGHT: "┼",
}  # fmt: skip
_GAP: Final = 2
_MARGIN: Final = 1
_SWEEPS: Final = 6


@dataclass(slots=True, eq=False)
class _Item:
    """A box, or the place in a layer that a long line goes through."""

    source: str  # whose lines leave it
    layer: int
    node: Node | None
    above: list["_Item"] = field(default_factory=list["_Item"])
    below: list["_Item"] = field(default_factory=list["_Item"])
    x: int = 0
    width: int = 1
    ports: dict[str, int] = field(default_factory=dict[str, int])  # source -> column it enters at

    @property
    def exit(self) -> int:
        """The column at which its lines leave."""
        return self.x + self.width // 2


class _Layers:
    def __init__(self, nodes: Sequence[Node], box: int) -> None:
        self._box = box
        self._layers: list[list[_Item]] = [[] for _ in range(max(n.depth for n in nodes) + 1)]
        self._items: dict[str, _Item] = {}
        self._cells: dict[tuple[int, int], dict[str, int]] = {}
        self._texts: dict[tuple[int, int], Span] = {}
        for node in nodes:
            item = _Item(node.name, node.depth, node, width=_box_width(node))
            self._items[node.name] = item
            self._layers[node.depth].append(item)
        self._join(nodes)
        self._order()
        self._set_columns()

    def _join(self, nodes: Sequence[Node]) -> None:
        """Lines go from layer to layer: through layers between, all lines of one agent are one."""
        through: dict[tuple[str, int], _Item] = {}
        for node in nodes:
            for need in node.needs:
                above = self._items[need]
                if above.layer >= node.depth:
                    continue  # a circle: told in the table, not drawn
                for layer in range(above.layer + 1, node.depth):
                    key = (need, layer)
                    if key not in through:
                        through[key] = item = _Item(need, layer, None)
                        self._layers[layer].append(item)
                        above.below.append(item)
                        item.above.append(above)
                    above = through[key]
                above.below.append(self._items[node.name])
                self._items[node.name].above.append(above)

    def _order(self) -> None:
        """Each near the middle of those it is joined with: few lines cross then."""
        for sweep in range(_SWEEPS):
            down = sweep % 2 == 0
            for layer in self._layers if down else reversed(self._layers):
                places = {id(e): at for each in self._layers for at, e in enumerate(each)}

                def middle(item: _Item, places: dict[int, int] = places) -> float:
                    joined = item.above if down else item.below  # noqa: B023 - used at once
                    at = [places[id(each)] for each in joined]
                    return sum(at) / len(at) if at else places[id(item)]

                layer.sort(key=middle)

    def _set_columns(self) -> None:
        for layer in self._layers:
            leaving = self._leaving(layer)
            cursor = _MARGIN
            for item in layer:
                exits = [each.exit for each in item.above]
                wish = round(sum(exits) / len(exits)) - item.width // 2 if exits else cursor
                item.x = max(cursor, wish)
                if item.node is None:
                    while leaving.get(item.x, item.source) != item.source:
                        item.x += 1
                cursor = item.x + item.width + _GAP
            for item in layer:
                self._set_ports(item, leaving)

    def _leaving(self, layer: Sequence[_Item]) -> dict[int, str]:
        """The columns at which lines leave the layer above."""
        above = {id(each): each for item in layer for each in item.above}
        return {each.exit: each.source for each in above.values()}

    def _set_ports(self, item: _Item, leaving: Mapping[int, str]) -> None:
        """Where each line comes in: straight below where it leaves if it can be, never under
        another's."""
        if item.node is None:
            item.ports = {item.source: item.x}
            return
        free = list(range(item.x + 1, item.x + item.width - 1))
        for above in sorted(item.above, key=lambda each: each.exit):
            able = [at for at in free if leaving.get(at, above.source) == above.source]
            port = min(able or free, key=lambda at: abs(at - above.exit))
            item.ports[above.source] = port
            free.remove(port)

    def draw(self) -> Drawing:
        """Layer by layer, the lines to the next one between."""
        y, places = 0, dict[str, Place]()
        for number, layer in enumerate(self._layers):
            for item in layer:
                self._draw_item(item, y)
                if item.node is not None:
                    places[item.node.name] = Place(item.x, y, item.width, self._box)
            y += self._box
            if number + 1 < len(self._layers):
                y = self._draw_gap(layer, y)
        width = max((x for x, _y in (*self._cells, *self._texts)), default=0) + 1
        return Drawing(rows=tuple(self._rows(y, width)), places=places, width=width)

    def _draw_item(self, item: _Item, y: int) -> None:
        if item.node is None:
            for row in range(self._box):
                self._line(item.x, y + row, item.source, _UP | _DOWN)
            return
        tone = Tone.BAD if item.node.state is None else Tone.DIM
        inner, label = item.width - 2, _label(item.node)
        text = f" {label} ".ljust(inner)
        middle = y + self._box // 2
        if self._box == 1:
            self._write(item.x, y, "[", tone)
            self._write(item.x + item.width - 1, y, "]", tone)
        else:
            bottom = ["─"] * inner
            if item.below:
                bottom[item.exit - item.x - 1] = "┬"
            self._write(item.x, y, f"┌{'─' * inner}┐", tone)
            self._write(item.x, y + 2, f"└{''.join(bottom)}┘", tone)
            self._write(item.x, middle, "│", tone)
            self._write(item.x + item.width - 1, middle, "│", tone)
        sign = item.node.sign.tone
        self._write(item.x + 1, middle, text[:2], sign)
        self._write(item.x + 3, middle, text[2:], Tone.STRONG)
        self._texts[item.x + 2, middle] = Span(text[1], sign)

    def _write(self, x: int, y: int, text: str, tone: Tone) -> None:
        for at, character in enumerate(text):
            self._texts[x + at, y] = Span(character, tone)

    def _line(self, x: int, y: int, source: str, bits: int) -> None:
        cell = self._cells.setdefault((x, y), {})
        cell[source] = cell.get(source, 0) | bits

    def _draw_gap(self, layer: Sequence[_Item], y: int) -> int:
        """A row for each agent whose lines go sideways, then the arrows; where the next begins."""
        sideways = [each for each in layer if any(p != each.exit for p in _ports(each))]
        sideways.sort(key=lambda each: each.exit)
        tracks = {id(each): y + at for at, each in enumerate(sideways)}
        end = y + len(sideways) + 1
        for item in layer:
            ports = _ports(item)
            if not ports:
                continue
            track = tracks.get(id(item))
            if track is None:
                self._fall(item.exit, y, end, item.source)
            else:
                self._spread(item, ports, (y, track, end))
            for below in item.below:
                if below.node is not None:
                    port = below.ports[item.source]
                    self._texts[port, end - 1] = Span("▼", Tone.DIM)
        return end

    def _fall(self, x: int, start: int, end: int, source: str) -> None:
        for y in range(start, end):
            self._line(x, y, source, _UP | _DOWN)

    def _spread(self, item: _Item, ports: Sequence[int], rows: tuple[int, int, int]) -> None:
        start, track, end = rows
        left, right = min(item.exit, *ports), max(item.exit, *ports)
        self._fall(item.exit, start, track, item.source)
        self._line(item.exit, track, item.source, _UP)
        for x in range(left, right):
            self._line(x, track, item.source, _RIGHT)
            self._line(x + 1, track, item.source, _LEFT)
        for port in ports:
            self._line(port, track, item.source, _DOWN)
            self._fall(port, track + 1, end, item.source)

    def _rows(self, height: int, width: int) -> Iterator[Spans]:
        for y in range(height):
            cells = [self._cell(x, y) for x in range(width)]
            runs = groupby(cells, key=lambda each: each.tone)
            yield tuple(Span("".join(each.text for each in run), tone) for tone, run in runs)

    def _cell(self, x: int, y: int) -> Span:
        if (text := self._texts.get((x, y))) is not None:
            return text
        bits = self._cells.get((x, y))
        if not bits:
            return Span(" ", Tone.DIM)
        # Where two cross, the one that goes down is drawn: they do not join.
        down = next((each for each in bits.values() if each & (_UP | _DOWN)), 0)
        return Span(_LINES.get(down or next(iter(bits.values())), "│"), Tone.DIM)


def _ports(item: _Item) -> list[int]:
    return [each.ports[item.source] for each in item.below]


def _box_width(node: Node) -> int:
    """Room for its name, and for a column for each line that comes in."""
    return max(len(_label(node)) + 4, 2 * len(node.needs) + 3)


def _label(node: Node) -> str:
    glyph = node.sign.text.partition(" ")[0]
    return f"{glyph} {visible(node.name)}"


# -- a tree -------------------------------------------------------------------------------------


def draw_tree(nodes: Sequence[Node]) -> Drawing:
    """Each agent once, under the deepest of those it needs; the others are named behind it."""
    by_name = {each.name: each for each in nodes}
    under: dict[str, list[Node]] = {}
    for node in nodes:
        above = [each for each in node.needs if by_name[each].depth < node.depth]
        if above:
            parent = max(above, key=lambda each: by_name[each].depth)
            under.setdefault(parent, []).append(node)
    held = {each.name for children in under.values() for each in children}
    rows: list[Spans] = []
    places: dict[str, Place] = {}
    stack = [(each, " ", "", "") for each in reversed(nodes) if each.name not in held]
    while stack:
        node, lead, turn, parent = stack.pop()
        spans = _tree_row(node, lead + turn, parent)
        at = len(lead + turn)
        places[node.name] = Place(at, len(rows), len(_label(node)), 1)
        rows.append(spans)
        below = under.get(node.name, [])
        deeper = lead + {"": "", "├ ": "│ ", "└ ": "  "}[turn]
        for number, child in reversed(list(enumerate(below))):
            last = number == len(below) - 1
            stack.append((child, deeper, "└ " if last else "├ ", node.name))
    width = max((sum(len(span.text) for span in row) for row in rows), default=0)
    return Drawing(rows=tuple(rows), places=places, width=width)


def _tree_row(node: Node, lead: str, parent: str) -> Spans:
    sign = node.sign
    glyph, _space, word = sign.text.partition(" ")
    others = [visible(each) for each in node.needs if each != parent]
    also = _("needs {names}") if not parent else _("also needs {names}")
    spans = [
        Span(lead, Tone.DIM),
        Span(glyph, sign.tone),
        Span(f" {visible(node.name)}", Tone.STRONG),
        Span(f"  {word}", sign.tone),
    ]
    if others:
        spans.append(Span("  " + also.format(names=", ".join(others)), Tone.DIM))
    return tuple(spans)
