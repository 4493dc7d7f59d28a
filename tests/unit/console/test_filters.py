"""Filters: one syntax for every list."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.view_models.filters import (
    Filter,
    FilterError,
    Searched,
    Way,
    parse_filter,
    read_filter,
)

FIELDS = ("agent", "state")
ROW = Searched({"agent": "backend", "state": "ERROR"}, "backend talks to front http://x/y ERROR")
WORD = st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1, max_size=12)


def fits(text: str, row: Searched = ROW) -> bool:
    return parse_filter(text, FIELDS).fits(row)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("TALKS", True),
        ("agent:back talks", True),
        ("agent:front", False),
        ("!agent:front", True),
        ("!front", False),
        ("!zzz talks", True),
        ("~bcknd", True),
        ("~tlkf", False),  # the letters stand in two words
        ("!~bcknd", False),
        ("agent:~bnd", True),
        ("/talks\\s+to/", True),
        ("/^front/", False),
        ("!/^front/", True),
        ("state:/^err/", True),
        ("agent:/^err/", False),
        ("http://x", True),  # a field of that name does not exist
        ("/y", True),  # no end: a word
        ("!", False),  # a word like another
        ("AGENT:backend", True),
    ],
)
def test_a_filter_keeps_what_it_asks_for(text: str, expected: bool) -> None:  # noqa: FBT001
    assert fits(text) is expected


def test_a_regular_expression_may_hold_blanks_and_slashes() -> None:
    filter_ = parse_filter(r"/talks to/ /x\/y/", FIELDS)
    assert [term.way for term in filter_.terms] == [Way.REGEX, Way.REGEX]
    assert filter_.fits(ROW)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/[a/", "is not a regular expression"),
        ("agent:/(/", "is not a regular expression"),
        ("/a*b*c*/", "fewer of"),
        ("/(a+)+$/", "repeats what itself varies"),
        ("/((a|aa))+x/", "repeats what itself varies"),
        ("/(?:(?:x?)y)*/", "repeats what itself varies"),
        ("/" + "a?" * 7 + "/", "fewer of"),
        ("/" + "a" * 201 + "/", "fewer of"),
    ],
)
def test_an_expression_that_is_wrong_or_could_last_for_ever_is_refused(
    text: str, words: str
) -> None:
    with pytest.raises(FilterError, match=words):
        parse_filter(text, FIELDS)


@pytest.mark.parametrize("text", [r"/\(a+\)+/", "/[a+*?]+x/", "/(ab)+c/", "/a+?b/"])
def test_an_expression_that_only_looks_slow_is_taken(text: str) -> None:
    assert parse_filter(text).terms[0].way is Way.REGEX


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    try:
        filter_ = parse_filter(text, FIELDS)
    except FilterError:
        return
    assert isinstance(filter_.fits(ROW), bool)
    assert bool(filter_) == bool(text.split())


@given(st.lists(WORD, min_size=1, max_size=4), st.text(max_size=60))
def test_more_words_keep_no_more_rows_and_their_order_does_not_matter(
    words: list[str], text: str
) -> None:
    row = Searched({}, text)
    plain = [word for word in words if word[0] not in "!~/"]
    whole = parse_filter(" ".join(plain)).fits(row)
    assert whole == parse_filter(" ".join(reversed(plain))).fits(row)
    assert whole == all(parse_filter(word).fits(row) for word in plain)


@given(WORD.filter(lambda word: word[0] not in "!~/"), st.text(max_size=60))
def test_the_opposite_keeps_exactly_the_other_rows(word: str, text: str) -> None:
    row = Searched({"agent": text}, text)
    for asked in (word, f"agent:{word}", f"~{word}"):
        one = parse_filter(asked, FIELDS).fits(row)
        assert parse_filter(f"!{asked}", FIELDS).fits(row) is not one


@given(WORD.filter(lambda word: word[0] not in "!~/"))
def test_a_word_is_found_where_it_stands_in_any_case(word: str) -> None:
    assert parse_filter(word).fits(Searched({}, f"x {word.upper().casefold()} y")) or (
        word.casefold() != word.upper().casefold()
    )
    assert parse_filter(word).fits(Searched({}, f"x {word} y"))


@settings(max_examples=60, deadline=None)
@given(st.text("ab(|)*+?{2,}x", min_size=1, max_size=14))
def test_no_expression_that_is_taken_runs_away(regex: str) -> None:
    try:
        filter_ = parse_filter(f"/{regex}/")
    except FilterError:
        return
    for text in ("ab" * 100_000, "a" * 200_000):  # one that runs away would never come back
        assert filter_.fits(Searched({}, text)) in {True, False}


def test_an_empty_filter_is_false_and_keeps_everything() -> None:
    assert not Filter()
    assert Filter().fits(ROW)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("agnt:backup", "agent"),
        ("!Agents:backup", "agent"),
        ("agent:backup", ""),
        ("http://host", ""),
        ("backup", ""),
        ("12:30", ""),
    ],
)
def test_a_mistyped_field_is_looked_for_as_a_word_and_said(text: str, near: str) -> None:
    asked, remark = read_filter(text, ("agent", "kind"))
    assert asked == parse_filter(text, ("agent", "kind"))
    assert (f"Did you mean {near}:?" in remark) is bool(near)
    assert bool(remark) is bool(near)


def test_what_cannot_be_read_is_said_and_is_no_filter() -> None:
    asked, remark = read_filter("/(/", ())
    assert asked is None
    assert "The filter stays as it was." in remark
