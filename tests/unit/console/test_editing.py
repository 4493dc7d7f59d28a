"""An edit is sent whole, or not at all with the reason why."""

import contextlib
import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console.view_models.diff import diff_arguments, diff_lines, diff_text, replacements_in
from console.view_models.editing import arguments_to_send, check, parse, to_text
from console.view_models.ink import Line, plain_text
from console.view_models.text import is_hidden
from core.actions import JsonObject
from core.errors import InvalidAction
from core.governance.rules import digest_action
from core.ports import Dossier
from tests.factories import make_action_record, make_approval
from tests.unit.console.test_arguments import ARGUMENTS

LINES = st.lists(st.text(st.characters(codec="ascii", exclude_characters="\n"), max_size=5))


def make_dossier(arguments: JsonObject, shown: JsonObject) -> Dossier:
    record = make_action_record(action={"arguments": arguments})
    with contextlib.suppress(InvalidAction):  # some of what may be drawn has no digest
        record = replace(record, digest=digest_action(record.action, arguments))
    return Dossier(
        record=record,
        approval=None,
        arguments_shown=shown,
        session=None,
        recent=(),
        trust=None,
        shown_digest="",
    )


@given(ARGUMENTS)
def test_what_is_not_edited_comes_back_the_same(arguments: JsonObject) -> None:
    dossier = make_dossier(arguments, arguments)
    sent = arguments_to_send(to_text(dossier.arguments_shown), dossier)
    assert json.dumps(sent) == json.dumps(arguments)


@given(ARGUMENTS)
@example({"\x7f": None})
def test_the_text_to_edit_holds_no_hidden_character(arguments: JsonObject) -> None:
    text = to_text(arguments)
    assert not any(map(is_hidden, text.replace("\n", "")))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"a": }', "line 1, column 7"),
        ("[1]", "JSON object"),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1, "a": 2}', "twice"),
        ("[" * 100_000, "deep"),
    ],
)
def test_text_that_cannot_be_sent_says_why(text: str, word: str) -> None:
    with pytest.raises(InvalidAction, match=word):
        parse(text)


def test_a_secret_left_as_shown_is_sent_as_it_was() -> None:
    actual: JsonObject = {"headers": {"key": "s3cret"}, "url": "https://a", "n": [1, "s3cret"]}
    shown: JsonObject = {"headers": {"key": "[secret]"}, "url": "https://a", "n": [1, "[secret]"]}
    edited = {**shown, "url": "https://b.example", "new": True}
    sent = arguments_to_send(json.dumps(edited), make_dossier(actual, shown))
    assert sent == {**actual, "url": "https://b.example", "new": True}


def test_a_secret_that_was_replaced_is_sent_as_typed() -> None:
    dossier = make_dossier({"key": "s3cret"}, {"key": "[secret]"})
    assert arguments_to_send('{"key": "other"}', dossier) == {"key": "other"}


def test_a_marker_that_stands_for_no_secret_is_said_while_it_is_typed() -> None:
    dossier = make_dossier({"key": "s3cret"}, {"key": "[redacted:api-key]"})
    found = check('{"key": "[redacted:api-key]", "other": "[redacted:api-key]"}', dossier)
    assert "arguments.other" in found.problem


def sides(lines: tuple[Line, ...], sign: str) -> list[str]:
    return [plain_text(line.body) for line in lines if plain_text(line.lead).startswith(sign)]


@given(LINES, LINES)
def test_a_difference_holds_every_changed_line(old: list[str], new: list[str]) -> None:
    lines = diff_lines(old, new)
    kept = len(old) - len(sides(lines, "-"))
    assert kept == len(new) - len(sides(lines, "+"))
    if old == new:
        assert not sides(lines, "-")


def test_equal_lines_far_from_a_change_are_counted() -> None:
    old = [str(number) for number in range(30)]
    lines = diff_lines(old, [*old[:15], "new", *old[16:]])
    assert [plain_text(line.body) for line in lines if "equal lines" in plain_text(line.body)] == [
        "⋯ 12 equal lines",
        "⋯ 11 equal lines",
    ]
    assert (sides(lines, "-"), sides(lines, "+")) == (["15"], ["new"])


def test_huge_texts_are_shown_as_removed_and_added() -> None:
    lines = diff_text("a\n" * 3000, "b\n" * 3000)
    assert len(sides(lines, "-")) == len(sides(lines, "+")) == 3001


def test_a_file_edit_is_found_also_in_a_list() -> None:
    edits = [{"old_string": "a", "new_string": "b"}, {"old_string": "c", "new_string": "d"}]
    found = replacements_in({"file_path": "/x", "edits": edits})
    assert [(each.where, each.old, each.new) for each in found] == [
        ("/x edit 1", "a", "b"),
        ("/x edit 2", "c", "d"),
    ]
    assert replacements_in({"path": 3, "old_string": "a", "new_string": "b"})[0].where == ""
    assert replacements_in({"command": "ls"}) == ()


def test_changed_added_and_removed_arguments_are_named() -> None:
    lines = diff_arguments({"a": 1, "b": "x", "c": 3}, {"a": 1, "b": "y", "d": [True]})
    said = [plain_text((*line.lead, *line.body)) for line in lines]
    assert said == ["b", "- x", "+ y", "c", "- 3", "d[0]", "+ true"]


def test_an_earlier_edit_is_what_is_edited_next() -> None:
    dossier = make_dossier({"a": 1}, {"a": 2})
    edited = replace(dossier, approval=make_approval(arguments_edited={"a": 2}))
    assert arguments_to_send('{"a": 3}', edited) == {"a": 3}
    assert arguments_to_send('{"a": 2}', edited) == {"a": 2}


def test_what_is_typed_is_told_its_fault_its_digest_and_its_types() -> None:
    given_: JsonObject = {"n": 1, "b": True, "t": "x", "l": [], "o": {}, "z": None}
    dossier = make_dossier(given_, given_)
    assert check(to_text(given_), dossier).changed is False
    assert "line 1, column 8" in check('{"n": 1', dossier).problem
    text = '{"n": "1", "b": 1, "t": null, "l": {}, "o": [], "new": 2}'
    found = check(text, dossier)
    assert (found.problem, found.changed) == ("", True)
    assert found.digest.startswith("sha256:")
    assert set(found.warnings) == {
        "n was a number, is now text",
        "b was true or false, is now a number",
        "t was text, is now null",
        "l was a list, is now an object",
        "o was an object, is now a list",
        "z is gone",
        "new is new",
    }


def test_the_digest_that_is_told_is_that_of_what_would_run() -> None:
    dossier = make_dossier({"key": "s3cret", "n": 1}, {"key": "[secret]", "n": 1})
    found = check('{"key": "[secret]", "n": 2}', dossier)
    assert found.digest == digest_action(dossier.record.action, {"key": "s3cret", "n": 2})


def test_no_digest_is_told_where_the_secrets_stayed_with_the_engine() -> None:
    dossier = make_dossier({"key": "s3cret", "n": 1}, {"key": "[redacted:api-key]", "n": 1})
    held = dossier.record.digest
    attached = make_dossier(dossier.arguments_shown, dossier.arguments_shown)
    attached = replace(attached, record=replace(attached.record, digest=held))
    text = '{"key": "[redacted:api-key]", "n": 2}'
    assert arguments_to_send(text, attached) == {"key": "[redacted:api-key]", "n": 2}
    assert check(text, attached) == (*check(text, dossier)[:1], "", *check(text, dossier)[2:])


def test_what_has_no_digest_or_is_too_deep_cannot_be_sent() -> None:
    dossier = make_dossier({"n": 1}, {"n": 1})
    assert "canonical" in check('{"n": 99999999999999999999999}', dossier).problem
    assert "nested too deeply" in check('{"n": ' + "[" * 100_000, dossier).problem
