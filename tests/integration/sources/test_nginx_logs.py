"""An access log as a real nginx writes it, under real requests and over rotations."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from core.adapters.sources.build import SourceFactory
from core.adapters.system import SystemClock
from core.errors import SourceFailed
from core.fleet_ports import MetricSource
from core.source_settings import AccessLogBinding
from tests.integration.sources.servers import bind, free_port, program, read_once, running

CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status '
                   '$body_bytes_sent "$http_referer" "$http_user_agent" $request_time';
  log_format rows escape=json '{{"time_iso8601": "$time_iso8601", "request": "$request",'
                              ' "status": $status, "request_time": $request_time}}';
  access_log {folder}/combined.log combined;
  access_log {folder}/timed.log timed;
  access_log {folder}/rows.log rows;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{ return 200 "ok"; }}
    location /fail {{ return 503; }}
  }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    folder: Path
    port: int
    pid: int

    def get(self, path: str, times: int = 1, agent: str = "test") -> None:
        for _ in range(times):
            httpx.get(f"http://127.0.0.1:{self.port}{path}", headers={"User-Agent": agent})

    def rotate(self, name: str) -> None:
        """As logrotate does: rename, then tell the server, which opens a new file."""
        (self.folder / name).rename(self.folder / f"{name}.1")
        os.kill(self.pid, signal.SIGUSR1)
        while not (self.folder / name).exists():
            pass


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    port = free_port()
    config = tmp_path / "nginx.conf"
    config.write_text(CONFIG.format(folder=tmp_path, port=port), encoding="ascii")
    command = [program("nginx"), "-p", str(tmp_path), "-c", str(config)]
    with running(
        [*command, "-g", "user root;"] if os.geteuid() == 0 else command, port, tmp_path / "output"
    ) as pid:
        yield Nginx(tmp_path, port, pid)


class Ticking(SystemClock):
    """Goes on a second at each look, so that no read is served from the one before."""

    _looks = 0

    def monotonic_s(self) -> float:
        self._looks += 1
        return float(self._looks)


@pytest.fixture
async def factory(tmp_path: Path) -> AsyncIterator[SourceFactory]:
    made = SourceFactory(base=tmp_path, clock=Ticking())
    yield made
    await made.close()


def source(factory: SourceFactory, path: str, measure: str) -> MetricSource:
    return factory.build(bind(source="access_log", path=path, measure=measure))


@pytest.mark.parametrize("log", ["combined.log", "timed.log", "rows.log"])
async def test_every_format_gives_rate_errors_and_versions(
    nginx: Nginx, factory: SourceFactory, log: str
) -> None:
    nginx.get("/v1/orders?page=1", 6)
    nginx.get("/api/v2/orders", 3, agent='odd " 500 0.999 agent')
    nginx.get("/fail", 1)
    errors = await source(factory, log, "error_ratio").read()
    assert (errors.value, errors.note.split(" in ")[0]) == (0.1, "1 of 10 requests")
    rate = await source(factory, log, "rate_per_s").read()
    assert rate.value is not None
    assert 10 / 300 <= rate.value <= 10
    versions = await source(factory, log, "versions").read()
    assert (versions.value, versions.note) == (2, "v1 6, v2 3")


async def test_latency_is_known_where_the_log_holds_it(
    nginx: Nginx, factory: SourceFactory
) -> None:
    nginx.get("/", 5)
    for log in ("timed.log", "rows.log"):
        latency = await source(factory, log, "latency_p95_ms").read()
        assert latency.value is not None
        assert 0 <= latency.value < 5_000
    bare = await source(factory, "combined.log", "latency_p95_ms").read()
    assert bare.value is None
    assert "holds no request_time" in bare.note


async def test_rotation_loses_no_request_and_counts_none_twice(
    nginx: Nginx, factory: SourceFactory, tmp_path: Path
) -> None:
    errors = source(factory, "timed.log", "error_ratio")
    assert (await errors.read()).value is None
    counted: list[int] = []
    for _ in range(3):
        nginx.get("/fail", 4)
        nginx.rotate("timed.log")
        nginx.get("/fail", 3)
        counted.append(int((await errors.read()).note.split(" ")[0]))
    assert counted == [7, 14, 21]
    (tmp_path / "timed.log").rename(tmp_path / "away")  # the server has not been told yet
    nginx.get("/fail", 2)
    assert (await errors.read()).note.startswith("23 of 23 requests")


async def test_a_log_that_is_copied_and_cut_is_followed(
    nginx: Nginx, factory: SourceFactory, tmp_path: Path
) -> None:
    errors = source(factory, "timed.log", "error_ratio")
    nginx.get("/", 5)
    await errors.read()
    os.truncate(tmp_path / "timed.log", 0)
    nginx.get("/fail", 2)
    assert (await errors.read()).note.startswith("2 of 7 requests")


async def test_versions_in_use_can_be_had_as_counts(nginx: Nginx, factory: SourceFactory) -> None:
    nginx.get("/v7/sync", 2)
    binding = bind(source="access_log", path="rows.log", measure="versions")
    assert isinstance(binding, AccessLogBinding)
    assert await factory.access_log(binding).versions(binding.window_s, 5) == {"v7": 2}


async def test_what_is_no_access_log_is_said(tmp_path: Path) -> None:
    (tmp_path / "other.log").write_text("INFO started\nINFO ended\n", encoding="ascii")
    values = {"source": "access_log", "measure": "rate_per_s"}
    with pytest.raises(SourceFailed, match="none of 2 lines is in the common"):
        await read_once(tmp_path, path="other.log", **values)
    with pytest.raises(SourceFailed, match="No such file"):
        await read_once(tmp_path, path="none.log", **values)
    os.mkfifo(tmp_path / "pipe")
    for path in ("pipe", "."):
        with pytest.raises(SourceFailed, match="not a regular file"):
            await read_once(tmp_path, path=path, **values)
