"""Text that is meant to crash, to tire or to deceive gets an answer, and never a quick yes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.actions import Decision
from core.risk.shell.rules import classify_command, classify_with
from tests.unit.risk.shell.reading import codes

_PIECES = (
    "cat", "sh", "bash", "-c", "$(", ")", "`", "'", '"', "|", "&&", ";", "\n", ">", "<", "<<E",
    "E", "${x:-", "}", "$'", "\\", "{", "(", "if", "then", "fi", "for x in", "do", "done", "x=",
    "/etc/shadow", "/bin/sh", "sudo", "find . -exec", "\\;", "xargs", "git", "-m", "curl",
    "http://10.0.0.1/", "é", "\0", "\ud800", "-", "--", "=", "eval", "$x", "$IFS", "!", "env",
    "python3", "tar", "docker run", "sed", "s/a/b/e", "rm -rf", "~", "echo", "base64 -d", "cd",
    "read", "alias a=", "git grep", "pip install", "ssh", "{a,b}", "chmod +x",
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gets_an_answer(text: str) -> None:
    risk = classify_command(text, purpose=text, workspace=text)
    for finding in risk.findings:
        assert finding.start is not None
        assert finding.end is not None
        assert 0 <= finding.start <= finding.end <= len(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=14), st.sampled_from(("", " ")))
def test_any_mixture_of_shell_gets_an_answer(pieces: list[str], gap: str) -> None:
    text = gap.join(pieces)
    risk = classify_command(text)
    levels = [finding.level.rank for finding in risk.findings]
    assert levels == sorted(levels, reverse=True)
    assert (risk.decision is Decision.ALLOW) == (max(levels, default=0) == 0)
    assert (risk.decision is Decision.DENY) == (max(levels, default=0) == 3)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=6))
def test_knowing_no_program_gets_an_answer_too(pieces: list[str]) -> None:
    assert classify_with({}, " ".join(pieces)).decision in set(Decision)


def test_a_very_long_command_asks_without_being_parsed() -> None:
    risk = classify_command("ls " + "a" * 100_000)
    assert risk.decision is Decision.ASK
    assert [finding.code for finding in risk.findings] == ["too-long"]


@pytest.mark.parametrize("piece", [")", "|", ">", "((a=b;", "<<A\n", "esac x(){ ", "'\n"])
def test_text_that_would_keep_the_parser_busy_asks(piece: str) -> None:
    assert "too-long" in codes(piece * (90_000 // len(piece)))


def test_a_long_file_in_a_here_document_is_still_judged() -> None:
    body = "print('hello (world) | and more')\n" * 2_000
    assert classify_command(f"cat > out.py <<'EOF'\n{body}EOF").decision is Decision.ALLOW
    assert "reads-secret-file" in codes(f"cat > o <<'EOF'\n{body}EOF\ncat /etc/shadow")


@pytest.mark.parametrize("nest", ["eval {}", "sudo {}", "$({})"])
def test_what_hides_too_deep_asks(nest: str) -> None:
    command = "ls"
    for _ in range(200):
        command = nest.format(command)
    assert "too-deep" in codes(command)


def test_texts_inside_texts_are_followed_only_so_far() -> None:
    command = "ls"
    for _ in range(9):
        command = "eval eval " + command
    assert "too-deep" in codes(command)


def test_very_many_calls_ask() -> None:
    assert "too-deep" in codes("a;" * 2_100)


def test_characters_past_the_tables_of_the_parser_do_no_harm() -> None:
    for character in ("\x80", "\u00e9", "\u3000", "\U000fd2c9", "\U0010ffff"):
        for shape in ("{{{0}..2}}", "${0}", "<<{0}\nx\n{0}", "a{0}=b", "[[ {0} =~ {0} ]]"):
            classify_command(shape.format(character))


def test_an_exotic_blank_separates_no_words() -> None:
    assert "reads-secret-file" not in codes("ls\u3000~/.netrc")
    assert classify_command("cat /etc/shadow\u3000x").decision is not Decision.ALLOW


@pytest.mark.parametrize(
    "command",
    [
        "a" * 1_000_000,
        "cat /etc/shadow; " * 60_000,
        "\ud800" * 200,
        "echo 'never closed",
        'echo "never closed',
        "cat <<E\nnever closed",
        "$(" * 2_000,
        "if true; then",
        "a\0b",
        "ls \u202e gpj.exe",
        "x=" + "A" * 500 + ";" + "echo $x " * 400,
    ],
)
def test_what_cannot_be_read_or_followed_asks(command: str) -> None:
    risk = classify_command(command)
    assert risk.decision is not Decision.ALLOW
    assert risk.findings[0].message


def test_very_many_texts_ask() -> None:
    assert "too-deep" in codes("alias " + "a=ls " * 350)
