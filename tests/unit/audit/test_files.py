"""The files of the `audit` folder: lines, tails and keys, also those that are none."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.audit import files
from core.audit.files import (
    AuditFiles,
    LinesOfFiles,
    create_key,
    line_seq,
    load_private_key,
    load_public_key,
    parse_daily_line,
    public_pem,
    read_lines,
    read_tail,
)
from core.audit.rules import daily_line
from core.errors import ConfigError
from tests.unit.audit.trails import KEY, make_rows

LINES = st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line), max_size=8)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, torn=st.binary(max_size=4).map(lambda data: data.replace(b"\n", b"")))
@pytest.mark.parametrize("chunk_bytes", [1, 7, 1_000_000])
def test_lines_come_whole_or_not_at_all(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lines: list[bytes],
    torn: bytes,
    chunk_bytes: int,
) -> None:
    monkeypatch.setattr(files, "_CHUNK_BYTES", chunk_bytes)
    path = tmp_path / "lines"
    whole = b"".join(line + b"\n" for line in lines)
    path.write_bytes(whole + torn)
    assert list(read_lines(path)) == lines
    assert list(read_lines(path, size=len(whole))) == lines
    assert read_tail(path) == (lines[-1] if lines else b"", len(whole))
    assert list(read_lines(path, size=max(len(whole) - 1, 0))) == lines[:-1]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.lists(LINES, max_size=4), many=st.lists(st.integers(0, 4), max_size=12))
def test_lines_taken_one_by_one_or_many_at_once_are_the_lines_of_the_files(
    tmp_path: Path, days: list[list[bytes]], many: list[int]
) -> None:
    given = [
        (tmp_path / f"{number}", b"".join(line + b"\n" for line in day) + b"torn")
        for number, day in enumerate(days)
    ]
    for path, content in given:
        path.write_bytes(content)
    lines = LinesOfFiles([(path, len(content)) for path, content in given])
    left = [(str(number), line) for number, day in enumerate(days) for line in day]
    for count in many:
        some, file = left[:count], left[0][0] if left else ""
        whole = b"".join(line + b"\n" for _, line in some)
        # What stands in one file may be taken at once, from its beginning only where it was seen.
        assert not lines.take_all(whole + b"other\n")
        assert lines.peek() == (left[0][1] if left else None)
        if some and lines.take_all(whole):
            assert {each for each, _ in some} == {file} == {lines.file}
        else:
            for each, line in some:
                assert (lines.peek(), lines.file) == (line, each)
                lines.take()
        del left[: len(some)]
    assert lines.peek() == (left[0][1] if left else None)


def test_many_lines_are_taken_from_a_file_and_then_from_the_next(tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / name).write_bytes(b"a\nb\n")
    lines = LinesOfFiles([(tmp_path / name, 4) for name in ("1", "2", "gone")])
    assert lines.take_all(b"a\nb\n")
    assert (lines.file, lines.take_all(b"a\nb\n"), lines.file) == ("1", True, "2")
    assert not lines.take_all(b"a\nb\n")  # a file that went away since it was listed
    assert lines.peek() is None
    lines.take()  # nothing was seen, nothing is taken
    assert (lines.peek(), lines.take_all(b"a\n")) == (None, False)


def test_a_missing_file_has_no_lines(tmp_path: Path) -> None:
    assert list(read_lines(tmp_path / "none")) == []
    assert read_tail(tmp_path / "none") == (b"", 0)
    assert AuditFiles(tmp_path / "none").daily() == ()


def test_only_files_named_by_a_day_are_daily_files(tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    folder.mkdir()
    odd = ("2026-11-21.jsonl.bak", "2026-02-30.jsonl", "9999-99-99.jsonl", "x.jsonl")
    for name in ("2026-11-22.jsonl", "2026-11-21.jsonl", *odd):
        (folder / name).touch()
    files = AuditFiles(tmp_path)
    assert [path.stem for path in files.daily()] == ["2026-11-21", "2026-11-22"]
    assert [path.stem for path in files.misnamed()] == ["2026-02-30", "9999-99-99"]


def test_a_file_that_is_left_of_a_trail_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    folder.mkdir()
    (folder / "checkpoints.jsonl").touch()
    assert AuditFiles(tmp_path).left_behind() is None
    (folder / "2026-11-22.jsonl").write_bytes(b"x\n")
    assert AuditFiles(tmp_path).left_behind() == folder / "2026-11-22.jsonl"


def test_what_one_could_wait_for_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/null")):
        with pytest.raises(OSError, match="it is no regular file"):
            list(read_lines(path, size=1))
        with pytest.raises(OSError, match="it is no regular file"):
            read_tail(path)
        with pytest.raises(ConfigError, match="it is no regular file"):
            load_private_key(path)
        with pytest.raises(ConfigError, match="it is no regular file"):
            load_public_key(path)


def test_a_daily_line_gives_its_row_back() -> None:
    (row,) = make_rows(1)
    line = daily_line(row)
    assert parse_daily_line(line) == row
    assert line_seq(line) == 1
    assert parse_daily_line(line[:-1]) is None
    assert (parse_daily_line(b"nonsense"), line_seq(b"nonsense")) == (None, 0)


def test_a_key_is_written_whole_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.with_name("key.new").write_bytes(b"left by a crash, and longer than any key " * 9)
    key = create_key(path)
    assert load_private_key(path).private_bytes_raw() == key.private_bytes_raw()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["key"]
    with pytest.raises(ConfigError, match="cannot write the signing key"):
        create_key(tmp_path / "none" / "key")


def test_what_is_no_private_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(ConfigError, match="cannot read the signing key"):
        load_private_key(path)
    secret = BestAvailableEncryption(b"secret")
    contents = [b"nonsense", KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret)]
    for content in contents:
        path.write_bytes(content)
        with pytest.raises(ConfigError, match="not an unencrypted PEM private key"):
            load_private_key(path)
    other = generate_private_key(SECP256R1())
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ConfigError, match="is not an Ed25519 key"):
        load_private_key(path)


def test_what_is_no_public_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pub"
    with pytest.raises(ConfigError, match="cannot read the public key"):
        load_public_key(path)
    path.write_bytes(public_pem(KEY.public_key()))
    assert load_public_key(path) == KEY.public_key()
    path.write_bytes(b"nonsense")
    with pytest.raises(ConfigError, match="is not a PEM public key"):
        load_public_key(path)
    other = generate_private_key(SECP256R1()).public_key()
    path.write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(ConfigError, match="is not an Ed25519 key"):
        load_public_key(path)
