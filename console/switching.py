"""What the operator turns on and off while the console runs: mouse, clock, the debug row."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from textual.app import App

from console.language import LANGUAGES, _, use
from console.screens.base import Front

SWITCHES: Final = ("mouse", "clock", "debug")


def after(name: str, names: Sequence[str]) -> str:
    """The one that follows, the first after the last."""
    at = names.index(name) if name in names else -1
    return names[(at + 1) % len(names)]


class Switcher:
    """Turns them, and has them kept."""

    def __init__(self, app: App[Any], front: Front, changed: Callable[[], None]) -> None:
        self._app = app
        self._switches = front.switches
        self._changed = changed

    def turn(self, name: str) -> str:
        """The other way round; a sentence where it cannot be seen."""
        on = not getattr(self._switches, name)
        setattr(self._switches, name, on)
        said = self.set_mouse() if name == "mouse" else ""
        self._changed()
        return said

    def speak(self, name: str) -> str:
        """Another language from the next drawing on; the sentence that says so, in it."""
        known = ", ".join(LANGUAGES)
        if name not in LANGUAGES:
            return _("There is no language {name}; there are {known}.").format(
                name=repr(name), known=known
            )
        use(name)
        return _("The screens are in English now.")

    def set_mouse(self) -> str:
        """Take the mouse, or leave it to the terminal, which selects text with it."""
        on = self._switches.mouse
        driver = self._app._driver  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
        turn = getattr(driver, f"_{'enable' if on else 'disable'}_mouse_support", None)
        if turn is not None:
            turn()
        return (
            _("The mouse is the console's.") if on else _("The mouse selects text; :mouse ends it.")
        )
