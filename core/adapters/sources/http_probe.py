"""One request, seen from here."""

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.adapters.sources.http_client import Answer, HttpClient, Request, shown_url
from core.clock import Clock
from core.errors import SourceFailed
from core.measures import Measured
from core.source_settings import HttpProbeBinding

_PROBES_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class _Probe:
    """What one request showed; no answer is never a good one."""

    good: bool
    note: str


class HttpProbeGauge:
    """How long an address takes to answer, and whether it answers well."""

    def __init__(
        self, binding: HttpProbeBinding, *, client: HttpClient, clock: Clock, base: Path
    ) -> None:
        self._binding = binding
        self._client = client
        self._clock = clock
        self._probes: deque[tuple[float, bool]] = deque(maxlen=_PROBES_MAX)
        self._request: Final = Request(
            url=binding.url,
            timeout_s=binding.timeout_s,
            method=binding.method,
            token_file=base / binding.token_file.expanduser() if binding.token_file else None,
            ca_file=base / binding.ca_file.expanduser() if binding.ca_file else None,
            follow_redirects=binding.follow_redirects,
        )
        self.label: Final = f"http_probe {binding.measure or '?'} {shown_url(binding.url)}"

    async def measure(self) -> Measured:
        """Ask once. For `up` and `uptime`, no answer is an answer: a bad one."""
        match self._binding.measure:
            case "up":
                probe = await self._judge()
                return Measured(float(probe.good), note=probe.note)
            case "uptime":
                return self._uptime(await self._judge())
            case "status":
                answer = await self._client.send(self._request)
                return Measured(float(answer.status), note=_timings(answer))
            case "latency_ms":
                answer = await self._client.send(self._request)
                if not self._is_good(answer):
                    raise SourceFailed(f"answered {answer.status}: a failure's time is no latency")
                return Measured(answer.total_ms, note=_timings(answer))
            case None:
                raise SourceFailed(
                    'no measure is named, so it has no source: give measure = "up", "uptime",'
                    ' "latency_ms" or "status", whichever this metric is'
                )

    async def close(self) -> None:
        """The client is its maker's to close."""

    def _is_good(self, answer: Answer) -> bool:
        if self._binding.statuses:
            return answer.status in self._binding.statuses
        return 200 <= answer.status < 400  # noqa: PLR2004 - success and redirects

    async def _judge(self) -> _Probe:
        try:
            answer = await self._client.send(self._request)
        except TimeoutError:
            return _Probe(good=False, note=f"no answer within {self._binding.timeout_s:g} s")
        except SourceFailed as error:
            return _Probe(good=False, note=str(error))
        return _Probe(good=self._is_good(answer), note=f"{answer.status}, {_timings(answer)}")

    def _uptime(self, probe: _Probe) -> Measured:
        now_s = self._clock.monotonic_s()
        self._probes.append((now_s, probe.good))
        while now_s - self._probes[0][0] > self._binding.window_s:
            self._probes.popleft()
        count = len(self._probes)
        share = sum(good for _, good in self._probes) / count
        span_s = now_s - self._probes[0][0]
        return Measured(share, note=f"{count} probes in {span_s:.0f} s; last: {probe.note}")


def _timings(answer: Answer) -> str:
    return (
        f"connected after {answer.connect_ms:.1f} ms, first byte after"
        f" {answer.first_byte_ms:.1f} ms, whole after {answer.total_ms:.1f} ms"
    )
