"""One alert for each cause: counted, acknowledged, silenced, resolved; audited where people act."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import AlertNotFound, InvalidAction, Overloaded, StorageError, StorageFull
from core.events import AlertChanged
from core.ids import AlertId, OperatorId
from core.measures import Alert, AlertState, Severity
from core.monitoring.alerts import AlertBook
from core.records import AuditDraft
from tests.fakes import FakeIds
from tests.unit.monitoring.watching import Watched, make_watched

ANA = OperatorId("ana")
BO = OperatorId("bo")


async def raise_one(watched: Watched, cause: str = "agent:video", **changes: Any) -> Alert:
    given_: dict[str, Any] = {
        "agent": "video",
        "severity": Severity.WARNING,
        "title": "video does not answer",
    }
    return await watched.alerts.raise_alert(cause, **{**given_, **changes})


def told(watched: Watched) -> list[AlertChanged]:
    return [each for each in watched.screen.drain() if isinstance(each, AlertChanged)]


@contextlib.asynccontextmanager
async def running(watched: Watched) -> AsyncGenerator[None]:
    task = asyncio.create_task(watched.alerts.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_one_cause_is_one_alert_that_counts_up() -> None:
    watched = make_watched()
    first = await raise_one(watched)
    watched.clock.advance(5)
    again = await raise_one(watched, detail="still not")
    await raise_one(watched, "agent:data", agent="data")
    assert again.id == first.id
    assert (again.count, again.detail, again.opened_at) == (2, "still not", first.opened_at)
    assert sorted(watched.causes()) == ["agent:data", "agent:video"]


async def test_a_resolved_cause_that_comes_back_is_a_new_alert() -> None:
    watched = make_watched()
    first = await raise_one(watched)
    await watched.alerts.resolve("agent:video")
    await watched.alerts.resolve("never raised")
    assert watched.alerts.open() == ()
    second = await raise_one(watched)
    assert second.id != first.id
    shown = watched.alerts.open(resolved=True)
    assert [(each.id, each.state) for each in shown] == [
        (second.id, AlertState.FIRING),
        (first.id, AlertState.RESOLVED),
    ]


async def test_the_worst_and_newest_come_first() -> None:
    watched = make_watched()
    for name, severity in (
        ("a", Severity.INFO),
        ("b", Severity.CRITICAL),
        ("c", Severity.WARNING),
        ("d", Severity.CRITICAL),
    ):
        await raise_one(watched, name, severity=severity)
        watched.clock.advance(1)
    assert watched.causes() == ["d", "b", "c", "a"]


async def test_what_was_resolved_is_shown_for_a_day() -> None:
    watched = make_watched()
    await raise_one(watched)
    await watched.alerts.resolve("agent:video")
    watched.clock.advance(86_399)
    assert len(watched.alerts.open(resolved=True)) == 1
    watched.clock.advance(2)
    assert watched.alerts.open(resolved=True) == ()


async def test_each_change_is_told_but_a_mere_count_only_now_and_then() -> None:
    watched = make_watched()
    await raise_one(watched)
    assert [each.state for each in told(watched)] == [AlertState.FIRING]
    writes = watched.kept.writes
    for _ in range(50):
        await raise_one(watched)
    assert (told(watched), watched.kept.writes) == ([], writes)
    watched.clock.advance(10)
    await raise_one(watched)
    assert len(told(watched)) == 1
    assert next(iter(watched.kept.kept.values())).count == 52
    await watched.alerts.resolve("agent:video")
    assert [each.state for each in told(watched)] == [AlertState.RESOLVED]


async def test_acknowledging_is_audited_and_tells_who_and_when() -> None:
    watched = make_watched()
    alert = await raise_one(watched)
    watched.clock.advance(60)
    done = await watched.alerts.acknowledge(alert.id, ANA, "looking into it")
    assert (done.state, done.acknowledged_by, done.acknowledged_at) == (
        AlertState.ACKNOWLEDGED,
        ANA,
        watched.clock.now(),
    )
    (draft,) = watched.audited
    assert (draft.event, draft.actor, draft.body["note"], draft.body["cause"]) == (
        "alert.acknowledged",
        ANA,
        "looking into it",
        "agent:video",
    )


async def test_an_acknowledged_alert_fires_again_only_when_it_gets_worse() -> None:
    watched = make_watched()
    alert = await raise_one(watched)
    await watched.alerts.acknowledge(alert.id, ANA)
    assert (await raise_one(watched)).state is AlertState.ACKNOWLEDGED
    worse = await raise_one(watched, severity=Severity.CRITICAL)
    assert (worse.state, worse.severity) == (AlertState.FIRING, Severity.CRITICAL)
    watched.clock.advance(60)
    again = await watched.alerts.acknowledge(alert.id, BO)
    assert (again.acknowledged_by, again.acknowledged_at) == (BO, alert.opened_at)


async def test_acting_on_what_is_not_there_or_over_is_refused() -> None:
    watched = make_watched()
    with pytest.raises(AlertNotFound):
        await watched.alerts.acknowledge(AlertId("nope"), ANA)
    with pytest.raises(AlertNotFound):
        await watched.alerts.silence(AlertId("nope"), ANA, watched.clock.now(), "")
    alert = await raise_one(watched)
    for seconds in (0, -1, 31 * 86_400):
        until = watched.clock.now() + timedelta(seconds=seconds)
        with pytest.raises(InvalidAction, match="future"):
            await watched.alerts.silence(alert.id, ANA, until, "")
    await watched.alerts.resolve(alert.cause)
    with pytest.raises(InvalidAction, match="resolved"):
        await watched.alerts.acknowledge(alert.id, ANA)
    assert watched.audited == []


async def test_what_cannot_be_audited_is_not_done() -> None:
    async def refuse(_draft: AuditDraft) -> None:
        raise StorageFull("the disk is full")

    watched = make_watched(audit=refuse)
    alert = await raise_one(watched)
    until = watched.clock.now() + timedelta(hours=1)
    with pytest.raises(StorageFull):
        await watched.alerts.acknowledge(alert.id, ANA)
    with pytest.raises(StorageFull):
        await watched.alerts.silence(alert.id, ANA, until, "later")
    assert watched.alerts.open() == (alert,)


async def test_an_alert_that_ends_while_it_is_acknowledged_stays_resolved() -> None:
    async def resolve_meanwhile(_draft: AuditDraft) -> None:
        await watched.alerts.resolve(alert.cause)

    watched = make_watched(audit=resolve_meanwhile)
    alert = await raise_one(watched)
    done = await watched.alerts.acknowledge(alert.id, ANA)
    assert (done.state, done.acknowledged_by) == (AlertState.RESOLVED, ANA)
    assert watched.alerts.open() == ()
    assert len(watched.alerts.open(resolved=True)) == 1


async def test_a_silence_holds_for_the_cause_until_its_end() -> None:
    watched = make_watched()
    alert = await raise_one(watched)
    until = watched.clock.now() + timedelta(minutes=30)
    silenced = await watched.alerts.silence(alert.id, ANA, until, "being rebuilt")
    assert (silenced.state, silenced.silenced_until, silenced.silenced_by) == (
        AlertState.FIRING,
        until,
        ANA,
    )
    assert told(watched)[-1].silenced
    assert (watched.audited[0].event, watched.audited[0].body["note"]) == (
        "alert.silenced",
        "being rebuilt",
    )
    await watched.alerts.resolve(alert.cause)
    again = await raise_one(watched)
    assert again.silenced_until == until
    told(watched)
    async with running(watched):
        await watched.for_a_while(1_700)
        assert told(watched) == []
        await watched.for_a_while(200)
        assert [each.silenced for each in told(watched)] == [False]
    await watched.alerts.resolve(alert.cause)
    assert (await raise_one(watched)).silenced_until is None


async def test_a_resolved_alert_can_be_silenced_for_its_next_time() -> None:
    watched = make_watched()
    alert = await raise_one(watched)
    await watched.alerts.resolve(alert.cause)
    until = watched.clock.now() + timedelta(hours=1)
    await watched.alerts.silence(alert.id, ANA, until, "flaps")
    assert len(watched.alerts.open(resolved=True)) == 1
    assert (await raise_one(watched)).silenced_until == until


async def test_a_restart_takes_up_alerts_silences_and_response_times() -> None:
    first = make_watched()
    gone, held = await raise_one(first, "a"), await raise_one(first, "b")
    await first.alerts.silence(gone.id, ANA, first.clock.now() + timedelta(days=2), "")
    await first.alerts.resolve("a")
    first.clock.advance(120)
    await first.alerts.acknowledge(held.id, ANA)
    second = make_watched(clock=first.clock, kept=first.kept)
    await second.alerts.load()
    assert second.alerts.open() == first.alerts.open()
    assert second.alerts.open(resolved=True) == first.alerts.open(resolved=True)
    assert second.alerts.response_time(lambda _: True).value == 2.0
    assert (await raise_one(second, "a")).silenced_until is not None
    second.clock.advance(86_400 + 1)
    third = make_watched(clock=first.clock, kept=first.kept)
    await third.alerts.load()
    assert len(third.alerts.open(resolved=True)) == 2


async def test_a_full_disk_never_loses_an_alert() -> None:
    watched = make_watched()
    watched.kept.problem = StorageFull("the disk is full")
    alert = await raise_one(watched)
    assert watched.causes() == ["agent:video"]
    assert len(told(watched)) == 1
    watched.kept.problem = None
    async with running(watched):
        await watched.until(lambda: watched.kept.kept)
    assert watched.kept.kept == {alert.id: alert}


async def test_one_agent_cannot_fill_the_list() -> None:
    watched = make_watched()
    for number in range(200):
        await raise_one(watched, f"cause {number}")
    with pytest.raises(Overloaded, match="video has 200"):
        await raise_one(watched, "one more")
    await raise_one(watched, "cause 7")
    await raise_one(watched, "another's", agent="data")
    assert len(watched.alerts.open()) == 201


async def test_texts_are_bounded_and_fit_for_a_file() -> None:
    watched = make_watched()
    alert = await raise_one(watched, title="t\ud800" * 500, detail="d" * 5_000)
    assert len(alert.title) <= 200
    assert len(alert.detail) <= 2_000
    alert.title.encode()


async def test_response_time_is_the_mean_until_the_first_acknowledgement() -> None:
    watched = make_watched()
    assert watched.alerts.response_time(lambda _: True).value is None
    for minutes, agent in ((10, "video"), (20, "video"), (60, "security")):
        alert = await raise_one(watched, f"{agent} {minutes}", agent=agent)
        watched.clock.advance(60 * minutes)
        await watched.alerts.acknowledge(alert.id, ANA)
        watched.clock.advance(60)
        await watched.alerts.acknowledge(alert.id, BO)
    measured = watched.alerts.response_time(lambda agent: agent != "security")
    assert (measured.value, measured.note) == (15.0, "2 alerts acknowledged in 30 days")
    assert watched.alerts.response_time(lambda agent: agent == "security").value == 60.0
    watched.clock.advance(31 * 86_400)
    assert watched.alerts.response_time(lambda _: True).value is None


async def test_a_clock_set_back_makes_no_negative_response() -> None:
    watched = make_watched()
    alert = await raise_one(watched)
    watched.clock.advance(-600)
    await watched.alerts.acknowledge(alert.id, ANA)
    assert watched.alerts.response_time(lambda _: True).value == 0.0


async def test_what_was_written_too_late_to_matter_is_dropped_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.monitoring.alerts._UNSAVED_MAX", 3)
    watched = make_watched()
    watched.kept.problem = StorageError("broken")
    for number in range(5):
        await raise_one(watched, f"cause {number}")
    watched.kept.problem = None
    await watched.alerts.resolve("cause 4")
    assert {each.cause for each in watched.kept.kept.values()} == {"cause 2", "cause 3", "cause 4"}
    assert len(watched.alerts.open()) == 4


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["raise", "worse", "resolve", "acknowledge", "silence", "restart"]),
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 200),
    ),
    max_size=30,
)


@given(ACTS)
@settings(max_examples=60, deadline=None)
def test_whatever_happens_a_cause_has_at_most_one_open_alert(
    acts: list[tuple[str, str, int]],
) -> None:
    asyncio.run(_check_acts(acts))


async def _check_acts(acts: list[tuple[str, str, int]]) -> None:
    ids, expected = FakeIds(), set[str]()
    watched = make_watched(ids=ids)
    for act, cause, pause_s in acts:
        watched.clock.advance(pause_s)
        book = watched.alerts
        alert = next((each for each in book.open() if each.cause == cause), None)
        match act:
            case "raise" | "worse":
                severity = Severity.CRITICAL if act == "worse" else Severity.WARNING
                await raise_one(watched, cause, severity=severity)
                expected.add(cause)
            case "resolve":
                await book.resolve(cause)
                expected.discard(cause)
            case "acknowledge" if alert:
                await book.acknowledge(alert.id, ANA)
            case "silence" if alert:
                await book.silence(alert.id, ANA, watched.clock.now() + timedelta(seconds=100), "")
            case "restart":
                watched = make_watched(clock=watched.clock, kept=watched.kept, ids=ids)
                await watched.alerts.load()
            case _:
                continue
        shown = watched.alerts.open()
        assert sorted(each.cause for each in shown) == sorted(expected)
        assert all(each.state is not AlertState.RESOLVED for each in shown)
        past = watched.alerts.open(resolved=True)[len(shown) :]
        assert all(each.resolved_at is not None for each in past)
        assert len({each.id for each in (*shown, *past)}) == len(shown) + len(past)


def test_the_book_is_a_service() -> None:
    assert AlertBook.name == "alerts"
