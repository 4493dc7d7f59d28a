"""Usage on disk: private, bounded, each record once, summed by session."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.adapters.usage_store import SqliteUsageStore
from core.errors import StorageError
from core.ids import AgentId, SessionId
from core.usage import AgentCost, ModelCall, ToolUse, UsageTotals
from tests.factories import NOW
from tests.fakes import FakeClock


def make_call(**changes: Any) -> ModelCall:
    given: dict[str, Any] = {
        "id": "c-1",
        "emitter": "office",
        "agent": AgentId("~clerk"),
        "session": SessionId("s-1"),
        "model": "gpt-4o-mini",
        "provider": "openai",
        "started_at": NOW,
        "duration_ms": 12.5,
        "input_tokens": 10,
        "output_tokens": 2,
        "cost_usd_micros": 7,
        "cost_basis": "reported",
    }
    return ModelCall(**{**given, **changes})


def make_use(**changes: Any) -> ToolUse:
    given: dict[str, Any] = {
        "id": "t-1",
        "emitter": "office",
        "agent": AgentId("~clerk"),
        "session": SessionId("s-1"),
        "tool": "add",
        "mcp_server": None,
        "started_at": NOW + timedelta(seconds=5),
        "duration_ms": None,
        "ok": True,
    }
    return ToolUse(**{**given, **changes})


@pytest.fixture
async def store(tmp_path: Path) -> SqliteUsageStore:
    return SqliteUsageStore(tmp_path, clock=FakeClock(NOW))


async def test_what_was_added_is_read_back_newest_first(store: SqliteUsageStore) -> None:
    later = make_call(id="c-2", started_at=NOW + timedelta(seconds=1), session=None, error="x")
    uses = [make_use(), make_use(id="t-2", ok=None), make_use(id="t-3", ok=False)]
    await store.add([make_call(), later], uses)
    assert await store.calls() == (later, make_call())
    assert set(await store.tool_uses()) == set(uses)
    assert await store.calls(limit=1) == (later,)
    assert await store.calls(agent="~clerk", session="s-1") == (make_call(),)
    assert await store.tool_uses(agent="~nobody") == ()
    await store.close()


async def test_all_calls_of_a_time_are_summed_by_agent(store: SqliteUsageStore) -> None:
    priced = [make_call(id=f"p-{n}", cost_usd_micros=n) for n in range(12_000)]
    others = [
        make_call(id="free", cost_usd_micros=None),
        make_call(id="first", agent=AgentId("~maid"), started_at=NOW - timedelta(hours=1)),
        make_call(id="old", started_at=NOW - timedelta(hours=1, seconds=1)),
        make_call(id="ahead", started_at=NOW + timedelta(seconds=1)),
    ]
    await store.add([*priced, *others], [])
    costs = await store.costs(since=NOW - timedelta(hours=1), until=NOW)
    assert sorted(costs) == [
        AgentCost(AgentId("~clerk"), 12_001, sum(range(12_000)), 1),
        AgentCost(AgentId("~maid"), 1, 7, 0),
    ]
    assert await store.costs(since=NOW + timedelta(hours=1), until=NOW) == ()
    await store.close()


async def test_a_known_id_is_replaced_also_after_a_restart(tmp_path: Path) -> None:
    for agent in ("~office", "~clerk"):
        store = SqliteUsageStore(tmp_path, clock=FakeClock(NOW))
        await store.add([make_call(agent=AgentId(agent))], [])
        await store.close()
    store = SqliteUsageStore(tmp_path, clock=FakeClock(NOW))
    await store.add([make_call(emitter="other")], [])
    assert {call.agent for call in await store.calls()} == {"~clerk"}
    assert len(await store.calls()) == 2
    await store.close()


async def test_sessions_add_up_calls_and_tools(store: SqliteUsageStore) -> None:
    await store.add(
        [
            make_call(),
            make_call(id="c-2", model="o1", cost_usd_micros=None, cache_read_tokens=3),
            make_call(id="c-3", error="HTTP 429", input_tokens=None, output_tokens=None,
                      cost_usd_micros=None),
            make_call(id="c-4", session=None, started_at=NOW - timedelta(days=1)),
        ],
        [make_use(), make_use(id="t-2", ok=False), make_use(id="t-3", agent=AgentId("~x"))],
    )  # fmt: skip
    named = {(each.agent, each.session): each for each in await store.sessions()}
    assert list(named) == [("~clerk", "s-1"), ("~x", "s-1"), ("~clerk", None)]
    first = named[AgentId("~clerk"), SessionId("s-1")]
    assert first.totals == UsageTotals(
        calls=3,
        failed=1,
        tool_uses=2,
        tool_failures=1,
        input_tokens=20,
        output_tokens=4,
        cache_read_tokens=3,
        cost_usd_micros=7,
        unpriced=1,
    )
    assert (first.first_at, first.last_at) == (NOW, NOW + timedelta(seconds=5))
    assert first.models == ("gpt-4o-mini", "o1")
    assert len(await store.sessions(limit=1)) == 1
    await store.close()


async def test_what_is_too_old_or_too_much_goes(tmp_path: Path) -> None:
    store = SqliteUsageStore(tmp_path, clock=FakeClock(NOW), days_max=30, rows_max=5)
    old = make_call(id="old", started_at=NOW - timedelta(days=31))
    await store.add([old, *(make_call(id=f"c-{number}") for number in range(8))], [])
    assert {call.id for call in await store.calls()} == {f"c-{number}" for number in range(3, 8)}
    await store.close()


def test_the_file_is_private(tmp_path: Path) -> None:
    (tmp_path / "usage.db").touch(mode=0o644)
    store = SqliteUsageStore(tmp_path, clock=FakeClock(NOW))
    asyncio.run(store.add([make_call()], []))
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("usage.db*")}
    assert modes == {"usage.db": 0o600, "usage.db-wal": 0o600, "usage.db-shm": 0o600}
    asyncio.run(store.close())


async def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "usage.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    store = SqliteUsageStore(tmp_path, clock=FakeClock(NOW))
    with pytest.raises(StorageError, match="newer version"):
        await store.add([make_call()], [])


async def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "usage.db").write_bytes(b"no database" * 100)
    store = SqliteUsageStore(tmp_path, clock=FakeClock(NOW))
    with pytest.raises(StorageError):
        await store.calls()
    missing = SqliteUsageStore(tmp_path / "nowhere", clock=FakeClock(NOW))
    with pytest.raises(StorageError, match="nowhere"):
        await missing.add([make_call()], [])
