"""`maestro audit`: what it prints, and what its exit code says."""

import json
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from console.__main__ import main
from tests.factories import NOW, make_draft
from tests.integration.audit import forging
from tests.integration.audit.homes import STORE, open_trail, write_days


@pytest.fixture
async def home(tmp_path: Path) -> Path:
    await write_days(tmp_path / "home", days=2)
    return tmp_path / "home"


def audit(home: Path, *arguments: str | Path) -> int:
    return main(["audit", *map(str, arguments), "--home", str(home)])


def test_verify_names_head_and_what_is_signed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(home, "verify") == 0
    assert capsys.readouterr().out.startswith("ok: 14 entries, all signed, head ")
    assert audit(home, "verify", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["entries"], told["first_bad"]) == (True, 14, None)
    assert (len(told["key"]), told["key_note"]) == (16, "")
    assert audit(home, "verify") == 0
    assert capsys.readouterr().out.endswith(f", key {told['key']}\n")
    noted = ("--expect-length", "14", "--expect-head", told["head"])
    assert audit(home, "verify", *noted, "--public-key", home / "audit" / "signing.pub") == 0
    assert audit(home, "verify", "--expect-length", "15", "--expect-head", told["head"]) == 1


def test_verify_exits_1_and_names_the_first_bad_entry(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with forging.store(home) as db:
        db.execute("UPDATE audit SET text = replace(text, 'coder', 'other') WHERE seq = 9")
    assert audit(home, "verify") == 1
    assert capsys.readouterr().out.startswith("BROKEN: entry 9 ")
    assert audit(home, "verify", "--json") == 1
    assert json.loads(capsys.readouterr().out)["first_bad"] == 9


async def test_tail_shows_the_newest_and_no_control_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft(), make_draft(actor="evil\x1b[2J", body={"reason": "no"}))
    assert audit(tmp_path, "tail", "-n", "1") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.split()[0] == "2"
    assert "\x1b" not in line
    assert audit(tmp_path, "tail", "--json") == 0
    entries = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert [each["seq"] for each in entries] == [1, 2]
    forging.write_rows(tmp_path, [(1, b"nonsense", b"0"), (2, b'{"at":"", "body":[]}', b"0")])
    assert audit(tmp_path, "tail") == 0
    assert capsys.readouterr().out.count("not an entry, verify the trail") == 2


def test_export_and_its_verification(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "trail.csv"
    assert audit(home, "export", target, "--format", "csv") == 0
    assert "14 entries: " in capsys.readouterr().out
    noted = ("--expect-length", "14", "--expect-head", "0" * 64)
    assert audit(home, "verify", "--export", target) == 0
    assert audit(home, "verify", "--export", target, *noted) == 1
    assert "BROKEN" in capsys.readouterr().out
    since = (NOW + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    part = ("--since", since, "--agent", "coder", "--action", "0" * 26)
    assert audit(home, "export", tmp_path / "part", *part) == 0
    assert "7 entries: " in capsys.readouterr().out
    assert audit(home, "verify", "--export", tmp_path / "part") == 0
    assert audit(home, "export", target, "--format", "xml") == 2
    with forging.store(home) as db:
        db.execute("DELETE FROM audit WHERE seq = 5")
    capsys.readouterr()
    before = target.read_bytes()
    assert audit(home, "export", target) == 1
    assert f"{target} is there already" in capsys.readouterr().err
    assert target.read_bytes() == before
    assert audit(home, "export", target, "--force") == 1
    assert "BROKEN: entry 5 is missing" in capsys.readouterr().out
    assert audit(home, "export", tmp_path / "part", *part, "--force") == 1
    assert "nothing was exported" in capsys.readouterr().err


async def test_tail_names_whose_rights_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = {"agent": "coder", "why": "leaks", "trust": 0.5}
    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft(event="agent.quarantined", actor="ana", body=body))
    assert audit(tmp_path, "tail") == 0
    assert capsys.readouterr().out.endswith("  leaks  coder\n")


def test_an_export_that_nothing_fits_says_so_and_names_close_names(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "trail.jsonl"
    assert audit(home, "export", target, "--agent", "codr") == 1
    told = capsys.readouterr()
    assert told.out.startswith("0 entries: ")
    assert told.err == (
        "maestro: nothing in the trail fits: the export is empty; did you mean coder?\n"
    )
    assert (
        audit(home, "export", target, "--agent", "coder", "--until", "2001-01-01", "--force") == 1
    )
    assert capsys.readouterr().err == "maestro: nothing in the trail fits: the export is empty\n"


def test_an_export_is_written_as_its_name_ends(home: Path, tmp_path: Path) -> None:
    assert audit(home, "export", tmp_path / "trail.CSV") == 0
    assert (tmp_path / "trail.CSV").read_text().startswith("seq,at,event,")
    assert audit(home, "export", tmp_path / "lines.csv", "--format", "jsonl") == 0
    assert (tmp_path / "lines.csv").read_text().startswith("{")


def test_an_export_held_against_its_own_key_says_what_that_proves(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target, key = tmp_path / "trail", home / "audit" / "signing.pub"
    assert audit(home, "export", target) == 0
    capsys.readouterr()
    assert audit(home, "verify") == 0
    own = capsys.readouterr().out.split("key ")[1].strip()
    assert audit(home, "verify", "--export", target) == 0
    said = capsys.readouterr().out
    assert f", key {own} (the key that lies beside the export: nobody without that key" in said
    assert "compare its id" in said
    assert audit(home, "verify", "--export", target, "--public-key", key) == 0
    assert capsys.readouterr().out.endswith(f", key {own}\n")
    assert audit(home, "verify", "--export", target, "--json") == 0
    assert "beside the export" in json.loads(capsys.readouterr().out)["key_note"]


def test_an_export_whose_end_nobody_signed_is_no_proof(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target, key = tmp_path / "trail", home / "audit" / "signing.key"
    key.rename(tmp_path / "key")
    assert audit(home, "export", target) == 0
    capsys.readouterr()
    assert audit(home, "verify", "--export", target) == 1
    said = capsys.readouterr().out
    assert said.startswith("UNPROVED: 14 entries")
    assert "its manifest is not signed" in said
    assert audit(home, "verify", "--export", target, "--json") == 1
    head = json.loads(capsys.readouterr().out)["head"]
    noted = ("--expect-length", "14", "--expect-head", head)
    assert audit(home, "verify", "--export", target, *noted) == 0


def keep_key_elsewhere(home: Path, key: Path) -> None:
    (home / "maestro.toml").write_text(f"[audit]\nkey_file = '{key}'\n", encoding="utf-8")
    (home / "maestro.toml").chmod(0o600)


async def test_a_home_replaced_by_another_is_told_by_the_key_kept_elsewhere(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = (home / "audit" / "signing.key").rename(tmp_path / "key")
    keep_key_elsewhere(home, key)
    assert audit(home, "verify") == 0
    assert "no signing key here" not in capsys.readouterr().out
    shutil.move(home, tmp_path / "own")
    await write_days(home, days=1)
    keep_key_elsewhere(home, key)
    (home / "audit" / "signing.key").unlink()
    assert audit(home, "verify") == 1
    assert "it was replaced" in capsys.readouterr().out
    (home / "maestro.toml").unlink()  # what is not known cannot be compared, and that is said
    assert audit(home, "verify") == 0
    assert "(no signing key here to compare)" in capsys.readouterr().out
    assert audit(home, "verify", "--config", tmp_path / "own" / "maestro.toml") == 1


def test_a_store_that_is_gone_is_not_taken_for_one_that_never_was(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / STORE).unlink()
    assert audit(home, "verify") == 1
    told = capsys.readouterr().err
    assert f"{home / STORE} is gone, and {home}/audit/checkpoints.jsonl tells of its trail" in told


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("text = NULL WHERE seq = 9", "entry 9 does not hash"),
        ("hash = NULL WHERE seq = 9", "entry 9 does not hash"),
        ("seq = 'abc' WHERE seq = 9", "entry 9 is missing"),
        ("seq = NULL WHERE seq = 9", "entry 9 is missing"),
        ("seq = x'00' WHERE seq = 9", "entry 9 is missing"),
        ("seq = seq * 1.0", "entry 1 is missing"),
    ],
)
def test_a_table_made_anew_for_other_types_is_found(
    home: Path, capsys: pytest.CaptureFixture[str], change: str, found: str
) -> None:
    with forging.store(home) as db:
        db.executescript(
            "CREATE TABLE other (seq, text, hash); INSERT INTO other SELECT * FROM audit;"
            " DROP TABLE audit; ALTER TABLE other RENAME TO audit"
        )
        db.execute(f"UPDATE audit SET {change}")  # noqa: S608 - our own words
    assert audit(home, "verify") == 1
    assert capsys.readouterr().out.startswith(f"BROKEN: {found}")
    assert audit(home, "tail") == 0
    assert audit(home, "export", home / "trail") == 1
    assert audit(home, "verify", "--export", home / "trail") == 1


def doctor(home: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["doctor", "--home", str(home)]) == 1
    return capsys.readouterr().out


def test_the_doctor_names_what_is_wrong_with_the_key(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = home / "audit" / "signing.key"
    whole = key.read_bytes()
    key.write_bytes(b"")
    assert f"FAIL    {key} is not an unencrypted PEM private key" in doctor(home, capsys)
    key.unlink()
    assert f"FAIL    cannot read the signing key {key}" in doctor(home, capsys)
    assert audit(home, "verify", "--json") == 0
    told = json.loads(capsys.readouterr().out)["key"]
    keep_key_elsewhere(home, tmp_path / "key")
    (tmp_path / "key").write_bytes(whole)
    (tmp_path / "key").chmod(0o640)
    said = doctor(home, capsys)
    assert f"FAIL    {tmp_path}/key is open to others (mode 640)" in said
    assert f"key     {told} signs the trail" in said
    (home / STORE).unlink()
    assert f"FAIL    {home / STORE} is gone" in doctor(home, capsys)


def test_the_doctor_goes_on_where_a_file_of_the_trail_is_none(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(home / "audit" / "2026-11-25.jsonl", 0o600)
    said = doctor(home, capsys)
    assert "audit/2026-11-25.jsonl cannot be read: it is no regular file" in said


def test_archive_takes_days_out_of_the_store(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(home, "archive", "--before", "2026-11-22") == 0
    assert "entries up to 7 are in" in capsys.readouterr().out
    assert audit(home, "archive", "--before", "2026-11-22") == 0
    assert capsys.readouterr().out == "nothing to archive\n"
    assert audit(home, "verify") == 0
    (home / "audit" / "2026-11-21.jsonl").unlink()
    assert audit(home, "verify") == 1
    assert audit(home, "verify", "--from-anchor") == 0
    assert audit(home, "archive", "--before", "yesterday") == 2
    assert audit(home, "archive", "--before", "2999-01-01") == 2
    assert "name today at the latest" in capsys.readouterr().err.replace("\n", " ")


def test_a_damaged_store_is_named_and_no_traceback_shown(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / STORE).write_bytes(b"not a database" * 100)
    assert audit(home, "verify") == 1
    assert "the file is damaged" in capsys.readouterr().err
