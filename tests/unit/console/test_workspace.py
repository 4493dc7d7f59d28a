"""Only a text file that really lies in the session's workspace is read for a card."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from console.view_models.around import Around, OnDisk
from console.view_models.dossier import make_card
from console.view_models.ink import plain_text
from console.workspace import FILE_MAX, read_on_disk
from core.ids import AgentId, SessionId
from core.ports import Dossier
from core.records import SessionRecord
from tests.console.fakes import FakeOperator, action_id
from tests.factories import NOW
from tests.unit.console.test_cards import VIEW


def dossier_of(resource: str, cwd: str | None, **changes: object) -> Dossier:
    operator = FakeOperator()
    session = None
    if cwd is not None:
        session = SessionRecord(
            id=SessionId("s-1"),
            agent_id=AgentId("coder"),
            purposes=(),
            untrusted=(),
            cwd=cwd,
            started_at=NOW,
        )
    given = {"kind": "file.write", "arguments": {"content": "new\n"}, **changes}
    operator.hold("aa0001", resource=resource, session=session, **given)
    return operator.dossiers[action_id("aa0001")]


def note(found: OnDisk | None) -> str:
    assert found is not None
    assert found.text is None
    return found.note


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "a" / "b"
    made.mkdir(parents=True)
    return made


def test_the_difference_against_the_file_is_on_the_card(folder: Path) -> None:
    (folder / "x.txt").write_text("old\nAWS=AKIAIOSFODNN7EXAMPLE\n")
    dossier = dossier_of(str(folder / "x.txt"), str(folder))
    found = read_on_disk(dossier)
    assert found is not None
    card = make_card(dossier, VIEW, Around(on_disk=found))
    text = "\n".join(plain_text((*line.lead, *line.body)) for line in card.action)
    assert "as this machine has it now" in text
    assert "- old" in text
    assert "+ new" in text
    assert "AKIAIOSFODNN7EXAMPLE" not in text


def test_a_file_that_is_not_there_is_new(folder: Path) -> None:
    found = read_on_disk(dossier_of("x.txt", str(folder)))
    assert found == OnDisk("", "a new file: there is none of this name in the workspace here")


def test_nothing_outside_of_the_workspace_is_read(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (folder / "link").symlink_to(secret)
    for name in (str(secret), "../../secret", "link", "/etc/hostname"):
        assert "lies outside" in note(read_on_disk(dossier_of(name, str(folder))))


def test_a_workspace_that_is_everything_is_none() -> None:
    assert "lies outside" in note(read_on_disk(dossier_of("/etc/hostname", "/")))
    assert "lies outside" in note(read_on_disk(dossier_of("/etc/hostname", "/etc")))


def test_what_cannot_be_compared_says_why(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "binary").write_bytes(b"\xff\x00")
    (folder / "long").write_bytes(b"a" * (FILE_MAX + 1))
    (folder / "loop").symlink_to(folder / "loop")
    said = {
        "pipe": "no regular file",
        "binary": "holds no text",
        "long": "too long",
        "a\0b": "unreadable path",
        "loop": "not compared",
    }
    for name, words in said.items():
        assert words in note(read_on_disk(dossier_of(name, str(folder))))
    assert "No such file" in note(read_on_disk(dossier_of("x", str(folder / "gone"))))
    assert "names no workspace" in note(read_on_disk(dossier_of("x", None)))


def test_what_replaces_no_file_reads_none(folder: Path) -> None:
    assert read_on_disk(dossier_of("x", str(folder), kind="shell.execute")) is None
    assert read_on_disk(dossier_of("x", str(folder), arguments={"new_string": "a"})) is None


def test_what_an_operator_sees_redacted_is_what_is_compared(folder: Path) -> None:
    dossier = dossier_of("x.txt", str(folder))
    hidden = replace(dossier, arguments_shown={"content": "[secret]"})
    card = make_card(hidden, VIEW, Around(on_disk=OnDisk("old", "note")))
    text = "\n".join(plain_text((*line.lead, *line.body)) for line in card.action)
    assert "+ [secret]" in text
