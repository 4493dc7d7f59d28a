"""Alerts on a real SQLite file: what comes back, what is forgotten, what a fault says."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from core.adapters.alert_store import ALERTS_FILE, SqliteAlerts
from core.errors import StorageError
from core.ids import AlertId, OperatorId
from core.measures import Alert, AlertState, Severity
from tests.factories import NOW


def make_alert(number: int = 1, **changes: Any) -> Alert:
    given: dict[str, Any] = {
        "id": AlertId(f"{number:026d}"),
        "cause": f"agent:{number}",
        "agent": "video",
        "severity": Severity.WARNING,
        "state": AlertState.FIRING,
        "title": "video does not answer \u2013 60 s",
        "opened_at": NOW,
        "changed_at": NOW,
    }
    return Alert(**{**given, **changes})


def make_resolved(number: int, **ago: float) -> Alert:
    at = NOW - timedelta(**ago)
    return make_alert(
        number, state=AlertState.RESOLVED, opened_at=at, changed_at=at, resolved_at=at
    )


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteAlerts]:
    opened = await SqliteAlerts.open(tmp_path / ALERTS_FILE)
    yield opened
    await opened.close()


async def test_an_alert_comes_back_as_it_was(store: SqliteAlerts) -> None:
    alert = make_alert(
        state=AlertState.ACKNOWLEDGED,
        detail="7 of 1000 requests",
        value=0.007,
        bound=0.005,
        acknowledged_by=OperatorId("ana"),
        acknowledged_at=NOW + timedelta(seconds=1.5),
        silenced_until=NOW + timedelta(days=1),
        silenced_by=OperatorId("bo"),
        count=12,
    )
    await store.keep([make_alert(), alert])
    assert await store.load(since=NOW) == (alert,)


async def test_open_ones_are_loaded_however_old_and_resolved_ones_since(
    store: SqliteAlerts,
) -> None:
    old = NOW - timedelta(days=300)
    await store.keep(
        [
            make_alert(1, opened_at=old, changed_at=old),
            make_resolved(2, days=2),
            make_resolved(3, hours=2),
        ]
    )
    found = await store.load(since=NOW - timedelta(days=1))
    assert [int(each.id) for each in found] == [1, 3]


async def test_resolved_ones_go_after_a_month_and_beyond_ten_thousand(
    store: SqliteAlerts,
) -> None:
    await store.keep([make_resolved(1, days=32), make_alert(2, changed_at=NOW)])
    everything = NOW - timedelta(days=10_000)
    assert [int(each.id) for each in await store.load(since=everything)] == [2]
    await store.keep([make_resolved(number, seconds=number) for number in range(10, 10_020)])
    kept = await store.load(since=everything)
    assert len(kept) == 10_001
    assert int(kept[0].id) == 10_009


async def test_a_row_that_is_no_alert_is_told(store: SqliteAlerts, tmp_path: Path) -> None:
    await store.keep([make_alert()])
    with sqlite3.connect(tmp_path / ALERTS_FILE) as db:
        db.execute("UPDATE alerts SET body = '{}'")
    db.close()
    with pytest.raises(StorageError, match="an alert that is none"):
        await store.load(since=NOW)


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "other.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match="damaged"):
        await SqliteAlerts.open(tmp_path / "other.db")
