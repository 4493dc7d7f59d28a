"""Verification in memory: what needs many entries, odd values, or heads that do not meet."""

from collections.abc import Callable, Sequence
from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.audit.checkpoints import key_id
from core.audit.model import Row
from core.audit.rules import GENESIS
from core.audit.verify import Verification, entry_signature_holds, follow_rows
from core.errors import AuditChainBroken
from core.ports import VerifyReport
from core.records import AuditHead
from tests.unit.audit.trails import KEY, head_at, make_lines, make_rows, rehash

MANY = make_rows(2500)
NO_LINES: tuple[bytes, ...] = ()


@pytest.fixture(scope="module")
def many_lines() -> list[bytes]:
    return make_lines([head_at(MANY, length) for length in range(2501)])


def report(
    rows: Sequence[Row],
    lines: Sequence[bytes] = NO_LINES,
    *,
    expected: AuditHead | None = None,
    start: AuditHead = GENESIS,
) -> VerifyReport:
    return Verification(rows, lines, KEY.public_key(), expected=expected, start=start).report()


def edited(rows: Sequence[Row], seq: int) -> list[Row]:
    """One entry changed and the chain hashed anew."""
    changed = [*rows]
    changed[seq - 1] = (seq, rows[seq - 1][1].replace(b"coder", b"other"), b"")
    return rehash(changed)


def test_an_empty_trail_holds() -> None:
    key = key_id(KEY.public_key())
    assert report([]) == VerifyReport(ok=True, entries=0, head="0" * 64, signed_length=0, key=key)
    assert report([], make_lines([GENESIS])).ok


def test_what_has_no_number_is_found_where_an_entry_should_stand() -> None:
    rows = make_rows(3)
    rows[1] = (0, *rows[1][1:])
    found = report(rows)
    assert (found.first_bad, "what numbers it is no number" in found.problem) == (2, True)


@pytest.mark.parametrize("seq", [1, 2, 999, 1000, 1001, 2001, 2500])
def test_a_chain_hashed_anew_is_found_at_the_exact_entry_by_the_signatures_alone(
    seq: int,
) -> None:
    found = report(edited(MANY, seq), make_lines([GENESIS]))
    assert (found.ok, found.first_bad) == (False, seq)
    assert f"the signature in entry {seq} fails" in found.problem


def test_a_chain_hashed_anew_is_found_within_its_write() -> None:
    rows = make_rows(9, per_write=3)
    found = report(edited(rows, 5), make_lines([GENESIS]))
    assert found.problem.startswith("an entry from 4 to 6 was changed")
    assert found.first_bad == 4


def test_long_texts_are_not_kept_for_long() -> None:
    rows = make_rows(12, body={"text": "x" * 1_000_000})
    lines = make_lines([head_at(rows, 12)])
    assert report(rows, lines).ok
    assert report(edited(rows, 11), lines).first_bad == 11


def test_a_checkpoint_over_another_head_is_found_where_no_signature_was_touched() -> None:
    """Only the key's owner could do this: two trails with one key."""
    rows = make_rows(6)
    other = make_rows(6, actor="ana")
    lines = make_lines([GENESIS, head_at(other, 3)])
    found = report(rows, lines)
    assert found.problem == (
        "an entry from 1 to 3 was changed and the chain hashed anew: checkpoint 2 is signed over"
        " another"
    )
    assert (found.first_bad, found.signed_length) == (1, 3)


def test_checkpoints_are_compared_wherever_a_signature_was_checked() -> None:
    heads = [head_at(MANY, length) for length in range(2501)]
    lines = make_lines(heads)
    good = report(MANY, lines)
    assert (good.ok, good.signed_length) == (True, 2500)
    assert report(MANY, [*lines, *lines[-1:]]).ok is False
    other = make_lines([*heads[:1500], AuditHead(length=1500, hash="f" * 64), *heads[1501:]])
    assert report(MANY, other).ok  # its owner signed the later ones over the right head


@pytest.mark.parametrize("seq", [1, 999, 1000, 1001, 1500, 2001, 2500])
def test_a_forgery_between_two_checked_checkpoints_is_found_at_the_exact_entry(
    seq: int, many_lines: list[bytes]
) -> None:
    """Where they agree no entry's own signature is checked; where they do not, each tells."""
    found = report(edited(MANY, seq), many_lines)
    assert (found.ok, found.first_bad) == (False, seq)
    assert f"the signature in entry {seq} fails" in found.problem


def test_how_far_the_good_checkpoints_reach_is_told_wherever_the_trail_breaks_off(
    many_lines: list[bytes],
) -> None:
    cut = report(MANY[:10], many_lines)
    assert (cut.first_bad, cut.signed_length) == (11, 2500)
    assert "checkpoint 2501 is signed over 2500" in cut.problem
    broken = report([*MANY[:10], MANY[11]], many_lines)
    assert (broken.first_bad, broken.signed_length) == (11, 2500)


def test_an_entry_after_the_last_checkpoint_is_good_when_it_is_signed() -> None:
    rows = make_rows(5)
    found = report(rows, make_lines([GENESIS, head_at(rows, 3)]))
    assert (found.ok, found.entries, found.signed_length) == (True, 5, 3)


def test_an_end_without_a_signature_is_found() -> None:
    rows = make_rows(5, per_write=3)
    lines = make_lines([GENESIS])
    found = report(rows[:4], lines)
    assert found.problem.startswith("entries from 4 to 4 carry no signature")
    assert found.first_bad == 4
    assert report(rows[:2], lines).first_bad == 1


@pytest.mark.parametrize("value", [None, 5, "text"])
@pytest.mark.parametrize("column", [1, 2])
def test_a_column_of_another_type_is_found(value: object, column: int) -> None:
    rows = make_rows(4)
    row: list[object] = [*rows[2]]
    row[column] = value
    rows[2] = cast("Row", tuple(row))
    assert report(rows, make_lines([GENESIS])).first_bad == 3


def test_a_broken_checkpoint_file_names_the_first_entry_it_no_longer_covers() -> None:
    rows = make_rows(5)
    lines = make_lines([head_at(rows, length) for length in range(6)])
    found = report(rows, [*lines[:4], b"nonsense", lines[5]])
    assert (found.first_bad, found.signed_length) == (4, 3)
    found = report(rows, [*lines, b"nonsense"])
    assert (found.ok, found.first_bad, found.signed_length) == (False, None, 5)


EXPECTED: list[tuple[Callable[[list[Row]], AuditHead], str]] = [
    (lambda rows: head_at(rows, 4), ""),
    (lambda rows: head_at(rows, 5), ""),
    (lambda _: AuditHead(length=4, hash="0" * 64), "entry 4 is not the one that was noted outside"),
    (
        lambda _: AuditHead(length=9, hash="0" * 64),
        "the trail ends at entry 5; outside, 9 was noted",
    ),
    (
        lambda _: AuditHead(length=0, hash="1" * 64),
        "the head noted outside, at 0, is not in the trail",
    ),
]


@pytest.mark.parametrize(("expected", "problem"), EXPECTED)
def test_the_trail_passes_through_a_head_noted_outside(
    expected: Callable[[list[Row]], AuditHead], problem: str
) -> None:
    rows = make_rows(5)
    lines = make_lines([GENESIS, head_at(rows, 4), head_at(rows, 5)])
    assert report(rows, lines, expected=expected(rows)).problem == problem


def test_a_trail_may_start_at_an_anchor_that_was_signed_and_at_no_other() -> None:
    rows = make_rows(6)
    heads = [head_at(rows, length) for length in (0, 6, 6)]
    lines = make_lines(heads, anchors={3: head_at(rows, 2)})
    found = report(rows[2:], lines, start=head_at(rows, 2))
    assert (found.ok, found.entries) == (True, 6)
    assert report(rows[3:], lines, start=head_at(rows, 3)).first_bad == 4


def test_a_signature_is_bound_to_the_key_the_text_and_the_chain_before() -> None:
    rows = make_rows(2)
    before, text, public = rows[0][2], rows[1][1], KEY.public_key()
    assert entry_signature_holds(before, text, public)
    assert not entry_signature_holds(rows[1][2], text, public)
    assert not entry_signature_holds(before, text.replace(b"coder", b"other"), public)
    assert not entry_signature_holds(before, text, Ed25519PrivateKey.generate().public_key())
    assert not entry_signature_holds(before, b"{}", public)


def follow(rows: Sequence[Row], signed: AuditHead, copied: AuditHead) -> AuditHead:
    begin = min(signed.length, copied.length)
    return follow_rows(rows[begin:], signed=signed, copied=copied, public_key=KEY.public_key())


@pytest.mark.parametrize("signed", [0, 2, 3, 5])
@pytest.mark.parametrize("copied", [0, 2, 3, 5])
def test_rows_that_pass_through_both_heads_lead_to_the_end(signed: int, copied: int) -> None:
    rows = make_rows(5)
    assert follow(rows, head_at(rows, signed), head_at(rows, copied)) == head_at(rows, 5)


OTHER = make_rows(5, actor="ana")
FOLLOWED: list[tuple[int, AuditHead, AuditHead, str]] = [
    (5, head_at(OTHER, 3), head_at(make_rows(5), 1), "entry 3 is not the one that the last check"),
    (5, head_at(make_rows(5), 1), head_at(OTHER, 3), "entry 3 is not the one that the daily copy"),
    (5, head_at(OTHER, 5), head_at(make_rows(5), 5), "entry 5 is not the one that the daily copy"),
    (3, head_at(make_rows(5), 1), head_at(make_rows(5), 4), "ends at entry 3, the daily copy rea"),
    (5, head_at(OTHER, 2), head_at(OTHER, 2), "entry 3 does not follow from entry 2"),
]


@pytest.mark.parametrize(("length", "signed", "copied", "problem"), FOLLOWED)
def test_rows_that_miss_a_head_are_not_followed(
    length: int, signed: AuditHead, copied: AuditHead, problem: str
) -> None:
    with pytest.raises(AuditChainBroken, match=problem):
        follow(make_rows(5)[:length], signed, copied)
