"""Trust is told in the entry that changed it, and a record that says otherwise is found."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.actions import JsonObject
from core.audit.rules import GENESIS, seal_entries
from core.audit.standing import Standing, find_unfounded
from core.audit.trust import WITH_TRUST, find_told_trust, tell_trust, trust_differs
from core.ids import AgentId
from core.records import AuditDraft, TrustRecord
from tests.factories import NOW
from tests.unit.audit.test_standing import AGENT, REGISTERED, entry

TRUST = TrustRecord(
    id=AgentId("coder"), clean=3, violations=1, score=0.41236, start=0.5, updated_at=NOW
)
TOLD: Any = tell_trust(TRUST)
KNOWN = entry("agent.registered", REGISTERED["body"] | {WITH_TRUST: None})


def seal(body: JsonObject, event: str = "action.outcome") -> bytes:
    draft = AuditDraft(event=event, at=NOW, actor="coder", action_id=None, body=body)
    (sealed,) = seal_entries(GENESIS, (draft,), sign=lambda _: bytes(64))
    return sealed.text.encode()


def test_what_is_told_is_found_in_the_sealed_entry() -> None:
    found = find_told_trust(seal({"usage": {"tokens": {"in": 1}}, WITH_TRUST: TOLD}))
    assert found is not None
    assert found[0] == b'{"agent":"coder'
    assert not trust_differs(TRUST, json.loads(found[1]))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"usage": {}},
        {"usage": {"a": 1, WITH_TRUST: TOLD}},
        {"usage": {"a": [{"a": 1, WITH_TRUST: TOLD}]}},
        {"usage": f'"a":1,"{WITH_TRUST}":{json.dumps(TOLD)}'},
        {"a": 1, WITH_TRUST: None},
        {"a": 1, WITH_TRUST: TOLD, "x": {}},
    ],
)
def test_what_an_agent_put_into_an_entry_tells_nothing(body: JsonObject) -> None:
    assert find_told_trust(seal(body)) is None
    assert find_told_trust(b"{}") is None


@pytest.mark.parametrize(
    "forged",
    [
        {"clean": 4},
        {"violations": 0},
        {"score": 0.413},
        {"start": 1.0},
        {"updated_at": NOW - timedelta(days=365)},
        {"updated_at": None},
        {"score": "1"},
        {"score": float("nan")},
    ],
)
def test_trust_is_what_the_newest_entry_told(forged: dict[str, Any]) -> None:
    trust = {"coder": TOLD}
    assert find_unfounded([KNOWN], Standing(principals=(AGENT,), trust=(TRUST,)), trust=trust) == ()
    standing = Standing(principals=(AGENT,), trust=(replace(TRUST, **forged),))
    (found,) = find_unfounded([KNOWN], standing, trust=trust)
    assert found == "trust of coder is not what the trail says"


def test_trust_that_was_put_there_or_taken_away_is_found() -> None:
    (lost,) = find_unfounded([KNOWN], Standing(principals=(AGENT,)), trust={"coder": TOLD})
    assert lost == "trust of coder stands in the trail, its record was removed"
    standing = Standing(principals=(AGENT,), trust=(TRUST,))
    (found,) = find_unfounded([KNOWN], standing)
    assert found == "trust of coder stands in the store, no entry of the trail made it"
    unknown = Standing(trust=(TRUST,))
    assert "no entry of the trail made it" in find_unfounded([], unknown)[0]
    assert find_unfounded([], unknown, whole=False) == ()


def test_entries_of_older_versions_say_nothing_of_trust() -> None:
    standing = Standing(principals=(AGENT,), trust=(TRUST,))
    assert find_unfounded([REGISTERED], standing) == ()
