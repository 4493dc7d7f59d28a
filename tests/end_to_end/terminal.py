"""A real terminal, driven and read as a person does: tmux on a server of its own."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Final

import pytest

from console.view_models.guard import GUARD_S, UNASKED_S
from tests.integration.engine.served import wait_until

_SHELL: Final = ("env", "-i", "TERM=screen-256color", "LANG=C.UTF-8", "PS1=$ ")

_PLACE: Final = re.compile(r" left ─* (\d+-\d+ of \d+) ([↑↓ ]{2})")
_TOO_SOON: Final = re.compile("Too soon|has only just|not on the screen yet")


class Terminal:
    """One window with a plain shell in it."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._seen_s = time.monotonic()
        self._pressed: tuple[str, ...] = ()  # what to press again if it came too soon

    def screen(self) -> str:
        """What stands on the screen now."""
        return self._tmux("capture-pane", "-p")

    def state(self, name: str) -> str:
        """A variable of the terminal, such as `alternate_on`."""
        return self._tmux("display-message", "-p", f"#{{{name}}}").strip()

    def see_cursor(self, at: str, *, after: str = "") -> None:
        """Wait until the cursor of a text stands on the character `at`, which follows `after`.

        Only the place where typing goes has one: it is drawn in a style of its own.
        """
        style = r"(?:\x1b\[[0-9;]*m)+"
        wanted = re.compile(re.escape(after) + style + re.escape(at) + r"\x1b\[")
        wait_until(lambda: wanted.search(self._tmux("capture-pane", "-e", "-p")), self.screen)
        self._seen_s = time.monotonic()

    def see(self, *words: str) -> str:
        """Wait until all of `words` stand on the screen; the screen."""
        return self.until(lambda screen: all(each in screen for each in words))

    def until(self, condition: Callable[[str], object]) -> str:
        """Wait until the screen fulfils `condition`; the screen."""

        def fulfilled() -> object:
            screen = self.screen()
            return condition(screen) or self._press_again(screen)

        wait_until(fulfilled, self.screen)
        self._seen_s = time.monotonic()
        self._pressed = ()
        return self.screen()

    def _press_again(self, screen: str) -> bool:
        """A busy machine begins to count late: a person who is told so presses once more."""
        if self._pressed and _TOO_SOON.search(screen):
            keys, self._pressed = self._pressed, ()
            time.sleep(UNASKED_S)
            self._tmux("send-keys", *keys)
        return False

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names, once what was last seen could have been read.

        The console does not count keys before that, and `see` returns after it began to count.
        """
        wait_until(lambda: time.monotonic() - self._seen_s > GUARD_S * 1.2)
        wait_until(lambda: not _TOO_SOON.search(self.screen()))  # said of a key before this one
        self._tmux("send-keys", *keys)
        self._pressed = keys if len(keys) == 1 else ()

    def read_on(self) -> None:
        """Page down while the title of the action's card says that there is more below."""
        while (place := _PLACE.search(self.screen())) is not None and "↓" in place[2]:
            self.press(".")
            self.until(lambda screen, was=place[1]: was not in screen)  # type: ignore[misc]

    def press_at_once(self, *keys: str) -> None:
        """Press keys by tmux's names, all in one, whatever stands on the screen."""
        self._pressed = ()
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type and see it typed."""
        self._tmux("send-keys", "-l", text)
        self.see(text)

    def run(self, command: str) -> None:
        """Give the shell a line."""
        self._tmux("send-keys", "-l", command)
        self._tmux("send-keys", "Enter")

    def colours(self) -> set[str]:
        """The colours, by their codes, that anything on the screen is drawn with."""
        codes = re.findall(r"\x1b\[([0-9;]*)m", self._tmux("capture-pane", "-e", "-p"))
        plain = {"", "0", "1", "2", "3", "4", "7", "9", "22", "23", "24", "27", "39", "49"}
        return {each for code in codes for each in code.split(";")} - plain

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def take_copies(self) -> None:
        """Let programs copy through the terminal (OSC 52), as docs/console.md tells to."""
        self._tmux("set-option", "-s", "set-clipboard", "on")

    def copied(self) -> str:
        """What a program copied last; "" when none did."""
        buffers = self._tmux("list-buffers")
        return self._tmux("show-buffer") if buffers else ""

    def close(self) -> None:
        """Close the window over whatever runs in it, as a connection that drops does."""
        self._tmux("kill-pane")

    def _tmux(self, *arguments: str) -> str:
        return _run_tmux(self._server, *arguments)


def _run_tmux(server: str, *arguments: str) -> str:
    done = subprocess.run(
        ["tmux", "-u", "-L", server, "-f", "/dev/null", *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return done.stdout


@contextlib.contextmanager
def open_terminal(folder: Path, *, columns: int, rows: int, server: str) -> Generator[Terminal]:
    """A terminal of that size on the tmux server of that name; skipped where there is no tmux."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed: there is no real terminal to try")
    size = ("-x", str(columns), "-y", str(rows))
    shell = shlex.join([*_SHELL, f"PATH={os.environ['PATH']}", "sh"])
    try:
        _run_tmux(server, "new-session", "-d", *size, "-c", str(folder), shell)
        terminal = Terminal(server)
        terminal.see("$")
        yield terminal
    finally:
        subprocess.run(["tmux", "-L", server, "kill-server"], check=False, capture_output=True)
        sockets = Path(os.environ.get("TMUX_TMPDIR", "/tmp"), f"tmux-{os.getuid()}")  # noqa: S108
        (sockets / server).unlink(missing_ok=True)
