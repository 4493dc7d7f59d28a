"""What is in force is told anew before its entries are archived: what has none then is forged."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.audit.carrying import carry_on
from core.audit.rules import GENESIS, seal_entries
from core.audit.standing import Right, Standing, find_unfounded, gives_right, is_in_force
from core.ids import ActionId, AgentId, GrantId, OperatorId, SessionId, TokenId
from core.records import ApprovalStatus, AuditDraft, SessionRecord
from tests.factories import NOW, make_approval, make_token
from tests.unit.audit.test_standing import (
    AGENT,
    ANA,
    ENTRIES,
    HELD,
    TOKEN,
    VOTE,
    WAITING,
    WHOLE,
    entry,
    grant,
)

LATER = NOW + timedelta(minutes=1)
ARCHIVED = entry("audit.archived", {"entries": 9, "carried": 5}, at=LATER.isoformat())


def carried(entries: Iterable[object] = ENTRIES, standing: Standing = WHOLE) -> list[Any]:
    """What is left of the trail once all before it is archived: as sealed, kept and read again."""
    drafts = carry_on(entries, standing, at=LATER, by=OperatorId("cy"))
    archived = AuditDraft(
        event="audit.archived",
        at=LATER,
        actor="cy",
        action_id=None,
        body={"entries": 9, "carried": len(drafts)},
    )
    sealed = seal_entries(GENESIS, (*drafts, archived))
    assert all(gives_right(each.text.encode()) for each in sealed)
    return [json.loads(each.text) for each in sealed]


def test_what_was_carried_on_founds_what_is_in_force() -> None:
    assert find_unfounded(carried(), WHOLE, whole=False, decided=True) == ()
    again = carried(carried())
    assert find_unfounded(again, WHOLE, whole=False, decided=True) == ()
    waits = replace(WHOLE, approvals=(WAITING,))
    assert find_unfounded(again, waits, whole=False) == ()


@pytest.mark.parametrize(
    ("forged", "problem"),
    [
        (Standing(principals=(replace(AGENT, id=AgentId("other")),)), "agent other stands"),
        (Standing(principals=(replace(AGENT, permissions=("move_money",)),)), "its permissions"),
        (Standing(principals=(replace(AGENT, quarantined=True),)), "its quarantine"),
        (Standing(tokens=(replace(TOKEN, id=TokenId("u")),)), "token u stands"),
        (Standing(tokens=(replace(TOKEN, hash="cd" * 32),)), "its secret"),
        (Standing(grants=(grant(id=GrantId("h")),)), "remembered approval h stands"),
        (Standing(grants=(grant(created_by=OperatorId("cy")),)), "its maker"),
        (Standing(grants=(grant(created_at=LATER),)), "its beginning"),
        (Standing(grants=(grant(id=GrantId("h"), expires_at=None),)), "remembered approval h"),
        (
            Standing(
                approvals=(
                    replace(WAITING, votes=(VOTE, replace(VOTE, operator=OperatorId("bo")))),
                )
            ),
            "its approvers",
        ),
        (Standing(approvals=(replace(WAITING, id=ActionId("8")),)), "approval of 8 stands"),
        (
            Standing(
                approvals=(replace(WAITING, id=ActionId("8"), status=ApprovalStatus.APPROVED),)
            ),
            "approval of 8 stands",
        ),
    ],
)
def test_a_right_without_a_carried_entry_is_forged(forged: Standing, problem: str) -> None:
    (found,) = find_unfounded(carried(), forged, whole=False)
    assert problem in found


def test_a_quarantined_agent_stays_so_and_is_missed() -> None:
    shut = replace(AGENT, quarantined=True)
    entries = [*ENTRIES, entry("agent.quarantined", {"agent": "coder"})]
    left = carried(entries, replace(WHOLE, principals=(shut,)))
    assert find_unfounded(left, Standing(principals=(shut,)), whole=False) == ()
    assert "its record was removed" in find_unfounded(left, Standing(), whole=False)[0]
    freed = [*left, entry("agent.released", {"agent": "coder"})]
    assert find_unfounded(freed, Standing(principals=(AGENT,)), whole=False) == ()


def test_what_gave_no_right_by_then_may_have_been_archived() -> None:
    over = Standing(
        tokens=(replace(TOKEN, revoked_at=NOW),),
        grants=(grant(revoked_at=NOW), grant(expires_at=LATER)),
    )
    assert find_unfounded([ARCHIVED], over, whole=False) == ()  # as a start asks
    more = replace(
        over,
        approvals=(make_approval(id=ActionId("9"), status=ApprovalStatus.DENIED),),
        sessions=(SPOKEN,),
    )
    assert find_unfounded([ARCHIVED], more, whole=False, decided=True) == ()
    assert carry_on((), more, at=LATER, by=ANA) == ()


def test_all_that_a_remembered_approval_lets_through_is_carried_on() -> None:
    narrow = grant(arguments_digest="sha256:1", others_digest="sha256:2")
    left = carried((), Standing(grants=(narrow,)))
    assert find_unfounded(left, Standing(grants=(narrow,)), whole=False) == ()
    (found,) = find_unfounded(left, Standing(grants=(replace(narrow, others_digest=""),)))
    assert "its other arguments" in found


def test_where_an_older_version_archived_any_record_may_be_older() -> None:
    older = entry("audit.archived", {"entries": 9}, at=LATER.isoformat())
    assert find_unfounded([older], WHOLE, whole=False) == ()
    assert len(find_unfounded([older, ARCHIVED], WHOLE, whole=False)) == 5
    assert find_unfounded([ARCHIVED, older], WHOLE, whole=False) == ()


def test_a_held_action_is_carried_on_as_its_entry_bound_it() -> None:
    body = HELD["body"] | {"record_digest": "r", "approval_digest": "a"}
    (told, _) = carried([entry("action.judged", body, action_id="3")], Standing())
    assert (told["event"], told["action_id"]) == ("approval.carried", "3")
    bound: dict[str, Any] = {
        "digest": "d",
        "record_digest": "r",
        "approval_digest": "a",
        "votes": [],
    }
    assert told["body"] == bound


SPOKEN = SessionRecord(
    id=SessionId("s"), agent_id=AGENT.id, purposes=("x",), untrusted=(), started_at=NOW
)


@pytest.mark.parametrize(
    ("record", "right"),
    [
        (AGENT, True),
        (TOKEN, True),
        (make_token(revoked_at=NOW), False),
        (grant(), True),
        (grant(expires_at=(NOW + timedelta(hours=1)).replace(tzinfo=None)), True),
        (grant(expires_at=NOW), False),
        (grant(revoked_at=NOW), False),
        (make_approval(), True),
        (make_approval(status=ApprovalStatus.EXPIRED), False),
        (SPOKEN, False),
    ],
)
def test_what_is_in_force_lets_somebody_do_something(record: Right, *, right: bool) -> None:
    assert is_in_force(record, NOW) is right
