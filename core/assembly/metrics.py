"""Which metrics there are and where each is read."""

import contextlib
from typing import Final

from core.adapters.sources.build import SourceFactory
from core.assembly.ground import Ground
from core.measures import Measured, MetricSpec
from core.monitoring.catalog import find_metric, make_metric
from core.monitoring.internal import InternalRegistry
from core.monitoring.readings import MetricBook
from core.settings import Settings
from core.source_settings import (
    HttpProbeBinding,
    InternalBinding,
    MetricBinding,
    OtlpBinding,
    PsutilBinding,
)
from core.telemetry.service import TelemetryBook

_HOST: Final = {
    "host_cpu": PsutilBinding(
        source="psutil", measure="cpu", unit="ratio", target=0.7, alert_above=0.95
    ),
    "host_memory": PsutilBinding(
        source="psutil", measure="memory", unit="ratio", target=0.8, alert_above=0.95
    ),
    "host_disk": PsutilBinding(
        source="psutil", measure="disk", unit="ratio", target=0.8, alert_above=0.95, every_s=30
    ),
}
"""Measured with no configuration at all; `[metrics.system.host_cpu]` and so on replace them."""


def _bindings(settings: Settings) -> dict[tuple[str, str], MetricBinding]:
    bound: dict[tuple[str, str], MetricBinding] = {
        ("system", name): binding for name, binding in _HOST.items()
    }
    for agent, metrics in settings.metrics.items():
        bound |= {(agent, name): binding for name, binding in metrics.items()}
    return bound


def metrics_beside(settings: Settings) -> tuple[MetricSpec, ...]:
    """Metrics that the catalogue does not have. Raises ConfigError for what describes none."""
    return tuple(
        make_metric(
            agent,
            name,
            unit=binding.unit,
            target=binding.target,
            max=binding.max,
            alert_below=binding.alert_below,
            alert_above=binding.alert_above,
            note=binding.note,
        )
        for (agent, name), binding in _bindings(settings).items()
        if find_metric(f"{agent}.{name}") is None
    )


def bind_metrics(
    ground: Ground,
    book: MetricBook,
    internals: InternalRegistry,
    telemetry: TelemetryBook,
    stack: contextlib.AsyncExitStack,
) -> None:
    """Bind every metric that the settings or the records give a source."""

    async def look_up(binding: OtlpBinding) -> Measured | None:
        return telemetry.lookup(
            binding.metric,
            agent=binding.agent or "",
            attributes=binding.attributes,
            measure=binding.measure,
            window_s=binding.window_s,
        )

    async def compute(binding: InternalBinding) -> Measured:
        return await internals.source(binding.name).read()

    factory = SourceFactory(base=ground.base, clock=ground.clock, otlp=look_up, internal=compute)
    stack.push_async_callback(factory.close)
    for (agent, name), binding in _bindings(ground.settings).items():
        if isinstance(binding, HttpProbeBinding) and binding.measure is None:
            continue  # an answer is no error rate and no latency: the doctor asks for the measure
        book.bind(f"{agent}.{name}", factory.build(binding), limit_s=2 * binding.timeout_s)
    internals.bind_rest(book)
