"""The quick reader of plain words reads them as the grammar does, or leaves them to it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.risk.shell.parse import parse
from core.risk.shell.plain import read_plain

# Reserved words, what declares variables, numbers and lone signs: where a grammar has rules.
PECULIAR = [
    "case", "coproc", "declare", "do", "done", "elif", "else", "esac", "export", "fi", "for",
    "function", "if", "in", "local", "readonly", "select", "then", "time", "typeset", "unset",
    "unsetenv", "until", "while", "eval", "exec", "test", "set", "let", "true", "alias", "trap",
    "source", ".", ":", "-", "--", "-e", "-n", "+", "++", "+x", "%", "%%", "@", ",", "...", "1",
    "12", "1.5", "0x1f", "10", "./x", "../x", "/x", "a.b:", "a:b", "1,2", ":a", "@a", "-", "_",
]  # fmt: skip
CHARACTERS = "abzAZ019__..//:,@%+-"
KNOWN = {"HOME": "~", "X": "1"}
words = st.sampled_from(PECULIAR) | st.text(CHARACTERS, min_size=1, max_size=6)
between = st.sampled_from([" ", " ", " ", " ", "  ", "\n", " && "])
lines = st.lists(st.tuples(words, between), min_size=1, max_size=6)


@settings(max_examples=500, deadline=None)
@given(line=lines, at=st.integers(0, 9))
def test_plain_words_are_read_as_the_grammar_reads_them(
    line: list[tuple[str, str]], at: int
) -> None:
    text = "".join(word + blank for word, blank in line[:-1]) + line[-1][0]
    plain = read_plain(text, at=at, known=KNOWN)
    assert plain is None or plain == parse(text, at=at, known=KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "ls", "git status", "python -m pytest -q tests/unit", "grep -rn 17 src", "./run  a:b",
        "cd src && make", "git fetch\ngit rebase origin/main && ls", " && ".join(["ls"] * 32),
    ],
)  # fmt: skip
def test_everyday_commands_are_plain(text: str) -> None:
    assert read_plain(text, at=3, known=KNOWN) == parse(text, at=3, known=KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "", " ls", "ls ", "ls\n", "\nls", "ls\n\nls", "ls\r\nls", "ls\t-l", "a=1 ls",
        "ls a=1", "ls 'a'", "ls $a", "ls *",
        "ls;ls", "ls|sh", "ls&", "ls>a", "(ls)", "{ ls", "! ls", "ls #a", "a\\b", "ls é", "if a",
        "ls ~", "export a", "for i in a", "-", "1%", "[ a",
        "ls &&ls", "ls || ls", "ls &&", "&& ls", "ls && if a", "ls\ndone", "\n".join(["ls"] * 33),
    ],
)  # fmt: skip
def test_what_may_be_more_than_words_is_left_to_the_grammar(text: str) -> None:
    assert read_plain(text, at=0, known=KNOWN) is None
