"""Checkpoints: one written form, each line bound to the one before, one signature for many."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from core.audit.checkpoints import (
    SAMPLE,
    CheckpointWalk,
    format_checkpoint,
    key_id,
    parse_checkpoint,
    signature_holds,
)
from core.audit.rules import GENESIS
from core.records import AuditHead
from tests.unit.audit.trails import KEY, make_lines

HEADS = [AuditHead(length=length, hash=f"{length:064x}") for length in range(2 * SAMPLE + 50)]
LINES = make_lines(HEADS)


def walked(lines: list[bytes]) -> CheckpointWalk:
    walk = CheckpointWalk(lines, KEY.public_key())
    seen = list(walk)
    assert (seen[-1] if seen else None) == walk.good
    assert [each.length for each in seen] == sorted(each.length for each in seen)
    return walk


def good_length(walk: CheckpointWalk) -> int:
    return walk.good.length if walk.good else 0


def test_a_line_is_read_as_it_is_written() -> None:
    for line in LINES[:3]:
        checkpoint = parse_checkpoint(line)
        assert checkpoint is not None
        assert format_checkpoint(checkpoint) == line
        assert signature_holds(checkpoint, KEY.public_key())
        assert not signature_holds(checkpoint, Ed25519PrivateKey.generate().public_key())


@given(at=st.integers(0, len(LINES[1]) - 1), to=st.integers(0, 255))
def test_any_changed_byte_of_a_line_is_no_checkpoint_or_has_no_good_signature(
    at: int, to: int
) -> None:
    line = LINES[1][:at] + bytes([to]) + LINES[1][at + 1 :]
    checkpoint = parse_checkpoint(line)
    if line != LINES[1] and checkpoint is not None:
        own = checkpoint.key == key_id(KEY.public_key())
        assert not (own and signature_holds(checkpoint, KEY.public_key()))


def test_some_signatures_are_checked_on_the_way_and_the_last_one() -> None:
    walk = CheckpointWalk(LINES, KEY.public_key())
    assert [each.n for each in walk] == [SAMPLE, 2 * SAMPLE, len(LINES)]
    assert (walk.problem, good_length(walk)) == ("", HEADS[-1].length)
    assert walked([]).good is None
    assert walked(LINES[:SAMPLE]).good is not None


@pytest.mark.parametrize("number", [1, 2, 500, SAMPLE, SAMPLE + 1, len(LINES)])
def test_an_edited_line_is_named_and_the_ones_before_it_still_count(number: int) -> None:
    line = LINES[number - 1]
    edited = line.replace(b'"at":"2026', b'"at":"2027')
    walk = walked([*LINES[: number - 1], edited, *LINES[number:]])
    assert walk.problem == f"checkpoint {number} is forged or edited: its signature fails"
    assert good_length(walk) == number - 2 if number > 1 else walk.good is None


@pytest.mark.parametrize("number", [1, 3, SAMPLE, len(LINES)])
def test_a_line_in_another_form_is_named(number: int) -> None:
    edited = LINES[number - 1].replace(b'{"n":', b'{"n": ')
    walk = walked([*LINES[: number - 1], edited, *LINES[number:]])
    assert walk.problem == f"checkpoint {number} is not in the form that was signed"
    walk = walked([*LINES[: number - 1], b"nonsense"])
    assert walk.problem == f"checkpoint {number} is not in the form that was signed"


def test_a_missing_repeated_or_reordered_line_is_named() -> None:
    assert walked([*LINES[:4], *LINES[5:9]]).problem == (
        "checkpoint 5 is missing: 6 stands in its place"
    )
    assert "checkpoint 5 is missing" in walked([*LINES[:4], *LINES[3:9]]).problem
    walk = walked(LINES[1:9])
    assert (walk.problem, walk.good) == ("checkpoint 1 is missing: 2 stands in its place", None)


def test_lines_signed_twice_over_the_same_number_do_not_follow() -> None:
    other = make_lines([HEADS[0], HEADS[7], *HEADS[2:5]])
    assert walked([*LINES[:2], *other[2:]]).problem == (
        "checkpoint 3 does not follow from the one before it: one was edited"
    )


def test_another_keys_lines_are_named() -> None:
    key = Ed25519PrivateKey.generate()
    walk = walked(make_lines(HEADS[:3], key=key))
    own, other = key_id(KEY.public_key()), key_id(key.public_key())
    assert walk.problem == f"checkpoint 1 is signed with key {other}, not {own}"


def test_anchors_count_once_a_signature_vouches_for_them() -> None:
    lines = make_lines(HEADS[:9], anchors={4: HEADS[2], 7: HEADS[5]})
    walk = walked(lines)
    assert walk.anchors == {2: HEADS[2], 5: HEADS[5]}
    assert walk.anchor == HEADS[5]
    forged = lines[6].replace(b'"anchor_length":5', b'"anchor_length":6')
    assert walked([*lines[:6], forged]).anchor == HEADS[2]
    assert walked(LINES[:5]).anchor == GENESIS
