"""The theme in use: chosen by name, and read again when its file changes."""

from collections.abc import Callable
from typing import Any, Final

from textual.app import App

from console.theme_shelf import Stamp, ThemeShelf
from console.themes import DEFAULT_THEME, ThemeFile, read_shipped, shipped_themes, to_textual
from core.errors import ConfigError

POLL_S: Final = 0.5


class Theming:
    """Puts themes on a running console."""

    def __init__(self, app: App[Any], shelf: ThemeShelf) -> None:
        self._app = app
        self._shelf = shelf
        self._name = ""
        self._stamp: Stamp | None = None
        self._trouble = ""

    def names(self) -> tuple[str, ...]:
        """All there are."""
        return self._shelf.names()

    def begin(self, name: str) -> None:
        """The first theme. A broken file of the operator's is told once the screen can: nobody is
        locked out for a colour. Raises ConfigError when there is no such theme.
        """
        try:
            self.choose(name)
        except ConfigError as error:
            if name not in self.names():
                raise
            self._trouble = str(error)
            self._name, self._stamp = name, self._shelf.stamp(name)
            self._put_on(read_shipped(name if name in shipped_themes() else DEFAULT_THEME))

    def choose(self, name: str) -> None:
        """Change the theme. Raises ConfigError; then the present one stays."""
        theme = self._shelf.read(name)
        self._name, self._stamp = name, self._shelf.stamp(name)
        self._put_on(theme)

    def watch(self, complain: Callable[[str], None]) -> None:
        """Look at the theme's file twice a second, where there may be one.

        `complain` gets the sentence of a file that is broken; the theme then stays as it was.
        """
        if self._trouble:
            complain(self._trouble)
        if self._shelf.may_change:
            self._app.set_interval(POLL_S, lambda: self.look(complain))

    def look(self, complain: Callable[[str], None]) -> None:
        """Read the theme again if its file is another than it was."""
        stamp = self._shelf.stamp(self._name)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            theme = self._shelf.read(self._name)
        except ConfigError as error:
            complain(str(error))
        else:
            self._put_on(theme)

    def _put_on(self, theme: ThemeFile) -> None:
        app = self._app
        app.register_theme(to_textual(theme))
        if app.theme == theme.name:
            app.mutate_reactive(App.theme)
        else:
            app.theme = theme.name
        # Textual's own lack the colours that are drawn with.
        for other in set(app.available_themes) - {theme.name}:
            app.unregister_theme(other)
