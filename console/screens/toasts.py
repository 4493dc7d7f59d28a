"""Toasts: short texts that go by themselves."""

import time
from typing import Any, Final
from weakref import WeakKeyDictionary

from textual.app import App
from textual.notifications import SeverityLevel
from textual.widget import Widget

from console.view_models.text import short_words

TOAST_S: Final = 4.0
_shown: WeakKeyDictionary[App[Any], dict[str, float]] = WeakKeyDictionary()


def _app_of(node: Widget | App[Any]) -> App[Any]:
    """The app, with its type told: Textual leaves it open."""
    return node.app  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def toast(node: Widget | App[Any], text: str, severity: SeverityLevel = "information") -> None:
    """Show it; agents' words in it are harmless. What stands there still is not said again: many
    of them would cover what is to be read.
    """
    app = _app_of(node)
    now_s = time.monotonic()
    shown = {each: until_s for each, until_s in _shown.get(app, {}).items() if until_s > now_s}
    if text not in shown:
        node.notify(short_words(text), severity=severity, timeout=TOAST_S, markup=False)
    _shown[app] = {**shown, text: shown.get(text, now_s + TOAST_S)}
