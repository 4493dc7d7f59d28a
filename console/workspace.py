"""Reads the file that an action would replace, for the difference on its card.

Agents name both the file and their workspace, so neither is trusted: only a regular, not too
large text file that really lies in the session's workspace is read, and secrets in it are redacted.
"""

import os
import stat
from pathlib import Path
from typing import Final

from console.language import _
from console.view_models.around import OnDisk
from console.view_models.dossier import content_of
from core.governance.screening.rules import screen
from core.ports import Dossier

FILE_MAX: Final = 200_000  # bytes
_SHALLOW: Final = 2  # a workspace such as / or /home holds everybody's files


def read_on_disk(dossier: Dossier) -> OnDisk | None:
    """The file as it is now on this machine; None for an action that replaces none. Blocking."""
    action = dossier.record.action
    if content_of(action.kind, dossier.arguments_shown) is None:
        return None
    folder = dossier.session.cwd if dossier.session is not None else ""
    if not folder:
        return OnDisk(None, _("not compared with the file: the session names no workspace"))
    try:
        return _read(Path(folder), action.resource)
    except (OSError, ValueError, RuntimeError) as error:
        why = (
            error.strerror
            if isinstance(error, OSError) and error.strerror
            else _("unreadable path")
        )
        return OnDisk(None, _("not compared with the file: {why}").format(why=why))


def _read(folder: Path, name: str) -> OnDisk:
    workspace = folder.resolve(strict=True)
    path = (workspace / name).resolve()
    if len(workspace.parts) <= _SHALLOW or not path.is_relative_to(workspace):
        return OnDisk(None, _("not compared with the file: it lies outside of the workspace"))
    if not path.exists():
        return OnDisk("", _("a new file: there is none of this name in the workspace here"))
    # The path is resolved: a link that takes its place now is not followed.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            return OnDisk(None, _("not compared with the file: it is no regular file"))
        if state.st_size > FILE_MAX:
            return OnDisk(None, _("not compared with the file: it is too long to be read here"))
        data = file.read(FILE_MAX)
    try:
        text = str(screen(data.decode()).redacted)
    except UnicodeDecodeError:
        return OnDisk(None, _("not compared with the file: it holds no text"))
    return OnDisk(text, _("against the file as this machine has it now, secrets redacted"))
