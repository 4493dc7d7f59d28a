"""What would move, hide or reorder text is marked where it stands, and drawn as an escape."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions import RiskLevel
from core.governance.screening.characters import strip_controls
from core.governance.screening.rules import screen
from tests.unit.governance.screening.samples import TOKENS

CLEAN = re.compile(r"[^\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*")


@pytest.mark.parametrize(
    ("text", "code", "level", "evidence"),
    [
        ("a\x1b[2Jb", "terminal-escape", RiskLevel.MEDIUM, r"\x1b[2J"),
        ("a\x1b]0;owned\x07b", "terminal-escape", RiskLevel.MEDIUM, r"\x1b]0;owned\x07"),
        ("a\x9b31mb", "terminal-escape", RiskLevel.MEDIUM, r"\x9b31m"),
        ("a\x1bPq\x1b\\b", "terminal-escape", RiskLevel.MEDIUM, "\\x1bPq\\x1b\\"),
        ("a\u202egnp.b", "bidi-control", RiskLevel.MEDIUM, r"\u202e"),
        ("a\u2066\u2069b", "bidi-control", RiskLevel.MEDIUM, r"\u2066\u2069"),
        ("a\u200bb", "invisible-characters", RiskLevel.LOW, r"\u200b"),
        ("a\U000e0041b", "invisible-characters", RiskLevel.LOW, r"\U000e0041"),
        ("a\x00\x08b", "control-characters", RiskLevel.LOW, r"\x00\x08"),
        ("a\u2028b", "control-characters", RiskLevel.LOW, r"\u2028"),
        ("a\ud800b", "control-characters", RiskLevel.LOW, r"\ud800"),
    ],
)
def test_a_dangerous_run_is_marked_where_it_stands(
    text: str, code: str, level: RiskLevel, evidence: str
) -> None:
    (finding,) = screen({"command": text}).findings
    assert (finding.code, finding.level, finding.evidence) == (code, level, evidence)
    assert finding.path == "arguments.command"
    assert (finding.start, finding.evidence[:1]) == (1, "\\")


@pytest.mark.parametrize("text", ["tab\tand\r\nlines\n", "olá, čau, 你好, שלום, 👍🏽", "e\u0301"])
def test_text_of_any_language_is_no_danger(text: str) -> None:
    assert screen(text).findings == ()


def test_a_name_is_looked_at_too_and_has_no_place_in_the_value() -> None:
    (finding,) = screen({"x\u202ey": "fine"}).findings
    assert (finding.code, finding.start) == ("bidi-control", None)
    assert finding.path == 'arguments["x\\\\u202ey"]'


def test_the_marks_of_one_text_are_bounded() -> None:
    assert len(screen("\x00a" * 100).findings) == 16


def test_what_an_escape_sequence_carries_is_kept_in_the_clear_nowhere() -> None:
    token = TOKENS["github-token"]
    found = screen(f"\x1b]0;{token}\x07")
    assert token not in repr(found)
    named = screen({"password": "\x1b]0;tiger\x07"})
    assert "tiger" not in repr(named)
    assert {each.code for each in named.findings} == {"terminal-escape", "secret"}


def test_escapes_are_readable() -> None:
    assert strip_controls("plain é 👍") == "plain é 👍"
    text = "a\tb\nc\r\x1b[31m\u202e\U000e0041"
    assert strip_controls(text) == r"a\tb\nc\r\x1b[31m\u202e\U000e0041"


@given(st.text(st.characters()))
def test_nothing_that_moves_hides_or_reorders_is_ever_left(text: str) -> None:
    shown = strip_controls(text)
    assert CLEAN.fullmatch(shown)
    assert not {unicodedata.category(each) for each in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert strip_controls(shown) == shown


@given(st.text(st.characters()))
def test_no_evidence_can_steer_a_terminal(text: str) -> None:
    for finding in screen({text: text}).findings:
        assert CLEAN.fullmatch(finding.evidence + finding.path + finding.message)
