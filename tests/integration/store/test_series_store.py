"""Time series on a real SQLite file: roll-ups, gaps, clock jumps, retention and its bound."""

import asyncio
import math
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.adapters.series import (
    HOURS_S,
    MINUTES_S,
    RAW_S,
    SERIES_FILE,
    STEPS,
    SqliteSeries,
    bytes_max,
)
from core.adapters.sqlite.files import open_file
from core.errors import StorageError
from core.measures import Bucket, Sample
from tests.fakes import FakeClock
from tests.integration import disks

KEY = "backend.error_rate"
STEPS_S = (
    *(60 * each for each in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)),
    *(3_600 * each for each in (1, 2, 3, 4, 6, 8, 12)),
    *(86_400 * 2**power for power in range(16)),
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest_asyncio.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteSeries]:
    opened = await SqliteSeries.open(tmp_path / SERIES_FILE, clock)
    yield opened
    await opened.close()


def now_s(clock: FakeClock) -> float:
    return clock.now().timestamp()


def modes(folder: Path) -> set[int]:
    return {each.stat().st_mode & 0o777 for each in folder.iterdir()}


async def read_all(
    store: SqliteSeries, *, key: str = KEY, points_max: int = 1_000_000
) -> tuple[Bucket, ...]:
    return await store.read(key, since_s=0, until_s=1e11, points_max=points_max)


def roll_up(samples: Iterable[Sample], step_s: int) -> dict[float, tuple[float, ...]]:
    """Min, mean, max and count of each span, computed from all its samples; the last one wins."""
    newest = {round(each.at_s * 1000): each.value for each in samples}
    spans: dict[float, list[float]] = {}
    for at_ms, value in newest.items():
        spans.setdefault(float(at_ms // 1000 // step_s * step_s), []).append(value)
    return {
        at_s: (min(each), math.fsum(each) / len(each), max(each), len(each))
        for at_s, each in spans.items()
    }


def assert_equal(found: Sequence[Bucket], expected: dict[float, tuple[float, ...]]) -> None:
    assert [each.at_s for each in found] == sorted(expected)
    for each in found:
        assert (each.min, each.mean, each.max, each.count) == pytest.approx(
            expected[each.at_s], rel=1e-9, abs=1e-9
        )


async def test_what_was_added_is_read_back_raw_and_in_order(
    store: SqliteSeries, clock: FakeClock
) -> None:
    start_s = now_s(clock)
    await store.add([Sample(KEY, start_s - 3 * each, float(each)) for each in range(5)])
    found = await read_all(store)
    assert [(each.at_s, each.mean) for each in found] == [
        (start_s - 3 * each, float(each)) for each in range(4, -1, -1)
    ]
    assert all((each.count, each.min) == (1, each.max) for each in found)


async def test_a_range_holds_what_lies_in_it_and_no_other_series(
    store: SqliteSeries, clock: FakeClock
) -> None:
    start_s = now_s(clock) - 100
    await store.add([Sample(KEY, start_s + each, float(each)) for each in range(100)])
    await store.add([Sample("other.metric", start_s + each, -1.0) for each in range(100)])
    found = await store.read(KEY, since_s=start_s + 10, until_s=start_s + 12)
    assert [each.mean for each in found] == [10, 11, 12]
    assert await store.read(KEY, since_s=start_s + 1e6, until_s=start_s + 2e6) == ()
    assert await store.read(KEY, since_s=2, until_s=1) == ()
    assert await store.read("unknown.metric", since_s=0, until_s=1e11) == ()


async def test_a_gap_is_no_bucket_and_never_zero(store: SqliteSeries, clock: FakeClock) -> None:
    for _ in range(3):
        start_s = now_s(clock)
        await store.add([Sample(KEY, start_s + each / 10, 7.0) for each in range(600)])
        clock.advance(1_800)
    found = await read_all(store, points_max=100)
    assert [each.mean for each in found] == [7.0, 7.0, 7.0]
    assert [round(b.at_s - a.at_s) for a, b in pairwise(found)] == [1800, 1800]


@pytest.mark.parametrize("points_max", [1, 2, 7, 60, 400, 5_000])
async def test_a_series_of_a_week_fits_into_any_number_of_points(
    store: SqliteSeries, clock: FakeClock, points_max: int
) -> None:
    samples: list[Sample] = []
    for _ in range(7 * 24 * 2):
        fresh = [Sample(KEY, now_s(clock) - each, float(len(samples))) for each in range(3)]
        await store.add(fresh)
        samples += fresh
        clock.advance(1_800)
    found = await read_all(store, points_max=points_max)
    assert 1 <= len(found) <= points_max
    assert sum(each.count for each in found) == len(samples)
    minutes = roll_up(samples, 60)
    assert len(found) > points_max // 3 or len(found) == len(minutes)


async def test_what_the_last_process_wrote_is_there_for_the_next_one(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / SERIES_FILE
    first = await SqliteSeries.open(path, clock)
    await first.add([Sample(KEY, now_s(clock), 1.0)])
    await first.close()
    clock.advance(200)
    second = await SqliteSeries.open(path, clock)
    await second.add([Sample(KEY, now_s(clock), 2.0)])
    assert [each.mean for each in await read_all(second)] == [1.0, 2.0]
    assert second.statistics().series == 1
    await second.close()
    await second.close()
    with pytest.raises(StorageError, match="closed"):
        await read_all(second)


async def test_the_newest_sample_is_found_before_and_after_packing(
    store: SqliteSeries, clock: FakeClock
) -> None:
    start_s = now_s(clock)
    await store.add([Sample(KEY, start_s - 5, 1.0), Sample(KEY, start_s, 2.0)])
    assert await store.newest([KEY, "un.known"]) == {KEY: Sample(KEY, start_s, 2.0)}
    clock.advance(300)
    await store.add([Sample("other.metric", now_s(clock), 3.0)])
    assert await store.newest([KEY]) == {KEY: Sample(KEY, start_s, 2.0)}
    assert await store.newest([]) == {}


@pytest.mark.parametrize(
    "sample",
    [
        Sample(KEY, 0.0, math.nan),
        Sample(KEY, 0.0, math.inf),
        Sample(KEY, 0.0, -1e300),
        Sample(KEY, math.nan, 1.0),
        Sample(KEY, math.inf, 1.0),
        Sample(KEY, -RAW_S - 1.0, 1.0),
        Sample(KEY, 120.0, 1.0),
        Sample("lone \ud800 surrogate", 0.0, 1.0),
        Sample("k" * 600, 0.0, 1.0),
    ],
    ids=repr,
)
async def test_what_cannot_be_kept_is_refused_and_counted(
    store: SqliteSeries, clock: FakeClock, sample: Sample
) -> None:
    good = Sample(KEY, now_s(clock), 1.0)
    await store.add([Sample(sample.key, now_s(clock) + sample.at_s, sample.value), good])
    assert [each.count for each in await read_all(store)] == [1]
    assert (store.statistics().kept, store.statistics().refused) == (1, 1)


async def test_series_beyond_the_bound_are_refused(tmp_path: Path, clock: FakeClock) -> None:
    store = await SqliteSeries.open(tmp_path / SERIES_FILE, clock, series_max=2)
    at_s = now_s(clock)
    await store.add([Sample(f"agent.metric_{each}", at_s, 1.0) for each in range(3)])
    await store.add([Sample("agent.metric_0", at_s + 1, 1.0), Sample("agent.new", at_s, 1.0)])
    assert (store.statistics().series, store.statistics().refused) == (2, 2)
    await store.close()


async def test_two_callers_that_bring_the_same_new_series_make_one(
    store: SqliteSeries, clock: FakeClock
) -> None:
    at_s = now_s(clock)
    async with asyncio.TaskGroup() as group:
        for each in range(5):
            group.create_task(store.add([Sample(KEY, at_s - each, 1.0)]))
    assert store.statistics().series == 1
    assert len(await read_all(store)) == 5


async def test_a_caller_that_is_cancelled_leaves_the_store_in_order(
    store: SqliteSeries, clock: FakeClock
) -> None:
    sample = Sample(KEY, now_s(clock), 1.0)
    for turns in range(4):
        task = asyncio.create_task(store.add([sample, Sample(f"new.{turns}", sample.at_s, 1.0)]))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await store.add([sample])
    assert [each.mean for each in await read_all(store)] == [1.0]


async def test_raw_minutes_and_hours_are_forgotten_each_in_its_time(
    store: SqliteSeries, clock: FakeClock, tmp_path: Path
) -> None:
    await store.add([Sample(KEY, now_s(clock) + each / 10, float(each)) for each in range(600)])

    async def rows_after(seconds: float) -> tuple[int, ...]:
        clock.advance(seconds)
        await store.add([Sample("other.metric", now_s(clock), 1.0)])
        with sqlite3.connect(tmp_path / SERIES_FILE) as db:
            found = tuple(
                db.execute(
                    f"SELECT count(*) FROM {table} JOIN series ON series.id = series"  # noqa: S608
                    " WHERE key = ?",
                    (KEY,),
                ).fetchone()[0]
                for table in ("raw", "minutes", "hours")
            )
        db.close()
        return found

    assert await rows_after(200) == (1, 1, 1)
    assert await rows_after(RAW_S + 3_600) == (0, 1, 1)
    assert [each.count for each in await read_all(store)] == [600]
    assert await rows_after(MINUTES_S) == (0, 0, 1)
    assert [each.count for each in await read_all(store)] == [600]
    assert await rows_after(HOURS_S) == (0, 0, 0)
    assert await read_all(store) == ()
    assert store.statistics().series == 1


async def test_a_clock_set_back_loses_nothing_and_doubles_nothing(
    store: SqliteSeries, clock: FakeClock
) -> None:
    samples: list[Sample] = []
    for jump_s in (90, 90, -400, 90, 90, 90, 90, 90, 3_600, -3_600, 90):
        clock.advance(jump_s)
        fresh = [Sample(KEY, now_s(clock) + each, float(jump_s + each)) for each in range(30)]
        samples += fresh
        await store.add(fresh)
        assert_equal(await read_all(store, points_max=100_000), roll_up(samples, 1))
        minutes = roll_up(samples, 60)
        assert_equal(await read_all(store, points_max=len(minutes)), minutes)


JUMPS_S = st.one_of(st.floats(0, 4_000), st.floats(-300, 300)).map(lambda each: round(each, 3))
VALUES = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, -0.0, 1e289]))
BATCHES = st.lists(st.tuples(st.integers(-200_000, 59_000), VALUES), max_size=12)


@given(steps=st.lists(st.tuples(JUMPS_S, BATCHES), min_size=1, max_size=12))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_roll_ups_equal_what_all_samples_give(
    steps: list[tuple[float, list[tuple[int, float]]]],
) -> None:
    asyncio.run(_check_roll_ups(steps))


async def _check_roll_ups(steps: list[tuple[float, list[tuple[int, float]]]]) -> None:
    clock, samples = FakeClock(), list[Sample]()
    with tempfile.TemporaryDirectory() as folder:
        store = await SqliteSeries.open(Path(folder) / SERIES_FILE, clock)
        for jump_s, batch in steps:
            clock.advance(jump_s)
            at_ms = round(now_s(clock) * 1000)
            fresh = [Sample(KEY, (at_ms + ms) / 1000, value) for ms, value in batch]
            await store.add(fresh)
            samples += fresh
        raw = {round(each.at_s * 1000): each.value for each in samples}
        by_step = {step_s: roll_up(samples, step_s) for step_s in STEPS_S}
        for points_max in (len(raw), len(raw) - 1, len(by_step[60]), len(by_step[3_600]), 1):
            found = await read_all(store, points_max=points_max)
            assert len(found) <= max(1, points_max)
            if points_max == len(raw):
                assert [(round(each.at_s * 1000), each.mean) for each in found] == sorted(
                    raw.items()
                )
            elif found != await read_all(store):
                starts = [each.at_s for each in found]
                fitting = [each for each in by_step.values() if sorted(each) == starts]
                assert fitting, "spans start at multiples of one length"
                assert_equal(found, fitting[0])
        await store.close()
        _check_tables(Path(folder) / SERIES_FILE, samples, packed_before_s=now_s(clock) - 600)


def _check_tables(path: Path, samples: list[Sample], *, packed_before_s: float) -> None:
    with sqlite3.connect(path) as db:
        for table, step_s in (("minutes", 60), ("hours", 3_600)):
            rows = db.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
            found = {float(at * step_s): tuple(figures) for _, at, *figures in rows}
            for at_s, figures in roll_up(samples, step_s).items():
                if at_s + step_s < packed_before_s:
                    assert found[at_s] == pytest.approx(figures, rel=1e-9, abs=1e-9)
    db.close()


async def test_the_files_are_private_and_a_newer_schema_is_refused(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / SERIES_FILE
    store = await SqliteSeries.open(path, clock)
    await store.add([Sample(KEY, now_s(clock), 1.0)])
    assert modes(tmp_path) == {0o600}
    await store.close()
    open_file(
        path, (*STEPS, ("CREATE TABLE later (n)",)), synchronous="NORMAL", busy_timeout_s=1
    ).close()
    with pytest.raises(StorageError, match="newer Maestro"):
        await SqliteSeries.open(path, clock)


async def test_a_full_disk_is_told_and_nothing_is_lost_once_there_is_room(
    tmp_path: Path, clock: FakeClock
) -> None:
    with disks.small_disk(tmp_path / "disk", "1m"):
        store = await SqliteSeries.open(tmp_path / "disk" / SERIES_FILE, clock)
        batch = [Sample(f"agent.metric_{each}", now_s(clock), 1.0) for each in range(2_000)]
        await store.add(batch[:1])
        ballast = disks.fill(tmp_path / "disk")
        with pytest.raises(StorageError, match="disk is full"):
            await store.add(batch)
        ballast.unlink()
        await store.add(batch)
        assert store.statistics().series == len(batch)
        await store.close()


async def test_a_damaged_file_is_told(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / SERIES_FILE).write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match="damaged"):
        await SqliteSeries.open(tmp_path / SERIES_FILE, clock)


@pytest.mark.parametrize(
    ("series", "every_s", "days"), [(20, 1.0, 0.05), (2, 600.0, 16.0), (20, 3_600.0, 20.0)]
)
async def test_the_file_stays_within_the_stated_bound(
    tmp_path: Path, clock: FakeClock, series: int, every_s: float, days: float
) -> None:
    path = tmp_path / SERIES_FILE
    store = await SqliteSeries.open(path, clock)
    keys = [f"agent.metric_{each}" for each in range(series)]
    waiting: list[Sample] = []
    for step in range(round(days * 86_400 / every_s)):
        clock.advance(every_s)
        at_s = now_s(clock)
        waiting += [Sample(key, at_s, step * 0.37) for key in keys]
        if len(waiting) > 200 or every_s >= 60:
            await store.add(waiting)
            waiting = []
    await store.close()
    bound = bytes_max(series=series, samples_per_s=series / every_s, days=days) - 1_000_000
    assert bound / 3 < path.stat().st_size < bound + 50_000
