"""What is shown counts as fresh only while the stream runs and calls are answered."""

from console.remote.link import SILENCE_S, Link
from tests.fakes import FakeClock


def _link() -> tuple[Link, FakeClock]:
    clock = FakeClock()
    return Link(clock.monotonic_s), clock


def test_nothing_is_fresh_before_the_stream_runs() -> None:
    link, clock = _link()
    clock.advance(3)
    assert link.stale_s() == 3
    link.heard()
    assert link.stale_s() is None


def test_age_counts_from_the_last_word_of_a_stream_that_ended() -> None:
    link, clock = _link()
    link.heard()
    clock.advance(10)
    assert link.stale_s() is None
    link.broken()
    clock.advance(2)
    assert link.stale_s() == 12


def test_a_silent_stream_is_not_believed() -> None:
    link, clock = _link()
    link.heard()
    clock.advance(SILENCE_S)
    assert link.stale_s() is None
    clock.advance(1)
    assert link.stale_s() == SILENCE_S + 1
    link.heard()
    assert link.stale_s() is None


def test_a_call_without_an_answer_makes_all_stale_until_one_is_answered() -> None:
    link, clock = _link()
    link.heard()
    link.answered()
    clock.advance(5)
    link.heard()
    link.unanswered()
    assert link.stale_s() == 5
    link.answered()
    assert link.stale_s() is None
