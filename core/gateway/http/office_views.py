"""The engine's log, settings and findings for an attached console, without secrets."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from core.errors import MaestroError
from core.gateway.console_schemas import LogView, OfficeView
from core.gateway.http.problem import Refused
from core.governance.screening.rules import screen
from core.office_ports import FindingRow, LogPage, OfficePort, SettingRow

_MARK_DIGITS: Final = 32

Told = tuple[object, object]


async def read_office(office: OfficePort | None, asked: LogView | OfficeView) -> Told:
    """A value's type, and the value. Raises Refused, with why there is none."""
    if office is None:
        raise Refused(
            HTTPStatus.NOT_FOUND, "this engine hands out nothing of its machine: look there"
        )
    try:
        if isinstance(asked, LogView):
            lines = await office.read_log()
            return LogPage, await asyncio.to_thread(page_after, lines, asked.after)
        if asked.view == "settings":
            return tuple[SettingRow, ...], tuple(map(_open_setting, await office.read_settings()))
        return tuple[FindingRow, ...], tuple(map(_open_finding, await office.examine()))
    except MaestroError as error:
        # The sentence is an operator's to read; no table of errors knows it better.
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, _open_text(str(error))) from error


def page_after(lines: Sequence[str], mark: str) -> LogPage:
    """What came after the line of that mark; all of it when that line is no longer there."""
    at = next((at for at in range(len(lines), 0, -1) if _mark(lines[at - 1]) == mark), 0)
    return LogPage(
        lines=tuple(map(_open_text, lines[at:])),
        whole=at == 0,
        mark=_mark(lines[-1]) if lines else "",
    )


def _mark(line: str) -> str:
    return hashlib.sha256(line.encode(errors="surrogatepass")).hexdigest()[:_MARK_DIGITS]


def _open_text(text: str) -> str:
    """The engine's log is written without secrets; what a library wrote into it may not be."""
    return str(screen(text).redacted)


def _open_setting(row: SettingRow) -> SettingRow:
    found = screen({row.key.rpartition(".")[2]: row.value})
    return replace(row, value="", hidden=True) if found.secrets else row


def _open_finding(row: FindingRow) -> FindingRow:
    return replace(row, said=_open_text(row.said))
