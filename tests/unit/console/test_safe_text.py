"""Text from agents reaches the terminal only in a form that cannot act on it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.view_models.ink import Tone, plain_text
from console.view_models.text import (
    cell_spans,
    count,
    duration,
    is_hidden,
    short_id,
    visible,
    visible_spans,
    whole,
    whole_spans,
)

ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates too


@given(ANY_TEXT)
def test_nothing_that_moves_hides_or_reorders_is_left(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert all(unicodedata.category(each) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for each in shown)


@given(ANY_TEXT)
def test_spans_say_the_same_as_the_plain_form(text: str) -> None:
    assert plain_text(visible_spans(text)) == visible(text)


def test_where_one_decides_nothing_is_cut() -> None:
    long = "世" * 30_000 + "THE END"
    assert whole(long) == plain_text(whole_spans(long)) == long


@pytest.mark.parametrize("character", ["a", "世", "\x1b"])
def test_elsewhere_a_very_long_text_tells_that_it_goes_on(character: str) -> None:
    long = character * 1_000_000
    assert visible(long) == whole(character * 400) + "…"
    assert plain_text(cell_spans(long)) == visible(long)
    shown = visible_spans(long)
    assert plain_text(shown) == whole(character * 10_000) + "… +990,000"
    assert shown[-1].tone is Tone.WARN


@given(ANY_TEXT)
def test_what_is_spelt_out_has_a_tone_that_text_cannot_take(text: str) -> None:
    for span in visible_spans(text):
        if span.tone is not Tone.ESCAPE:
            assert span.text in text
            assert not any(map(is_hidden, span.text))


@given(ANY_TEXT)
def test_harmless_text_is_left_as_it_is(text: str) -> None:
    assert (visible(text) == text) == (not any(map(is_hidden, text)))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("pay\u200bpal", r"pay\u200bpal"),
        ("\U000e0041", r"\U000e0041"),
        ("\x9b31m", r"\x9b31m"),
        ("ok\ufe0f", r"ok\ufe0f"),
        ("\u3164", r"\u3164"),
        ("\ud800", r"\ud800"),
        ("naïve 漢字", "naïve 漢字"),
    ],
)
def test_a_hidden_character_is_spelt_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0s"), (5, "5s"), (100, "1m40s"), (7500, "2h05m"), (273600, "3d04h")],
)
def test_durations_are_short(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_an_id_is_known_by_its_end() -> None:
    assert short_id("01k9x2zz8f2a1c") == "8f2a1c"


def test_one_is_one_and_many_have_separators() -> None:
    assert count(1, "approval", "approvals") == "1 approval"
    assert count(1204, "entry", "entries") == "1,204 entries"
