"""This host and its processes."""

import time
from typing import TYPE_CHECKING, Final

from core.adapters.sources.apart import Apart
from core.errors import SourceFailed
from core.measures import Measured
from core.source_settings import PsutilBinding

if TYPE_CHECKING:
    import psutil

_CPU_SPAN_S: Final = 0.1  # the first read of a share has nothing to compare with


class PsutilGauge:
    """CPU, memory and disk as shares of the machine; load as the one-minute average."""

    def __init__(self, binding: PsutilBinding) -> None:
        self._binding = binding
        self._apart = Apart()
        self._seen: dict[int, psutil.Process] = {}  # kept: CPU is counted since the last look
        self._before: tuple[float, float] | None = None  # seconds of all processors: busy, all
        whose = binding.process or (f"pid {binding.pid}" if binding.pid else "")
        whose = whose or (str(binding.path) if binding.measure == "disk" else "host")
        self.label: Final = f"psutil {binding.measure} {whose}"

    async def measure(self) -> Measured:
        """Read in a thread."""
        return await self._apart.run(self._read, self._binding.timeout_s)

    async def close(self) -> None:
        """Hold nothing."""
        self._seen.clear()

    def _read(self) -> Measured:
        import psutil  # noqa: PLC0415 - not before it is needed

        try:
            if self._binding.pid is not None or self._binding.process is not None:
                return self._read_processes()
            return self._read_host()
        except psutil.AccessDenied as error:
            raise SourceFailed(f"this user may not look at process {error.pid}") from error

    def _read_host(self) -> Measured:
        import psutil  # noqa: PLC0415

        match self._binding.measure:
            case "cpu":
                return Measured(self._cpu(), note=f"of {psutil.cpu_count() or 1} processors")
            case "memory":
                memory = psutil.virtual_memory()
                return Measured(memory.percent / 100, note=f"of {memory.total >> 20} MiB")
            case "disk":
                disk = psutil.disk_usage(str(self._binding.path))
                return Measured(disk.percent / 100, note=f"of {disk.total >> 30} GiB")
            case "load":
                note = f"over one minute, {psutil.cpu_count() or 1} processors"
                return Measured(psutil.getloadavg()[0], note=note)

    def _cpu(self) -> float:
        # psutil.cpu_percent counts since the last call of the same thread, and each is new here.
        if self._before is None:
            self._before = _cpu_seconds()
            time.sleep(_CPU_SPAN_S)
        now, before = _cpu_seconds(), self._before
        self._before = now
        spent_s = now[1] - before[1]
        return min(1.0, max(0.0, (now[0] - before[0]) / spent_s)) if spent_s > 0 else 0.0

    def _read_processes(self) -> Measured:
        import psutil  # noqa: PLC0415

        found = {process.pid: process for process in self._find()}
        fresh = [process for pid, process in found.items() if self._seen.get(pid) != process]
        self._seen = {
            pid: self._seen[pid] if self._seen.get(pid) == process else process
            for pid, process in found.items()
        }
        if not found:
            who = self._binding.process or f"with pid {self._binding.pid}"
            raise SourceFailed(f"no process {who} runs here; start it, or correct its name")
        total = 0.0
        if self._binding.measure == "cpu":
            for process in fresh:
                _of(process, "cpu_percent")
            if fresh:
                time.sleep(_CPU_SPAN_S)
            total = sum(_of(process, "cpu_percent") for process in self._seen.values())
            # Ticks of a short span can add up to more than there is.
            total = min(100.0, total / (psutil.cpu_count() or 1))
        else:
            total = sum(_of(process, "memory_percent") for process in self._seen.values())
        count = len(found)
        return Measured(total / 100, note=f"{count} process{'es' if count > 1 else ''}")

    def _find(self) -> "list[psutil.Process]":
        import psutil  # noqa: PLC0415

        if self._binding.pid is not None:
            try:
                return [psutil.Process(self._binding.pid)]
            except psutil.NoSuchProcess:
                return []
        named = psutil.process_iter(["name"])
        return [each for each in named if each.info["name"] == self._binding.process]


def _of(process: "psutil.Process", what: str) -> float:
    """One figure of a process; 0 when it ended meanwhile."""
    import psutil  # noqa: PLC0415

    try:
        return float(process.cpu_percent() if what == "cpu_percent" else process.memory_percent())
    except psutil.NoSuchProcess:
        return 0.0


def _cpu_seconds() -> tuple[float, float]:
    """Busy and all seconds of all processors since the start of the system."""
    import psutil  # noqa: PLC0415

    times = psutil.cpu_times()
    # On Linux a guest's time is within that of its user.
    guests_s = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    all_s = sum(times) - guests_s
    return all_s - times.idle - getattr(times, "iowait", 0.0), all_s
