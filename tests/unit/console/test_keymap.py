"""One table of keys, without surprises."""

import pytest

from console.keymap import KEYMAP, Keys, Need, find_row, key_name, reason_disabled, rows_for
from console.view_models import signs
from console.view_models.guard import TypeAheadGuard
from console.view_models.prompt import parse_command
from core.records import ApprovalStatus


def test_no_key_means_two_things_on_one_screen() -> None:
    for screen in ("overview", "approvals", "audit", "trace", "help"):
        keys = [key for row in rows_for(screen) for key in row.keys]
        assert len(keys) == len(set(keys))


def test_no_action_needs_a_chord() -> None:
    keys = [key for row in KEYMAP for key in row.keys]
    assert not any("+" in key or (len(key) == 1 and key.isupper()) for key in keys)


def test_enter_belongs_to_no_decision() -> None:
    assert [row.action for row in KEYMAP if "enter" in row.keys] == ["open"]


def test_the_first_missing_thing_is_the_reason() -> None:
    assert reason_disabled("approve", [Need.LIVE, Need.ROW], Keys()) == "nothing is selected"
    assert reason_disabled("approve", [], Keys()) == ""
    assert reason_disabled("filter", list(Need), Keys()) == ""


def test_a_reason_names_the_keys_that_the_operator_has() -> None:
    words = "read to the end first: {} shows the next page"
    assert reason_disabled("approve", [Need.READ], Keys()) == words.format(".")
    own = Keys({"read_on": ("space",)})
    assert reason_disabled("approve", [Need.READ], own) == words.format("Space")


def test_names_are_those_on_the_keyboard() -> None:
    assert key_name("question_mark") == "?"
    assert find_row("deny").keys == ("d",)


@pytest.mark.parametrize(
    ("text", "name", "argument", "problem"),
    [
        (":audit", "audit", "", ""),
        ("agent coder", "agent", "coder", ""),
        ("ver", "verify", "", ""),
        ("Audit X", "audit", "X", ""),
        ("a", "a", "", ":a could be agent, approvals, approve, audit"),
        ("aprove", "aprove", "", "no command :aprove (did you mean :approve?)"),
        ("zzz", "zzz", "", "no command :zzz: ? lists them all"),
        ("", "", "", ""),
    ],
)
def test_commands_are_found_by_their_beginning(
    text: str, name: str, argument: str, problem: str
) -> None:
    known = ["agent", "approve", "approvals", "audit", "verify"]
    assert parse_command(text, known) == (name, argument, problem)


def test_keys_count_after_time_to_read() -> None:
    guard = TypeAheadGuard()
    assert not guard.is_open(5)
    guard.arm(5)
    assert not guard.is_open(5.3)
    assert guard.is_open(5.4001)
    guard.refuse(6)
    assert guard.is_open(6)  # nothing to refuse
    guard.arm(7, wait_s=1.0)
    guard.refuse(7.5)
    assert not guard.is_open(8.4)
    assert guard.is_open(8.5001)
    guard.close()
    guard.refuse(9)
    assert not guard.is_open(20)


def test_every_end_of_an_approval_has_a_sign() -> None:
    assert {each.value for each in ApprovalStatus} - {"pending"} == set(signs.SETTLED)
