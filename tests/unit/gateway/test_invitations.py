"""Operators are invited by notes in the home: taken once, refused when anything is off."""

import json
import stat
from pathlib import Path

import pytest

from core.errors import ConfigError, InvalidAction, StorageFull, Unauthenticated
from core.gateway.invitations import FOLDER, Invitations, invite_operator
from core.gateway.tokens import TokenBook
from core.records import TokenKind
from tests.fake_store import FakeStore
from tests.fakes import FakeClock, FakeIds


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
async def book(store: FakeStore) -> TokenBook:
    return await TokenBook.load(store, clock=FakeClock(), ids=FakeIds())


@pytest.fixture
def invitations(book: TokenBook, tmp_path: Path) -> Invitations:
    return Invitations(book, home=tmp_path, clock=FakeClock())


async def test_an_invited_operator_decides_under_the_own_name_and_stands_on_the_trail(
    book: TokenBook, invitations: Invitations, store: FakeStore, tmp_path: Path
) -> None:
    note, secret = invite_operator(tmp_path, "bo")
    assert secret not in note.read_text(encoding="utf-8")
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert stat.S_IMODE(note.parent.stat().st_mode) == 0o700
    with pytest.raises(Unauthenticated):
        book.verify(secret)
    await invitations.take_in()
    token = book.verify(secret)
    assert (token.kind, token.bound_to) == (TokenKind.OPERATOR, "bo")
    assert not note.exists()
    assert [(each.event, each.body["bound_to"]) for each in store.drafts] == [
        ("token.created", "bo")
    ]


async def test_a_note_that_comes_back_does_not_undo_a_revocation(
    book: TokenBook, invitations: Invitations, tmp_path: Path
) -> None:
    note, secret = invite_operator(tmp_path, "bo")
    kept = note.read_bytes()
    await invitations.take_in()
    await book.revoke(book.verify(secret).id)
    note.write_bytes(kept)
    note.chmod(0o600)
    await invitations.take_in()
    with pytest.raises(Unauthenticated, match="revoked"):
        book.verify(secret)
    assert not note.exists()


async def test_a_store_that_cannot_serve_keeps_the_note_for_later(
    book: TokenBook, invitations: Invitations, store: FakeStore, tmp_path: Path
) -> None:
    note, secret = invite_operator(tmp_path, "bo")
    store.fail_with = StorageFull("full")
    await invitations.take_in()
    assert note.exists()
    store.fail_with = None
    await invitations.take_in()
    assert book.verify(secret).bound_to == "bo"


@pytest.mark.parametrize(
    ("content", "mode"),
    [
        ("not json", 0o600),
        ("[]", 0o600),
        ('{"operator": "bo"}', 0o600),
        (json.dumps({"operator": "bo", "hash": "x" * 64}), 0o600),
        (json.dumps({"operator": "bo", "hash": 5}), 0o600),
        (json.dumps({"operator": " ", "hash": "a" * 64}), 0o600),
        (json.dumps({"operator": 7, "hash": "a" * 64}), 0o600),
        (json.dumps({"operator": "bo", "hash": "a" * 64}), 0o602),
    ],
)
async def test_what_is_no_invitation_is_removed_and_makes_nobody(
    book: TokenBook, invitations: Invitations, tmp_path: Path, content: str, mode: int
) -> None:
    path = tmp_path / FOLDER / "note.json"
    path.parent.mkdir()
    path.write_text(content, encoding="utf-8")
    path.chmod(mode)
    await invitations.take_in()
    assert book.list() == ()
    assert not path.exists()


async def test_a_link_is_not_followed(
    book: TokenBook, invitations: Invitations, tmp_path: Path
) -> None:
    note, _ = invite_operator(tmp_path, "bo")
    note.rename(tmp_path / "elsewhere")
    note.symlink_to(tmp_path / "elsewhere")
    await invitations.take_in()
    assert book.list() == ()


@pytest.mark.parametrize(
    "name",
    ["", " bo", "bo ", "bo\n", "x" * 101, "\x1b[2J", "operator/../x y", "..", "a\u200bb", "\u2100"],
)
def test_a_name_that_none_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidAction, match="begins with a letter or a digit"):
        invite_operator(tmp_path, name)


@pytest.mark.parametrize(
    "name",
    [
        "b",
        "bo",
        "Ana María",
        "jo.o'neil+1@example.org",
        "Joa\u0303o",
        "李",
        "Анна",
        "Ka\u02bbena",
        "田中 ケン Ken",
        "佐々木",
    ],
)
def test_people_are_called_as_they_are(tmp_path: Path, name: str) -> None:
    assert invite_operator(tmp_path, name)[0].exists()


@pytest.mark.parametrize(
    "name", ["ana\u3164", "ana\uffa0", "an\u0430", "\u0430na", "ana \u03b1\u03b2", "a\u115fna"]
)
def test_a_name_that_could_pass_for_another_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidAction, match="could pass for another"):
        invite_operator(tmp_path, name)


def test_a_name_in_letters_that_all_look_like_others_is_the_same_person(tmp_path: Path) -> None:
    with pytest.raises(InvalidAction, match="in another spelling"):
        invite_operator(tmp_path, "\u0441\u043e\u0441\u043e", known=["coco"])


@pytest.mark.parametrize("name", ["Root", "ROOT", "\uff52\uff4f\uff4f\uff54"])
def test_a_name_in_another_spelling_is_the_same_person(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidAction, match="is root in another spelling"):
        invite_operator(tmp_path, name, known=["ana", "root"])
    invite_operator(tmp_path, "root", known=["ana", "root"])  # another token of theirs
    with pytest.raises(InvalidAction, match="is root in another spelling"):
        invite_operator(tmp_path, name)  # the first waits to be taken in


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot write"):
        invite_operator(tmp_path / "none" / "such", "bo")
