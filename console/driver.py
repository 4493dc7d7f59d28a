"""The terminal's side of the console: keys are waited for, and a terminal that stalls is not."""

import os
import select
import selectors
import signal
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Any, Final, TextIO, cast

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from core.clock import Clock

_LOOK_S: Final = 0.1
_LOOKS: Final = 5  # after a key: a lone escape is one only when nothing has followed it
_BYTES: Final = 4096
_PATIENCE_S: Final = 1.0  # for a terminal that takes nothing: whoever draws waits as long


class _Bell(Event):
    """An event that can be waited for together with a terminal; lasts as long as the process."""

    def __init__(self) -> None:
        super().__init__()
        self.reader, self._writer = os.pipe()
        os.set_blocking(self.reader, False)

    def set(self) -> None:
        """Also wake who waits for the reader."""
        super().set()
        os.write(self._writer, b"!")

    def clear(self) -> None:
        """Also empty the reader."""
        super().clear()
        with suppress(BlockingIOError):
            os.read(self.reader, _BYTES)


class _Outlet:
    """Where pictures are written: a file that never fails, and never holds its writer for long.

    Textual's thread dies of the error that a closed terminal gives, and stays in a write to one
    that takes nothing; whoever draws then waits for that thread without end, and so does quitting.
    Lasts as long as the process.
    """

    def __init__(self, file: TextIO, lost: Callable[[], None]) -> None:
        """`lost` is called when something was not written, and more can be."""
        self._file = file
        self._lost = lost
        self._gone = self._stalled = False
        self._descriptor = file.fileno()
        # One of our own can be made not to wait; that of stderr is the shell's, too.
        with suppress(OSError):
            name = os.ttyname(self._descriptor)
            self._descriptor = os.open(name, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)

    def fileno(self) -> int:
        """Of the terminal."""
        return self._descriptor

    def flush(self) -> None:
        """Nothing is kept back."""

    def write(self, text: str) -> None:
        """Write, or leave out what a terminal that is gone or stalls does not take."""
        left = text.encode(self._file.encoding, "backslashreplace")
        try:
            while left and not self._gone and (taken := self._put(left)):
                left = left[taken:]
        except OSError:
            self._gone = True
        if left and not self._gone:
            self._lost()

    def _put(self, data: bytes) -> int:
        """How many of them were taken. A terminal that stalls is waited for only once."""
        taken = 0
        if select.select([], [self._descriptor], [], 0.0 if self._stalled else _PATIENCE_S)[1]:
            with suppress(BlockingIOError):
                taken = os.write(self._descriptor, data[:_BYTES])
        self._stalled = not taken
        return taken


class CalmDriver(LinuxDriver):
    """Sleeps until a key is pressed: Textual's own looks for one ten times a second."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)  # pyright: ignore[reportUnknownMemberType]
        self.exit_event = self._bell = _Bell()
        self._mends = False
        outlet: Any = _Outlet(cast("TextIO", self._file), self._mend)
        self._file = outlet

    def _sigtstp_application(self, *_: object) -> None:
        """Stop all of the foreground, as editors do: the shell waits for `make`, it for us."""
        if self._auto_restart:
            self.suspend_application_mode()
            self._must_signal_resume = True
        os.killpg(os.getpgrp(), signal.SIGSTOP)

    def resume_application_mode(self) -> None:
        """Also draw all of it: the terminal forgot the picture, and the app takes it for drawn."""
        super().resume_application_mode()
        self._loop.call_soon_threadsafe(self._app.call_later, self._draw_all)

    def _mend(self) -> None:
        """Have all of it drawn again, in a while: what is drawn is only what has changed."""
        if not self._mends:
            self._mends = True
            self._app.call_later(self._app.set_timer, _PATIENCE_S, self._draw_all)

    def _draw_all(self) -> None:
        self._mends = False
        self._app.refresh(layout=True)

    def run_input_thread(self) -> None:
        """Hand on what is typed, until told to end."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")().decode
        looks = 0
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(self._bell.reader, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                ready = {key.fd for key, _ in selector.select(_LOOK_S if looks else None)}
                looks = max(0, looks - 1)
                if self.fileno in ready:
                    looks = _LOOKS
                    if not (data := self._read()):
                        # The terminal is gone, and no signal may come: `make` hands none on.
                        self._loop.call_soon_threadsafe(self._app.exit)
                        break
                    # Of a character that is only half there nothing is told, and "" is the end.
                    if text := decode(data):
                        for event in parser.feed(text):
                            self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)
        with suppress(EOFError, ParseError):
            list(parser.feed(""))

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, _BYTES)
        except OSError:  # of one that hung up
            return b""


def calm(kind: type[Driver]) -> type[Driver]:
    """The calm one in the place of Textual's for a terminal; others, of a browser say, stay."""
    return CalmDriver if kind is LinuxDriver else kind


def date_input(driver: Driver, clock: Clock) -> None:
    """Have noted on what is typed when it was read: dealt with, it may be much later."""
    send = driver.send_message

    def send_dated(message: Message) -> None:
        message.time = clock.monotonic_s()
        send(message)

    driver.send_message = send_dated  # type: ignore[method-assign]
