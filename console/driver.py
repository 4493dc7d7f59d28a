"""The terminal's side of the console: keys are waited for, not looked for."""

import os
import selectors
from codecs import getincrementaldecoder
from contextlib import suppress
from threading import Event
from typing import Any, Final

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from core.clock import Clock

_LOOK_S: Final = 0.1
_LOOKS: Final = 5  # after a key: a lone escape is one only when nothing has followed it
_BYTES: Final = 4096


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


class CalmDriver(LinuxDriver):
    """Sleeps until a key is pressed: Textual's own looks for one ten times a second."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)  # pyright: ignore[reportUnknownMemberType]
        self.exit_event = self._bell = _Bell()

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
                    data = os.read(self.fileno, _BYTES)
                    if not data:
                        break  # the terminal is gone
                    # Of a character that is only half there nothing is told, and "" is the end.
                    if text := decode(data):
                        for event in parser.feed(text):
                            self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)
        with suppress(EOFError, ParseError):
            list(parser.feed(""))


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
