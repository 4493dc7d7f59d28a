"""`maestro report`: approvals, the trail and the fleet, in five forms."""

import asyncio
import io
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote, urlencode

import typer

from console.cli.context import Context, HomeOption, JsonOption, say, say_json, say_table
from console.cli.remote import fetch_bytes
from core.adapters.home import is_demo
from core.adapters.login import name_operator
from core.adapters.report_files import put_files
from core.adapters.sqlite.reading import LedgerReads
from core.adapters.system import SystemClock
from core.assembly.foundation import verify_trail
from core.bootstrap import open_store_to_read
from core.errors import ConfigError
from core.ports import VerifyReport
from core.records import ActionQuery, ActionRecord, AuditEntry, AuditQuery
from core.reporting.catalog import REPORTS, make_report
from core.reporting.forms import Form, write_report
from core.reporting.period import read_period
from core.reporting.ports import Sources

NameArgument = Annotated[str | None, typer.Argument(help="Which; without it, those there are.")]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="File to write; '-' is stdout. Else one named by the time."),
]
_CSV: Final = "a csv report has a file for each table: give --out a name to begin them with"


@dataclass(frozen=True, slots=True)
class _AtRest:
    """The ledger of a home whether an engine runs or not."""

    reads: LedgerReads
    home: Path
    key_file: Path | None

    async def list_actions(self, query: ActionQuery) -> tuple[ActionRecord, ...]:
        return await self.reads.list_actions(query)

    async def read_audit(self, query: AuditQuery) -> tuple[AuditEntry, ...]:
        return await self.reads.read_audit(query)

    async def verify_audit(self) -> VerifyReport:
        return await asyncio.to_thread(verify_trail, self.home, key_file=self.key_file)


def report(
    name: NameArgument = None,
    form: Annotated[Form, typer.Option("--form", "-f", help="How it is written.")] = Form.HTML,
    since: Annotated[str, typer.Option(help="24h, 7d, 2026-11-21, 2026-11-21T09:00")] = "24h",
    until: Annotated[str | None, typer.Option(help="Likewise; else now.")] = None,
    out: OutOption = None,
    home: HomeOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    json: JsonOption = False,
) -> int:
    """Write a report. Operations need the running engine; the others read the home's files."""
    if name is None:
        return _list(json=json)
    if json:
        form, out = Form.JSON, out or Path("-")
    clock = SystemClock()
    now = clock.now()
    zone = now.astimezone().tzinfo
    assert zone is not None  # noqa: S101 - a local time has a zone
    here = Context.make(home)
    if name in REPORTS and REPORTS[name].needs_engine:
        asked = {"form": form.value, "since": since, **({"until": until} if until else {})}
        files = _ask_engine(here.home, name, form, asked)
    else:
        files = asyncio.run(_from_files(here, name, form, since, until, now, zone))
    stem = f"maestro-{name}-{now.astimezone(zone):%Y-%m-%d-%H%M}"
    return _put(files, out, stem=stem, force=force)


def _list(*, json: bool) -> int:
    rows = [{"report": name, "about": kind.about} for name, kind in REPORTS.items()]
    if json:
        for row in rows:
            say_json(row)
    else:
        say_table(list(rows))
    return 0


async def _from_files(
    here: Context,
    name: str,
    form: Form,
    since: str,
    until: str | None,
    now: datetime,
    zone: tzinfo,
) -> Mapping[str, bytes]:
    period = read_period(since, until, now=now, zone=zone)
    async with open_store_to_read(here.home) as reads:
        sources = Sources(
            home=str(here.home),
            ledger=_AtRest(reads, here.home, here.settings().audit.key_file),
            made_by=name_operator(here.settings().console.operator),
            demo=is_demo(here.home),
        )
        made = await make_report(name, sources, period, now=now)
    return write_report(made, form, zone)


def _ask_engine(home: Path, name: str, form: Form, asked: Mapping[str, str]) -> Mapping[str, bytes]:
    content = fetch_bytes(home, f"/v1/reports/{quote(name)}?{urlencode(asked)}")
    if form is not Form.CSV:
        return {f".{form.value}": content}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {f"-{each}": archive.read(each) for each in archive.namelist()}


def _put(files: Mapping[str, bytes], out: Path | None, *, stem: str, force: bool) -> int:
    if out == Path("-"):
        if len(files) > 1:
            raise ConfigError(_CSV)
        sys.stdout.buffer.write(next(iter(files.values())))
        return 0
    folder = Path.cwd() if out is None else out.parent
    if out is not None:
        stem = out.stem if out.suffix.removeprefix(".") in set(Form) else out.name
    there = [folder / f"{stem}{each}" for each in files if (folder / f"{stem}{each}").exists()]
    if out is not None and there and not force:
        raise ConfigError(f"{there[0]} is there already: name another file, or replace it: --force")
    for path in put_files(folder, stem, files):
        say(str(path))
    return 0
