from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from core.fleet import AgentStatus
from core.orchestration.health.rules import (
    Health,
    begin,
    crash,
    hear,
    is_fresh,
    miss,
    start_anew,
)

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LIMIT_S = 30.0


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def heard(seconds: float = 0.0) -> Health:
    return hear(Health(since=NOW), at=at(seconds), at_s=seconds)


def test_the_first_sign_of_life_brings_an_agent_online() -> None:
    health = heard(3)
    assert (health.status, health.since, health.heard_at) == (AgentStatus.ONLINE, at(3), at(3))


def test_an_agent_goes_offline_only_after_the_limit() -> None:
    health = heard()
    assert miss(health, now=at(30), now_s=30, limit_s=LIMIT_S) is health
    gone = miss(health, now=at(31), now_s=31, limit_s=LIMIT_S)
    assert (gone.status, gone.since) == (AgentStatus.OFFLINE, at(31))
    assert gone.why == "no sign of life for 31 s"
    assert not gone.restarting


def test_a_silent_agent_that_speaks_again_is_online() -> None:
    gone = miss(heard(), now=at(31), now_s=31, limit_s=LIMIT_S)
    back = hear(gone, at=at(40), at_s=40)
    assert (back.status, back.since, back.why) == (AgentStatus.ONLINE, at(40), "")


def test_within_a_second_an_online_agent_tells_nothing_new_whichever_way_the_clock_goes() -> None:
    health = heard(10)
    assert is_fresh(health, at(10.9))
    assert is_fresh(health, at(9.1))
    assert not is_fresh(health, at(11))
    assert not is_fresh(health, at(9))  # a wall clock that stepped back must not silence it


def test_who_is_offline_or_never_spoke_always_tells_something_new() -> None:
    gone = miss(heard(), now=at(31), now_s=31, limit_s=LIMIT_S)
    assert not is_fresh(gone, at(0))
    assert not is_fresh(Health(since=NOW, status=AgentStatus.ONLINE), at(0))


def test_who_never_spoke_is_not_taken_for_silent() -> None:
    health = Health(since=NOW)
    assert miss(health, now=at(99), now_s=99, limit_s=LIMIT_S) is health


def test_a_crash_takes_it_offline_until_it_begins_again_whatever_is_heard() -> None:
    down = crash(heard(), at=at(5), why="KeyError: 'x'", restarting=True)
    assert (down.status, down.restarting, down.restarts) == (AgentStatus.OFFLINE, True, 1)
    assert down.why == "KeyError: 'x'; restarting"
    late = hear(down, at=at(6), at_s=6)
    assert (late.status, late.heard_at) == (AgentStatus.OFFLINE, at(6))
    up = begin(late, at=at(7), at_s=7)
    assert (up.status, up.restarting, up.restarts) == (AgentStatus.ONLINE, False, 1)


def test_a_spent_budget_leaves_it_in_error_whatever_is_heard() -> None:
    error = crash(heard(), at=at(5), why="gave up", restarting=False)
    assert (error.status, error.since, error.restarts) == (AgentStatus.ERROR, at(5), 0)
    assert hear(error, at=at(6), at_s=6).status is AgentStatus.ERROR
    assert begin(error, at=at(6), at_s=6).status is AgentStatus.ERROR
    assert miss(error, now=at(99), now_s=99, limit_s=LIMIT_S) is error
    assert crash(error, at=at(7), why="again", restarting=True) is error


def test_only_somebody_who_has_it_started_anew_takes_it_out_of_error() -> None:
    error = crash(heard(), at=at(5), why="gave up", restarting=False)
    anew = start_anew(error, at=at(9), why="restarting: the disk is mended")
    assert (anew.status, anew.since, anew.restarting) == (AgentStatus.OFFLINE, at(9), True)
    assert start_anew(anew, at=at(10), why="again").since == at(9)
    assert begin(anew, at=at(10), at_s=10).status is AgentStatus.ONLINE


def test_a_sign_of_life_that_comes_late_does_not_turn_the_clock_back() -> None:
    health = heard(20)
    assert hear(health, at=at(5), at_s=5) is health


steps = st.lists(
    st.tuples(
        st.sampled_from(["hear", "begin", "miss", "crash", "give up", "anew"]), st.floats(0, 40)
    ),
    max_size=25,
)


@settings(max_examples=100)
@given(steps)
def test_whatever_happens_the_states_hold_together(given_steps: list[tuple[str, float]]) -> None:
    health, now_s, crashes = Health(since=NOW), 0.0, 0
    for what, pause_s in given_steps:
        before = health
        now_s += pause_s
        match what:
            case "hear":
                health = hear(health, at=at(now_s), at_s=now_s)
            case "begin":
                health = begin(health, at=at(now_s), at_s=now_s)
            case "miss":
                health = miss(health, now=at(now_s), now_s=now_s, limit_s=LIMIT_S)
            case "anew":
                health = start_anew(health, at=at(now_s), why="asked")
            case _:
                restarting = what == "crash"
                crashes += restarting and before.status is not AgentStatus.ERROR
                health = crash(health, at=at(now_s), why="it broke", restarting=restarting)
        assert health.status is not AgentStatus.BUSY
        assert (health.why == "") <= (health.status is not AgentStatus.ERROR)
        assert (health.status is AgentStatus.ONLINE) <= (health.why == "")
        assert health.restarting <= (health.status is AgentStatus.OFFLINE)
        assert health.restarts == crashes
        if before.status is AgentStatus.ERROR and health.status is not AgentStatus.ERROR:
            assert what == "anew"
        if before.restarting and not health.restarting:
            assert what in {"begin", "give up"}
        if health.status is before.status:
            assert health.since == before.since
        else:
            assert health.since == at(now_s)
