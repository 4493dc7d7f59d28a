"""`maestro audit`: works on the files, whether the console runs or not."""

import asyncio
import json as json_module
import sys
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.cli.context import ConfigOption, Context, HomeOption, JsonOption, say, say_json
from core.adapters.home import STORE_FILE
from core.adapters.login import name_operator
from core.adapters.sqlite.files import iter_audit_bytes, iter_audit_rows
from core.adapters.sqlite.standing import open_snapshot
from core.adapters.system import SystemClock
from core.audit.export import name_proofs, verify_export, write_export
from core.audit.export_entries import ExportFormat
from core.audit.files import AuditFiles, load_private_key, load_public_key
from core.audit.home import read_trail, verify_home
from core.audit.model import ExportFilter
from core.audit.rules import describe_report
from core.errors import ConfigError
from core.ids import ActionId
from core.ports import VerifyReport
from core.printable import visible
from core.records import AuditHead

app = typer.Typer(no_args_is_help=True)

FromAnchorOption = Annotated[
    bool, typer.Option("--from-anchor", help="Archived days are kept elsewhere: begin after them.")
]
_WHOM = ("agent", "label", "grant")  # whose rights change, where that is not who did it
_NO_TRAIL = "no trail in {home}: nothing was governed there yet; name another home with --home"


@app.command()
def verify(
    home: HomeOption = None,
    export: Annotated[Path | None, typer.Option(help="An export to verify instead.")] = None,
    public_key: Annotated[Path | None, typer.Option(help="Key obtained another way.")] = None,
    expect_length: Annotated[int | None, typer.Option(help="Length noted elsewhere.")] = None,
    expect_head: Annotated[str | None, typer.Option(help="Head noted elsewhere.")] = None,
    from_anchor: FromAnchorOption = False,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> int:
    """Verify the whole trail; exit 1 and name the first bad entry when it does not hold."""
    key = load_public_key(public_key) if public_key else None
    if (expect_length is None) != (expect_head is None):
        raise typer.BadParameter("give --expect-length and --expect-head together")
    expected = (
        AuditHead(length=expect_length, hash=expect_head)
        if expect_length is not None and expect_head is not None
        else None
    )
    if export is not None:
        return _tell(verify_export(export, public_key=key, expected=expected), json=json)
    here = Context.make(home, config)
    with open_snapshot(_store(here.home)) as ledger:
        report = verify_home(
            here.home,
            rows=ledger.rows(),
            public_key=key,
            expected=expected,
            from_anchor=from_anchor,
            key_file=here.settings().audit.key_file,
        )
        return _tell(ledger.judge(report), json=json)


@app.command()
def tail(
    lines: Annotated[int, typer.Option("-n", "--lines", min=1, help="How many.")] = 20,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """The newest entries, oldest of them first."""
    path = _store(Context.make(home).home)
    for seq, text, digest in deque(iter_audit_rows(path), maxlen=lines):
        try:
            entry: dict[str, Any] = json_module.loads(text)
            line = _line(seq, entry)
        except (ValueError, LookupError, AttributeError, TypeError):
            entry, line = {}, f"{seq:>7}  not an entry, verify the trail: {text}"
        if json:
            say_json({"seq": seq, "hash": digest, "entry": entry})
        else:
            say(visible(line))


@app.command()
def export(
    target: Annotated[Path, typer.Argument(help="File to write; its proofs stand beside it.")],
    form: Annotated[
        str | None, typer.Option("--format", help="jsonl or csv; else as FILE ends, else jsonl.")
    ] = None,
    action: Annotated[str | None, typer.Option(help="One action's entries.")] = None,
    agent: Annotated[str | None, typer.Option(help="One agent's entries.")] = None,
    since: Annotated[datetime | None, typer.Option(help="From this moment, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Before this moment, UTC.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an export that is there.")
    ] = False,
    from_anchor: FromAnchorOption = False,
    home: HomeOption = None,
    config: ConfigOption = None,
) -> int:
    """Write entries with what proves them to a third party."""
    chosen = _form(form or ("csv" if target.suffix.lower() == ".csv" else "jsonl"))
    there = [each for each in (target, *name_proofs(target).values()) if each.exists()]
    if there and not force:
        raise ConfigError(f"{there[0]} is there already: name another file, or replace it: --force")
    here = Context.make(home, config)
    files = AuditFiles(here.home, here.settings().audit.key_file)
    selection = ExportFilter(
        action_id=ActionId(action.lower()) if action else None,
        agent=agent,
        since=_utc(since),
        until=_utc(until),
    )
    start, rows = read_trail(
        here.home, iter_audit_bytes(_store(here.home)), from_anchor=from_anchor
    )
    written = write_export(
        target,
        rows,
        files.checkpoints,
        load_public_key(files.public_key),
        selection=selection,
        form=chosen,
        start=start,
        signing_key=_signing_key(files, needed=not selection.whole),
    )
    say(f"{written.entries} entries: " + ", ".join(str(path) for path in written.files))
    say(describe_report(written.report))
    if written.entries:
        return 0 if written.report.ok else 1
    near = [] if agent is None else _names_near(agent, _store(here.home))
    hint = f"; did you mean {' or '.join(map(visible, near))}?" if near else ""
    sys.stderr.write(f"maestro: nothing in the trail fits: the export is empty{hint}\n")
    return 1


def _names_near(agent: str, store: Path) -> list[str]:
    """Names in the trail that `agent` may be a slip of; none when it stands there itself."""
    names = set[str]()
    for _, text, _ in iter_audit_rows(store):
        with suppress(ValueError, LookupError, AttributeError, TypeError):
            entry = json_module.loads(text)
            told = (entry["actor"], entry["body"].get("agent_id"), entry["body"].get("agent"))
            names |= {each for each in told if isinstance(each, str)}
    return [] if agent in names else get_close_matches(agent, sorted(names))


def _signing_key(files: AuditFiles, *, needed: bool) -> Ed25519PrivateKey | None:
    """None where it is kept elsewhere, and a whole export does without."""
    try:
        return load_private_key(files.private_key)
    except ConfigError:
        if needed:
            raise
        return None


@app.command()
def archive(
    before: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="A day, UTC.")],
    home: HomeOption = None,
    config: ConfigOption = None,
) -> None:
    """Take the entries of earlier days out of the store; the daily files keep them."""
    from core.adapters.archive import archive_days  # noqa: PLC0415 - opens the store for writing

    clock = SystemClock()
    if before.date() > clock.now().date():
        raise typer.BadParameter(
            f"--before {before:%Y-%m-%d} would archive the day that goes on (UTC): name today at"
            " the latest"
        )
    here = Context.make(home, config)
    settings = here.settings()
    archived = asyncio.run(
        archive_days(
            here.home,
            _store(here.home),
            before.date(),
            clock=clock,
            operator=name_operator(settings.console.operator),
            key_file=settings.audit.key_file,
        )
    )
    if archived.length:
        say(
            f"entries up to {archived.length} are in {here.home / 'audit'} alone; the trail goes on"
        )
    else:
        say("nothing to archive")


def _line(seq: int, entry: dict[str, Any]) -> str:
    body, actor = entry["body"], entry["actor"]
    deed = f"{body['kind']} {body.get('resource', '')}".rstrip() if "kind" in body else ""
    whom = next((body[each] for each in _WHOM if body.get(each) not in (None, actor)), None)
    why = body.get("decision") or body.get("reason") or body.get("why")
    said = "  ".join(str(each) for each in (why, deed, whom) if each)
    about = f"{entry['event']:<20} {actor}  {entry['action_id'] or '-'}"
    return f"{seq:>7}  {entry['at']}  {about}  {said}"


def _tell(report: VerifyReport, *, json: bool) -> int:
    if json:
        say_json(
            {
                "ok": report.ok,
                "entries": report.entries,
                "signed": report.signed_length,
                "head": report.head,
                "first_bad": report.first_bad,
                "problem": report.problem,
                "unproved": report.unproved,
                "key": report.key,
                "key_note": report.key_note,
            }
        )
    else:
        say(describe_report(report))
    return 0 if report.ok and not report.unproved else 1


def _store(home: Path) -> Path:
    path = home / STORE_FILE
    if not path.exists():
        if left := AuditFiles(home).left_behind():
            raise ConfigError(
                f"{path} is gone, and {left} tells of its trail: bring the store back"
            )
        raise ConfigError(_NO_TRAIL.format(home=home))
    return path


def _form(given: str) -> ExportFormat:
    if given == "jsonl":
        return "jsonl"
    if given == "csv":
        return "csv"
    raise typer.BadParameter("--format is jsonl or csv")


def _utc(given: datetime | None) -> datetime | None:
    return given.replace(tzinfo=UTC) if given and given.tzinfo is None else given
