"""The tour asks for one thing at a time, and goes on when it was done."""

from dataclasses import replace

import pytest

from console.keymap import KEYMAP
from console.tour import STEPS, Sight, Tour
from core.ids import ActionId
from core.ports import VerifyReport

ROOM = 80 - len(" TOUR ")
START = Sight(screen="overview", can_try=True)


def at(number: int, sight: Sight = START) -> Tour:
    """A tour at this step, from 1."""
    tour = Tour()
    tour.begin()
    tour.see(sight)
    for _ in range(number - 1):
        tour.go_on(sight)
    return tour


@pytest.mark.parametrize("step", STEPS)
def test_every_sentence_fits_eighty_columns_and_every_key_is_on_the_table(step: object) -> None:
    chosen = next(each for each in STEPS if each is step)
    assert len(chosen.words) <= ROOM
    assert set(chosen.actions) <= {row.action for row in KEYMAP}
    assert chosen.key


def test_there_is_no_tour_before_it_is_begun_nor_after_it_was_left() -> None:
    tour = Tour()
    tour.see(START)
    assert (tour.step, tour.place) == (None, "")
    tour.begin()
    assert tour.place == f"1/{len(STEPS)}"
    tour.leave()
    assert tour.step is None


def test_what_a_step_asks_for_leads_on_and_nothing_else_does() -> None:
    tour = at(2)
    tour.see(replace(START, screen="metrics"))
    assert tour.step is STEPS[1]
    tour.see(replace(START, screen="agents"))
    assert tour.step is STEPS[2]


def test_a_decision_made_before_the_step_is_not_the_one_it_asks_for() -> None:
    old = replace(START, screen="approvals", waiting=1, settled=ActionId("old"))
    tour = at(1, old)
    while tour.step is not None and tour.step.actions != ("approve", "deny"):
        tour.go_on(old)
    deciding = tour.step
    tour.see(old)
    assert tour.step is deciding
    tour.see(replace(old, settled=ActionId("new")))
    assert tour.step is not deciding


def test_a_new_verification_counts_and_an_old_one_does_not() -> None:
    report = VerifyReport(ok=True, entries=1, head="", signed_length=1)
    seen = replace(START, screen="audit", verified=report)
    tour = at(1, seen)
    while tour.step is not None and tour.step.actions != ("verify",):
        tour.go_on(seen)
    tour.see(seen)
    assert tour.step is not None
    assert tour.step.actions == ("verify",)
    tour.see(replace(seen, verified=replace(report, entries=2)))
    assert tour.step.actions != ("verify",)


@pytest.mark.parametrize(
    ("sight", "offered"),
    [
        (START, True),
        (replace(START, waiting=1), False),
        (replace(START, can_try=False), False),
    ],
)
def test_there_is_something_to_try_where_nothing_waits_yet(sight: Sight, *, offered: bool) -> None:
    tour = at(1, sight)
    asked: list[tuple[str, ...]] = []
    while tour.step is not None:
        asked.append(tour.step.actions)
        tour.go_on(sight)
    assert (("overview", "try_it") in asked) is offered
    assert (("approve", "deny") in asked) is (sight.waiting > 0)
