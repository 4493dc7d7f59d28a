"""Spans become a waterfall, each drawn once."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.view_models import trace
from console.view_models.ink import plain_text
from core.records import SpanRecord
from tests.console.day import TRACE, fill_spans
from tests.console.fakes import FakeOperator
from tests.factories import NOW


def make_span(name: str, parent: str | None, start_us: int = 0, took_us: int = 10) -> SpanRecord:
    return SpanRecord(
        id=name,
        trace_id=TRACE,
        parent_id=parent,
        action_id=None,
        name=name,
        started_at=NOW + timedelta(microseconds=start_us),
        duration_us=took_us,
        ok=True,
        attributes={},
    )


def test_children_stand_under_their_parents_in_order() -> None:
    operator = FakeOperator()
    fill_spans(operator)
    steps = trace.waterfall(operator.spans[::-1])
    assert [(step.span.name, step.depth) for step in steps][:3] == [
        ("action.propose", 0),
        ("gate.identify", 1),
        ("gate.screen", 1),
    ]
    assert "1 failed" in plain_text(trace.trace_title(steps))
    assert "no spans" in plain_text(trace.trace_title(()))


def test_what_still_waits_is_not_told_as_done() -> None:
    operator = FakeOperator()
    fill_spans(operator)
    said = plain_text(trace.trace_title(trace.waterfall(operator.spans), "09:00:12"))
    assert said.startswith("? waits for an operator since 09:00:12  ")
    assert "since" not in plain_text(trace.trace_title(trace.waterfall(operator.spans)))


SPANS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from([*"abcdefx", None]), st.integers(0, 99)),
    max_size=6,
    unique_by=lambda each: each[0],
)


@given(SPANS, st.integers(1, 60))
def test_every_span_is_drawn_once_and_inside(
    rows: list[tuple[str, str | None, int]], width: int
) -> None:
    steps = trace.waterfall([make_span(*row) for row in rows])
    assert sorted(step.span.id for step in steps) == sorted(row[0] for row in rows)
    for step in steps:
        assert len(trace.bar(step, width)) <= width
        assert "█" in trace.bar(step, width)


@pytest.mark.parametrize(
    ("duration", "words"),
    [(640, "640 µs"), (18_240, "18.2 ms"), (1_840_000, "1.84 s"), (186_000_000, "3.1 min")],
)
def test_durations_of_spans_have_units(duration: int, words: str) -> None:
    assert trace.took(duration) == words
