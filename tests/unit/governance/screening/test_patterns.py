"""No text, however hostile, can make a pattern go over it again and again."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from core.governance.screening.catalog import INJECTIONS, SECRETS
from core.governance.screening.rules import screen

# The parser of the standard library has no public name.
_parser: Any = importlib.import_module("re._parser")
_GREEDY = {"MAX_REPEAT", "MIN_REPEAT"}
PATTERNS = sorted({each.pattern.pattern for each in (*SECRETS, *INJECTIONS)})
SIZE = 100_000


def _repeats(node: Any) -> Iterator[tuple[str, int]]:
    """Every repetition inside a parsed pattern: its kind and its upper bound."""
    children: Any = getattr(node, "data", node)
    if isinstance(children, str | int) or not hasattr(children, "__iter__"):
        return
    if len(children) == 2 and str(children[0]) in _GREEDY:
        yield str(children[0]), int(children[1][1])
    for child in children:
        yield from _repeats(child)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_repetition_that_can_be_taken_back_is_bounded(pattern: str) -> None:
    bounds = [bound for _, bound in _repeats(_parser.parse(pattern))]
    assert all(bound <= 256 for bound in bounds)


def test_the_check_itself_finds_an_open_repetition() -> None:
    unbounded = int(_parser.MAXREPEAT)
    assert ("MAX_REPEAT", unbounded) in set(_repeats(_parser.parse("(?:a(?P<x>b+))c*+")))


@pytest.mark.parametrize(
    "unit",
    [
        "secret=",
        "password=$",
        "password=/",
        "authorization:",
        "authorization: bearer ",
        "pw='",
        'pw="',
        "pw='\\'",
        '\\"password\\":\\"',
        "<token>",
        "://token:@",
        "://a:",
        "token a b ",
        "mysql -p ",
        "docker login ",
        "redis-cli ",
        "htpasswd -b ",
        "otp:",
        "pin='",
        "://cvv:",
        "htpasswd -b f a 'b ",
        "az login -p ",
        "ldapsearch ",
        "ldappasswd -w",
        "chpasswd a:b ",
        "chpasswd <<E\na:b",
        "smbclient -U a%",
        "pin is ",
        "login a password ",
        "create user password '",
        'grant identified with a by "',
        "password: |\n  a7\n",
        "- password: |\n",
        " \t- ",
        "\u200b\uff50",
        "\uff50\uff57\uff1d7 ",
        "eyJabcdefgh.",
        "-----BEGIN " + "PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n",
        "ignore all of the previous ",
        "do not tell a b ",
        "\ufdfa",
        "\x1b]",
        "&#9",
    ],
)
def test_hostile_repetition_is_looked_through(unit: str) -> None:
    """Work that grew with the square of the length would not end within the life of the suite."""
    text = (unit * (SIZE // len(unit) + 1))[:SIZE]
    redacted = screen(text).redacted
    assert isinstance(redacted, str)


def test_a_million_characters_of_ordinary_text_are_looked_through() -> None:
    text = "The quick brown fox, id 550e8400-e29b-41d4-a716-446655440000, jumps.\n" * 15_000
    found = screen({"text": text})
    assert found.redacted == {"text": text}


def test_many_names_that_look_alike_once_redacted_are_all_kept() -> None:
    value = {f"npm_{number:036d}": number for number in range(3000)}
    copy = screen(value).redacted
    assert isinstance(copy, dict)
    assert list(copy.values()) == list(range(3000))


def test_a_long_name_is_not_written_out_for_each_of_its_values() -> None:
    value = {"n" * 200_000: [0] * 100_000}
    assert screen(value).redacted == value


@pytest.mark.parametrize(
    "items",
    [
        ["-p"],
        ["--password", "x7"],
        ["-----BEGIN PRIVATE KEY-----", "a"],
        ["-p", "password=x7 " * 2_000],
    ],
)
def test_a_long_list_is_looked_through(items: list[str]) -> None:
    value = items * (SIZE // len("".join(items)))
    assert len(str(screen(value).redacted)) > len(value)
