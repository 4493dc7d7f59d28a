"""Entries: one written form, a chain over all of it, and a signature at the end of each write."""

import json
import math
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from core.actions import JsonObject
from core.audit.rules import (
    GENESIS,
    chain_hash,
    daily_line,
    describe_report,
    entry_day,
    entry_signed_bytes,
    extend_head,
    seal_entries,
    split_signature,
)
from core.errors import AuditChainBroken
from core.ids import ActionId
from core.ports import VerifyReport
from core.records import AuditEntry, AuditHead
from tests.factories import NOW, make_draft

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEY = Ed25519PrivateKey.generate()


def seal_one(**changes: Any) -> AuditEntry:
    (entry,) = seal_entries(GENESIS, [make_draft(**changes)])
    return entry


@given(st.lists(st.dictionaries(st.text(), VALUES, max_size=3), min_size=1, max_size=4))
def test_entries_chain_hold_every_field_and_are_one_line_of_utf8(
    bodies: list[dict[str, Any]],
) -> None:
    entries = seal_entries(GENESIS, [make_draft(body=body) for body in bodies], sign=KEY.sign)
    assert extend_head(GENESIS, entries).length == len(bodies)
    for seq, entry in enumerate(entries, 1):
        text = entry.text.encode()
        assert b"\n" not in text
        value = json.loads(text)
        assert set(value) - {"signature"} == {
            *("action_id", "actor", "at", "body", "event", "seq", "v"),
        }
        assert value["seq"] == seq
        assert ("signature" in value) == (seq == len(bodies))
        assert list(value) == sorted(value)


@given(st.text(), st.text())
def test_no_text_of_a_caller_can_pass_for_a_signature_or_a_day(actor: str, said: str) -> None:
    body = {"text": f'{said},"signature":"{"0" * 128}","v":1}}'}
    entry = seal_one(actor=f'"at":"1999-01-01T{actor}', body=body)
    assert split_signature(entry.text.encode()) is None
    assert entry_day(entry.text.encode()) == "2026-11-21"


def test_the_last_entry_of_a_write_carries_a_signature_over_the_chain_with_itself() -> None:
    first, last = seal_entries(GENESIS, [make_draft(), make_draft()], sign=KEY.sign)
    assert split_signature(first.text.encode()) is None
    parts = split_signature(last.text.encode())
    assert parts is not None
    unsigned, signature = parts
    plain = seal_entries(GENESIS, [make_draft(), make_draft()])[1].text
    assert unsigned.decode() == plain
    signed = b"maestro-audit-entry-v1\n" + chain_hash(first.hash, plain).encode()
    KEY.public_key().verify(signature, signed)
    assert entry_signed_bytes(first.hash.encode(), unsigned) == signed
    assert last.hash == chain_hash(first.hash, last.text)


@pytest.mark.parametrize("text", [b"", b"{}", b',"signature":"' + b"A" * 128 + b'","v":1}'])
def test_what_carries_no_signature_in_the_written_form_has_none(text: bytes) -> None:
    assert split_signature(text) is None


def test_the_written_form_is_sorted_spaceless_and_in_utc() -> None:
    at = datetime(2026, 11, 22, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    entry = seal_one(at=at, actor="ána", body={"b": 1, "a": "ü\u2028"})
    assert entry.text == (
        '{"action_id":"00000000000000000000000000","actor":"ána",'
        '"at":"2026-11-21T23:30:00.000000+00:00","body":{"a":"ü\u2028","b":1},'
        '"event":"action.judged","seq":1,"v":1}'
    )
    assert entry.hash == sha256(("0" * 64 + entry.text).encode()).hexdigest()


def test_what_json_cannot_hold_is_written_as_text() -> None:
    body = {
        "huge": math.inf,
        "none": math.nan,
        "half": 0.5,
        "pair": ("a", 1, None, True),
        "lone": "\ud800",
        "map": {1: "one"},
    }
    value = json.loads(seal_one(body=cast("JsonObject", body)).text.encode())["body"]
    assert value == {
        "huge": "inf",
        "none": "nan",
        "half": 0.5,
        "pair": ["a", 1, None, True],
        "lone": "\ud800",
        "map": {"1": "one"},
    }


@pytest.mark.parametrize("value", [b"bytes", bytearray(b"bytes"), object(), {1, 2}])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="an audit body cannot hold"):
        seal_one(body=cast("JsonObject", {"value": [value]}))


@pytest.mark.parametrize("changed", [{"seq": 3}, {"text": "{}"}, {"hash": "0" * 64}])
def test_an_entry_that_does_not_follow_is_named(changed: dict[str, Any]) -> None:
    first, second = seal_entries(GENESIS, [make_draft(), make_draft()])
    other = replace(second, **changed)
    with pytest.raises(AuditChainBroken, match="entry 2 does not follow from entry 1") as error:
        extend_head(GENESIS, [first, other])
    assert error.value.position == 2
    assert extend_head(AuditHead(length=1, hash=first.hash), [second]).length == 2


def test_an_entry_without_a_time_has_no_day() -> None:
    with pytest.raises(ValueError, match="no time"):
        entry_day(b"{}")


def test_a_daily_line_is_json_around_the_exact_text() -> None:
    entry = seal_one(action_id=ActionId("7"))
    line = daily_line((1, entry.text.encode(), entry.hash.encode()))
    assert json.loads(line)["entry"] == json.loads(entry.text)
    assert entry.text.encode() in line


def test_a_report_is_told_in_one_sentence() -> None:
    report = VerifyReport(ok=True, entries=5, head="ab", signed_length=5)
    assert describe_report(report) == "ok: 5 entries, all signed, head ab"
    report = VerifyReport(ok=True, entries=5, head="ab", signed_length=3)
    assert "all signed (the last 2 not yet under a checkpoint), head" in describe_report(report)
    report = VerifyReport(ok=True, entries=5, head="ab", signed_length=5, unproved="not this")
    assert describe_report(report) == "UNPROVED: 5 entries, all signed, head ab; not this"
    report = VerifyReport(ok=True, entries=5, head="ab", signed_length=5, key="cd", key_note="lone")
    assert describe_report(report) == "ok: 5 entries, all signed, head ab, key cd (lone)"
    report = VerifyReport(ok=False, entries=5, head="ab", signed_length=3, problem="entry 4 ...")
    assert describe_report(report) == "BROKEN: entry 4 ..."
    assert NOW.tzinfo is not None
