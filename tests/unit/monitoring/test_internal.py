"""Metrics that are computed from the console's own records."""

from datetime import timedelta

import pytest

from core.errors import ConfigError, SourceFailed, StorageError
from core.ids import OperatorId
from core.measures import Measured, Severity, SourceState
from core.monitoring.internal import (
    COLLABORATION,
    COORDINATION,
    DEVOPS_RESPONSE,
    OVERALL,
    SECURITY_RESPONSE,
    InternalRegistry,
    offer_own_metrics,
)
from tests.unit.monitoring.watching import RATE, SPEED, FakeSource, collecting, make_watched


async def seven_of_eight() -> tuple[int, int]:
    return 7, 8


async def none_yet() -> tuple[int, int]:
    return 0, 0


async def test_a_computation_is_a_source_with_a_name_and_a_pace() -> None:
    registry = InternalRegistry()

    async def compute() -> Measured:
        return Measured(0.5, note="half")

    registry.add("my_share", compute)
    source = registry.source("my_share", every_s=60)
    assert (source.label, source.every_s) == ("internal my_share", 60)
    assert await source.read() == Measured(0.5, note="half")
    await source.close()
    assert registry.names() == ("my_share",)
    with pytest.raises(ValueError, match="already"):
        registry.add("my_share", compute)
    with pytest.raises(ConfigError, match="did you mean 'my_share'"):
        registry.source("my_shares")
    with pytest.raises(ConfigError, match=r"no internal computation 'x'$"):
        registry.source("x")


async def test_records_that_cannot_be_read_are_a_source_that_fails() -> None:
    registry = InternalRegistry()

    async def compute() -> Measured:
        raise StorageError("the file is damaged")

    registry.add("broken", compute)
    with pytest.raises(SourceFailed, match="damaged"):
        await registry.source("broken").read()


async def test_own_metrics_are_computed_from_own_records() -> None:
    watched, registry = make_watched(), InternalRegistry()
    offer_own_metrics(
        registry,
        book=watched.book,
        alerts=watched.alerts,
        answered=seven_of_eight,
        coordinator_runs=none_yet,
    )
    read = {name: registry.source(name) for name in registry.names()}
    assert (await read[OVERALL].read()).value is None
    watched.book.observe(RATE, 0.001)
    watched.book.observe(SPEED, 900.0)
    assert (await read[OVERALL].read()).value == 0.5
    assert (await read[COORDINATION].read()).value == 7 / 8
    assert (await read[COLLABORATION].read()).value is None
    for agent, minutes in (("video", 12), ("security", 3)):
        alert = await watched.alerts.raise_alert(
            agent, agent=agent, severity=Severity.WARNING, title="down"
        )
        watched.clock.advance(timedelta(minutes=minutes).total_seconds())
        await watched.alerts.acknowledge(alert.id, OperatorId("ana"))
    assert (await read[DEVOPS_RESPONSE].read()).value == 12
    assert (await read[SECURITY_RESPONSE].read()).value == 3


async def test_what_nobody_else_measures_is_bound_to_its_computation() -> None:
    watched, registry = make_watched(), InternalRegistry()
    offer_own_metrics(registry, book=watched.book, alerts=watched.alerts)
    assert COORDINATION not in registry.names()
    own = FakeSource(label="mine")
    watched.book.bind(DEVOPS_RESPONSE, own)
    registry.bind_rest(watched.book)
    registry.bind_rest(watched.book)
    labels = {key: each.label for key, each in watched.book.bindings().items()}
    assert labels == {
        DEVOPS_RESPONSE: "mine",
        OVERALL: f"internal {OVERALL}",
        SECURITY_RESPONSE: f"internal {SECURITY_RESPONSE}",
    }
    watched.book.observe(RATE, 0.001)
    async with collecting(watched):
        await watched.until(
            lambda: watched.book.readings("system")[0].state is SourceState.FRESH, step_s=0.1
        )
    states = {each.spec.key: each.state for each in watched.book.readings()}
    assert states[SECURITY_RESPONSE] is SourceState.WAITING
