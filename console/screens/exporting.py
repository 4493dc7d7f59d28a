"""What stands on a screen, as files in the home: rows, or the screen itself."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from console.language import _
from console.office import ELSEWHERE
from console.screens.base import MaestroScreen
from console.view_models.text import count
from console.work import start_work
from core.errors import ConfigError, MaestroError

FOLDER: Final = "exports"
SHOTS: Final = ("svg", "text")


def export_list(screen: MaestroScreen | None) -> None:
    """Write the rows of the list in use to CSV and JSON, beside the screen; a toast says where."""
    table = None if screen is None else screen.list_in_use()
    if screen is not None and table is not None:
        _export_rows(screen, table.rows)


def _export_rows(screen: MaestroScreen, rows: Sequence[object]) -> None:
    if not rows:
        screen.say(_("There is no row to write."), severity="warning")
        return
    start_work(screen, partial(_export, screen, tuple(rows)), group="export")


async def _export(screen: MaestroScreen, rows: tuple[object, ...]) -> None:
    from console.view_models.export import export_files  # noqa: PLC0415 - not for the start

    # Redacting a long trail takes longer than a frame: not on the loop that draws.
    files = await asyncio.to_thread(export_files, rows)
    await _put(screen, files, count(len(rows), "row", "rows"))


def shoot(screen: MaestroScreen | None, form: str) -> None:
    """Write the screen as it stands: `svg` or `text`."""
    if screen is None:
        return
    form = form or SHOTS[0]
    if form not in SHOTS:
        screen.say(
            _(":screenshot takes {shots}, not {form!r}.").format(
                shots=_(" or ").join(SHOTS), form=form
            ),
            severity="warning",
        )
        return
    if form == "svg":
        files = {".svg": screen.shell.export_screenshot().encode()}
    else:
        files = {".txt": screen_text(screen).encode()}
    start_work(screen, partial(_put, screen, files, _("the screen")), group="export")


def screen_text(screen: MaestroScreen) -> str:
    """What stands on the terminal, line by line."""
    compositor = screen._compositor  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    drawn = compositor.render_strips()
    return "".join("".join(each.text for each in strip).rstrip() + "\n" for strip in drawn)


async def _put(screen: MaestroScreen, files: Mapping[str, bytes], what: str) -> None:
    front = screen.front
    try:
        if front.office.put_files is None:
            raise ConfigError(_(ELSEWHERE))
        at = front.view().now.astimezone(front.zone)
        stem = f"{screen.NAME.replace('_', '-')}-{at:%Y-%m-%d-%H%M%S}"
        paths = await front.office.put_files(FOLDER, stem, files)
    except MaestroError as error:
        screen.say(str(error), severity="error")
        return
    text = "\n".join(map(str, paths))
    screen.shell.copy_to_clipboard(text)
    screen.say(
        _("✓ wrote {what} to {str}; copied").format(what=what, str=", ".join(map(str, paths)))
    )
