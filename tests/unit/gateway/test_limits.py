"""What one token may use up."""

import pytest

from core.errors import Overloaded
from core.gateway.http.limits import RateLimit, Slots
from core.ids import TokenId
from tests.fakes import FakeClock

ONE, TWO = TokenId("one"), TokenId("two")


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    clock = FakeClock()
    rate = RateLimit(rate_per_s=2.0, burst_max=3, clock=clock)
    for _ in range(3):
        rate.spend(ONE)
    with pytest.raises(Overloaded, match="2 requests a second"):
        rate.spend(ONE)
    clock.advance(0.5)
    rate.spend(ONE)
    with pytest.raises(Overloaded):
        rate.spend(ONE)


def test_a_long_rest_saves_no_more_than_one_burst() -> None:
    clock = FakeClock()
    rate = RateLimit(rate_per_s=10.0, burst_max=2, clock=clock)
    rate.spend(ONE)
    clock.advance(3600)
    rate.spend(ONE)
    rate.spend(ONE)
    with pytest.raises(Overloaded):
        rate.spend(ONE)


def test_one_token_never_spends_for_another() -> None:
    rate = RateLimit(rate_per_s=1.0, burst_max=1, clock=FakeClock())
    rate.spend(ONE)
    rate.spend(TWO)


def test_slots_are_counted_by_token_and_given_back_after_an_error() -> None:
    slots = Slots(1, what="waits")
    with slots.take(ONE), slots.take(TWO):
        assert slots.taken == 2
        with pytest.raises(Overloaded, match="1 waits"), slots.take(ONE):
            pass
    with pytest.raises(ValueError, match="x"), slots.take(ONE):
        raise ValueError("x")
    assert slots.taken == 0
