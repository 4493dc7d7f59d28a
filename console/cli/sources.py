"""`maestro doctor` on metric sources: each that is bound is read once."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.view_models.units import with_unit
from core.errors import ConfigError, SourceFailed
from core.monitoring.catalog import find_metric, make_metric
from core.settings import Settings
from core.source_settings import MetricBinding

_AT_ONCE: Final = 8
_LIVE: Final = frozenset({"otlp", "internal"})


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What one source said."""

    key: str  # "backend.error_rate"
    source: str
    ok: bool
    said: str  # the value and what it is of, or the reason and what to do


def metrics_misnamed(settings: Settings) -> Iterator[str]:
    """Bindings of metrics that there are not, with the nearest right name."""
    for agent, metrics in settings.metrics.items():
        for name, each in metrics.items():
            if find_metric(f"{agent}.{name}") is None:
                try:
                    make_metric(
                        agent,
                        name,
                        unit=each.unit,
                        target=each.target,
                        max=each.max,
                        alert_below=each.alert_below,
                        alert_above=each.alert_above,
                        note=each.note,
                    )
                except ConfigError as error:
                    yield str(error)


def unit_of(key: str, binding: MetricBinding) -> str:
    """The unit of what a binding reads; "" where nobody says."""
    known = find_metric(key)
    return binding.unit or ("" if known is None else known.unit)


def read_sources(settings: Settings, folder: Path) -> tuple[SourceReport, ...]:
    """Read every bound source once, several at a time. Relative paths start at `folder`."""
    bindings = {
        f"{agent}.{metric}": binding
        for agent, metrics in settings.metrics.items()
        for metric, binding in metrics.items()
    }
    return asyncio.run(_read_all(bindings, folder)) if bindings else ()


async def _read_all(bindings: dict[str, MetricBinding], folder: Path) -> tuple[SourceReport, ...]:
    from core.adapters.sources.build import SourceFactory  # noqa: PLC0415 - only where one is bound
    from core.adapters.system import SystemClock  # noqa: PLC0415

    factory = SourceFactory(base=folder, clock=SystemClock())
    turns = asyncio.Semaphore(_AT_ONCE)

    async def read(key: str, binding: MetricBinding) -> SourceReport:
        source = factory.build(binding)
        if binding.source in _LIVE:
            return SourceReport(key, source.label, ok=True, said="read by the running console only")
        async with turns:
            try:
                found = await source.read()
            except SourceFailed as error:
                return SourceReport(key, source.label, ok=False, said=str(error))
            finally:
                await source.close()
        value = (
            "no value yet" if found.value is None else with_unit(found.value, unit_of(key, binding))
        )
        said = f"{value}: {found.note}" if found.note else value
        return SourceReport(key, source.label, ok=True, said=said)

    try:
        return tuple(await asyncio.gather(*(read(*each) for each in bindings.items())))
    finally:
        await factory.close()
