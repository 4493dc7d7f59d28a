"""What stands around an action is read, never estimated."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, timedelta

from console.view_models.around import (
    blocked_lines,
    find_precedents,
    past_lines,
    touched_lines,
)
from console.view_models.dossier import waiting_lines
from console.view_models.ink import Line, plain_text
from console.view_models.view import View
from core.actions import ActionStatus
from core.ids import AgentId
from core.records import ActionRecord
from tests.console.day import busy_operator
from tests.console.fakes import MARIA, PAUL, action_id
from tests.factories import NOW, make_action_record, make_verdict

VIEW = View(NOW, UTC, MARIA)


def past(tail: str, status: ActionStatus, **action: object) -> ActionRecord:
    return make_action_record(
        action={"id": action_id(tail), **action},
        status=status,
        decided_at=NOW - timedelta(minutes=int(tail)),
        decided_by=PAUL,
    )


def told(lines: Iterable[Line]) -> str:
    return "\n".join(plain_text(line.body) for line in lines)


def test_only_the_same_agent_kind_and_policies_are_precedents() -> None:
    here = make_action_record(action={"id": action_id("9")})
    found = find_precedents(
        here,
        [
            here,
            past("1", ActionStatus.DENIED),
            past("2", ActionStatus.ALLOWED),
            past("3", ActionStatus.ALLOWED),
            past("4", ActionStatus.EXPIRED),
            past("5", ActionStatus.ALLOWED, agent_id=AgentId("other")),
            past("6", ActionStatus.ALLOWED, kind="file.write"),
            make_action_record(action={"id": action_id("7")}),
            make_action_record(
                action={"id": action_id("8")},
                status=ActionStatus.ALLOWED,
                verdict=make_verdict(policies=("other",)),
            ),
        ],
    )
    assert (found.approved, found.denied, found.expired, found.looked) == (2, 1, 1, 9)
    said = told(past_lines(found, VIEW))
    assert said.startswith("✓ 2 approved  ✗ 1 denied  1 expired; last denied 08:59:00 by paul")
    assert "of the last 9 actions asked about" in said


def test_nothing_before_and_nothing_read_are_two_things() -> None:
    here = make_action_record()
    assert "nothing like it" in told(past_lines(find_precedents(here, []), VIEW))
    assert told(past_lines(None, VIEW)) == "not read"


def test_facts_are_told_as_recorded_and_absent_ones_are_not_made_up() -> None:
    assert told(touched_lines({}, of_original=False)) == "not recorded"
    assert "no sign of anything" in told(touched_lines({"irreversible": False}, of_original=False))
    unread = told(touched_lines({"finding_codes": ["too-long"]}, of_original=False))
    assert unread == "not known: it could not be read whole"
    said = told(
        touched_lines(
            {
                "irreversible": True,
                "people_affected": 1204,
                "amount_micros": 4_250_000_000,
                "external": True,
                "outside_workspace": True,
                "tainted": True,
                "grounded": False,
            },
            of_original=True,
        )
    )
    for words in (
        "✗ cannot be undone",
        "! 1,204 people",
        "! moves 4,250.00",
        "! leaves this machine",
        "! outside the workspace",
        "a target only tools named",
        "as found in the original, before the edit",
    ):
        assert words in said
    assert "user did not name" not in said  # the worse of the two is said


def test_a_read_is_said_to_be_one() -> None:
    facts = {"read_only": True, "grounded": False}
    assert (
        told(touched_lines(facts, of_original=False))
        == "! a target the user did not name   ✓ only reads"
    )


def test_who_waits_is_told_until_when() -> None:
    dossier = busy_operator().dossiers[action_id("8f2a1c")]
    said = told(blocked_lines(dossier, 2, VIEW))
    assert "the caller said that it waits until 09:07:20" in said
    assert "held until 09:08:20, then denied" in said
    assert "2 other actions of this session wait too" in said
    assert "1 other action of this session waits too" in told(blocked_lines(dossier, 1, VIEW))


def test_a_caller_whose_time_has_passed_is_said_to_be_gone() -> None:
    dossier = busy_operator().dossiers[action_id("8f2a1c")]
    later = VIEW._replace(now=NOW + timedelta(seconds=440))
    said = told(blocked_lines(dossier, 0, later))
    assert "the caller gave up at 09:07:20: an approval serves its next try" in said
    assert "waits until" not in said


def test_a_caller_that_waits_after_the_first_gave_up_is_told_of() -> None:
    operator = busy_operator()
    dossier = operator.dossiers[action_id("8f2a1c")]
    later = VIEW._replace(now=NOW + timedelta(seconds=440))
    held = [
        replace(each, awaited_until=later.now + timedelta(seconds=40))
        if each.id == dossier.record.id
        else each
        for each in operator.pending
    ]
    said = told(waiting_lines(dossier, held, later))
    assert "a caller waits until 09:08:00" in said
    assert "gave up" not in said
    piece = [replace(each, awaited_until=NOW + timedelta(seconds=5)) for each in held]
    assert "a caller waits until 09:07:20" in told(waiting_lines(dossier, piece, VIEW))
