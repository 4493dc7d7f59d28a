"""Verifies the trail on request, and says what was found."""

from collections.abc import Callable
from typing import Any

from textual.app import App

from console.bridge import Bridge
from console.language import _
from console.work import start_work
from core.errors import MaestroError


class Verifying:
    """One verification at a time."""

    def __init__(
        self, app: App[Any], bridge: Bridge, *, tick: Callable[[], None], say: Callable[..., None]
    ) -> None:
        self._app = app
        self._bridge = bridge
        self._tick = tick
        self._say = say

    def start(self) -> None:
        """Begin; the screen goes on meanwhile."""
        self._say(_("Verifying the trail…"))
        start_work(self._app, self._verify, group="verify")

    async def _verify(self) -> None:
        try:
            report = await self._bridge.verify_audit()
        except MaestroError as error:
            self._say(str(error), severity="error")
            return
        from console.view_models.audit import report_words  # noqa: PLC0415 - not for the start

        self._tick()
        self._app.clear_notifications()
        self._say(report_words(report), severity="information" if report.ok else "error")
