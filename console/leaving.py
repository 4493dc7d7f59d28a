"""Leaving the console."""

from collections.abc import Callable
from typing import Any

from textual.app import App

from console.screens.base import Front


async def leave(app: App[Any], front: Front, tick: Callable[[], None]) -> None:
    """End the app; ask first when somebody waits for an answer."""
    from console.screens.dialogs.confirm import QuitDialog  # noqa: PLC0415 - not for the start

    if front.snapshot.approvals:
        dialog = QuitDialog(front, hosting=front.mode != "ATTACHED")
        if not await app.push_screen_wait(dialog):
            return
    front.typed.ask_no_more()
    # Leaving confirms what was decided; what the core refuses is read before the screen goes.
    if not await front.outbox.send_all():
        tick()
        return
    app.exit()
