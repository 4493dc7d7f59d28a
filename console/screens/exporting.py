"""What stands on a screen, as files in the home: rows, or the screen itself."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from console.office import ELSEWHERE
from console.screens.base import MaestroScreen
from console.view_models.export import export_files
from console.view_models.text import count
from console.work import start_work
from core.errors import ConfigError, MaestroError

FOLDER: Final = "exports"
SHOTS: Final = ("svg", "text")


def export_rows(screen: MaestroScreen, rows: Sequence[object]) -> None:
    """Write these rows to CSV and JSON, beside the screen; a toast says where."""
    if not rows:
        screen.say("There is no row to write.", severity="warning")
        return
    start_work(screen, partial(_export, screen, tuple(rows)), group="export")


async def _export(screen: MaestroScreen, rows: tuple[object, ...]) -> None:
    # Redacting a long trail takes longer than a frame: not on the loop that draws.
    files = await asyncio.to_thread(export_files, rows)
    await _put(screen, files, count(len(rows), "row"))


def shoot(screen: MaestroScreen, form: str) -> None:
    """Write the screen as it stands: `svg` or `text`."""
    form = form or SHOTS[0]
    if form not in SHOTS:
        screen.say(f":screenshot takes {' or '.join(SHOTS)}, not {form!r}.", severity="warning")
        return
    if form == "svg":
        files = {".svg": screen.shell.export_screenshot().encode()}
    else:
        files = {".txt": screen_text(screen).encode()}
    start_work(screen, partial(_put, screen, files, "the screen"), group="export")


def screen_text(screen: MaestroScreen) -> str:
    """What stands on the terminal, line by line."""
    compositor = screen._compositor  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    drawn = compositor.render_strips()
    return "".join("".join(each.text for each in strip).rstrip() + "\n" for strip in drawn)


async def _put(screen: MaestroScreen, files: Mapping[str, bytes], what: str) -> None:
    front = screen.front
    try:
        if front.office.put_files is None:
            raise ConfigError(ELSEWHERE)
        at = front.view().now.astimezone(front.zone)
        stem = f"{screen.NAME.replace('_', '-')}-{at:%Y-%m-%d-%H%M%S}"
        paths = await front.office.put_files(FOLDER, stem, files)
    except MaestroError as error:
        screen.say(str(error), severity="error")
        return
    text = "\n".join(map(str, paths))
    screen.shell.copy_to_clipboard(text)
    screen.say(f"✓ wrote {what} to {', '.join(map(str, paths))}; copied")
