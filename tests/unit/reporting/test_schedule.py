"""Reports on schedule: due when they should be, one a day, old ones removed, failures told."""

import asyncio
import contextlib
import stat
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapters.report_files import ReportFiles, put_files
from core.errors import ConfigError, StorageError
from core.measures import Severity
from core.reporting.forms import Form, write_report
from core.reporting.period import read_moment, read_period
from core.reporting.ports import Period, Sources
from core.reporting.schedule import Plan, ReportSchedule, next_due
from tests.factories import NOW
from tests.unit.governance.gatehouse import Gatehouse
from tests.unit.reporting.test_forms import make_report

BERLIN = ZoneInfo("Europe/Berlin")


def make_plan(folder: Path = Path("/reports"), **changes: Any) -> Plan:
    given: dict[str, Any] = {
        "name": "daily",
        "kind": "approvals",
        "every": "day",
        "at": time(6),
        "forms": (Form.MARKDOWN, Form.CSV),
        "folder": folder,
        "keep": 2,
    }
    return Plan(**{**given, **changes})


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class Told:
    """Alerts as they were raised and resolved."""

    def __init__(self) -> None:
        self.open: dict[str, str] = {}

    async def raise_alert(
        self, cause: str, *, agent: str, severity: Severity, title: str, detail: str = ""
    ) -> None:
        del agent, severity, title
        self.open[cause] = detail

    async def resolve(self, cause: str) -> None:
        self.open.pop(cause, None)


def make_schedule(house: Gatehouse, plan: Plan, told: Told) -> ReportSchedule:
    return ReportSchedule(
        [plan],
        sources=Sources(home="/home", ledger=house.desk),
        shelf=ReportFiles(),
        alerts=told,
        clock=house.clock,
        zone=UTC,
    )


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.sampled_from(["day", "week"]), st.times())
def test_what_is_due_next_is_the_first_such_time_after_now(
    after: datetime, every: Any, at: time
) -> None:
    at = at.replace(microsecond=0)
    due = next_due(make_plan(every=every, at=at), after, BERLIN)
    local = due.astimezone(BERLIN)
    assert after < due <= after + timedelta(days=8 if every == "week" else 2)
    assert every == "day" or local.weekday() == 0
    # In the hour that clocks skip in spring there is no such time: it is an hour off, once.
    assert abs(local.replace(tzinfo=None) - datetime.combine(local, at)) <= timedelta(hours=1)


async def test_a_due_report_is_written_once_for_the_day_that_ended(tmp_path: Path) -> None:
    house, told = Gatehouse(), Told()
    await house.propose()
    schedule = make_schedule(house, make_plan(tmp_path, at=time(12)), told)
    task = asyncio.create_task(schedule.run())
    for _ in range(4 * 60):  # four hours: due at noon, three hours from the start
        house.clock.advance(60)
        await asyncio.sleep(0)
    async with asyncio.timeout(30):
        while len(names_in(tmp_path)) < 3:  # noqa: ASYNC110 - a thread writes them
            await asyncio.sleep(0.01)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    names = names_in(tmp_path)
    assert names == [
        "daily-2026-11-21-held-actions.csv",
        "daily-2026-11-21-operators.csv",
        "daily-2026-11-21.md",
    ]
    assert told.open == {}
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in names} == {0o600}


async def test_the_oldest_days_are_removed_and_nothing_else(tmp_path: Path) -> None:
    house = Gatehouse()
    (tmp_path / "notes.md").write_text("mine")
    (tmp_path / "daily-old.md").write_text("mine")
    schedule = make_schedule(house, make_plan(tmp_path, forms=(Form.JSON,)), Told())
    for day in range(4):
        await schedule.write(make_plan(tmp_path, forms=(Form.JSON,)), NOW + timedelta(days=day))
    names = names_in(tmp_path)
    assert names == [
        "daily-2026-11-23.json",
        "daily-2026-11-24.json",
        "daily-old.md",
        "notes.md",
    ]


async def test_a_report_that_cannot_be_written_is_an_alert_until_it_can(tmp_path: Path) -> None:
    house, told = Gatehouse(), Told()
    in_the_way = tmp_path / "reports"
    in_the_way.write_text("a file where the folder should be")
    plan = make_plan(in_the_way)
    schedule = make_schedule(house, plan, told)
    await schedule.write(plan, NOW)
    assert "cannot write to" in told.open["report:daily"]
    in_the_way.unlink()
    await schedule.write(plan, NOW)
    assert told.open == {}


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        put_files(tmp_path, "r", {".md": "no bytes"})  # type: ignore[dict-item]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", Form)
def test_each_form_is_written(form: Form) -> None:
    files = write_report(make_report(), form, UTC)
    assert all(content for content in files.values())
    assert [name.rpartition(".")[2] for name in files] == [form.value]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("24h", NOW - timedelta(hours=24)),
        ("7d", NOW - timedelta(days=7)),
        ("2w", NOW - timedelta(weeks=2)),
        ("30m", NOW - timedelta(minutes=30)),
        ("2026-11-20", datetime(2026, 11, 19, 23, tzinfo=UTC)),
        ("2026-11-20T09:00", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("2026-11-20T09:00Z", datetime(2026, 11, 20, 9, tzinfo=UTC)),
    ],
)
def test_moments_are_read_as_people_write_them(text: str, moment: datetime) -> None:
    assert read_moment(text, now=NOW, zone=BERLIN) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "5y", "2026-13-01", "-1h"])
def test_what_is_no_moment_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(ConfigError, match="is no moment: write 24h"):
        read_moment(text, now=NOW, zone=BERLIN)


def test_a_period_ends_after_it_begins() -> None:
    assert read_period("2h", "1h", now=NOW, zone=UTC) == Period(
        NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    )
    with pytest.raises(ConfigError, match="ends before it begins"):
        read_period("1h", "2h", now=NOW, zone=UTC)
    with pytest.raises(StorageError):
        put_files(Path("/proc/nowhere"), "r", {".md": b"x"})
