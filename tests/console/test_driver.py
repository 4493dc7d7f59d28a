"""On a real terminal keys come through although nobody looks for them, and leaving ends at once."""

import os
import pty
import select
import signal
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.integration.engine.served import wait_until

ENDED: Final = os.WEXITED | os.WNOHANG | os.WNOWAIT

KEYS = """
from textual.app import App
from textual.widgets import Static
from console.driver import CalmDriver, calm

class Keys(App):
    def get_driver_class(self):
        return calm(super().get_driver_class())
    def compose(self):
        yield Static("ready")
    def on_mount(self):
        assert isinstance(self._driver, CalmDriver)
    def on_key(self, event):
        self.query_one(Static).update("<" + event.key + ">")
        if event.key == "q":
            self.exit()

Keys().run()
"""
# Draws all the time, and more than may wait to be written between being told to end and ending.
BUSY = """
import asyncio, signal
from textual.app import App
from textual.widgets import Static
from console.driver import calm

class Busy(App):
    pictures, left = 0, 100
    ending = False
    def get_driver_class(self):
        return calm(super().get_driver_class())
    def compose(self):
        yield Static()
    def on_mount(self):
        for name in (signal.SIGHUP, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, setattr, self, "ending", True)
        self.set_interval(0.005, self.paint)
    def paint(self):
        self.left -= self.ending
        if not self.left:
            self.exit()
        self.pictures += 1
        self.query_one(Static).update(f"picture {self.pictures} " * 80)

Busy().run()
"""
# Draws more than any terminal keeps for later, then a picture; a file says that all was dealt with.
FLOOD = """
import sys
from pathlib import Path
from textual.app import App
from textual.widgets import Static
from console.driver import calm

class Flood(App):
    def get_driver_class(self):
        return calm(super().get_driver_class())
    def compose(self):
        yield Static()
    def on_ready(self):
        for _ in range(20):
            self._driver.write("\\x1b[H" * 20_000)
        self.query_one(Static).update("the last words")
        self.call_after_refresh(self.set_interval, 0.01, self.look)
    def look(self):
        if self._driver._writer_thread._queue.empty():
            Path(sys.argv[1]).touch()
    def on_key(self):
        self.exit()

Flood().run()
"""


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, program: str = KEYS, *arguments: str) -> None:
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm-256color"
            command = (sys.executable, "-c", program, *arguments)
            os.execv(sys.executable, command)  # noqa: S606 - no shell is wanted
        self._seen = b""

    def wait(self, text: str) -> None:
        """Read until it was drawn; fails when the program ends first."""
        while text.encode() not in self._seen:
            assert select.select([self._descriptor], [], [], 30)[0], f"{text!r} was never drawn"
            self._seen += os.read(self._descriptor, 65536)

    def forget(self) -> None:
        """Look only for what is drawn from now on."""
        while select.select([self._descriptor], [], [], 0)[0]:
            os.read(self._descriptor, 65536)
        self._seen = b""

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._descriptor, keys)

    def end(self) -> int:
        """Read on until it ended; its exit code."""
        try:
            while os.read(self._descriptor, 65536):
                pass
        except OSError:
            pass  # so a terminal tells that nobody holds its other end
        self.close()
        return self.wait_ended()

    def close(self) -> None:
        """Close its window, as a connection that drops does."""
        os.close(self._descriptor)

    def wait_ended(self) -> int:
        """Without reading; the program's exit code. A program that hangs is killed."""
        try:
            wait_until(lambda: os.waitid(os.P_PID, self.pid, ENDED))
        except AssertionError:
            os.kill(self.pid, signal.SIGKILL)
            raise
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.mark.parametrize(
    ("typed", "key"),
    [(b"x", "x"), (b"\x1b", "escape"), (b"\x1b[A", "up"), ("é".encode(), "é")],
    ids=["letter", "lone escape", "sequence", "two bytes"],
)
def test_what_is_typed_comes_through_and_leaving_ends(typed: bytes, key: str) -> None:
    terminal = Terminal()
    terminal.wait("ready")
    for part in (typed[:1], typed[1:]) if key == "é" else (typed,):
        terminal.press(part)
    terminal.wait(key)
    terminal.press(b"q")
    assert terminal.end() == 0


def test_resumed_it_draws_all_again_and_not_only_what_changes() -> None:
    terminal = Terminal()
    terminal.wait("ready")
    terminal.press(b"x")
    terminal.wait("<x>")
    os.kill(terminal.pid, signal.SIGTSTP)
    os.waitpid(terminal.pid, os.WUNTRACED)
    terminal.forget()
    os.kill(terminal.pid, signal.SIGCONT)
    terminal.wait("<x>")
    terminal.press(b"q")
    assert terminal.end() == 0


def test_a_window_that_is_closed_while_much_is_drawn_ends_the_program() -> None:
    terminal = Terminal(BUSY)
    terminal.wait("picture")
    terminal.close()
    assert terminal.wait_ended() == 0


def test_a_window_that_is_closed_ends_the_program_that_gets_no_signal_of_it() -> None:
    deaf = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    terminal = Terminal(deaf + KEYS)
    terminal.wait("ready")
    terminal.close()
    assert terminal.wait_ended() == 0


def test_told_to_end_it_ends_although_its_terminal_takes_nothing() -> None:
    terminal = Terminal(BUSY)
    terminal.wait("picture")
    os.kill(terminal.pid, signal.SIGTERM)
    assert terminal.wait_ended() == 0
    terminal.close()


def test_a_terminal_that_took_nothing_for_a_while_shows_the_whole_picture_again(
    tmp_path: Path,
) -> None:
    terminal = Terminal(FLOOD, str(tmp_path / "drawn"))
    wait_until((tmp_path / "drawn").exists)
    terminal.wait("the last words")
    terminal.press(b"q")
    assert terminal.end() == 0
