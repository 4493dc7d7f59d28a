"""Calls the operator who looks elsewhere: the terminal's bell, and its desktop notification."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Final

_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f;]")


def notification(how: str, words: str, *, environ: Mapping[str, str] | None = None) -> str:
    """The escape sequence for `osc9` or `osc777`; "" for any other name.

    Inside tmux it is wrapped so that tmux hands it on, where `allow-passthrough` is set.
    """
    text = _UNSAFE.sub(" ", words)
    body = {"osc9": f"9;maestro: {text}", "osc777": f"777;notify;maestro;{text}"}.get(how)
    if body is None:
        return ""
    sequence = f"\x1b]{body}\x07"
    if "TMUX" in (os.environ if environ is None else environ):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return sequence


class Caller:
    """Rings, and tells, as the operator asked for."""

    def __init__(self, *, bell: bool, notify: str) -> None:
        self._bell = bell
        self._notify = notify

    def call(self, words: str, ring: Callable[[], None], write: Callable[[str], None]) -> None:
        """One call."""
        if self._bell:
            ring()
        if sequence := notification(self._notify, words):
            write(sequence)
