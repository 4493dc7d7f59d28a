"""What a web server's access log says of the last minutes."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from core.adapters.sources.apart import Apart
from core.adapters.sources.log_tail import LogTail
from core.adapters.sources.parse_access_log import (
    Entry,
    Span,
    add_up,
    duration_quantile_s,
    parse_line,
)
from core.clock import Clock
from core.errors import SourceFailed
from core.measures import Measured
from core.source_settings import AccessLogBinding

_P95: Final = 0.95
_AHEAD_S_MAX: Final = 60.0
_SHARED_S: Final = 1.0


class AccessLog:
    """One log, followed once for all metrics that are read from it with the same filter."""

    def __init__(self, path: Path, *, prefix: str, version_pattern: str, clock: Clock) -> None:
        self._tail = LogTail(path)
        self._prefix = prefix
        self._version = re.compile(version_pattern)
        self._clock = clock
        self._apart = Apart()
        self._seconds: dict[int, Span] = {}  # since the epoch
        self._read_at_s: float | None = None
        self._began_s = 0.0  # from when on the log is known
        self._understood = False
        self.keep_s = 0.0  # the longest window that is asked for

    async def span(self, window_s: float, timeout_s: float) -> tuple[Span, float]:
        """The requests of the last `window_s`, and over how many seconds they are known."""
        return await self._apart.run(lambda: self._look(window_s), timeout_s)

    async def versions(self, window_s: float, timeout_s: float) -> Mapping[str, int]:
        """API versions that were asked for, and how often."""
        return dict((await self.span(window_s, timeout_s))[0].versions)

    def close(self) -> None:
        """Let go of the file."""
        self._tail.close()

    def _look(self, window_s: float) -> tuple[Span, float]:
        read_at_s = self._clock.monotonic_s()
        if self._read_at_s is None or read_at_s - self._read_at_s >= _SHARED_S:
            self._follow()
            self._read_at_s = read_at_s
        end_s = self._clock.now().timestamp()
        since_s = end_s - window_s
        spans = (span for at_s, span in self._seconds.items() if since_s < at_s <= end_s)
        return add_up(spans), min(window_s, max(1.0, end_s - self._began_s))

    def _follow(self) -> None:
        """Count what is new and forget what is too old."""
        now_s = self._clock.now().timestamp()
        self._began_s = self._began_s or now_s
        lines = self._tail.read_lines()
        for line in lines:
            entry = parse_line(line)
            if entry is None:
                continue
            self._understood = True
            # A time ahead of this clock would count for ever.
            if now_s - self.keep_s < entry.at_s < now_s + _AHEAD_S_MAX:
                self._began_s = min(self._began_s, entry.at_s)
                self._count(entry)
        if lines and not self._understood:
            raise SourceFailed(
                f"none of {len(lines)} lines is in the common, combined or JSON format; write one"
                " of these"
            )
        oldest_s = now_s - self.keep_s
        self._seconds = {at_s: span for at_s, span in self._seconds.items() if at_s >= oldest_s}

    def _count(self, entry: Entry) -> None:
        if entry.path.startswith(self._prefix):
            found = self._version.search(entry.path)
            span = self._seconds.setdefault(int(entry.at_s), Span())
            span.add(entry, found[1] if found else None)


class AccessLogGauge:
    """One number out of a log's last minutes."""

    def __init__(self, binding: AccessLogBinding, log: AccessLog) -> None:
        self._binding = binding
        self._log = log
        self.label: Final = f"access_log {binding.measure} {binding.path}"

    async def measure(self) -> Measured:
        """Follow the log to its end; rates and shares are over what is known of the window."""
        span, known_s = await self._log.span(self._binding.window_s, self._binding.timeout_s)
        note = f"{span.requests} requests in {known_s:.0f} s"
        match self._binding.measure:
            case "rate_per_s":
                return Measured(span.requests / known_s, note=note)
            case "error_ratio":
                if not span.requests:
                    return Measured(None, note=note)
                return Measured(span.errors / span.requests, note=f"{span.errors} of {note}")
            case "latency_p95_ms":
                took_s = duration_quantile_s(span, _P95)
                if took_s is None:
                    why = "; the log holds no request_time" if span.requests else ""
                    return Measured(None, note=note + why)
                return Measured(took_s * 1000, note=note)
            case "versions":
                counts = ", ".join(f"{name} {count}" for name, count in span.versions.most_common())
                return Measured(float(len(span.versions)), note=counts or f"none in {note}")

    async def close(self) -> None:
        """The log is its maker's to close."""
