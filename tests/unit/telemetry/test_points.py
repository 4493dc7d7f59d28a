"""Metrics of outside agents: delta and cumulative, restarts, windows."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.measures import Measured
from core.telemetry.model import PointRow
from core.telemetry.points import PointBook
from tests.otlp import make_sum
from tests.unit.telemetry.conftest import Desk

NOW_S = 1_000.0


def row(value: float, *, at_s: float = NOW_S, **changes: Any) -> PointRow:
    given_as: dict[str, Any] = {
        "metric": "m",
        "kind": "sum",
        "delta": False,
        "start_ns": 1,
        "at_ns": int(at_s * 1e9),
        "value": value,
        "samples": 1,
        "bounds": (),
        "buckets": (),
        "labels": (),
        "stream": 1,
    }
    return PointRow(**{**given_as, **changes})


def book_of(rows: Sequence[PointRow]) -> PointBook:
    book = PointBook()
    book.take("e", rows, now_s=NOW_S)
    return book


def value_of(found: Measured | None) -> float | None:
    assert found is not None
    return found.value


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20), st.integers(0, 19))
def test_delta_and_cumulative_come_to_the_same_over_a_restart(
    parts: list[int], restart: int
) -> None:
    delta = [row(part, at_s=at, delta=True, start_ns=at) for at, part in enumerate(parts, 1)]
    cumulative: list[PointRow] = []
    total, start = 0, 1
    for at, part in enumerate(parts, 1):
        if at - 1 == restart:
            total, start = 0, at
        total += part
        cumulative.append(row(total, at_s=at, start_ns=start))
    assert book_of(delta).total("e", "m", {}) == sum(parts)
    assert book_of(cumulative).total("e", "m", {}) == sum(parts)
    assert book_of([*cumulative, *cumulative]).total("e", "m", {}) == sum(parts)


def test_a_window_gives_the_sum_and_the_rate() -> None:
    book = book_of([row(part, at_s=at, delta=True) for at, part in ((500, 5), (900, 7), (950, 3))])
    assert value_of(book.lookup("m", measure="sum", window_s=300, now_s=NOW_S)) == 10
    assert value_of(book.lookup("m", measure="rate", window_s=100, now_s=NOW_S)) == 0.1
    assert value_of(book.lookup("m", measure="sum", window_s=10, now_s=NOW_S)) is None
    assert value_of(book.lookup("m", now_s=NOW_S)) == 15
    assert book.lookup("other", now_s=NOW_S) is None


def test_labels_and_agents_choose_series() -> None:
    coder = (("agent.name", "coder"), ("type", "input"))
    book = book_of([row(1, stream=1, labels=coder), row(2, stream=2, labels=(("type", "output"),))])
    assert value_of(book.lookup("m", attributes={"type": "input"}, now_s=NOW_S)) == 1
    assert value_of(book.lookup("m", agent="coder", now_s=NOW_S)) == 1
    assert value_of(book.lookup("m", agent="e", now_s=NOW_S)) == 3
    assert book.lookup("m", agent="nobody", now_s=NOW_S) is None


def test_a_gauge_is_its_newest_value() -> None:
    book = book_of([row(value, at_s=at, kind="gauge") for at, value in ((900, 3.0), (950, 1.0))])
    assert value_of(book.lookup("m", now_s=NOW_S)) == 1.0
    assert value_of(book.lookup("m", measure="p95", now_s=NOW_S)) == 3.0


def test_a_histogram_gives_means_and_p95_of_what_is_new() -> None:
    given_as: dict[str, Any] = {"kind": "histogram", "bounds": (10.0, 20.0)}
    book = book_of(
        [
            row(50, at_s=100, samples=10, buckets=(10, 0, 0), **given_as),
            row(200, at_s=900, samples=20, buckets=(10, 10, 0), **given_as),
            row(200, at_s=950, samples=20, buckets=(10, 10, 0), **given_as),
        ]
    )
    assert value_of(book.lookup("m", now_s=NOW_S)) == 15.0
    assert value_of(book.lookup("m", measure="p95", now_s=NOW_S)) == 19.5
    open_end = book_of([row(99, samples=3, buckets=(0, 0, 3), **given_as)])
    assert value_of(open_end.lookup("m", measure="p95", now_s=NOW_S)) == 20.0
    bare = book_of([row(99, samples=3, kind="histogram")])
    assert value_of(bare.lookup("m", measure="p95", now_s=NOW_S)) is None


def test_series_and_senders_are_bounded() -> None:
    book = book_of([row(1, stream=each, labels=(("n", str(each)),)) for each in range(5000)])
    assert book.refused == 5000 - 2048
    book.take("e", [row(1, at_s=9_999, stream=-1)], now_s=10_000.0)  # the others are idle by now
    book.take("e", [row(1, kind="gauge", labels=(("n", "1"),))], now_s=10_000.0)
    assert book.refused == 5000 - 2048 + 2


async def test_the_book_answers_by_name(desk: Desk) -> None:
    labels = {"type": "input", "session.id": "s"}
    await desk.metrics(
        make_sum("claude_code.token.usage", 40, labels=labels), service="claude-code"
    )
    found = desk.book.lookup("claude_code.token.usage", attributes={"type": "input"})
    assert value_of(found) == 40
    assert desk.book.metric_total("claude-code", "claude_code.token.usage", {}) == 40
    assert desk.emitter().points == 1


@pytest.mark.parametrize("delta", [True, False])
async def test_sessions_that_share_labels_add_up(desk: Desk, *, delta: bool) -> None:
    await desk.metrics(
        *(make_sum("m", 5, labels={"session.id": each}, delta=delta) for each in ("a", "b"))
    )
    assert value_of(desk.book.lookup("m")) == 10
