"""The machine of an engine elsewhere: its log, settings, findings; reports as files here."""

import io
import re
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final

from console.language import _
from console.office import Office
from console.remote.client import COMMAND_S, RemoteClient
from console.remote.policies import RemotePolicies
from console.remote.problems import EngineDiffersError
from core.clock import Clock
from core.office_ports import FindingRow, LogPage, SettingRow
from core.reporting.forms import Form

LINES_MAX: Final = 2_000  # kept here, as many as the engine tells at once
_FOLDER: Final = "reports"
_TABLE: Final = re.compile(r"[a-z0-9_-]{1,80}\.csv")
_TABLE_BYTES_MAX: Final = 100_000_000

PutFiles = Callable[[str, str, Mapping[str, bytes]], Awaitable[tuple[Path, ...]]]


class RemoteOffice:
    """Implements `core.office_ports.OfficePort`; may also raise EngineSilentError."""

    def __init__(
        self, client: RemoteClient, *, put_files: PutFiles, clock: Clock, zone: tzinfo
    ) -> None:
        """`put_files` writes into the home of this console."""
        self._client = client
        self._put_files = put_files
        self._clock = clock
        self._zone = zone
        self._lines: tuple[str, ...] = ()
        self._mark = ""

    def for_screens(self, *, asked: bool) -> Office:
        """What an attached console can do; `asked`: whether the engine's machine can be asked."""
        return Office(
            policies=RemotePolicies(self._client),
            read_log=self.read_log if asked else None,
            read_settings=self.read_settings if asked else None,
            examine=self.examine if asked else None,
            write_report=self.write_report,
            put_files=self._put_files,
        )

    async def read_log(self) -> tuple[str, ...]:
        """Newest last; the very same tuple while nothing was added."""
        page = await self._client.view(LogPage, "log", after=self._mark)
        if page.whole:
            self._lines = page.lines
        elif page.lines:
            self._lines = (*self._lines, *page.lines)[-LINES_MAX:]
        self._mark = page.mark
        return self._lines

    async def read_settings(self) -> tuple[SettingRow, ...]:
        """What is in force there; secrets stay with the engine."""
        return await self._client.view(tuple[SettingRow, ...], "settings")

    async def examine(self) -> tuple[FindingRow, ...]:
        """What the doctor finds there, now."""
        return await self._client.view(tuple[FindingRow, ...], "findings", timeout_s=COMMAND_S)

    async def write_report(
        self, kind: str, form: Form, since: datetime, until: datetime
    ) -> tuple[Path, ...]:
        """Have it made there, of the running engine, and write it here."""
        content = await self._client.fetch(
            f"/v1/reports/{kind}",
            form=form.value,
            since=since.isoformat(),
            until=until.isoformat(),
        )
        files = _unpack(content) if form is Form.CSV else {f".{form.value}": content}
        at = self._clock.now().astimezone(self._zone)
        return await self._put_files(_FOLDER, f"maestro-{kind}-{at:%Y-%m-%d-%H%M%S}", files)


def _unpack(content: bytes) -> Mapping[str, bytes]:
    """One file a table. Raises EngineDiffersError: names from elsewhere become names of files."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if not all(
                _TABLE.fullmatch(each.filename) and each.file_size <= _TABLE_BYTES_MAX
                for each in archive.infolist()
            ):
                raise EngineDiffersError(_("the engine's report holds what is no table"))
            return {f"-{name}": archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, EOFError) as error:
        raise EngineDiffersError(_("the engine's report is damaged")) from error
