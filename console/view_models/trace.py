"""An action's spans as a waterfall."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from console.language import _, by_locale
from console.view_models.ink import Line, Span, Spans, Tone
from console.view_models.leaves import leaves_of, literal
from console.view_models.text import visible, visible_spans
from core.records import SpanRecord

_MICRO: Final = timedelta(microseconds=1)
_NAME_MAX: Final = 24
_MILLI_US: Final = 1000
_SECOND_US: Final = 1_000_000
_MINUTE_US: Final = 60 * _SECOND_US


class Step(NamedTuple):
    """One span's place in the waterfall."""

    span: SpanRecord
    depth: int
    offset_us: int
    total_us: int  # of the whole trace


def waterfall(spans: Sequence[SpanRecord]) -> tuple[Step, ...]:
    """Spans as a tree, children under their parent in the order of their start.

    Spans whose parent is not there stand at the top; a ring of parents is broken, not followed.
    """
    if not spans:
        return ()
    ordered = sorted(spans, key=lambda span: (span.started_at, span.id))
    start = ordered[0].started_at
    total = max((span.started_at - start) // _MICRO + span.duration_us for span in ordered)
    known = {span.id for span in ordered}
    children: dict[str | None, list[SpanRecord]] = {}
    for span in ordered:
        parent = span.parent_id if span.parent_id in known and span.parent_id != span.id else None
        children.setdefault(parent, []).append(span)
    steps = [
        Step(span, depth, (span.started_at - start) // _MICRO, max(1, total))
        for span, depth in _walk(children)
    ]
    placed = {step.span.id for step in steps}
    left = [span for span in ordered if span.id not in placed]
    steps += [Step(span, 0, (span.started_at - start) // _MICRO, max(1, total)) for span in left]
    return tuple(steps)


def _walk(children: dict[str | None, list[SpanRecord]]) -> Iterator[tuple[SpanRecord, int]]:
    waiting = [(span, 0) for span in reversed(children.get(None, []))]
    seen: set[str] = set()
    while waiting:
        span, depth = waiting.pop()
        if span.id in seen:
            continue
        seen.add(span.id)
        yield span, depth
        waiting.extend((child, depth + 1) for child in reversed(children.get(span.id, [])))


def bar(step: Step, width: int) -> str:
    """The span's bar on a line of `width` cells, at least one cell wide, never past the end."""
    start = min(width - 1, step.offset_us * width // step.total_us)
    cells = max(1, round(step.span.duration_us * width / step.total_us))
    return " " * start + "█" * min(cells, width - start)


def took(duration_us: int) -> str:
    """`640 µs`, `18.2 ms`, `1.84 s`, `3.1 min`."""
    if duration_us < _MILLI_US:
        return f"{duration_us} µs"
    if duration_us < _SECOND_US:
        return by_locale(f"{duration_us / _MILLI_US:.1f} ms")
    if duration_us < _MINUTE_US:
        return by_locale(f"{duration_us / _SECOND_US:.2f} s")
    return by_locale(f"{duration_us / _MINUTE_US:.1f} min")


def step_cells(step: Step, bar_width: int) -> tuple[Spans, ...]:
    """Name, bar, duration, state."""
    good = step.span.ok
    return (
        (Span("  " * step.depth), Span(visible(step.span.name), Tone.STRONG)),
        (Span(bar(step, bar_width), Tone.INFO if good else Tone.BAD),),
        (Span(took(step.span.duration_us)),),
        (Span(_("✓ ok"), Tone.OK) if good else Span(_("✗ failed"), Tone.BAD),),
    )


def step_lines(step: Step) -> tuple[Line, ...]:
    """Everything one span says of itself."""
    span = step.span
    facts = [
        (_("span"), span.id),
        (_("parent"), span.parent_id or _("none")),
        (_("starts"), f"+{took(step.offset_us)}"),
        (_("took"), took(span.duration_us)),
    ]
    said = [
        (leaf.path, leaf.value if isinstance(leaf.value, str) else literal(leaf.value))
        for leaf in leaves_of(span.attributes)
        if span.attributes
    ]
    rows = [(visible(name), value) for name, value in (*facts, *said)]
    width = min(_NAME_MAX, max(len(name) for name, _ in rows)) + 2
    return tuple(
        Line(visible_spans(value), (Span(f"{name:<{width}}", Tone.KEY),), (Span(" " * width),))
        for name, value in rows
    )


def trace_title(steps: Sequence[Step], waits_since: str = "") -> Spans:
    """How long, how many, how many failed; of an action that waits, since when: a wait has no span
    before it ends.
    """
    waits = _("? waits for an operator since {waits_since}").format(waits_since=waits_since)
    waiting = (Span(waits, Tone.WARN), Span("  ")) if waits_since else ()
    if not steps:
        return (*waiting, Span(_("no spans kept for this action"), Tone.WARN))
    failed = sum(not step.span.ok for step in steps)
    spans = [
        Span(_("{took}, {number} spans").format(took=took(steps[0].total_us), number=len(steps)))
    ]
    if failed:
        spans.append(Span(_("  ✗ {failed} failed").format(failed=failed), Tone.BAD))
    return (*waiting, *spans)
