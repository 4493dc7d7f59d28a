"""What lists, logs and the trail are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.governance.record import summarise
from core.governance.screening.texts import redact_text

SECRET = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize(
    "value", [f"push with {SECRET}", {"command": f"push with {SECRET}"}, "x" * 3_000 + SECRET]
)
def test_a_summary_is_one_short_line_without_secrets(value: str | dict[str, str]) -> None:
    line = summarise(value)
    assert SECRET not in line
    assert len(line) <= 200


@given(st.text())
def test_a_summary_of_any_text_is_one_line(text: str) -> None:
    assert len(summarise(text).splitlines()) <= 1


@pytest.mark.parametrize("padding", [0, 5_000])
def test_a_secret_is_redacted_however_often_and_however_long_its_text(padding: int) -> None:
    text = "-" * padding + f" token {SECRET}"
    assert redact_text(text) == redact_text(text)
    assert SECRET not in redact_text(text)
