"""The newest reading of each metric: its state, its reason, its trend."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.measures import Measured, Reading, Severity, SourceState
from core.monitoring.catalog import CATALOG, make_metric
from core.monitoring.model import Change
from core.monitoring.readings import TREND_MAX, MetricBook
from tests.fakes import FakeClock
from tests.unit.monitoring.watching import RATE, FakeSource


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def book(clock: FakeClock) -> MetricBook:
    return MetricBook(clock)


def look(book: MetricBook, key: str = RATE) -> Reading:
    return next(each for each in book.readings() if each.spec.key == key)


def test_every_row_is_shown_and_what_is_not_bound_has_no_source_and_no_value(
    book: MetricBook,
) -> None:
    readings = book.readings()
    assert [each.spec for each in readings] == list(CATALOG)
    assert {(each.state, each.value, each.trend) for each in readings} == {
        (SourceState.NO_SOURCE, None, ())
    }
    assert "[metrics.backend.error_rate]" in look(book).reason


def test_readings_of_one_agent_are_its_own_alone(book: MetricBook) -> None:
    assert {each.spec.agent for each in book.readings("video")} == {"video"}


def test_a_metric_beside_the_catalogue_comes_after_it(clock: FakeClock) -> None:
    own = make_metric("backend", "queue", unit="messages", target=0, alert_above=10)
    assert MetricBook(clock, beside=[own]).readings()[-1].spec is own


def test_a_bound_metric_waits_until_something_arrives(book: MetricBook) -> None:
    book.bind(RATE, FakeSource())
    reading = look(book)
    assert (reading.state, reading.value, reading.source) == (
        SourceState.WAITING,
        None,
        "fake source",
    )
    book.take_in(RATE, Measured(0.002, note="2 of 1000 requests"))
    reading = look(book)
    assert (reading.state, reading.value, reading.reason) == (SourceState.FRESH, 0.002, "")
    assert reading.note == "2 of 1000 requests"


def test_one_metric_takes_one_source(book: MetricBook) -> None:
    book.bind(RATE, FakeSource())
    with pytest.raises(ValueError, match="has a source already"):
        book.bind(RATE, FakeSource())
    with pytest.raises(KeyError):
        book.bind("un.known", FakeSource())


def test_a_failing_source_makes_it_stale_with_the_reason_and_keeps_the_value(
    book: MetricBook,
) -> None:
    book.bind(RATE, FakeSource())
    book.fail(RATE, "refused")
    assert (look(book).state, look(book).value) == (SourceState.STALE, None)
    book.take_in(RATE, Measured(0.002))
    book.fail(RATE, "no route")
    assert (look(book).state, look(book).value, look(book).reason) == (
        SourceState.STALE,
        0.002,
        "no route",
    )
    book.take_in(RATE, Measured(0.003))
    assert look(book).state is SourceState.FRESH


def test_a_source_that_works_without_a_value_is_no_zero(book: MetricBook) -> None:
    book.bind(RATE, FakeSource())
    book.take_in(RATE, Measured(None, note="no requests in 300 s"))
    assert (look(book).state, look(book).value) == (SourceState.WAITING, None)
    book.take_in(RATE, Measured(0.5))
    book.take_in(RATE, Measured(None, note="no requests in 300 s"))
    reading = look(book)
    assert (reading.state, reading.value, reading.reason) == (
        SourceState.STALE,
        0.5,
        "no requests in 300 s",
    )
    assert book.take_pending()[0][0].value == 0.5


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_a_failure(book: MetricBook, value: float) -> None:
    book.bind(RATE, FakeSource())
    book.take_in(RATE, Measured(value))
    assert (look(book).state, look(book).value) == (SourceState.STALE, None)
    with pytest.raises(ValueError, match="finite"):
        book.observe(RATE, value)


def test_the_same_reading_again_is_fresh_but_no_second_sample(
    book: MetricBook, clock: FakeClock
) -> None:
    book.bind(RATE, FakeSource())
    written_s = clock.now().timestamp() - 1_000
    for _ in range(3):
        book.take_in(RATE, Measured(0.002, at_s=written_s))
        clock.advance(60)
    reading = look(book)
    assert (reading.state, reading.trend) == (SourceState.FRESH, (0.002,))
    assert reading.at is not None
    assert reading.at.timestamp() == written_s
    assert len(book.take_pending()[0]) == 1


def test_nothing_was_measured_in_the_future(book: MetricBook, clock: FakeClock) -> None:
    book.observe(RATE, 0.002, clock.now().timestamp() + 1_000)
    assert look(book).at == clock.now()


@pytest.mark.parametrize("at_s", [float("nan"), -1.0])
def test_a_time_that_is_none_is_taken_for_now(
    book: MetricBook, clock: FakeClock, at_s: float
) -> None:
    book.observe(RATE, 0.002, at_s)
    assert look(book).at == clock.now()


def test_what_is_sent_late_is_stored_but_is_not_the_newest(
    book: MetricBook, clock: FakeClock
) -> None:
    now_s = clock.now().timestamp()
    book.observe(RATE, 0.002, now_s)
    book.observe(RATE, 0.9, now_s - 60)
    assert (look(book).value, look(book).trend) == (0.002, (0.002,))
    assert [each.at_s for each in book.take_pending()[0]] == [now_s, now_s - 60]


def test_what_a_source_reads_holds_however_old_it_is(book: MetricBook, clock: FakeClock) -> None:
    now_s = clock.now().timestamp()
    book.bind(RATE, FakeSource())
    book.take_in(RATE, Measured(0.002, at_s=now_s))
    book.take_in(RATE, Measured(0.003, at_s=now_s - 3_600))
    assert look(book).value == 0.003


def test_what_is_sent_without_a_source_is_fresh_until_nothing_comes(
    book: MetricBook, clock: FakeClock
) -> None:
    book.observe(RATE, 0.002)
    assert (look(book).state, look(book).source) == (SourceState.FRESH, "sent from outside")
    clock.advance(181)
    assert look(book).state is SourceState.STALE
    assert "181 s" in look(book).reason


def test_a_clock_set_back_leaves_a_reading_fresh() -> None:
    class Wandering(FakeClock):
        set_back = timedelta()

        def now(self) -> datetime:
            return super().now() - self.set_back

    clock = Wandering()
    book = MetricBook(clock)
    book.observe(RATE, 0.002)
    clock.set_back = timedelta(days=1)
    assert look(book).state is SourceState.FRESH
    book.observe(RATE, 0.003)
    assert (look(book).value, look(book).at) == (0.003, clock.now())


def test_an_unknown_key_is_kept_as_a_series_alone(book: MetricBook) -> None:
    book.observe("gen_ai.tokens", 12)
    assert [each.key for each in book.take_pending()[0]] == ["gen_ai.tokens"]
    assert len(book.readings()) == len(CATALOG)
    book.take_in("un.known", Measured(None))
    book.fail("un.known", "why")
    book.unbind("un.known")


def test_unbinding_forgets_value_source_and_alerts(book: MetricBook) -> None:
    book.bind(RATE, FakeSource())
    book.take_in(RATE, Measured(0.9))
    book.unbind(RATE)
    assert (look(book).state, look(book).value) == (SourceState.NO_SOURCE, None)
    changes = [each.change for each in book.take_pending()[1]]
    assert changes == [Change.RESOLVE, Change.END_STALE]
    book.bind(RATE, FakeSource())


@given(st.lists(st.floats(-1e9, 1e9), max_size=150))
def test_the_trend_is_the_newest_sixty_in_order(values: list[float]) -> None:
    clock = FakeClock()
    book = MetricBook(clock)
    for value in values:
        clock.advance(1)
        book.observe(RATE, value)
    assert look(book).trend == tuple(values[-TREND_MAX:])


def test_samples_that_nobody_takes_are_bounded_and_the_newest_stay(clock: FakeClock) -> None:
    book = MetricBook(clock, pending_max=100)
    for value in range(1_000):
        book.observe("outside.metric", value)
    assert book.statistics().waiting <= 200
    samples, _ = book.take_pending()
    assert [each.value for each in samples] == list(range(900, 1_000))
    assert book.statistics().dropped == 900
    book.put_back(samples)
    book.observe("outside.metric", 1_000)
    assert [each.value for each in book.take_pending()[0]] == list(range(901, 1_001))


def test_a_change_says_how_bad_it_is(book: MetricBook, clock: FakeClock) -> None:
    for _ in range(2):
        book.observe(RATE, 0.9)
        clock.advance(30)
    (change,) = book.take_pending()[1]
    assert (change.change, change.severity, change.reading.value) == (
        Change.RAISE,
        Severity.CRITICAL,
        0.9,
    )
