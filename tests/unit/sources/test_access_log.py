"""An access log's window under a clock that the test moves."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from core.adapters.sources.build import SourceFactory
from core.fleet_ports import MetricSource
from core.source_settings import AccessLogBinding
from tests.fakes import FakeClock

Write = Callable[..., None]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def write(tmp_path: Path, clock: FakeClock) -> Write:
    (tmp_path / "log").touch()

    def lines(count: int, *, status: int = 200, ahead_s: float = 0, path: str = "/a") -> None:
        at = clock.now() + timedelta(seconds=ahead_s)
        stamp = at.strftime("%d/%b/%Y:%H:%M:%S +0000")
        with (tmp_path / "log").open("a", encoding="ascii") as file:
            file.writelines([f'::1 - - [{stamp}] "GET {path} HTTP/1.1" {status} 1\n'] * count)

    return lines


def bind(factory: SourceFactory, measure: str, **values: object) -> MetricSource:
    row = {"source": "access_log", "path": "log", "measure": measure, "window_s": 60, **values}
    return factory.build(AccessLogBinding.model_validate(row))


async def test_a_window_moves_with_the_clock(
    tmp_path: Path, clock: FakeClock, write: Write
) -> None:
    factory = SourceFactory(base=tmp_path, clock=clock)
    rate, errors = bind(factory, "rate_per_s"), bind(factory, "error_ratio")
    long_errors = bind(factory, "error_ratio", window_s=600)
    shop = bind(factory, "rate_per_s", path_prefix="/shop")
    write(30, ahead_s=-40)
    write(10, status=503)
    write(10, path="/shop/1")
    found = await rate.read()
    assert (found.value, found.note) == (50 / 40, "50 requests in 40 s")
    assert (await errors.read()).value == 0.2
    assert (await shop.read()).note.startswith("10 requests")
    clock.advance(30)
    assert (await errors.read()).value == 0.5
    clock.advance(60)
    quiet = await rate.read()
    assert (quiet.value, quiet.note) == (0, "0 requests in 60 s")
    assert (await errors.read()).value is None
    assert (await long_errors.read()).value == 0.2
    await factory.close()


async def test_lines_of_a_clock_that_runs_ahead_do_not_count_for_ever(
    tmp_path: Path, clock: FakeClock, write: Write
) -> None:
    factory = SourceFactory(base=tmp_path, clock=clock)
    rate = bind(factory, "rate_per_s")
    write(10, ahead_s=86_400)
    write(10, ahead_s=30)
    write(5)
    assert (await rate.read()).note.startswith("5 requests")
    clock.advance(30)
    assert (await rate.read()).note.startswith("15 requests")
    clock.advance(86_400 - 30)
    assert (await rate.read()).value == 0
    await factory.close()


async def test_a_clock_that_is_set_back_makes_nothing_up(
    tmp_path: Path, clock: FakeClock, write: Write
) -> None:
    factory = SourceFactory(base=tmp_path, clock=clock)
    rate = bind(factory, "rate_per_s")
    write(60)
    await rate.read()
    clock.advance(-3_600)
    found = await rate.read()
    assert found.value == 0
    await factory.close()
