"""A right that stands in the store counts as far as an entry of the trail gave it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.audit.rules import GENESIS, seal_entries
from core.audit.standing import (
    FINGERPRINT_CHARS,
    STANDING_EVENTS,
    Standing,
    describe_unfounded,
    digest_words,
    find_unfounded,
    gives_right,
)
from core.codec import digest_record
from core.ids import ActionId, AgentId, GrantId, OperatorId, SessionId, TokenId
from core.records import (
    ApprovalStatus,
    AuditDraft,
    GrantRecord,
    PrincipalRecord,
    Role,
    SessionRecord,
    TokenKind,
    Vote,
)
from tests.factories import NOW, make_approval, make_token

ANA, BO = OperatorId("ana"), OperatorId("bo")
AGENT = PrincipalRecord(
    id=AgentId("coder"),
    role=Role.AGENT,
    permissions=("call_tools",),
    pack="coding-agent",
    first_seen=NOW,
    last_seen=NOW,
)
TOKEN = make_token(id=TokenId("t"), kind=TokenKind.AGENT, hash="ab" * 32)
VOTE = Vote(operator=ANA, digest="d", at=NOW, shown_digest="", key="a")
APPROVED = make_approval(
    id=ActionId("1"),
    digest="d",
    status=ApprovalStatus.APPROVED,
    votes=(VOTE,),
    settled_at=NOW,
    settled_by=ANA,
)
WAITING = make_approval(id=ActionId("2"), digest="d", votes=(VOTE,), votes_needed=2)


def grant(**changes: Any) -> GrantRecord:
    fields: dict[str, Any] = {
        "id": GrantId("g"),
        "agent_id": AGENT.id,
        "kind": "tool.call",
        "resource_pattern": "send_*",
        "created_by": ANA,
        "created_at": NOW,
        "expires_at": NOW + timedelta(hours=1),
        "from_action": ActionId("1"),
        "risk_max": APPROVED.risk,
    }
    return GrantRecord(**(fields | changes))


def entry(event: str, body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    fields = {"event": event, "actor": ANA, "at": NOW.isoformat(), "action_id": None, "body": body}
    return fields | changes


REGISTERED = entry(
    "agent.registered",
    {"agent": "coder", "role": "agent", "pack": "coding-agent", "permissions": ["call_tools"]},
)
MADE = entry(
    "token.created",
    {
        "token": "t",
        "kind": "agent",
        "bound_to": TOKEN.bound_to,
        "fingerprint": TOKEN.hash[:FINGERPRINT_CHARS],
    },
)
GRANTED = entry(
    "grant.created",
    {
        "grant": "g",
        "agent": "coder",
        "kind": "tool.call",
        "pattern": "send_*",
        "risk_max": APPROVED.risk.value,
        "expires_at": (NOW + timedelta(hours=1)).isoformat(),
    },
)
SAID_YES = entry(
    "approval.approved", {"digest": "d", "votes": [{"operator": "ana"}]}, action_id="1"
)
SAID_ONE = entry("approval.voted", {"digest": "d", "votes": [{"operator": "ana"}]}, action_id="2")
ENTRIES = (REGISTERED, MADE, GRANTED, SAID_YES, SAID_ONE)
WHOLE = Standing(
    principals=(AGENT,), tokens=(TOKEN,), grants=(grant(),), approvals=(APPROVED, WAITING)
)


def test_what_the_trail_gave_is_founded() -> None:
    assert find_unfounded(ENTRIES, WHOLE) == ()
    assert {each["event"] for each in ENTRIES} <= set(STANDING_EVENTS)


@pytest.mark.parametrize(
    ("forged", "problem"),
    [
        ({"permissions": ("call_tools", "move_money")}, "its permissions"),
        ({"pack": "operations"}, "its pack"),
        ({"role": Role.OPERATOR}, "its role"),
        ({"quarantined": True}, "its quarantine"),
    ],
)
def test_an_agent_has_what_it_was_registered_with(forged: dict[str, Any], problem: str) -> None:
    fields = {name: getattr(AGENT, name) for name in AGENT.__slots__}
    standing = Standing(principals=(PrincipalRecord(**(fields | forged)),))
    (found,) = find_unfounded(ENTRIES, standing)
    assert problem in found


@pytest.mark.parametrize(
    ("forged", "problem"),
    [
        ({"kind": TokenKind.OPERATOR}, "its kind"),
        ({"bound_to": "ana"}, "its owner"),
        ({"hash": "cd" * 32}, "its secret"),
        ({"revoked_at": NOW}, "its end"),
    ],
)
def test_a_token_is_the_one_that_was_made(forged: dict[str, Any], problem: str) -> None:
    token = make_token(**({"id": "t", "kind": TokenKind.AGENT, "hash": "ab" * 32} | forged))
    (found,) = find_unfounded(ENTRIES, Standing(tokens=(token,)))
    assert problem in found


def test_an_entry_without_a_fingerprint_says_nothing_of_the_secret() -> None:
    body = {name: value for name, value in MADE["body"].items() if name != "fingerprint"}
    assert find_unfounded([entry("token.created", body)], Standing(tokens=(TOKEN,))) == ()


@pytest.mark.parametrize(
    ("forged", "problem"),
    [
        ({"agent_id": AgentId("other")}, "its agent"),
        ({"kind": "shell.execute"}, "its kind"),
        ({"resource_pattern": "*"}, "its pattern"),
        ({"arguments_digest": "sha256:0"}, "its arguments"),
        ({"others_digest": "sha256:0"}, "its other arguments"),
        ({"created_by": BO}, "its maker"),
        ({"created_at": NOW - timedelta(hours=1)}, "its beginning"),
        ({"expires_at": NOW + timedelta(days=3650)}, "its end"),
        ({"revoked_at": NOW}, "its revocation"),
    ],
)
def test_a_remembered_approval_is_what_was_remembered(forged: dict[str, Any], problem: str) -> None:
    (found,) = find_unfounded(ENTRIES, Standing(grants=(grant(**forged),)))
    assert problem in found


def test_what_was_taken_back_stays_taken_back() -> None:
    ended = [
        entry("grant.revoked", {"grant": "g"}),
        entry("token.revoked", {"token": "t"}),
        entry("agent.quarantined", {"agent": "coder"}),
    ]
    found = find_unfounded([*ENTRIES, *ended], WHOLE)
    assert len(found) == 3
    released = entry("agent.released", {"agent": "coder"})
    assert find_unfounded([*ENTRIES, ended[2], released], WHOLE) == ()


def test_a_quarantined_agent_cannot_come_back_as_a_new_one() -> None:
    shut = [REGISTERED, entry("agent.quarantined", {"agent": "coder"})]
    assert "was removed" in find_unfounded(shut, Standing())[0]
    assert find_unfounded([REGISTERED], Standing()) == ()


@pytest.mark.parametrize(
    "forged",
    [
        {"digest": "other"},
        {"votes": ()},
        {"votes": (VOTE, Vote(operator=BO, digest="d", at=NOW, shown_digest="", key=""))},
        {"settled_by": BO},
        {"status": ApprovalStatus.PENDING},
    ],
)
def test_an_approval_is_what_was_answered(forged: dict[str, Any]) -> None:
    fields = {name: getattr(APPROVED, name) for name in APPROVED.__slots__}
    standing = Standing(approvals=(make_approval(**(fields | forged)),))
    assert len(find_unfounded(ENTRIES, standing)) == 1


def test_a_vote_that_nobody_gave_is_found() -> None:
    second = Vote(operator=BO, digest="d", at=NOW, shown_digest="", key="")
    forged = make_approval(id=ActionId("2"), digest="d", votes=(VOTE, second), votes_needed=2)
    assert "approvers" in find_unfounded(ENTRIES, Standing(approvals=(forged,)))[0]


def test_a_record_without_an_entry_is_unfounded_unless_the_beginning_is_archived() -> None:
    assert len(find_unfounded((), WHOLE)) == 5
    assert find_unfounded((), WHOLE, whole=False) == ()


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        {"event": 1, "body": {}},
        {"event": "grant.created", "body": []},
        {"event": "grant.created", "body": {}},
        {"event": "grant.revoked", "body": {"grant": "unknown"}},
        {"event": "engine.started", "body": {}},
        entry("approval.approved", {"votes": [3]}, action_id="9"),
    ],
)
def test_what_is_no_such_entry_founds_nothing_and_breaks_nothing(odd: object) -> None:
    assert find_unfounded([odd, *ENTRIES], WHOLE) == ()
    forged = make_approval(id=ActionId("9"), votes=(VOTE,))
    assert len(find_unfounded([odd], Standing(approvals=(forged,), grants=(grant(),)))) == 2


def test_a_broken_time_is_not_the_one_that_was_kept() -> None:
    broken = entry("grant.created", GRANTED["body"] | {"expires_at": "soon"})
    assert "its end" in find_unfounded([broken], Standing(grants=(grant(),)))[0]


def test_the_operator_is_told_the_first_and_how_many_more() -> None:
    assert describe_unfounded(("x",)).startswith("x: somebody edited the store")
    assert describe_unfounded(("x", "y", "z")).startswith("x (and 2 more): ")


HELD = entry("action.judged", {"decision": "ask", "digest": "d"}, action_id="3")


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("approval.approved", ApprovalStatus.DENIED),
        ("approval.denied", ApprovalStatus.PENDING),
        ("approval.expired", ApprovalStatus.APPROVED),
        ("approval.voted", ApprovalStatus.EXPIRED),
    ],
)
def test_an_approval_stands_as_its_last_entry_left_it(event: str, status: ApprovalStatus) -> None:
    last = entry(event, {"digest": "d", "votes": []}, action_id="3")
    forged = make_approval(id=ActionId("3"), digest="d", status=status, settled_by=ANA)
    found = find_unfounded([HELD, last], Standing(approvals=(forged,)))
    assert "its decision" in found[0]


def test_a_held_action_waits_until_an_entry_says_otherwise() -> None:
    waits = make_approval(id=ActionId("3"), digest="d")
    assert find_unfounded([HELD], Standing(approvals=(waits,))) == ()
    ended = entry("approval.expired", {"digest": "d"}, actor="approvals", action_id="3")
    assert "its decision" in find_unfounded([HELD, ended], Standing(approvals=(waits,)))[0]
    allowed = entry("action.judged", {"decision": "allow", "digest": "d"}, action_id="3")
    assert "no entry" in find_unfounded([allowed], Standing(approvals=(waits,)))[0]


def test_all_of_an_approval_is_bound_to_its_entry() -> None:
    waits = make_approval(id=ActionId("3"), digest="d")
    bound = entry(
        "action.judged",
        {"decision": "ask", "digest": "d", "approval_digest": digest_record(waits)},
        action_id="3",
    )
    assert find_unfounded([bound], Standing(approvals=(waits,))) == ()
    forged = make_approval(id=ActionId("3"), digest="d", expires_at=NOW + timedelta(days=365))
    assert "its record" in find_unfounded([bound], Standing(approvals=(forged,)))[0]


def test_an_approval_that_was_removed_is_missed_where_all_are_read() -> None:
    assert find_unfounded([HELD], Standing()) == ()
    (found,) = find_unfounded([HELD], Standing(), decided=True)
    assert found.startswith("approval of 3 ")
    assert "was removed" in found


def test_a_session_says_what_its_user_said() -> None:
    session = SessionRecord(
        id=SessionId("s"),
        agent_id=AGENT.id,
        purposes=("read", "write"),
        untrusted=(),
        started_at=NOW,
    )
    said = entry("session.purpose", {"session": "s", "words": digest_words(("read", "write"))})
    assert find_unfounded([said], Standing(sessions=(session,))) == ()
    older = entry("session.purpose", {"session": "s"})
    assert find_unfounded([older], Standing(sessions=(session,))) == ()
    other = entry("session.purpose", {"session": "s", "words": digest_words(("read",))})
    assert "its words" in find_unfounded([other], Standing(sessions=(session,)))[0]
    assert "no entry" in find_unfounded([], Standing(sessions=(session,)))[0]
    opened = entry("session.opened", {"session": "s", "folder_digest": digest_words(("/srv",))})
    assert "no entry" in find_unfounded([opened], Standing(sessions=(session,)))[0]
    there, moved = replace(session, cwd="/srv"), replace(session, cwd="/")
    assert find_unfounded([said, opened], Standing(sessions=(there,))) == ()
    assert "its folder" in find_unfounded([said, opened], Standing(sessions=(moved,)))[0]
    assert find_unfounded([], Standing(sessions=(replace(session, purposes=()),))) == ()


@pytest.mark.parametrize(
    ("event", "body", "needed"),
    [
        ("token.created", {}, True),
        ("session.purpose", {}, True),
        ("engine.started", {"x": {"event": "token.created"}}, False),
        ("action.judged", {"decision": "ask"}, True),
        ("action.judged", {"decision": "allow"}, False),
    ],
)
@pytest.mark.parametrize("signed", [False, True])
def test_what_gives_a_right_is_told_by_its_text(
    event: str, body: dict[str, Any], *, needed: bool, signed: bool
) -> None:
    draft = AuditDraft(event=event, at=NOW, actor="x", action_id=None, body=body)
    (sealed,) = seal_entries(GENESIS, [draft], sign=(lambda _: b"s" * 64) if signed else None)
    assert gives_right(sealed.text.encode()) is needed
    assert not gives_right(b"")
