"""`maestro init` and `maestro doctor`."""

import os
import socket
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from console.cli.context import ConfigOption, Context, HomeOption, JsonOption, say, say_json
from console.cli.detect import as_comments, detect
from console.cli.refused import settings_refused
from console.cli.remote import call_gateway
from console.cli.sources import SourceReport, metrics_misnamed, read_sources
from core.adapters.home import STORE_FILE, prepare_home
from core.assembly.foundation import verify_trail
from core.audit.checkpoints import key_id
from core.audit.files import AuditFiles, load_private_key, load_public_key
from core.audit.rules import describe_report
from core.bootstrap import check_packs_named
from core.errors import ConfigError, MaestroError
from core.gateway.address import ADDRESS_FILE
from core.governance.policies.loading import load_packs
from core.governance.policies.testing import check
from core.printable import visible
from core.settings import Settings

_PRIVATE = 0o077

TEMPLATE = """\
# Maestro Console. Every key is optional; what is commented out shows the default.
# Each one is also a variable: MAESTRO_SECTION__KEY. Unknown keys are errors.

[gateway]
# enabled = true
# port = 7717                  # on loopback; 0 takes any free one
# body_bytes_max = 1000000
# requests_per_s = 500.0       # per token
# waits_max = 256              # held calls at the same time, per token
# wait_s_max = 600.0

[store]
# backend = "sqlite"
# busy_timeout_s = 5.0

[audit]
# key_file = "/another/disk/signing.key"   # keep the key away from whoever can write the home

[governance]
# unknown_agents = "register"  # or "refuse"
# default_pack = "coding-agent"
# packs_dir = "packs"          # your own packs, beside the shipped ones
# approval_timeout_s = 600.0   # nobody answers: denied
# judge_timeout_s = 1.0
# counsel_timeout_s = 5.0
# pending_max = 10000
# trust_start = 0.5
# trust_floor = 0.2            # below it an agent is quarantined
# trust_half_life_days = 30.0

# [agents.NAME]                # an agent known before it calls
# pack = "payments"
# permissions = ["move_money"]

# [mcp.NAME]                   # an MCP server behind /mcp
# command = "uvx"
# args = ["some-mcp-server"]

# [metrics.AGENT.METRIC]       # where a metric is read; docs/metric-sources.md has every kind
# source = "http_probe"
# url = "http://127.0.0.1:8080/healthz"
# measure = "latency_ms"
# every_s = 30.0
# timeout_s = 5.0
# scale = 1.0                  # the value is multiplied by it, where units differ

[monitoring]
# otlp_endpoint = "http://127.0.0.1:4318/v1/traces"
# spans_max = 50000

[console]
# language = "pt_BR"          # else the terminal's
# theme = "maestro-night"
# operator = "your-name"       # what decisions are signed with; else the login name
"""
FOUND = """
# What was found beside. Take the '#' away before what is right; words in capitals are yours to fill
# in. `maestro doctor` then reads each source once.
"""


def init(
    home: HomeOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a commented maestro.toml into the home, with what this folder offers to measure."""
    where = Context.make(home).home
    prepare_home(where)
    path = where / "maestro.toml"
    if path.exists() and not force:
        raise ConfigError(f"{path} is there already; --force replaces it")
    finds = detect(Path.cwd())
    path.write_text(TEMPLATE + (FOUND + as_comments(finds) if finds else ""), encoding="utf-8")
    path.chmod(0o600)
    say(f"wrote {path}")
    for find in finds:
        say(f"found {visible(find.where)}: [{find.table}] is there, commented")


def doctor(home: HomeOption = None, config: ConfigOption = None, json: JsonOption = False) -> int:
    """Check configuration, policies, sources, port, permissions and trail; say what to do."""
    here = Context.make(home, config)
    folder = here.config.absolute().parent if here.config else Path.cwd()
    problems, sources = examine_home(here.home, here.settings, folder)
    problems += [f"[metrics.{each.key}] {each.said}" for each in sources if not each.ok]
    problems += _servers_down(here.home)
    emitters = _emitters(here.home)
    key = _key_shown(here.home)
    if json:
        say_json(
            {
                "ok": not problems,
                "home": str(here.home),
                "home_exists": here.home.exists(),
                "config": str(here.config) if here.config else None,
                "problems": problems,
            }
            | ({"key": key} if key else {})
            | ({"sources": [asdict(each) for each in sources]} if sources else {})
            | ({"telemetry": emitters} if emitters else {})
        )
    else:
        say(f"home    {here.home}")
        say(f"config  {here.config or 'none, defaults count'}")
        if key:
            say(f"key     {key} signs the trail: note it elsewhere, and compare it")
        for each in sources:
            if each.ok:
                say(f"source  {each.key} = {visible(f'{each.said} ({each.source})')}")
        for emitter in emitters:
            say(f"sends   {visible(_describe_emitter(emitter))}")
        for problem in problems:
            say(f"FAIL    {visible(problem)}")
        if not here.home.exists():
            say(
                "none    this home is not there, so nothing in it was checked: if you expected one,"
            )
            say("        name it with --home; else the first start makes it")
        elif not problems:
            say("ok      nothing to do")
    return 1 if problems else 0


def _servers_down(home: Path) -> list[str]:
    """The MCP servers that the running engine cannot reach: it may find other programs than we."""
    if not (home / ADDRESS_FILE).exists():
        return []
    try:
        return [
            f"[{each['cause'].replace(':', '.')}] the running engine says: {each['detail']}"
            for each in call_gateway(home, "GET", "/v1/alerts")["alerts"]
            if each["cause"].startswith("mcp:")
        ]
    except (MaestroError, LookupError, TypeError, AttributeError):
        return []  # an engine that gives no answer is another finding's business


def _emitters(home: Path) -> list[dict[str, Any]]:
    """What arrived over OTLP from whom, when an engine runs here to tell; else nothing."""
    if not (home / ADDRESS_FILE).exists():
        return []
    try:
        return list(call_gateway(home, "GET", "/v1/usage")["emitters"])
    except (MaestroError, LookupError, TypeError):
        return []  # an engine that gives no answer is another finding's business


def _describe_emitter(emitter: Mapping[str, Any]) -> str:
    unmapped = len(emitter["unmapped"])
    return (
        f"{emitter['emitter']} {emitter['version']} (read as {emitter['kind']}):"
        f" {emitter['spans']} spans, {emitter['logs']} logs, {emitter['points']} points;"
        f" {emitter['totals']['calls']} calls, {emitter['totals']['unpriced']} of them unpriced;"
        f" {emitter['content_dropped']} texts dropped"
        + (f"; {unmapped} keys not understood" if unmapped else "")
    )


class Examined(NamedTuple):
    """What the doctor found: one sentence for each thing to be mended, and each source."""

    problems: list[str]
    sources: tuple[SourceReport, ...]


def examine_home(home: Path, load: Callable[[], Settings], folder: Path) -> Examined:
    """Look at everything, also when the settings that `load` reads are broken. Blocks.

    Relative paths of sources start at `folder`.
    """
    problems: list[str] = []
    sources: tuple[SourceReport, ...] = ()
    try:
        settings = load()
    except MaestroError as error:
        problems, settings = [str(error)], None
    for look in _looks(home, settings, folder):
        try:
            problems += look()
        except MaestroError as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{error.filename} cannot be read: {error.strerror}")
    if settings is not None:
        try:
            sources = read_sources(settings, folder)
        except MaestroError as error:
            problems.append(str(error))
    return Examined(problems, sources)


def _looks(
    home: Path, settings: Settings | None, folder: Path
) -> Iterator[Callable[[], Iterable[str]]]:
    """Each by itself, so that what one cannot look at hides nothing of the others."""
    if settings is not None:
        yield partial(_packs_refused, settings)
        yield partial(metrics_misnamed, settings)
        yield partial(settings_refused, home, settings, folder)
    yield partial(_open_to_others, home)
    yield partial(_not_to_be_written, home)
    if settings is not None:
        yield partial(_key_problems, AuditFiles(home, settings.audit.key_file))
    yield partial(_trail_broken, home, settings.audit.key_file if settings else None)
    if settings is not None and settings.gateway.enabled and not (home / ADDRESS_FILE).exists():
        yield partial(_port_problem, settings.gateway.port)


def _packs_refused(settings: Settings) -> Iterator[str]:
    invalid = check(settings.governance.packs_dir)
    yield from map(str, invalid)
    if not invalid:
        check_packs_named(settings, load_packs(settings.governance.packs_dir))


def _open_to_others(home: Path) -> Iterator[str]:
    for path in (home, *(home.rglob("*") if home.exists() else ())):
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except FileNotFoundError:
            continue
        if mode & _PRIVATE:
            yield f"{path} is open to others (mode {mode:o}): chmod go= {path}"


def _not_to_be_written(home: Path) -> Iterator[str]:
    nearest = next(each for each in (home, *home.absolute().parents) if each.exists())
    if not os.access(nearest, os.W_OK):
        yield f"{home} cannot be written: choose another with --home"


def _key_problems(files: AuditFiles) -> Iterator[str]:
    """The signing key of a trail: missing, none at all, open to others where it is kept apart."""
    if not files.left_behind():
        return
    try:
        load_private_key(files.private_key)
    except ConfigError as error:
        yield f"{error}: no start without it; bring it back, or name it with [audit] key_file"
    if files.key_file is not None and not files.key_file.is_relative_to(files.home):
        yield from _open_to_others(files.key_file)


def _key_shown(home: Path) -> str:
    """The id of the key that the trail is held against; "" where there is none to be read."""
    try:
        return key_id(load_public_key(AuditFiles(home).public_key))
    except ConfigError:
        return ""


def _trail_broken(home: Path, key_file: Path | None) -> Iterator[str]:
    left = AuditFiles(home).left_behind()
    if (home / STORE_FILE).exists():
        report = verify_trail(home, key_file=key_file)
        if not report.ok:
            yield describe_report(report)
    elif left:
        yield f"{home / STORE_FILE} is gone, and {left} tells of its trail: bring the store back"


def _port_problem(port: int) -> Iterator[str]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            yield f"port {port} cannot be had ({error.strerror}): set [gateway] port = 0"
