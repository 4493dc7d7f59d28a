"""Tokens: made once, kept as hashes, ended on the record."""

import asyncio
import hashlib
import json
import logging
import stat
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ActionNotFound, ConfigError, InvalidAction, StorageFull, Unauthenticated
from core.gateway.tokens import TokenBook, TokenRevoked, token_path
from core.ids import TokenId
from core.records import TokenKind, WriteUnit
from tests.fake_store import FakeStore
from tests.fakes import FakeClock, FakeIds


async def _book(store: FakeStore | None = None, ids: FakeIds | None = None) -> TokenBook:
    return await TokenBook.load(store or FakeStore(), clock=FakeClock(), ids=ids or FakeIds())


async def test_a_token_is_recognised_also_after_a_restart() -> None:
    store, ids = FakeStore(), FakeIds()
    record, secret = await (await _book(store, ids)).make(
        TokenKind.AGENT, "builder", bound_to="coder"
    )
    again = (await _book(store, ids)).verify(secret)
    assert again == record
    assert again.bound_to == "coder"


async def test_the_prefix_tells_the_kind_and_no_two_tokens_are_alike() -> None:
    book = await _book()
    _, agent = await book.make(TokenKind.AGENT, "a")
    _, other = await book.make(TokenKind.AGENT, "a")
    _, operator = await book.make(TokenKind.OPERATOR, "o")
    assert agent.startswith("mst_agent_")
    assert operator.startswith("mst_oper_")
    assert agent != other


async def test_only_the_hash_is_kept_and_the_trail_never_holds_the_secret() -> None:
    store = FakeStore()
    book = await _book(store)
    record, secret = await book.make(TokenKind.AGENT, "a", by="ana")
    _, second = await book.rotate(record.id, by="ana")
    await book.revoke(book.verify(second).id, by="bo")
    assert record.hash == hashlib.sha256(secret.encode()).hexdigest()
    kept = json.dumps([asdict(each) for each in store.drafts], default=str) + repr(store.rows)
    assert secret not in kept
    assert second not in kept
    assert [(each.event, each.actor) for each in store.drafts] == [
        ("token.created", "ana"),
        ("token.revoked", "ana"),
        ("token.created", "ana"),
        ("token.revoked", "bo"),
    ]


@given(st.text(max_size=200))
async def test_nothing_but_a_token_is_taken_for_one(guess: str) -> None:
    book = await _book()
    await book.make(TokenKind.AGENT, "a")
    with pytest.raises(Unauthenticated):
        book.verify(guess)


async def test_a_revoked_token_is_refused_also_after_a_restart() -> None:
    store, ids = FakeStore(), FakeIds()
    book = await _book(store, ids)
    record, secret = await book.make(TokenKind.AGENT, "a")
    assert (await book.revoke(record.id)).revoked_at is not None
    assert (await book.revoke(record.id)).revoked_at is not None
    for each in (book, await _book(store, ids)):
        with pytest.raises(Unauthenticated, match="was revoked"):
            each.verify(secret)
    with pytest.raises(TokenRevoked):
        await book.rotate(record.id)


async def test_a_label_stands_in_the_trail_without_its_secrets() -> None:
    store = FakeStore()
    await (await _book(store)).make(TokenKind.AGENT, "was ghp_" + "a1B2" * 9)
    assert store.drafts[-1].body["label"] == "was [redacted:github-token]"


async def test_rotating_keeps_kind_label_and_binding() -> None:
    book = await _book()
    old, secret = await book.make(TokenKind.AGENT, "a", bound_to="coder")
    new, fresh = await book.rotate(old.id)
    assert (new.kind, new.label, new.bound_to) == (old.kind, old.label, old.bound_to)
    assert book.verify(fresh) == new
    with pytest.raises(Unauthenticated):
        book.verify(secret)
    assert [each.id for each in book.list()] == [old.id, new.id]


async def test_of_two_who_rotate_a_token_at_once_one_gets_a_successor() -> None:
    store = FakeStore()
    book = await _book(store)
    token, _ = await book.make(TokenKind.OPERATOR, "ana", bound_to="ana")
    commit = store.commit

    async def slowly(unit: WriteUnit) -> object:
        await asyncio.sleep(0)
        return await commit(unit)

    store.commit = slowly  # type: ignore[method-assign,assignment]
    both = (book.rotate(token.id, by=who) for who in ("ana", "thief"))
    told = await asyncio.gather(*both, return_exceptions=True)
    assert [type(each) for each in told] == [tuple, TokenRevoked]
    assert [each.revoked_at is None for each in book.list()] == [False, True]


async def test_an_operator_token_under_another_name_than_the_consoles_is_replaced(
    tmp_path: Path,
) -> None:
    book = await _book()
    path = token_path(tmp_path, TokenKind.OPERATOR)
    await book.ensure_files(tmp_path, operator="ana")
    old = path.read_text().strip()
    await book.ensure_files(tmp_path, operator="Ana")  # the same person
    assert path.read_text().strip() == old
    await book.ensure_files(tmp_path, operator="anna")
    assert book.verify(path.read_text().strip()).bound_to == "anna"
    assert not book.is_operator("ana")
    with pytest.raises(Unauthenticated):
        book.verify(old)
    _, invited = await book.make(TokenKind.OPERATOR, "bo", bound_to="bo")
    path.write_text(invited)  # somebody's choice: it stays theirs
    await book.ensure_files(tmp_path, operator="anna")
    assert book.verify(invited).bound_to == "bo"


async def test_a_store_that_fails_changes_nothing() -> None:
    store = FakeStore()
    book = await _book(store)
    record, secret = await book.make(TokenKind.AGENT, "a")
    store.fail_with = StorageFull("the disk is full")
    with pytest.raises(StorageFull):
        await book.make(TokenKind.OPERATOR, "o")
    with pytest.raises(StorageFull):
        await book.revoke(record.id)
    assert book.list() == (record,)
    assert book.verify(secret) == record


async def test_an_unknown_id_and_an_empty_label_are_refused() -> None:
    book = await _book()
    with pytest.raises(ActionNotFound, match="no token"):
        await book.revoke(TokenId("none"))
    with pytest.raises(InvalidAction, match="label"):
        await book.make(TokenKind.AGENT, " ")


async def test_the_first_start_writes_both_files_private_and_later_ones_keep_them(
    tmp_path: Path,
) -> None:
    store, ids = FakeStore(), FakeIds()
    await (await _book(store, ids)).ensure_files(tmp_path, operator="ana")
    paths = [token_path(tmp_path, kind) for kind in TokenKind]
    first = [path.read_text() for path in paths]
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o600, 0o600]
    book = await _book(store, ids)
    await book.ensure_files(tmp_path, operator="ana")
    assert [path.read_text() for path in paths] == first
    assert len(book.list()) == 2
    agent, operator = (book.verify(text.strip()) for text in first)
    assert (agent.kind, agent.label, agent.bound_to) == (TokenKind.AGENT, "agent", None)
    assert (operator.kind, operator.bound_to) == (TokenKind.OPERATOR, "ana")


async def test_a_file_that_holds_nothing_known_is_replaced(tmp_path: Path) -> None:
    token_path(tmp_path, TokenKind.AGENT).write_text("mst_agent_of_an_older_store\n")
    book = await _book()
    await book.ensure_files(tmp_path)
    secret = token_path(tmp_path, TokenKind.AGENT).read_text().strip()
    assert book.verify(secret).kind is TokenKind.AGENT


async def test_revoking_is_not_undone_by_a_restart(tmp_path: Path) -> None:
    store, ids = FakeStore(), FakeIds()
    book = await _book(store, ids)
    await book.ensure_files(tmp_path)
    secret = token_path(tmp_path, TokenKind.AGENT).read_text().strip()
    await book.revoke(book.verify(secret).id)
    again = await _book(store, ids)
    await again.ensure_files(tmp_path)
    assert token_path(tmp_path, TokenKind.AGENT).read_text().strip() == secret
    with pytest.raises(Unauthenticated):
        again.verify(secret)


async def test_rotating_the_token_of_a_file_renews_the_file(tmp_path: Path) -> None:
    book = await _book()
    await book.ensure_files(tmp_path)
    path = token_path(tmp_path, TokenKind.OPERATOR)
    _, secret = await book.rotate(book.verify(path.read_text().strip()).id)
    assert path.read_text().strip() == secret
    other, _ = await book.make(TokenKind.OPERATOR, "o")
    await book.rotate(other.id)
    assert path.read_text().strip() == secret


async def test_a_file_that_others_could_read_is_made_private(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    book = await _book()
    await book.ensure_files(tmp_path)
    path = token_path(tmp_path, TokenKind.AGENT)
    path.chmod(0o644)
    with caplog.at_level(logging.WARNING, "maestro.gateway"):
        await book.ensure_files(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() not in caplog.text
    assert "made private" in caplog.text


@pytest.mark.parametrize("odd", ["link", "directory"])
async def test_a_token_file_must_be_a_plain_file(tmp_path: Path, odd: str) -> None:
    path = token_path(tmp_path, TokenKind.AGENT)
    if odd == "link":
        (tmp_path / "elsewhere").write_text("x")
        path.symlink_to(tmp_path / "elsewhere")
    else:
        path.mkdir()
    with pytest.raises(ConfigError, match=r"agent\.token cannot be used"):
        await (await _book()).ensure_files(tmp_path)


async def test_a_home_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be used"):
        await (await _book()).ensure_files(tmp_path / "nowhere")
