"""The engine's machine over HTTP is what it is in process; what must stay there stays."""

import contextlib
import json
import logging
import stat
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.cli.office import make_office
from console.cli.shelf import FileShelf
from console.office import Office
from console.remote.client import RemoteClient
from console.remote.office import RemoteOffice
from console.remote.problems import EngineDiffersError, EngineRefusedError
from core.errors import ConfigError, MaestroError, PermissionDenied
from core.gateway.http.office_views import page_after
from core.office_ports import FindingRow, SettingRow
from core.records import TokenKind
from core.reporting.forms import Form
from tests.integration.attach.engines import Reached, reach

SECRET = "ghp_0123456789abcdefghijABCDEFGHIJ012345"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offices:
    """The same machine twice, and where the attached console writes."""

    reached: Reached
    here: Office
    there: Office
    folder: Path


def attached(client: RemoteClient, folder: Path, reached: Reached) -> RemoteOffice:
    clock = reached.engine.clock
    return RemoteOffice(client, put_files=FileShelf(folder).put, clock=clock, zone=UTC)


@contextlib.asynccontextmanager
async def at_work(tmp_path: Path) -> AsyncGenerator[Offices]:
    config = tmp_path / "maestro.toml"
    config.write_text("[gateway]\nport = 0\n", encoding="utf-8")
    async with reach(tmp_path / "home") as reached:
        assert not (await reached.client.greet()).office
        here = make_office(reached.engine, config=config, folder=tmp_path)
        assert (await reached.client.greet()).office
        there = attached(reached.client, tmp_path / "away", reached).for_screens(asked=True)
        yield Offices(reached=reached, here=here, there=there, folder=tmp_path / "away")


async def test_settings_and_findings_are_the_same(tmp_path: Path) -> None:
    async with at_work(tmp_path) as offices:
        here, there = offices.here, offices.there
        assert here.read_settings is not None
        assert there.read_settings is not None
        settings = await there.read_settings()
        assert settings == await here.read_settings()
        assert {each.key: each.origin for each in settings}["gateway.port"] == "maestro.toml:2"
        assert here.examine is not None
        assert there.examine is not None
        assert await there.examine() == await here.examine()


async def test_the_log_is_the_same_and_only_what_is_new_travels(tmp_path: Path) -> None:
    log = logging.getLogger("maestro.test")
    async with at_work(tmp_path) as offices:
        here, there = offices.here.read_log, offices.there.read_log
        assert here is not None
        assert there is not None

        async def until(word: str) -> tuple[str, ...]:
            while not any(word in line for line in await here()):
                pass
            return await here()

        log.warning("first")
        first = await until("first")
        assert await there() == first
        assert await there() is await there()
        log.warning("second")
        second = await until("second")
        assert await there() == second
        assert len(second) == len(first) + 1


async def test_reports_are_made_there_and_written_here(tmp_path: Path) -> None:
    async with at_work(tmp_path) as offices:
        await offices.reached.propose("ls")
        until = offices.reached.engine.clock.now() + timedelta(seconds=1)
        since = until - timedelta(days=1)
        here, there = offices.here.write_report, offices.there.write_report
        assert here is not None
        assert there is not None
        for form in Form:
            mine = await here("approvals", form, since, until)
            theirs = await there("approvals", form, since, until)
            assert [_ending(each) for each in theirs] == [_ending(each) for each in mine]
            assert all(each.parent == offices.folder / "reports" for each in theirs)
            assert all(stat.S_IMODE(each.stat().st_mode) == 0o600 for each in theirs)
            if form is Form.JSON:
                assert _without_time(theirs[0]) == _without_time(mine[0])
            if form is Form.CSV:
                assert [each.read_bytes() for each in theirs] == [e.read_bytes() for e in mine]
        with pytest.raises(EngineRefusedError, match="no report 'nothing'"):
            await there("nothing", Form.JSON, since, until)


def _ending(path: Path) -> str:
    """What stands after the time."""
    return path.name.rpartition("-approvals-")[2][len("2026-11-21-101500") :]


def _without_time(path: Path) -> object:
    told = json.loads(path.read_text())
    assert told.pop("made_at")
    return told


async def test_exports_are_written_into_the_consoles_own_home(tmp_path: Path) -> None:
    async with at_work(tmp_path) as offices:
        assert offices.there.put_files is not None
        (path,) = await offices.there.put_files("exports", "rows", {".csv": b"a"})
        assert path == offices.folder / "exports" / "rows.csv"


async def test_an_engine_with_no_office_says_why(tmp_path: Path) -> None:
    async with reach(tmp_path / "home") as reached:
        office = attached(reached.client, tmp_path / "away", reached)
        for read in (office.read_log, office.read_settings, office.examine):
            with pytest.raises(EngineRefusedError, match="hands out nothing of its machine"):
                await read()
        shown = office.for_screens(asked=False)
        assert (shown.read_log, shown.read_settings, shown.examine) == (None, None, None)
        assert shown.write_report is not None


async def test_an_agents_token_opens_none_of_it(tmp_path: Path) -> None:
    async with at_work(tmp_path) as offices:
        engine = offices.reached.engine
        _, secret = await engine.tokens.make(TokenKind.AGENT, "coder")
        token = tmp_path / "agent.token"
        token.write_text(secret, encoding="ascii")
        async with _client(offices.reached, token) as client:
            office = attached(client, tmp_path / "away", offices.reached)
            now = datetime.now(UTC)
            for read in (
                office.read_log(),
                office.read_settings(),
                office.examine(),
                office.write_report("approvals", Form.JSON, now - timedelta(days=1), now),
            ):
                with pytest.raises(PermissionDenied, match="needs an operator token"):
                    await read


@contextlib.asynccontextmanager
async def _client(reached: Reached, token: Path) -> AsyncGenerator[RemoteClient]:
    from console.remote.address import find_url, read_operator_token  # noqa: PLC0415
    from console.remote.client import Access  # noqa: PLC0415
    from console.remote.link import Link  # noqa: PLC0415

    home = reached.engine.home
    access = Access(
        url=lambda: find_url(None, home), token=lambda: read_operator_token(home, token)
    )
    async with RemoteClient.open(access, Link(reached.engine.clock.monotonic_s)) as client:
        yield client


class LeakyOffice:
    """A machine whose log and settings hold what should not leave it."""

    async def read_log(self) -> tuple[str, ...]:
        return ("plain", f"the library said: token {SECRET}")

    async def read_settings(self) -> tuple[SettingRow, ...]:
        return (SettingRow(key="x.api_key", value=SECRET, origin="default", default=""),)

    async def examine(self) -> tuple[FindingRow, ...]:
        return (FindingRow(subject="source", name="a.b", ok=False, said=f"refused {SECRET}"),)


class BrokenOffice(LeakyOffice):
    """A machine that cannot be asked."""

    async def read_log(self) -> tuple[str, ...]:
        raise ConfigError(f"the log cannot be read with {SECRET}")


async def test_secrets_stay_with_the_engine(tmp_path: Path) -> None:
    async with at_work(tmp_path) as offices:
        engine, there = offices.reached.engine, offices.there
        engine.office.open(LeakyOffice())
        assert there.read_log is not None
        assert there.read_settings is not None
        assert there.examine is not None
        lines, settings, findings = (
            await there.read_log(),
            await there.read_settings(),
            await there.examine(),
        )
        assert SECRET not in repr((lines, settings, findings))
        assert lines[0] == "plain"
        assert settings[0].hidden
        engine.office.open(BrokenOffice())
        with pytest.raises(MaestroError, match="the log cannot be read") as told:
            await there.read_log()
        assert SECRET not in str(told.value)


async def test_a_report_with_names_that_lead_elsewhere_is_not_written(tmp_path: Path) -> None:
    import io  # noqa: PLC0415
    import zipfile  # noqa: PLC0415

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../x.csv", b"a")

    class Client:
        async def fetch(self, path: str, **query: str) -> bytes:
            del path
            return packed.getvalue() if query["until"] > "2026" else b"not a zip"

    async with reach(tmp_path / "home") as reached:
        office = attached(Client(), tmp_path / "away", reached)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        now = datetime(2027, 1, 1, tzinfo=UTC)
        with pytest.raises(EngineDiffersError, match="no table"):
            await office.write_report("approvals", Form.CSV, now - timedelta(days=1), now)
        old = datetime(2020, 1, 1, tzinfo=UTC)
        with pytest.raises(EngineDiffersError, match="damaged"):
            await office.write_report("approvals", Form.CSV, old - timedelta(days=1), old)
    assert not (tmp_path / "away").exists()


def test_a_log_that_was_turned_over_is_told_whole() -> None:
    first = page_after(["a", "b"], "")
    assert (first.lines, first.whole) == (("a", "b"), True)
    more = page_after(["a", "b", "c"], first.mark)
    assert (more.lines, more.whole) == (("c",), False)
    nothing = page_after(["a", "b", "c"], more.mark)
    assert (nothing.lines, nothing.whole, nothing.mark) == ((), False, more.mark)
    turned = page_after(["x"], more.mark)
    assert (turned.lines, turned.whole) == (("x",), True)
    assert page_after([], more.mark).mark == ""
