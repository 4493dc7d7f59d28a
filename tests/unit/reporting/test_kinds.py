"""Reports say what the records say, for the time that was asked for."""

from datetime import timedelta
from typing import Any

import pytest

from core.commands import ApproveAction, DenyAction, EditAction
from core.errors import ConfigError
from core.ids import OperatorId
from core.records import AuditEntry, AuditQuery
from core.reporting.catalog import make_report
from core.reporting.kinds.approvals import read_actions
from core.reporting.model import Report, Value
from core.reporting.ports import Period, Sources
from tests.factories import NOW
from tests.unit.governance.gatehouse import Gatehouse

ANA, BEN = OperatorId("ana"), OperatorId("ben")
DAY = Period(NOW - timedelta(hours=1), NOW + timedelta(days=1))


async def report_on(house: Gatehouse, name: str, period: Period = DAY) -> Report:
    sources = Sources(home="/home/maestro", ledger=house.desk)
    return await make_report(name, sources, period, now=house.clock.now())


def facts(report: Report) -> dict[str, Value]:
    return {fact.name: fact.value for section in report.sections for fact in section.facts}


def rows(report: Report, name: str) -> list[dict[str, Value]]:
    (table,) = (each for each in report.tables if each.name == name)
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


async def decide(house: Gatehouse, command: Any, **more: Any) -> None:
    held = (await house.desk.list_approvals())[0]
    given: dict[str, Any] = {"operator": ANA, "action_id": held.id, **more}
    if command is not DenyAction:
        given["digest"] = held.digest
    await house.desk.dispatch(command(**given))


async def test_an_approvals_report_tells_who_decided_what_and_how_fast() -> None:
    house = Gatehouse()
    for _ in range(3):
        await house.propose()
        house.clock.advance(10)
    await decide(house, ApproveAction)
    await decide(house, DenyAction, reason="not today", operator=BEN)
    await decide(house, EditAction, arguments={"command": "ls -l"})
    await house.propose()
    report = await report_on(house, "approvals")
    told = facts(report)
    assert {
        name: told[name] for name in ("actions", "asked", "approved", "refused", "pending")
    } == {
        "actions": 4,
        "asked": 4,
        "approved": 2,
        "refused": 1,
        "pending": 1,
    }
    assert (told["waited_s_median"], told["waited_s_max"]) == (20, 30)
    assert [
        (row["operator"], row["approved"], row["denied"], row["edited"])
        for row in rows(report, "operators")
    ] == [
        ("ana", 2, 0, 1),
        ("ben", 0, 1, 0),
    ]
    held = rows(report, "held-actions")
    assert sum(row["edited"] is True for row in held) == 1
    assert [row["reason"] for row in held if row["decided_by"] == "ben"] == ["not today"]


async def test_a_report_of_an_empty_time_says_so() -> None:
    house = Gatehouse()
    await house.propose()
    quiet = Period(NOW + timedelta(days=1), NOW + timedelta(days=2))
    report = await report_on(house, "approvals", quiet)
    assert facts(report)["actions"] == 0
    assert facts(report)["waited_s_median"] is None
    assert {table.note for table in report.tables} == {
        "Nobody decided anything in this time.",
        "Nothing was held in this time.",
    }


async def test_no_secret_rides_along_in_a_report() -> None:
    house = Gatehouse()
    secret = "ghp_" + "a1B2" * 9
    await house.propose(kind="network.request", resource=f"https://example.com/?t={secret}")
    await decide(house, DenyAction, reason=f"the token {secret} must not leave")
    assert secret not in repr(await report_on(house, "approvals"))


async def test_an_audit_report_verifies_and_lists_the_entries_of_the_time() -> None:
    house = TimedHouse()
    report = await report_on(
        house, "audit", Period(NOW + timedelta(seconds=2), NOW + timedelta(seconds=5))
    )
    assert facts(report)["ok"] is True
    assert [row["seq"] for row in rows(report, "entries")] == [3, 4, 5]
    assert rows(report, "events") == [{"event": "action.judged", "count": 3}]


async def test_a_broken_trail_is_told_with_its_first_bad_entry() -> None:
    house = TimedHouse()
    house.verified = type(house.verified)(
        ok=False, entries=9, head="", signed_length=3, problem="entry 4 was changed", first_bad=4
    )
    told = facts(await report_on(house, "audit"))
    assert (told["ok"], told["first_bad"], told["problem"]) == (False, 4, "entry 4 was changed")


async def test_all_pages_of_a_long_time_are_read_once() -> None:
    house = Gatehouse()
    for _ in range(1_003):
        await house.propose()
    found = await read_actions(house.desk, DAY)
    assert len({each.id for each in found}) == len(found) == 1_003
    assert found[0].id < found[-1].id


async def test_an_unknown_report_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ConfigError, match="approvals, audit, operations"):
        await report_on(Gatehouse(), "sales")


async def test_a_fleet_report_without_an_engine_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="maestro serve"):
        await report_on(Gatehouse(), "operations")


class TimedHouse(Gatehouse):
    """A gatehouse whose trail has ten entries, one a second."""

    def __init__(self) -> None:
        super().__init__()
        entries = [
            AuditEntry(
                seq=seq,
                text=f'{{"at":"{(NOW + timedelta(seconds=seq - 1)).isoformat()}",'
                f'"event":"action.judged","actor":"coder","action_id":null}}',
                hash=f"{seq:064x}",
            )
            for seq in range(1, 11)
        ]

        async def read(query: AuditQuery) -> tuple[AuditEntry, ...]:
            before = query.before_seq or 99
            return tuple(each for each in reversed(entries) if each.seq < before)[:2]

        self.desk.read_audit = read  # type: ignore[method-assign]
