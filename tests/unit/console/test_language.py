"""The language is found where it is said; numbers, money, dates and plurals go by it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency, format_decimal
from hypothesis import given, settings
from hypothesis import strategies as st

from console import language
from console.language import find_language, in_use, match_language, numeral, use
from console.looks import read_looks

WHEN = datetime(2026, 11, 3, 4, 5, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    use("en")


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({}, "en"),
        ({"LANG": "pt_BR.UTF-8"}, "pt_BR"),
        ({"LANG": "pt_BR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "pt_PT@euro"}, "pt_BR"),
        ({"LC_ALL": "", "LANG": "pt"}, "pt_BR"),
        ({"LANG": "tlh"}, "en"),
    ],
)
def test_the_language_of_the_terminal_is_found(environ: dict[str, str], code: str) -> None:
    assert find_language(environ) == code


@pytest.mark.parametrize(
    ("said", "code"), [("pt-BR", "pt_BR"), ("PT_br", "pt_BR"), ("en_GB", "en"), ("", "en")]
)
def test_a_language_is_known_by_its_usual_names(said: str, code: str) -> None:
    assert match_language(said) == code


def test_what_is_asked_for_wins_over_the_file_and_both_over_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "maestro.toml"
    file.write_text('[console]\nlanguage = "pt_BR"\n')
    for name in ("LC_ALL", "LC_MESSAGES", "MAESTRO_LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "pt_BR.UTF-8")
    assert (read_looks(None).language, read_looks(None).spoken) == (None, "pt_BR")
    monkeypatch.setenv("LANG", "C")
    assert (read_looks(file).language, read_looks(file).spoken) == ("pt_BR", "en")
    monkeypatch.setenv("MAESTRO_LANGUAGE", "en")
    assert read_looks(file).language == "en"


def test_one_that_there_is_not_is_english() -> None:
    use("pt_BR")
    use("../pt_BR")
    assert in_use() == "en"


@settings(max_examples=60, deadline=None)
@given(st.integers(-(10**12), 10**12))
def test_numbers_are_parted_as_the_locale_parts_them(value: int) -> None:
    use("pt_BR")
    assert numeral(value) == format_decimal(value, locale="pt_BR")
    use("en")
    assert numeral(value) == format_decimal(value, locale="en")


def test_fractions_and_money_are_written_as_the_locale_writes_them() -> None:
    use("pt_BR")
    assert numeral(1204.5, 2) == "1.204,50"
    assert language.dollars("1,204.50") == format_currency(1204.5, "USD", locale="pt_BR").replace(
        "\N{NO-BREAK SPACE}", " "
    )
    use("en")
    assert language.dollars("1,204.50") == format_currency(1204.5, "USD", locale="en")


def test_dates_and_times_are_written_as_the_locale_writes_them() -> None:
    use("pt_BR")
    assert WHEN.strftime(language.date_form()) == format_date(WHEN, "short", "pt_BR")
    assert WHEN.strftime(language.day_form()) == format_skeleton("MMdd", WHEN, locale="pt_BR")
    assert WHEN.strftime(language.time_form()) == format_time(WHEN, "medium", locale="pt_BR")
    assert WHEN.strftime(language.minute_form()) == format_time(WHEN, "short", locale="pt_BR")


def test_english_dates_are_those_of_iso() -> None:
    assert (
        WHEN.strftime(f"{language.date_form()}T{language.time_form()}Z") == "2026-11-03T04:05:06Z"
    )
