"""What the console's screens ask of the machine, over a real engine."""

import contextlib
import json
import logging
import stat
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from console.cli.context import Context
from console.cli.office import LogTail, examine, list_settings, make_office
from console.cli.shelf import FileShelf
from console.office import Office
from core.bootstrap import Engine, run_engine
from core.errors import ConfigError, StorageError
from core.reporting.forms import Form
from core.settings import load_settings

CONFIG = """\
[gateway]
enabled = false

[mcp.files]
command = "files"
args = ["--root", "."]
env = { API_TOKEN = "tok-1234567890" }

[metrics.backend.error_rate]
source = "file"
format = "json"
path = "rate.json"
pointer = "/rate"
"""


@contextlib.asynccontextmanager
async def at_work(tmp_path: Path) -> AsyncGenerator[tuple[Engine, Office]]:
    config = tmp_path / "maestro.toml"
    config.write_text(CONFIG, encoding="utf-8")
    (tmp_path / "rate.json").write_text('{"rate": 0.004}', encoding="utf-8")
    async with run_engine(tmp_path / "home", load_settings(config), folder=tmp_path) as engine:
        yield engine, make_office(engine, config=config, folder=tmp_path)


async def test_a_hosted_engine_answers_every_screen(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (engine, office):
        assert office.policies is not None
        assert len((await office.policies.library()).packs) > 5
        assert office.read_settings is not None
        settings = {each.key: each for each in await office.read_settings()}
        assert settings["gateway.enabled"].origin == "maestro.toml:2"
        assert settings["gateway.port"].origin == "default"
        assert office.examine is not None
        findings = {f"{each.subject} {each.name}": each for each in await office.examine()}
        assert findings["source backend.error_rate"].said.startswith("0.4%")
        assert office.write_report is not None
        until = engine.clock.now() + timedelta(seconds=1)
        paths = await office.write_report("approvals", Form.JSON, until - timedelta(days=1), until)
        assert paths[0].parent == engine.home / "reports"
        assert json.loads(paths[0].read_text())["report"] == "approvals"
        with pytest.raises(ConfigError):
            await office.write_report("nothing", Form.JSON, until - timedelta(days=1), until)


async def test_no_setting_shows_a_secret(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (engine, _):
        rows = list_settings(engine.settings, tmp_path / "maestro.toml")
    secret = next(each for each in rows if each.key == "mcp.files.env.API_TOKEN")
    assert (secret.hidden, secret.value, secret.origin) == (True, "", "maestro.toml")
    assert "tok-1234567890" not in repr(rows)


def test_a_variable_that_wins_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAESTRO_GATEWAY__PORT", "7801")
    rows = {each.key: each for each in list_settings(load_settings(None), None)}
    assert (rows["gateway.port"].value, rows["gateway.port"].default) == ("7801", "7717")
    assert rows["gateway.port"].origin == "MAESTRO_GATEWAY__PORT"
    asked = {
        each.key: each for each in list_settings(Context(tmp_path, None).settings(port=1), None)
    }
    assert (asked["gateway.port"].value, asked["gateway.port"].origin) == ("1", "command line")
    with pytest.raises(ConfigError, match="cannot read"):
        list_settings(load_settings(None), tmp_path / "none.toml")


def test_a_port_of_the_command_line_is_not_said_to_be_the_files_or_the_default(
    tmp_path: Path,
) -> None:
    config = tmp_path / "maestro.toml"
    config.write_text("[gateway]\nport = 7802\n", encoding="utf-8")
    here = Context(tmp_path, config)
    origins = [
        {each.key: each.origin for each in list_settings(settings, config)}["gateway.port"]
        for settings in (here.settings(), here.settings(port=7811))
    ]
    assert origins == ["maestro.toml:2", "command line"]


def test_the_doctor_tells_what_is_wrong_instead_of_failing(tmp_path: Path) -> None:
    config = tmp_path / "maestro.toml"
    config.write_text("[gatewya]\n", encoding="utf-8")
    (found,) = examine(tmp_path / "home", config, tmp_path)
    assert not found.ok
    assert "gatewya" in found.said


async def test_the_log_is_read_again_only_when_it_grew(tmp_path: Path) -> None:
    tail = LogTail(tmp_path)
    assert await tail.read() == ()
    log = tmp_path / "logs" / "maestro.jsonl"
    log.parent.mkdir()
    log.write_text("one\ntwo\n", encoding="utf-8")
    first = await tail.read()
    assert first == ("one", "two")
    assert await tail.read() is first
    log.with_name("maestro.jsonl.1").write_text("zero\n", encoding="utf-8")
    with log.open("ab") as file:
        file.write(b"\xff three\n")
    assert await tail.read() == ("zero", "one", "two", "\ufffd three")


async def test_a_long_log_gives_its_newest_whole_lines(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "maestro.jsonl"
    log.parent.mkdir()
    log.write_text("".join(f"{n} {'x' * 1_500}\n" for n in range(3_000)), encoding="utf-8")
    lines = await LogTail(tmp_path).read()
    assert lines[-1].startswith("2999 ")
    assert all(line.endswith("x" * 1_500) for line in lines)
    assert len(lines) <= 2_000


async def test_a_log_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "logs" / "maestro.jsonl").mkdir(parents=True)
    with pytest.raises(StorageError, match="cannot read"):
        await LogTail(tmp_path).read()


async def test_what_the_engine_logs_is_what_the_console_reads(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (engine, office):
        logging.getLogger("maestro.test").warning("something to see")
    assert office.read_log is not None
    lines = await office.read_log()
    assert "something to see" in [json.loads(line)["event"] for line in lines]
    assert engine.home.exists()


async def test_exports_are_private_to_their_owner(tmp_path: Path) -> None:
    (path,) = await FileShelf(tmp_path / "home").put("exports", "rows", {".csv": b"a"})
    assert path == tmp_path / "home" / "exports" / "rows.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
