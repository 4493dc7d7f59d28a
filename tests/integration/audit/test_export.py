"""Exports: proof enough to verify elsewhere, with our program or with 40 lines of another."""

import csv
import io
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.adapters.sqlite.files import iter_audit_bytes
from core.audit import export_entries
from core.audit.export import Export, verify_export, write_export
from core.audit.export_entries import ExportFormat
from core.audit.files import AuditFiles, load_private_key, load_public_key
from core.audit.home import read_trail
from core.audit.model import ExportFilter, Row
from core.errors import AuditChainBroken, ConfigError
from core.ids import ActionId
from core.records import AuditHead
from tests.factories import NOW, make_draft
from tests.fakes import FakeClock
from tests.integration.audit import forging
from tests.integration.audit.homes import STORE, open_trail, verify

SNIPPET = Path(__file__).parents[3] / "docs" / "snippets" / "verify_export.py"
ENTRIES = 6
ODD = 'line\u2028separator, "quotes", a\nbreak\rand 🔒 \ud800'


@pytest.fixture
async def home(tmp_path: Path) -> Path:
    clock = FakeClock(NOW)
    async with open_trail(tmp_path / "home", clock=clock) as trail:
        for number in range(ENTRIES // 2):
            at = NOW + timedelta(hours=number)
            await trail.write(
                make_draft(at=at, action_id=ActionId(f"{number}"), body={"text": ODD}),
                make_draft(at=at, event="session.opened", actor="=ana", action_id=None),
            )
            await trail.write()
    return tmp_path / "home"


def write(home: Path, target: Path, **options: Any) -> Export:
    files = AuditFiles(home)
    start, rows = read_trail(home, iter_audit_bytes(home / STORE))
    key = load_public_key(files.public_key)
    return write_export(target, rows, files.checkpoints, key, start=start, **options)


def signing_key(home: Path) -> Ed25519PrivateKey:
    return load_private_key(AuditFiles(home).private_key)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_whole_export_verifies_with_nothing_but_its_files(
    home: Path, tmp_path: Path, form: ExportFormat
) -> None:
    target = tmp_path / f"trail.{form}"
    written = write(home, target, form=form)
    assert (written.entries, written.report.ok) == (ENTRIES, True)
    assert {stat.S_IMODE(path.stat().st_mode) for path in written.files} == {0o600}
    shutil.rmtree(home)
    report = verify_export(target)
    assert (report.ok, report.entries, report.signed_length) == (True, ENTRIES, ENTRIES)
    assert report.head == written.report.head


async def test_an_export_beside_a_running_engine_is_signed_up_to_its_end(
    home: Path, tmp_path: Path
) -> None:
    target = tmp_path / "trail.jsonl"
    async with open_trail(home) as trail:
        await trail.write(make_draft())
        assert verify(home).signed_length == ENTRIES
        assert write(home, target).report.signed_length == ENTRIES  # without the key
        report = write(home, target, signing_key=signing_key(home)).report
    whole = ENTRIES + 1
    assert (report.ok, report.entries, report.signed_length) == (True, whole, whole)
    assert (
        verify_export(target, public_key=load_public_key(home / "audit" / "signing.pub")) == report
    )
    head = f"ok: {whole} entries, head {report.head}\n"
    assert run_snippet(target, home / "audit" / "signing.pub").stdout == head


@pytest.mark.parametrize("checkpoints_too", [False, True])
def test_the_cut_end_of_a_signed_export_is_found(
    home: Path, tmp_path: Path, *, checkpoints_too: bool
) -> None:
    target = tmp_path / "trail.jsonl"
    write(home, target, signing_key=signing_key(home))
    forging.edit_lines(target, lambda lines: lines[:-2])  # one write
    if checkpoints_too:
        forging.edit_lines(
            Path(f"{target}.checkpoints.jsonl"),
            lambda lines: [line for line in lines if forging.covered(line) < ENTRIES],
        )
    problem = verify_export(target).problem
    assert ("not what its signed manifest says" if checkpoints_too else "cut off") in problem


def cut_end(target: Path) -> None:
    """Take the last write and the checkpoints over it off an export."""
    forging.edit_lines(target, lambda lines: lines[:-2])
    forging.edit_lines(
        Path(f"{target}.checkpoints.jsonl"),
        lambda lines: [line for line in lines if forging.covered(line) < ENTRIES],
    )


def strip_signature(target: Path) -> None:
    path = Path(f"{target}.manifest.json")
    manifest = json.loads(path.read_text("utf-8"))
    del manifest["signature"]
    path.write_text(json.dumps(manifest), encoding="utf-8")


def test_an_end_without_a_signed_manifest_is_said_to_be_unproved(
    home: Path, tmp_path: Path
) -> None:
    target = tmp_path / "trail.jsonl"
    assert not write(home, target, signing_key=signing_key(home)).report.unproved
    assert not verify_export(target).unproved
    strip_signature(target)
    cut_end(target)
    assert "its manifest is not signed" in verify_export(target).unproved
    assert "its manifest is not signed" in write(home, tmp_path / "other").report.unproved
    whole = verify_export(tmp_path / "other")
    noted = AuditHead(length=ENTRIES, hash=whole.head)
    assert verify_export(tmp_path / "other", expected=noted) == replace(whole, unproved="")
    short = verify_export(target)
    early = AuditHead(length=short.entries, hash=short.head)
    assert "its manifest" in verify_export(tmp_path / "other", expected=early).unproved


def test_a_head_noted_elsewhere_finds_the_cut_end_of_any_whole_export(
    home: Path, tmp_path: Path
) -> None:
    target = tmp_path / "trail.jsonl"
    written = write(home, target)
    noted = AuditHead(length=ENTRIES, hash=written.report.head)
    passed = verify_export(target, expected=noted)
    assert (passed.ok, passed.unproved) == (True, "")
    cut_end(target)
    assert f"outside, {ENTRIES} was noted" in verify_export(target, expected=noted).problem
    part = tmp_path / "part"
    selection = ExportFilter(action_id=ActionId("1"))
    write(home, part, selection=selection, signing_key=signing_key(home))
    with pytest.raises(ConfigError, match="a head is of the whole trail"):
        verify_export(part, expected=noted)


def edit_entry(form: ExportFormat, name: str, value: Any) -> Callable[[str], str]:
    """Another value for one column of the third entry."""

    def edit(content: str) -> str:
        if form == "jsonl":
            lines = content.split("\n")
            entry = {**json.loads(lines[2]), name: value}
            lines[2] = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
            return "\n".join(lines)
        rows = list(csv.reader(io.StringIO(content, newline="")))
        rows[3][rows[0].index(name)] = value
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\n").writerows(rows)
        return out.getvalue()

    return edit


def twice(content: str) -> str:
    """A second text in the third entry, before the one that is hashed."""
    lines = content.split("\n")
    lines[2] = '{"text":"harmless",' + lines[2][1:]
    return "\n".join(lines)


UNLIKE_THE_TEXT: list[tuple[ExportFormat, Callable[[str], str]]] = [
    ("jsonl", twice),
    ("jsonl", edit_entry("jsonl", "more", "x")),
    ("jsonl", lambda content: content.replace('"seq":3,', '"seq":true,')),
    ("jsonl", edit_entry("jsonl", "seq", 3.0)),
    ("jsonl", lambda content: content.replace('"seq":3,', '"seq":1e999,')),
    ("jsonl", edit_entry("jsonl", "previous", "0" * 64)),
    ("csv", edit_entry("csv", "event", "approval.denied")),
    ("csv", edit_entry("csv", "actor", "somebody")),
    ("csv", edit_entry("csv", "action_id", "x")),
    ("csv", edit_entry("csv", "at", "2026-11-20")),
    ("csv", edit_entry("csv", "seq", "+3")),
    ("csv", edit_entry("csv", "previous", "0" * 64)),
]


@pytest.mark.parametrize(("form", "edit"), UNLIKE_THE_TEXT)
def test_what_stands_beside_the_signed_text_says_nothing_else(
    home: Path, tmp_path: Path, form: ExportFormat, edit: Callable[[str], str]
) -> None:
    """Also where nobody signed the manifest, which is over all of it."""
    target = tmp_path / "trail"
    write(home, target, form=form)
    content = target.read_bytes().decode()
    target.write_bytes(edit(content).encode())
    assert target.read_bytes().decode() != content
    report = verify_export(target)
    assert (report.ok, report.first_bad) == (False, 3)
    assert "number 3 of the exported entries" in report.problem


def test_a_table_without_its_names_is_none(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "trail"
    write(home, target, form="csv")
    target.write_bytes(target.read_bytes().replace(b"event,actor", b"actor,event", 1))
    assert verify_export(target).first_bad == 1
    target.write_bytes(b"")
    assert verify_export(target).first_bad == 1


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_byte_that_is_no_text_is_an_edit(home: Path, tmp_path: Path, form: ExportFormat) -> None:
    target = tmp_path / "trail"
    write(home, target, form=form)
    target.write_bytes(target.read_bytes().replace("🔒".encode(), b"\xff", 1))
    assert verify_export(target).first_bad == 1


def test_an_edit_after_a_broken_entry_is_not_told_in_its_place(home: Path, tmp_path: Path) -> None:
    rows = forging.read_rows(home)
    rows[1] = (2, rows[1][1].replace(b"session", b"Session"), rows[1][2])
    forging.write_rows(home, rows)
    target = tmp_path / "trail"
    write(home, target)
    forging.edit_lines(target, lambda lines: [*lines[:3], b"nonsense\n", *lines[4:]])
    report = verify_export(target)
    assert (report.first_bad, "entry 2 does not hash" in report.problem) == (2, True)


def test_what_one_could_wait_for_is_no_export(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "trail"
    write(home, target)
    for path in (target, tmp_path / "trail.manifest.json"):
        path.rename(tmp_path / "kept")
        os.mkfifo(path)
        with pytest.raises(ConfigError, match="it is no regular file"):
            verify_export(target)
        (tmp_path / "kept").rename(path)


def run_snippet(target: Path, key: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-I", SNIPPET, target, key], capture_output=True, text=True, check=False
    )


def test_an_auditor_verifies_an_export_without_our_program(home: Path, tmp_path: Path) -> None:
    assert "maestro" not in SNIPPET.read_text("utf-8").split('"""')[2].split("from cryptography")[0]
    target, key = tmp_path / "trail.jsonl", tmp_path / "noted.pub"
    head = write(home, target, signing_key=signing_key(home)).report.head
    shutil.copy(home / "audit" / "signing.pub", key)
    assert run_snippet(target, key).stdout == f"ok: {ENTRIES} entries, head {head}\n"
    lines = target.read_bytes().splitlines(keepends=True)
    attacks = {
        "entry 3 does not follow": [*lines[:2], lines[2].replace(b"coder", b"other"), *lines[3:]],
        "changed or cut off": lines[:-1],
    }
    for found, content in attacks.items():
        target.write_bytes(b"".join(content))
        assert found in run_snippet(target, key).stderr
    target.write_bytes(b"".join(lines))
    signed = Path(f"{target}.checkpoints.jsonl")
    whole = signed.read_bytes()
    signed.write_bytes(b"".join(whole.splitlines(keepends=True)[:-3]))
    assert "under no checkpoint" in run_snippet(target, key).stderr
    signed.write_bytes(whole.replace(b'"kind":"open"', b'"kind":"edit"'))
    assert "InvalidSignature" in run_snippet(target, key).stderr


async def test_an_auditor_finds_a_cut_end_without_our_program(tmp_path: Path) -> None:
    home, target = tmp_path / "home", tmp_path / "trail.jsonl"
    home.mkdir()
    async with open_trail(home) as trail:
        for _ in range(2):
            await trail.write(make_draft())
            trail.journal.sync()
    key = home / "audit" / "signing.pub"
    write(home, target, signing_key=signing_key(home))
    assert run_snippet(target, key).returncode == 0
    forging.edit_lines(target, lambda lines: lines[:1])
    signed = Path(f"{target}.checkpoints.jsonl")
    forging.edit_lines(signed, lambda lines: [x for x in lines if forging.covered(x) < 2])
    assert "not what its signed manifest says" in run_snippet(target, key).stderr
    strip_signature(target)
    found = run_snippet(target, key)
    assert (found.returncode, found.stdout) == (1, "")
    assert "compare length and head with those noted elsewhere" in found.stderr


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_edited_byte_of_an_exports_proof_is_found(
    home: Path, tmp_path: Path, form: ExportFormat, data: st.DataObject
) -> None:
    target = tmp_path / f"trail.{form}"
    write(home, target, form=form)
    content = bytearray(target.read_bytes())
    rows = content.index(b"\n") + 1 if form == "csv" else 0
    at = data.draw(st.integers(rows, len(content) - 1))
    content[at] = data.draw(st.sampled_from(b'0aZ"x,\n\xff').filter(lambda b: b != content[at]))
    target.write_bytes(content)
    report = verify_export(target)
    if report.ok:  # quotes that need not be there
        assert read_proof(target, form) == read_original(home)


def test_half_a_character_pair_in_an_export_is_an_edit_like_any_other(
    home: Path, tmp_path: Path
) -> None:
    target = tmp_path / "trail.jsonl"
    write(home, target, form="jsonl")
    content = target.read_bytes()
    assert b'"text":"{' in content or b'"text": "{' in content
    place = content.index(b'"{') + 1
    target.write_bytes(content[:place] + b"\\ud800" + content[place:])
    report = verify_export(target)
    assert (report.ok, report.first_bad) == (False, 1)


def read_proof(target: Path, form: str) -> list[tuple[int, str, str]]:
    with target.open(encoding="utf-8", newline="", errors="replace") as file:
        rows: Any = csv.DictReader(file) if form == "csv" else map(json.loads, file)
        return [(int(row["seq"]), row["text"], row["hash"]) for row in rows]


def read_original(home: Path) -> list[tuple[int, str, str]]:
    rows = forging.read_rows(home)
    return [(seq, text.decode(), digest.decode()) for seq, text, digest in rows]


SELECTIONS: list[tuple[ExportFilter, list[int]]] = [
    (ExportFilter(action_id=ActionId("1")), [3]),
    (ExportFilter(agent="=ana"), [2, 4, 6]),
    (ExportFilter(since=NOW + timedelta(hours=1)), [3, 4, 5, 6]),
    (ExportFilter(until=NOW + timedelta(hours=1)), [1, 2]),
    (ExportFilter(agent="nobody"), []),
]


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@pytest.mark.parametrize(("selection", "seqs"), SELECTIONS)
def test_a_filtered_export_holds_what_fits_and_is_proved_by_its_signature(
    home: Path, tmp_path: Path, selection: ExportFilter, seqs: list[int], form: ExportFormat
) -> None:
    target = tmp_path / "part"
    write(home, target, selection=selection, form=form, signing_key=signing_key(home))
    assert [seq for seq, _, _ in read_proof(target, form)] == seqs
    report = verify_export(target)
    assert (report.ok, report.entries, report.signed_length) == (True, len(seqs), len(seqs))
    other = Ed25519PrivateKey.generate().public_key()
    assert "it was edited" in verify_export(target, public_key=other).problem
    with target.open("ab") as file:
        file.write(b"\n")
    assert "it was edited" in verify_export(target).problem
    manifest = Path(f"{target}.manifest.json")
    manifest.write_bytes(manifest.read_bytes().replace(b'"signature"', b'"removed"'))
    assert "it was edited" in verify_export(target).problem


async def test_an_export_of_an_agent_holds_who_decided_on_its_actions(tmp_path: Path) -> None:
    home, target = tmp_path / "home", tmp_path / "part"
    home.mkdir()
    async with open_trail(home) as trail:
        for agent, number in (("coder", "1"), ("payer", "2")):
            action = ActionId(number)
            await trail.write(
                make_draft(actor=agent, action_id=action),
                make_draft(event="approval.approved", actor="ana", action_id=action, body={}),
                make_draft(event="action.outcome", actor=agent, action_id=action, body={}),
                make_draft(event="session.opened", actor="ana", action_id=None, body={}),
            )
    key = signing_key(home)
    write(home, target, selection=ExportFilter(agent="payer"), signing_key=key)
    assert [seq for seq, _, _ in read_proof(target, "jsonl")] == [5, 6, 7]
    assert verify_export(target).ok


def test_a_filtered_export_never_vouches_for_a_broken_trail(home: Path, tmp_path: Path) -> None:
    rows = forging.read_rows(home)
    rows[1] = (2, forging.with_field(rows[1][1], ("actor",), "somebody"), b"")
    forging.write_rows(home, forging.rehashed(rows))
    selection = ExportFilter(agent="somebody")
    with pytest.raises(AuditChainBroken, match="nothing was exported"):
        write(home, tmp_path / "part", selection=selection, signing_key=signing_key(home))
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    with pytest.raises(ConfigError, match="the signing key is needed"):
        write(home, tmp_path / "part", selection=selection)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_broken_trail_is_exported_whole_as_evidence(
    home: Path, tmp_path: Path, form: ExportFormat
) -> None:
    rows = forging.read_rows(home)
    rows[1] = (2, b"\xff not JSON", rows[1][2])
    rows[2] = (3, b"[1]", rows[2][2])
    forging.write_rows(home, rows)
    written = write(home, tmp_path / "trail", form=form, signing_key=signing_key(home))
    assert (written.entries, written.report.first_bad) == (ENTRIES, 2)
    assert verify_export(tmp_path / "trail").first_bad == 2
    selection = ExportFilter(agent="coder")
    with pytest.raises(AuditChainBroken):
        write(home, tmp_path / "part", selection=selection, signing_key=signing_key(home))


def test_a_cell_is_never_a_formula(home: Path, tmp_path: Path) -> None:
    write(home, tmp_path / "trail.csv", form="csv")
    with (tmp_path / "trail.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["actor"] for row in rows} == {"coder", "'=ana"}
    assert {row["action_id"] for row in rows} == {"0", "1", "2", ""}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"nonsense",
        b"[]",
        b'{"seq":1}',
        b'{"seq":1,"previous":1,"hash":"a","text":"b"}',
        b'{"seq":null,"previous":"a","hash":"a","text":"b"}',
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_what_is_no_entry_is_found(home: Path, tmp_path: Path, line: bytes, *, whole: bool) -> None:
    target, key = tmp_path / "trail", signing_key(home)
    selection = ExportFilter() if whole else ExportFilter(agent="coder")
    write(home, target, selection=selection, signing_key=key)
    target.write_bytes(line + b"\n")
    if not whole:
        sign_again(target, key)
    report = verify_export(target)
    assert (report.ok, report.first_bad) == (False, 1 if whole else None)
    assert "number 1 of the exported entries is not as it was exported" in report.problem


def sign_again(target: Path, key: Ed25519PrivateKey) -> None:
    """A manifest that its key's owner signed over something wrong."""
    path = Path(f"{target}.manifest.json")
    manifest = json.loads(path.read_bytes())
    del manifest["signature"]
    manifest["sha256"] = sha256(target.read_bytes()).hexdigest()
    signed = b"maestro-audit-export-v1\n" + json.dumps(manifest, sort_keys=True).encode()
    manifest["signature"] = key.sign(signed).hex()
    path.write_text(json.dumps(manifest), encoding="utf-8")


def test_a_signed_export_whose_entries_do_not_link_is_found(home: Path, tmp_path: Path) -> None:
    target, key = tmp_path / "part", signing_key(home)
    write(home, target, selection=ExportFilter(since=NOW), signing_key=key)
    lines = target.read_bytes().splitlines(keepends=True)
    target.write_bytes(b"".join([lines[1], lines[0]]))
    sign_again(target, key)
    assert verify_export(target).first_bad == 1
    target.write_bytes(b"".join([lines[0].replace(b"coder", b"other"), *lines[1:]]))
    sign_again(target, key)
    assert verify_export(target).first_bad == 1


def test_a_field_that_no_table_can_hold_is_found(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, tmp_path / "trail.csv", form="csv")
    limit = csv.field_size_limit()
    monkeypatch.setattr(export_entries, "_TEXT_CHARS_MAX", 100)
    assert verify_export(tmp_path / "trail.csv").first_bad == 1
    assert csv.field_size_limit() == limit  # others in this process read tables, too


@pytest.mark.parametrize(
    "manifest", [b"", b"[]", b"{}", b'{"start":[1]}', b'{"start":[1,2]}', b'{"start":["1","2"]}']
)
def test_a_manifest_that_is_none_is_named(home: Path, tmp_path: Path, manifest: bytes) -> None:
    write(home, tmp_path / "trail")
    (tmp_path / "trail.manifest.json").write_bytes(manifest)
    with pytest.raises(ConfigError, match="is not the manifest of an export"):
        verify_export(tmp_path / "trail")


@pytest.mark.parametrize("name", ["", ".pub", ".manifest.json", ".checkpoints.jsonl"])
def test_a_missing_file_is_named(home: Path, tmp_path: Path, name: str) -> None:
    write(home, tmp_path / "trail")
    (tmp_path / f"trail{name}").unlink()
    with pytest.raises(ConfigError, match=f"trail{name}"):
        verify_export(tmp_path / "trail")


def test_an_export_that_is_broken_off_leaves_the_one_before(home: Path, tmp_path: Path) -> None:
    class Ended(BaseException):
        """Nothing catches it, as nothing outlives a kill."""

    def broken_off() -> Iterator[Row]:
        yield from list(iter_audit_bytes(home / STORE))[:3]
        raise Ended

    files, target = AuditFiles(home), tmp_path / "out" / "trail"
    target.parent.mkdir()
    key = load_public_key(files.public_key)
    with pytest.raises(Ended):
        write_export(target, broken_off(), files.checkpoints, key)
    assert list(target.parent.iterdir()) == []
    write(home, target)
    with pytest.raises(Ended):
        write_export(target, broken_off(), files.checkpoints, key)
    assert verify_export(target).ok


def test_a_folder_that_cannot_be_written_is_named(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot write the export"):
        write(home, tmp_path / "none" / "trail")
    assert verify(home).ok
