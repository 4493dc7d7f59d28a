"""From a binding to a source; what reads the same target shares it."""

from pathlib import Path
from typing import assert_never

from core.adapters.sources.access_log import AccessLog, AccessLogGauge
from core.adapters.sources.bound import BoundSource, Gauge
from core.adapters.sources.file import FileGauge
from core.adapters.sources.git import GitGauge
from core.adapters.sources.http_client import HttpClient, Request
from core.adapters.sources.http_probe import HttpProbeGauge
from core.adapters.sources.injected import InternalGauge, InternalLookup, OtlpGauge, OtlpLookup
from core.adapters.sources.prometheus import ACCEPT, PrometheusGauge, PrometheusPage
from core.adapters.sources.psutil_source import PsutilGauge
from core.adapters.sources.sql import PostgresGauge, PostgresTarget, SqliteGauge
from core.clock import Clock
from core.fleet_ports import MetricSource
from core.source_settings import (
    AccessLogBinding,
    FileBinding,
    GitBinding,
    HttpProbeBinding,
    InternalBinding,
    MetricBinding,
    OtlpBinding,
    PrometheusBinding,
    PsutilBinding,
    SqlBinding,
)


class SourceFactory:
    """Builds sources and keeps what they share: connections, pages, logs.

    `base` is what relative paths are relative to: the folder of the configuration. Close the
    factory after its sources.
    """

    def __init__(
        self,
        *,
        base: Path,
        clock: Clock,
        otlp: OtlpLookup | None = None,
        internal: InternalLookup | None = None,
    ) -> None:
        self._base = base
        self._clock = clock
        self._otlp = otlp
        self._internal = internal
        self._client = HttpClient()
        self._pages: dict[object, PrometheusPage] = {}
        self._logs: dict[object, AccessLog] = {}
        self._databases: dict[object, PostgresTarget] = {}

    def build(self, binding: MetricBinding) -> MetricSource:
        """Opens nothing yet: that is for the first read."""
        return BoundSource(self._gauge(binding), binding)

    def access_log(self, binding: AccessLogBinding) -> AccessLog:
        """The log that this binding and its like share: also for API versions in use."""
        path = self._path(binding.path)
        key = (path, binding.path_prefix, binding.version_pattern)
        if key not in self._logs:
            self._logs[key] = AccessLog(
                path,
                prefix=binding.path_prefix,
                version_pattern=binding.version_pattern,
                clock=self._clock,
            )
        log = self._logs[key]
        log.keep_s = max(log.keep_s, binding.window_s)
        return log

    async def close(self) -> None:
        """Let go of all that was shared."""
        for log in self._logs.values():
            log.close()
        for database in self._databases.values():
            await database.close()
        await self._client.close()

    def _gauge(self, binding: MetricBinding) -> Gauge:  # noqa: C901, PLR0911 - one row a kind
        match binding:
            case PsutilBinding():
                return PsutilGauge(binding)
            case HttpProbeBinding():
                return HttpProbeGauge(
                    binding, client=self._client, clock=self._clock, base=self._base
                )
            case PrometheusBinding():
                return PrometheusGauge(binding, self._page(binding))
            case SqlBinding(file=None):
                return PostgresGauge(binding, self._database(binding))
            case SqlBinding(file=file):
                assert file is not None  # noqa: S101 - narrows for the checker
                return SqliteGauge(binding, self._path(file))
            case FileBinding():
                return FileGauge(binding, self._path(binding.path), self._clock)
            case AccessLogBinding():
                return AccessLogGauge(binding, self.access_log(binding))
            case GitBinding():
                return GitGauge(binding, self._path(binding.path), self._clock)
            case OtlpBinding():
                return OtlpGauge(binding, self._otlp)
            case InternalBinding():
                return InternalGauge(binding, self._internal)
            case _:
                assert_never(binding)

    def _path(self, path: Path) -> Path:
        return self._base / path.expanduser()

    def _page(self, binding: PrometheusBinding) -> PrometheusPage:
        request = Request(
            url=binding.url,
            timeout_s=binding.timeout_s,
            bytes_max=binding.bytes_max,
            headers=ACCEPT,
            token_file=self._path(binding.token_file) if binding.token_file else None,
            ca_file=self._path(binding.ca_file) if binding.ca_file else None,
            kept=True,
        )
        key = (request.url, request.token_file, request.ca_file, binding.bytes_max)
        if key not in self._pages:
            self._pages[key] = PrometheusPage(self._client, self._clock, request)
        return self._pages[key]

    def _database(self, binding: SqlBinding) -> PostgresTarget:
        key = (binding.address, binding.dsn_env, binding.password_env)
        if key not in self._databases:
            self._databases[key] = PostgresTarget(binding)
        return self._databases[key]


def build_source(
    binding: MetricBinding,
    *,
    base: Path,
    clock: Clock,
    otlp: OtlpLookup | None = None,
    internal: InternalLookup | None = None,
) -> MetricSource:
    """One source by itself, sharing nothing; several are better built by one SourceFactory."""
    factory = SourceFactory(base=base, clock=clock, otlp=otlp, internal=internal)
    return _Alone(factory, factory.build(binding))


class _Alone:
    """A source that takes its factory along when it is closed."""

    def __init__(self, factory: SourceFactory, source: MetricSource) -> None:
        self._factory = factory
        self._source = source
        self.label = source.label
        self.every_s = source.every_s
        self.read = source.read

    async def close(self) -> None:
        """Let go of connections and files."""
        await self._source.close()
        await self._factory.close()
