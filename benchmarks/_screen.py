"""What the console's benchmarks share: a program on a pseudo-terminal, timed and accounted for."""

import fcntl
import os
import pty
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
# The smallest program that Textual runs: what nobody who uses it can be quicker than.
EMPTY: Final = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("first picture")
Empty().run()
"""
EMPTY_SHOWS: Final = "first picture"


@dataclass(slots=True)
class Screen:
    """A program that draws on a terminal of our own."""

    pid: int
    descriptor: int
    started_s: float
    seen: bytes = b""
    bytes_total: int = 0
    seen_at_ms: dict[str, float] = field(default_factory=dict[str, float])
    tmux: str = ""  # the name of the tmux server that stands between, if one does
    client: int = 0  # the process that draws on our terminal; the program itself without tmux

    def pump(self, timeout_s: float) -> bool:
        """Read what it drew; False once it ended."""
        if not select.select([self.descriptor], [], [], timeout_s)[0]:
            return True
        try:
            data = os.read(self.descriptor, 1 << 18)
        except OSError:
            return False
        self.bytes_total += len(data)
        self.seen = (self.seen + data)[-400_000:]
        return bool(data)

    def wait(self, text: str, *, patience_s: float = 60.0) -> float:
        """Milliseconds from the start to when `text` was drawn."""
        wanted, end = text.encode(), time.perf_counter() + patience_s
        while wanted not in self.seen:
            alive = self.pump(0.02)
            if not alive or time.perf_counter() > end:
                raise RuntimeError(f"{text!r} was never drawn: {self.seen[-600:]!r}")
        return (time.perf_counter() - self.started_s) * 1000

    def settle(self, seconds: float) -> None:
        """Read for so long."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.pump(left)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.descriptor, keys.encode())

    def cpu_s(self) -> float:
        """Processor seconds that it took so far."""
        words = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / _TICKS

    def rss_mb(self) -> float:
        """Megabytes of memory that it holds."""
        words = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()
        return int(words[1]) * _PAGE / 2**20

    def end(self) -> None:
        """Have it leave, and read on until it did."""
        os.kill(self.pid, signal.SIGTERM)
        end = time.perf_counter() + 20
        while self.pump(0.1) and time.perf_counter() < end:
            pass
        if self.tmux:
            subprocess.run([*_tmux(self.tmux), "kill-server"], check=False, capture_output=True)
        drawing = self.client or self.pid
        if os.waitpid(drawing, os.WNOHANG) == (0, 0):
            os.kill(drawing, signal.SIGKILL)
            os.waitpid(drawing, 0)
        os.close(self.descriptor)


def open_screen(*command: str, columns: int = 120, rows: int = 36) -> Screen:
    """Start a program on a terminal of that size."""
    go, ready = os.pipe()
    pid, descriptor = pty.fork()
    if pid == 0:
        os.read(go, 1)
        os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        os.environ["MAESTRO_CONSOLE__CLOCK"] = "false"
        for name in ("NO_COLOR", "COLUMNS", "LINES", "MAESTRO_HOME", "MAESTRO_CONFIG", "TMUX"):
            os.environ.pop(name, None)
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    started_s = time.perf_counter()
    os.write(ready, b"g")
    os.close(go)
    os.close(ready)
    return Screen(pid, descriptor, started_s)


def open_in_tmux(*command: str, columns: int = 160, rows: int = 45) -> Screen:
    """The same within tmux: we are the terminal of its client, the program is its child."""
    server = f"maestro-bench-{os.getpid()}-{time.monotonic_ns()}"
    pane = f"exec {shlex.join(command)}"
    options = ["set-option", "-g", "status", "off"]
    screen = open_screen(
        *_tmux(server), "new-session", pane, ";", *options, columns=columns, rows=rows
    )
    screen.tmux, screen.client = server, screen.pid
    end = time.perf_counter() + 10
    while not (shown := _pane(server)):
        screen.pump(0.02)
        if time.perf_counter() > end:
            raise RuntimeError(f"tmux opened nothing: {screen.seen[-600:]!r}")
    screen.pid = int(shown)
    return screen


def _pane(server: str) -> str:
    """The process in the window of a tmux server; "" while there is none."""
    asking = [*_tmux(server), "list-panes", "-a", "-F", "#{pane_pid}"]
    return subprocess.run(asking, check=False, capture_output=True, text=True).stdout.strip()


def _tmux(server: str) -> list[str]:
    program = shutil.which("tmux")
    if program is None:
        raise RuntimeError("tmux is not installed: there is no real terminal to measure in")
    return [program, "-u", "-L", server, "-f", "/dev/null"]


def maestro(home: Path, *more: str) -> Sequence[str]:
    """The console over a home, as it is installed."""
    return (sys.executable, "-m", "console", "--home", str(home), "--port", "0", *more)
