"""What holds for every source, whatever it reads."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from core.adapters.sources.apart import Apart
from core.adapters.sources.bound import BoundSource
from core.adapters.sources.build import build_source
from core.errors import ConfigError, SourceFailed
from core.measures import Measured
from core.source_settings import InternalBinding, OtlpBinding, SourceBinding
from tests.fakes import FakeClock


class Gauge:
    label = "gauge of tests"

    def __init__(self, result: Measured | Exception | None) -> None:
        self.result = result
        self.closed = False

    async def measure(self) -> Measured:
        if self.result is None:
            await asyncio.Event().wait()
        if isinstance(self.result, Exception):
            raise self.result
        assert self.result is not None
        return self.result

    async def close(self) -> None:
        self.closed = True


def bound(result: Measured | Exception | None, **values: float) -> BoundSource:
    return BoundSource(Gauge(result), SourceBinding.model_validate(values))


async def test_a_value_is_scaled_and_the_rest_kept() -> None:
    source = bound(Measured(0.25, 7.0, "note"), scale=100, every_s=3)
    assert await source.read() == Measured(25.0, 7.0, "note")
    assert (source.label, source.every_s) == ("gauge of tests", 3)
    assert await bound(Measured(None, 7.0, "none"), scale=100).read() == Measured(None, 7.0, "none")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300])
async def test_what_is_no_finite_number_is_no_value(value: float) -> None:
    found = await bound(Measured(value), scale=1e300).read()
    assert (found.value, found.note) == (None, "the source gives no finite number")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SourceFailed("it is empty"), "gauge of tests: it is empty"),
        (PermissionError(13, "Permission denied"), "gauge of tests: Permission denied"),
        (OSError("strange"), "gauge of tests: strange"),
        (TimeoutError(), "gauge of tests: no answer within 5 s"),
    ],
)
async def test_whatever_fails_is_one_sentence_with_its_place(error: Exception, said: str) -> None:
    with pytest.raises(SourceFailed, match=f"^{said}"):
        await bound(error).read()


async def test_a_gauge_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.adapters.sources.bound._GRACE_S", 0.0)
    with pytest.raises(SourceFailed, match=r"no answer within 0.05 s"):
        await bound(None, timeout_s=0.05).read()


async def test_a_read_that_hangs_holds_up_neither_the_loop_nor_its_sisters() -> None:
    ends, apart, sister = threading.Event(), Apart(), Apart()
    with pytest.raises(TimeoutError):
        await apart.run(ends.wait, 0.05)
    with pytest.raises(SourceFailed, match="has not come back"):
        await apart.run(lambda: None, 5)
    assert await sister.run(lambda: "here", 5) == "here"
    ends.set()
    while True:  # until the thread that hung has ended
        try:
            assert await apart.run(lambda: "again", 5) == "again"
            break
        except SourceFailed:
            await asyncio.sleep(0)


async def test_what_a_thread_raises_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        await Apart().run(lambda: 1 // 0, 5)


async def test_telemetry_and_records_are_asked_through_what_was_given() -> None:
    async def otlp(binding: OtlpBinding) -> Measured | None:
        return Measured(2.0, note=binding.metric) if binding.agent else None

    async def internal(binding: InternalBinding) -> Measured:
        raise ConfigError(f"there is no figure {binding.name!r}")

    metric = OtlpBinding(source="otlp", metric="latency", agent="coder", scale=3)
    record = InternalBinding(source="internal", name="nothing")
    source = build_source(metric, base=Path(), clock=FakeClock(), otlp=otlp, internal=internal)
    assert source.label == "otlp last latency of coder"
    assert await source.read() == Measured(6.0, note="latency")
    await source.close()
    never = metric.model_copy(update={"agent": ""})
    with pytest.raises(SourceFailed, match="no such metric has arrived"):
        await build_source(never, base=Path(), clock=FakeClock(), otlp=otlp).read()
    source = build_source(record, base=Path(), clock=FakeClock(), otlp=otlp, internal=internal)
    with pytest.raises(SourceFailed, match="internal nothing: there is no figure 'nothing'"):
        await source.read()
    for binding, said in ((metric, "nothing receives telemetry"), (record, "no records are kept")):
        with pytest.raises(SourceFailed, match=said):
            await build_source(binding, base=Path(), clock=FakeClock()).read()


def test_building_loads_nothing_that_only_reading_needs() -> None:
    probe = (
        "import sys; import core.adapters.sources.build;"
        "print([name for name in ('httpx', 'asyncpg', 'psutil', 'prometheus_client')"
        " if name in sys.modules])"
    )
    seen = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"
