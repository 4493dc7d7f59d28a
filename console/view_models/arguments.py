"""The complete arguments of an action, line by line, with the risky parts marked."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from console.language import N_, _
from console.view_models.ink import Line, Span, Spans, Tone, Wrap, told
from console.view_models.leaves import Leaf, leaves_of, literal
from console.view_models.text import whole, whole_spans
from core.actions import Finding, JsonObject, JsonValue
from core.governance.model import Screening
from core.governance.screening.rules import locate_in_redacted

ROOT: Final = "arguments"
RESOURCE: Final = "resource"
_NAME_MAX: Final = 20
_GUTTER: Final = 4
_EMPTY: Final = Span(N_("(empty text)"), Tone.DIM)


class Mark(NamedTuple):
    """One marked stretch: `number` in the legend, offsets into the text or None for all of it."""

    number: int
    start: int | None
    end: int | None


class Marked(NamedTuple):
    """Which findings point at something shown, and where."""

    numbers: tuple[int | None, ...]  # in the order of the findings; None points at nothing
    marks: Mapping[str, tuple[Mark, ...]]  # by path


def mark_findings(
    findings: Sequence[Finding], *, shown: JsonObject, judged: JsonObject, resource: str
) -> Marked:
    """Number the findings that point into the action.

    `judged` is what the findings' offsets count in. Where redaction changed the text in `shown`,
    offsets are moved with it; where that cannot be told, the whole value is marked.
    """
    here = (Leaf(RESOURCE, RESOURCE, resource),)
    texts = {leaf.path: leaf.value for leaf in (*here, *leaves_of(judged, root=ROOT))}
    targets = (*here, *leaves_of(shown, root=ROOT))
    numbers: list[int | None] = []
    marks: dict[str, tuple[Mark, ...]] = {}
    for finding in findings:
        hit = [leaf for leaf in targets if _points_at(finding.path, leaf)]
        number = 1 + sum(each is not None for each in numbers) if hit else None
        numbers.append(number)
        for leaf in hit:
            start, end = None, None
            if finding.path in _spellings(leaf):
                start, end = _place(finding, texts.get(leaf.path), leaf.value, findings)
            marks[leaf.path] = (*marks.get(leaf.path, ()), Mark(number or 0, start, end))
    return Marked(tuple(numbers), marks)


def _spellings(leaf: Leaf) -> tuple[str, str]:
    dot = "" if leaf.shown.startswith("[") else "."
    return leaf.path, f"{ROOT}{dot}{leaf.shown}"


def _points_at(aim: str, leaf: Leaf) -> bool:
    if aim in {"", ROOT}:
        return False  # about the whole of it: marking everything would mark nothing
    return any(path == aim or path.startswith((f"{aim}.", f"{aim}[")) for path in _spellings(leaf))


def _place(
    finding: Finding, judged: JsonValue, shown: JsonValue, findings: Sequence[Finding]
) -> tuple[int | None, int | None]:
    """The finding's offsets in `shown`; None and None for all of it."""
    start, end = finding.start, finding.end
    if start is None or end is None or not (isinstance(judged, str) and isinstance(shown, str)):
        return None, None
    if judged != shown:
        screening = Screening(
            redacted=None, secrets=True, injection=False, findings=tuple(findings)
        )
        length = locate_in_redacted(screening, finding.path, len(judged))
        start = locate_in_redacted(screening, finding.path, start)
        end = locate_in_redacted(screening, finding.path, end)
        if length != len(shown):
            return None, None
        end = max(end, start + 1)  # inside of a redacted secret: its marker begins there
    return (start, end) if 0 <= start < end <= len(shown) else (None, None)


def argument_lines(arguments: JsonObject, marked: Marked) -> tuple[Line, ...]:
    """Every argument, whole. Text stands after `│`, other values after `=`, wrapped rows after `┆`.

    A line with a marked part carries its number in the gutter.
    """
    leaves = leaves_of(arguments, root=ROOT)
    if not arguments:
        return (Line((Span(_("no arguments"), Tone.DIM),), (Span(" " * _GUTTER),)),)
    return value_lines(leaves, marked)


def value_lines(leaves: Sequence[Leaf], marked: Marked) -> tuple[Line, ...]:
    """The lines of these leaves, their names in one column."""
    names = [whole(leaf.shown) for leaf in leaves]
    width = min(_NAME_MAX, max(map(len, names), default=0))
    marks_of = [marked.marks.get(leaf.path, ()) for leaf in leaves]
    signs = widest_gutter([mark.number for mark in marks] for marks in marks_of)
    lines: list[Line] = []
    for leaf, name, marks in zip(leaves, names, marks_of, strict=True):
        if len(name) > width:
            lead = (Span(" " * signs),)
            lines.append(Line((Span(name, Tone.KEY),), lead, lead, Wrap.CHARACTERS))
            name = ""  # noqa: PLW2901 - it stands on its own line already
        lines.extend(_leaf_lines(leaf.value, name, (signs, width), marks))
    return tuple(lines)


def _leaf_lines(
    value: JsonValue, name: str, widths: tuple[int, int], marks: tuple[Mark, ...]
) -> list[Line]:
    if not isinstance(value, str):
        tone = Tone.MARK if marks else Tone.INFO
        body = whole_spans(literal(value), tone)
        return [_line(body, name, "=", widths, [mark.number for mark in marks])]
    if not value:
        return [_line((told(_EMPTY),), name, "│", widths, [mark.number for mark in marks])]
    plain = _line((), "", "│", widths, [])
    lines: list[Line] = []
    start = 0
    for text in value.split("\n"):
        end = start + len(text)
        if lines and not _touched(start, end, marks):
            lines.append(Line(whole_spans(text), plain.lead, plain.follow, plain.wrap))
        else:
            body, numbers = _paint(text, start, marks)
            lines.append(_line(body, "" if lines else name, "│", widths, numbers))
        start = end + 1
    return lines


def _touched(start: int, end: int, marks: tuple[Mark, ...]) -> bool:
    """Whether a mark may lie on this stretch of the text."""
    return any(
        (mark.start is None or mark.start <= end) and (mark.end is None or mark.end >= start)
        for mark in marks
    )


def _paint(text: str, offset: int, marks: tuple[Mark, ...]) -> tuple[Spans, list[int]]:
    """One real line of a text whose first character is number `offset` of the whole."""
    stretches: list[tuple[int, int]] = []
    numbers: list[int] = []
    for mark in marks:
        start = 0 if mark.start is None else max(0, mark.start - offset)
        end = len(text) if mark.end is None else min(len(text), mark.end - offset)
        if start < end:
            stretches.append((start, end))
            numbers.append(mark.number)
    edges = sorted({0, len(text), *(edge for stretch in stretches for edge in stretch)})
    spans: list[Span] = []
    for start, end in pairwise(edges):
        risky = any(low <= start < high for low, high in stretches)
        spans.extend(whole_spans(text[start:end], Tone.MARK if risky else Tone.PLAIN))
    return tuple(spans), numbers


def _line(body: Spans, name: str, sign: str, widths: tuple[int, int], numbers: list[int]) -> Line:
    signs, width = widths
    return Line(
        body=body,
        lead=(
            Span(gutter_of(numbers, signs), Tone.BAD),
            Span(f"{name:<{width}}", Tone.KEY),
            Span(f" {sign} ", Tone.DIM),
        ),
        follow=(Span(" " * (signs + width) + " ┆ ", Tone.DIM),),
        wrap=Wrap.CHARACTERS,
    )


def gutter_of(numbers: Iterable[int], width: int = 0) -> str:
    """`!1,2` stands before a row: which findings point at it, each of them."""
    told = ",".join(map(str, dict.fromkeys(numbers)))
    return f"!{told} ".ljust(width) if told else " " * width


def widest_gutter(rows: Iterable[Iterable[int]]) -> int:
    """As wide for all rows as the longest needs, so that what stands after it is one column."""
    return max(_GUTTER, *map(len, map(gutter_of, rows)), 0)
