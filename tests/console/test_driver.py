"""On a real terminal keys come through although nobody looks for them, and leaving ends at once."""

import os
import pty
import select
import sys

import pytest

PROGRAM = """
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


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self) -> None:
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm-256color"
            os.execv(sys.executable, (sys.executable, "-c", PROGRAM))  # noqa: S606 - no shell is wanted
        self._seen = b""

    def wait(self, text: str) -> None:
        """Read until it was drawn; fails when the program ends first."""
        while text.encode() not in self._seen:
            assert select.select([self._descriptor], [], [], 30)[0], f"{text!r} was never drawn"
            self._seen += os.read(self._descriptor, 65536)

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
        os.close(self._descriptor)
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
