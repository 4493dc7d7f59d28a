"""Where a token may be sent, and where it is read from."""

from pathlib import Path

import pytest

from console.remote.address import check_url, find_url, read_operator_token
from core.adapters.home import hold_home
from core.errors import ConfigError


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://127.0.0.1:7717", "http://127.0.0.1:7717"),
        ("http://127.0.0.1:7717/", "http://127.0.0.1:7717"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("HTTPS://Shop.example", "https://shop.example"),
        ("https://shop.example:8443/", "https://shop.example:8443"),
    ],
)
def test_loopback_and_https_are_taken(given: str, url: str) -> None:
    assert check_url(given) == url


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("http://shop.example:7717", "in the clear"),
        ("http://0.0.0.0:7717", "in the clear"),
        ("http://127.0.0.1.shop.example", "in the clear"),
        ("http://ana:secret@127.0.0.1:7717", "no password"),
        ("http://127.0.0.1:7717/v1", "after the port"),
        ("http://127.0.0.1:7717?x=1", "after the port"),
        ("127.0.0.1:7717", "is no address"),
        ("ftp://127.0.0.1", "is no address"),
        ("http://", "is no address"),
        ("http://[::1", "is no address"),
        ("http://127.0.0.1:99999", "is no address"),
        ("", "is no address"),
    ],
)
def test_what_could_give_the_token_away_is_refused(given: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as raised:
        check_url(given)
    assert "secret" not in str(raised.value)


def test_without_an_address_the_home_says_where(tmp_path: Path) -> None:
    with hold_home(tmp_path):
        (tmp_path / "gateway.json").write_text('{"url": "http://127.0.0.1:4711"}')
        assert find_url(None, tmp_path) == "http://127.0.0.1:4711"
    with pytest.raises(ConfigError, match="left from one that was killed"):
        find_url(None, tmp_path)  # whoever listens there now would get the token
    assert find_url("http://127.0.0.1:1", tmp_path) == "http://127.0.0.1:1"


def test_the_token_is_the_homes_unless_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "operator.token").write_text("mst_oper_home\n")
    named = tmp_path / "named"
    named.write_text("mst_oper_named\n")
    assert read_operator_token(tmp_path, None) == "mst_oper_home"
    assert read_operator_token(tmp_path, named) == "mst_oper_named"


@pytest.mark.parametrize(
    "content",
    [
        b'{"operator": "bea", "secret": "mst_oper_made", "in_force": true}\n',
        b'{"token": {"id": "1"}, "secret": "mst_oper_made"}',
        b"mst_oper_made",
    ],
)
def test_a_token_file_is_what_tokens_create_prints_or_the_token_alone(
    tmp_path: Path, content: bytes
) -> None:
    named = tmp_path / "bea.token"
    named.write_bytes(content)
    assert read_operator_token(tmp_path, named) == "mst_oper_made"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"two\nlines",
        b"two lines",
        b"\xff\xfe",
        b"t\xc3\xa9",
        b'{"lines": "x"}',
        b'{"lines',
        b'{"secret": "\\u00e9 lines"}',
        b'{"secret": ["lines"]}',
    ],
)
def test_a_damaged_token_file_is_told_without_its_content(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "operator.token").write_bytes(content)
    with pytest.raises(ConfigError, match=r"operator\.token") as raised:
        read_operator_token(tmp_path, None)
    assert "lines" not in str(raised.value)
