"""Whatever is done to a trail without its key is found, with what and where.

Each example works on its own copy of a home that the real store and journal have written.
"""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.audit.checkpoints import (
    format_checkpoint,
    key_id,
    next_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from core.audit.files import public_pem
from core.audit.model import CHECKPOINT_LAG_MAX, Checkpoint
from core.audit.rules import Sign, seal_entries
from core.ports import VerifyReport
from core.records import AuditHead
from tests.factories import make_draft
from tests.integration.audit import forging
from tests.integration.audit.homes import verify, write_days

DAYS: Final = 3
ENTRIES: Final = 21
SEQS: Final = st.integers(1, ENTRIES)
NAMES: Final = ("action_id", "actor", "at", "event", "v", "body.day", "body.part", "body.added")
many = settings(max_examples=40, deadline=None)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("original")
    asyncio.run(write_days(home, days=DAYS))
    report = verify(home)
    assert (report.ok, report.entries, report.signed_length) == (True, ENTRIES, ENTRIES)
    return home


@contextmanager
def copied(home: Path) -> Generator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "home"
        shutil.copytree(home, copy)
        yield copy


def expect_found(home: Path, *, first_bad: int | None = None) -> VerifyReport:
    report = verify(home)
    assert not report.ok
    assert re.search(r"\d", report.problem), report.problem  # says where
    if first_bad is not None:
        assert report.first_bad == first_bad, report.problem
    return report


@many
@given(seq=SEQS, name=st.sampled_from(NAMES), value=st.one_of(st.text(), st.integers()))
def test_an_edited_field_is_found_at_its_entry(
    original: Path, seq: int, name: str, value: object
) -> None:
    with copied(original) as home:
        rows = forging.read_rows(home)
        text = forging.with_field(rows[seq - 1][1], tuple(name.split(".")), value)
        assume(text != rows[seq - 1][1])
        rows[seq - 1] = (seq, text, rows[seq - 1][2])
        forging.write_rows(home, rows)
        expect_found(home, first_bad=seq)


@many
@given(
    seq=SEQS,
    column=st.sampled_from(["text", "hash"]),
    where=st.floats(0, 0.999),
    to=st.integers(0, 255),
)
def test_an_edited_byte_of_any_column_is_found_at_its_entry(
    original: Path, seq: int, column: str, where: float, to: int
) -> None:
    with copied(original) as home:
        rows = forging.read_rows(home)
        _, text, digest = rows[seq - 1]
        before = text if column == "text" else digest
        at = int(where * len(before))
        after = before[:at] + bytes([to]) + before[at + 1 :]
        rows[seq - 1] = (seq, after, digest) if column == "text" else (seq, text, after)
        forging.write_rows(home, rows)
        if after == before:
            assert verify(home).ok
        else:
            expect_found(home, first_bad=seq)


@many
@given(seq=SEQS, to=st.integers(ENTRIES + 1, 1000))
def test_a_changed_number_is_found_where_the_entry_is_missing(
    original: Path, seq: int, to: int
) -> None:
    with copied(original) as home:
        with forging.store(home) as db:
            db.execute("UPDATE audit SET seq = ? WHERE seq = ?", (to, seq))
        expect_found(home, first_bad=seq)


@many
@given(before=SEQS, source=SEQS, hashed=st.booleans())
def test_an_inserted_entry_is_found(
    original: Path, before: int, source: int, *, hashed: bool
) -> None:
    with copied(original) as home:
        rows = forging.read_rows(home)
        rows.insert(before - 1, rows[source - 1])
        rows = forging.renumbered(rows)
        forging.write_rows(home, forging.rehashed(rows) if hashed else rows)
        report = expect_found(home)
        assert report.first_bad is not None
        # A copy of its neighbour differs from it by its number alone.
        assert report.first_bad in {before, before + 1}


@many
@given(first=SEQS, second=SEQS, hashed=st.booleans())
def test_reordered_entries_are_found_at_the_first(
    original: Path, first: int, second: int, *, hashed: bool
) -> None:
    first, second = sorted((first, second))
    with copied(original) as home:
        rows = forging.read_rows(home)
        one, other = rows[first - 1], rows[second - 1]
        rows[first - 1] = (first, *other[1:])
        rows[second - 1] = (second, *one[1:])
        forging.write_rows(home, forging.rehashed(rows) if hashed else rows)
        if first == second:
            assert verify(home).ok
        else:
            expect_found(home, first_bad=first)


@many
@given(seq=SEQS, renumber=st.booleans())
def test_a_removed_entry_is_found(original: Path, seq: int, *, renumber: bool) -> None:
    with copied(original) as home:
        rows = forging.read_rows(home)
        del rows[seq - 1]
        forging.write_rows(home, forging.rehashed(forging.renumbered(rows)) if renumber else rows)
        expect_found(home, first_bad=seq)


@many
@given(kept=st.integers(0, ENTRIES - 1), daily=st.booleans(), days_gone=st.booleans())
def test_a_cut_off_end_is_found_whatever_is_done_to_the_daily_copy(
    original: Path, kept: int, *, daily: bool, days_gone: bool
) -> None:
    with copied(original) as home:
        rows = forging.read_rows(home)[:kept]
        forging.write_rows(home, rows)
        if daily:
            forging.copy_to_daily(home, rows)
        if days_gone:
            for path in forging.daily_files(home):
                path.unlink()
        report = expect_found(home, first_bad=kept + 1)
        assert "the trail was cut off" in report.problem


@many
@given(removed=st.integers(1, ENTRIES - 1), days_gone=st.booleans())
def test_a_cut_off_beginning_is_found(original: Path, removed: int, *, days_gone: bool) -> None:
    with copied(original) as home:
        forging.write_rows(home, forging.read_rows(home)[removed:])
        if days_gone:
            for path in forging.daily_files(home):
                path.unlink()
        expect_found(home, first_bad=1)


@many
@given(
    seq=SEQS,
    daily=st.sampled_from(["kept", "rewritten", "removed"]),
    checkpoints=st.sampled_from(["kept", "cut", "emptied", "removed"]),
)
def test_a_chain_recomputed_without_the_key_is_found_with_any_files_beside_it(
    original: Path, seq: int, daily: str, checkpoints: str
) -> None:
    with copied(original) as home:
        rows = forging.read_rows(home)
        rows[seq - 1] = (seq, forging.with_field(rows[seq - 1][1], ("actor",), "somebody"), b"")
        rows = forging.rehashed(rows)
        forging.write_rows(home, rows)
        if daily == "rewritten":
            forging.copy_to_daily(home, rows)
        if daily == "removed":
            for path in forging.daily_files(home):
                path.unlink()
        if checkpoints == "cut":
            forging.cut_checkpoints(home, seq - 1)
        if checkpoints == "emptied":
            forging.checkpoints(home).write_bytes(b"")
        if checkpoints == "removed":
            forging.checkpoints(home).unlink()
        report = expect_found(home)
        assert report.first_bad is not None
        assert report.first_bad <= seq
        if daily == "kept":
            assert report.first_bad == seq


@many
@given(
    signed_as=st.sampled_from(["unsigned", "another key", "an old signature"]),
    checkpoints_cut=st.booleans(),
    count=st.integers(1, 3),
)
def test_entries_added_at_the_end_are_found(
    original: Path, signed_as: str, count: int, *, checkpoints_cut: bool
) -> None:
    with copied(original) as home:
        rows = forging.read_rows(home)
        head = AuditHead(length=ENTRIES, hash=rows[-1][2].decode())
        signs: dict[str, Sign | None] = {
            "unsigned": None,
            "another key": Ed25519PrivateKey.generate().sign,
            "an old signature": lambda _: bytes.fromhex(rows[-1][1][-136:-8].decode()),
        }
        sign = signs[signed_as]
        added = seal_entries(head, [make_draft(actor="somebody")] * count, sign=sign)
        rows += [(each.seq, each.text.encode(), each.hash.encode()) for each in added]
        forging.write_rows(home, rows)
        forging.copy_to_daily(home, rows)
        if checkpoints_cut:  # so that it looks like a crash
            forging.edit_lines(forging.checkpoints(home), lambda lines: lines[:-1])
        expect_found(home, first_bad=ENTRIES + 1)


@many
@given(data=st.data())
def test_a_cut_checkpoint_file_is_found_unless_a_kill_would_leave_it(
    original: Path, data: st.DataObject
) -> None:
    with copied(original) as home:
        content = forging.checkpoints(home).read_bytes()
        size = data.draw(st.integers(0, len(content)))
        forging.checkpoints(home).write_bytes(content[:size])
        left = [line for line in content[:size].splitlines(keepends=True) if line.endswith(b"\n")]
        covered = forging.covered(left[-1]) if left else 0
        running = bool(left) and b'"kind":"close"' not in left[-1]
        lag_max = CHECKPOINT_LAG_MAX if running else 0
        if left and ENTRIES - covered <= lag_max:
            report = verify(home)
            assert (report.ok, report.signed_length) == (True, covered)
        else:
            expect_found(home)


@many
@given(data=st.data())
def test_an_edited_checkpoint_file_is_found(original: Path, data: st.DataObject) -> None:
    with copied(original) as home:
        content = bytearray(forging.checkpoints(home).read_bytes())
        at = data.draw(st.integers(0, len(content) - 2))
        content[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[at]))
        forging.checkpoints(home).write_bytes(content)
        assert "checkpoint" in expect_found(home).problem


@many
@given(data=st.data())
def test_checkpoints_removed_repeated_or_reordered_are_found(
    original: Path, data: st.DataObject
) -> None:
    with copied(original) as home:
        lines = forging.checkpoints(home).read_bytes().splitlines(keepends=True)
        one = data.draw(st.integers(0, len(lines) - 2))
        other = data.draw(st.integers(0, len(lines) - 1).filter(lambda each: each != one))
        how = data.draw(st.sampled_from(["remove", "repeat", "reorder"]))
        if how == "remove":
            del lines[one]
        elif how == "repeat":
            lines.insert(other, lines[one])
        else:
            lines[one], lines[other] = lines[other], lines[one]
        forging.checkpoints(home).write_bytes(b"".join(lines))
        assert "checkpoint" in expect_found(home).problem


def sign_anew(home: Path, key: Ed25519PrivateKey) -> None:
    """The checkpoint file as another key's owner would have written it."""
    last: Checkpoint | None = None
    signed: list[bytes] = []
    for line in forging.checkpoints(home).read_bytes().splitlines():
        given = parse_checkpoint(line)
        assert given is not None
        unsigned = next_checkpoint(
            last,
            length=given.length,
            head=given.head,
            at=given.at,
            kind=given.kind,
            key=key_id(key.public_key()),
        )
        last = sign_checkpoint(key, unsigned)
        signed.append(format_checkpoint(last) + b"\n")
    forging.checkpoints(home).write_bytes(b"".join(signed))


def test_checkpoints_of_another_key_are_found(original: Path) -> None:
    key = Ed25519PrivateKey.generate()
    with copied(original) as home:
        sign_anew(home, key)
        assert f"is signed with key {key_id(key.public_key())}" in expect_found(home).problem


def test_a_trail_replaced_together_with_its_public_key_is_found(original: Path) -> None:
    key = Ed25519PrivateKey.generate()
    with copied(original) as home:
        head = AuditHead(length=0, hash="0" * 64)
        entries = seal_entries(head, [make_draft()] * ENTRIES, sign=key.sign)
        rows = [(each.seq, each.text.encode(), each.hash.encode()) for each in entries]
        forging.write_rows(home, rows)
        forging.copy_to_daily(home, rows)
        forging.edit_lines(
            forging.checkpoints(home),
            lambda lines: [
                line.replace(b'"length":0', b'"length":21').replace(b"0" * 64, rows[-1][2], 1)
                for line in lines[:1]
            ],
        )
        sign_anew(home, key)
        (home / "audit" / "signing.pub").write_bytes(public_pem(key.public_key()))
        assert expect_found(home, first_bad=1).problem.endswith("it was replaced")


@many
@given(data=st.data())
def test_an_edited_daily_copy_is_found(original: Path, data: st.DataObject) -> None:
    with copied(original) as home:
        path = data.draw(st.sampled_from(forging.daily_files(home)))
        content = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[at]))
        line = content[:at].count(b"\n")
        before = sum(
            each.read_bytes().count(b"\n") for each in forging.daily_files(home) if each < path
        )
        path.write_bytes(content)
        report = expect_found(home, first_bad=before + line + 1)
        assert "daily copy" in report.problem or ".jsonl" in report.problem


@many
@given(data=st.data())
def test_a_daily_copy_cut_or_with_lines_removed_is_found(
    original: Path, data: st.DataObject
) -> None:
    with copied(original) as home:
        path = data.draw(st.sampled_from(forging.daily_files(home)))
        content = path.read_bytes()
        if data.draw(st.booleans()):
            path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
        else:
            lines = content.splitlines(keepends=True)
            del lines[data.draw(st.integers(0, len(lines) - 1))]
            path.write_bytes(b"".join(lines))
        assert ".jsonl" in (problem := expect_found(home).problem) or "daily copy" in problem


def test_a_daily_file_kept_elsewhere_is_no_finding(original: Path) -> None:
    for number in range(DAYS):
        with copied(original) as home:
            forging.daily_files(home)[number].unlink()
            assert verify(home).ok


def test_only_a_head_noted_outside_tells_of_a_home_put_back_as_a_whole(
    original: Path, tmp_path: Path
) -> None:
    asyncio.run(write_days(tmp_path / "home", days=1))
    older = verify(tmp_path / "home")
    noted = AuditHead(length=ENTRIES, hash=verify(original).head)
    assert older.ok
    found = verify(tmp_path / "home", expected=noted)
    assert (found.ok, found.first_bad) == (False, older.entries + 1)
    assert verify(original, expected=noted).ok
    other = AuditHead(length=3, hash="0" * 64)
    assert (
        verify(original, expected=other).problem == "entry 3 is not the one that was noted outside"
    )


@pytest.mark.parametrize("at_a_time", [1, 2, 3, 500])
@pytest.mark.parametrize("bad", [1, 2, 4, ENTRIES - 1])
def test_the_first_bad_entry_is_named_though_the_daily_copy_goes_wrong_further_on(
    original: Path, monkeypatch: pytest.MonkeyPatch, bad: int, at_a_time: int
) -> None:
    monkeypatch.setattr("core.audit.verify._ROWS", at_a_time)
    with copied(original) as home:
        rows = forging.read_rows(home)
        seq, text, digest = rows[bad - 1]
        rows[bad - 1] = (seq, text.replace(b'"body":', b'"body" :'), digest)
        forging.write_rows(home, rows)
        forging.copy_to_daily(home, [*rows[:-1], (ENTRIES, rows[-1][1] + b" ", rows[-1][2])])
        report = expect_found(home, first_bad=bad)
        assert report.problem.startswith(f"entry {bad} does not hash"), report.problem
