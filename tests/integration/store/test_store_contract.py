"""What every store does, whatever it is made of."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.actions import ActionStatus, Decision, RiskLevel
from core.audit.rules import GENESIS
from core.errors import StorageError, WriteConflict
from core.ids import ActionId, AgentId, GrantId, OperatorId, SessionId, TokenId
from core.ports import Store
from core.records import (
    ActionQuery,
    ActionRecord,
    ApprovalRecord,
    ApprovalStatus,
    ApprovalTransition,
    AuditQuery,
    GrantRecord,
    PrincipalRecord,
    Record,
    Role,
    SessionRecord,
    SpanRecord,
    TrustRecord,
    Vote,
    WriteUnit,
)
from tests.factories import (
    NOW,
    make_action_record,
    make_approval,
    make_draft,
    make_token,
    make_verdict,
)
from tests.integration.store.stores import (
    STORES,
    OpenStore,
    chain_head,
    make_span,
    make_unit,
)
from tests.unit.adapters.strategies import RECORDS

DIGEST = make_approval().digest


def make_action_numbered(number: int, **changes: object) -> ActionRecord:
    action = {"id": ActionId(f"{number:026d}"), **changes}
    return make_action_record(action=action)


async def settle(store: Store, to: ApprovalRecord, *, votes_expected: int = 0) -> None:
    move = ApprovalTransition(to=to, digest_expected=DIGEST, votes_expected=votes_expected)
    draft = make_draft(event="approval.decided", action_id=to.id)
    await store.commit(WriteUnit(transitions=(move,), audit=(draft,)))


async def read_back(store: Store, record: Record) -> Record | None:
    match record:
        case ActionRecord():
            return await store.get_action(record.id)
        case ApprovalRecord():
            return await store.get_approval(record.id)
        case SessionRecord():
            return await store.get_session(record.id)
        case SpanRecord():
            found: tuple[Record, ...] = await store.list_spans(trace_id=record.trace_id)
        case PrincipalRecord():
            found = await store.list_principals()
        case TrustRecord():
            found = await store.list_trust()
        case GrantRecord():
            found = await store.list_grants()
        case _:
            found = await store.list_tokens()
    return next((each for each in found if each.id == record.id), None)


async def test_an_empty_store_has_nothing(store: OpenStore) -> None:
    assert await store.audit_head() == GENESIS
    assert await store.get_action(ActionId("none")) is None
    assert await store.get_approval(ActionId("none")) is None
    assert await store.get_session(SessionId("none")) is None
    assert await store.find_idempotent(AgentId("coder"), "none") is None
    assert await store.list_actions(ActionQuery()) == ()
    assert await store.read_audit(AuditQuery()) == ()
    assert await store.list_spans() == ()


@pytest.mark.parametrize("name", sorted(STORES))
@settings(max_examples=30, deadline=None)
@given(records=st.lists(st.one_of(*RECORDS.values()), min_size=1, max_size=8))
def test_records_with_odd_text_and_json_come_back_equal(
    name: str, records: list[Record], tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def check() -> None:
        store = await STORES[name](tmp_path_factory.mktemp("odd"))
        try:
            for record in records:
                try:
                    await store.commit(WriteUnit(puts=(record,)))
                except WriteConflict:  # two actions drew the same agent and idempotency key
                    continue
                assert await read_back(store, record) == record
        finally:
            await store.close()

    asyncio.run(check())


async def test_a_second_put_replaces_the_first(store: OpenStore) -> None:
    token = make_token()
    await store.commit(WriteUnit(puts=(token,)))
    revoked = replace(token, revoked_at=NOW)
    await store.commit(WriteUnit(puts=(revoked,)))
    assert await store.list_tokens() == (revoked,)


async def test_records_are_listed_by_id(store: OpenStore) -> None:
    tokens = tuple(make_token(id=TokenId(f"t-{number}")) for number in (3, 1, 2))
    await store.commit(WriteUnit(puts=tokens))
    assert [each.id for each in await store.list_tokens()] == ["t-1", "t-2", "t-3"]


async def test_a_unit_with_several_kinds_is_written_whole(store: OpenStore) -> None:
    principal = PrincipalRecord(
        id=AgentId("coder"),
        role=Role.AGENT,
        permissions=("propose",),
        pack="coding-agent",
        first_seen=NOW,
        last_seen=NOW,
    )
    trust = TrustRecord(
        id=AgentId("coder"), clean=1, violations=0, score=0.5, start=0.5, updated_at=NOW
    )
    grant = GrantRecord(
        id=GrantId("g-1"),
        agent_id=AgentId("coder"),
        kind="shell.execute",
        resource_pattern="git *",
        created_by=OperatorId("ana"),
        created_at=NOW,
        expires_at=NOW,
        from_action=ActionId("1"),
        risk_max=RiskLevel.LOW,
    )
    session = SessionRecord(
        id=SessionId("s-1"),
        agent_id=AgentId("coder"),
        purposes=("list",),
        untrusted=(),
        started_at=NOW,
    )
    records = (principal, trust, grant, session, make_action_record(), make_approval())
    head = await store.commit(WriteUnit(puts=records, audit=(make_draft(),)))
    assert [await read_back(store, each) for each in records] == list(records)
    assert head == await store.audit_head() == await chain_head(store)
    assert head.length == 1


async def test_a_unit_without_audit_leaves_the_head_where_it_is(store: OpenStore) -> None:
    before = await store.commit(make_unit(1))
    assert await store.commit(WriteUnit(puts=(make_token(),))) == before
    assert await store.commit(WriteUnit()) == before


async def test_actions_come_newest_first_in_pages(store: OpenStore) -> None:
    records = tuple(make_action_numbered(number) for number in range(5))
    await store.commit(WriteUnit(puts=records))
    page = await store.list_actions(ActionQuery(limit=2))
    assert page == (records[4], records[3])
    rest = await store.list_actions(ActionQuery(before_id=page[-1].id))
    assert rest == (records[2], records[1], records[0])


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_page_of_no_rows_is_empty(store: OpenStore, limit: int) -> None:
    await store.commit(make_unit(1))
    assert await store.list_actions(ActionQuery(limit=limit)) == ()
    assert await store.read_audit(AuditQuery(limit=limit)) == ()


async def test_actions_are_narrowed_by_what_they_are(store: OpenStore) -> None:
    odd = make_action_record(
        action={"id": ActionId("9"), "agent_id": AgentId("payer"), "session_id": SessionId("s-9")},
        status=ActionStatus.DENIED,
        verdict=make_verdict(decision=Decision.DENY),
    )
    await store.commit(WriteUnit(puts=(make_action_numbered(1), odd, make_action_numbered(2))))
    for query in (
        ActionQuery(status=ActionStatus.DENIED),
        ActionQuery(agent_id=AgentId("payer")),
        ActionQuery(session_id=SessionId("s-9")),
        ActionQuery(decision=Decision.DENY),
        ActionQuery(decision=Decision.DENY, agent_id=AgentId("payer")),
    ):
        assert await store.list_actions(query) == (odd,)
    assert await store.list_actions(ActionQuery(agent_id=AgentId("nobody"))) == ()


async def test_pending_approvals_come_oldest_first(store: OpenStore) -> None:
    late, early, done = (make_approval(id=ActionId(each)) for each in ("2", "1", "3"))
    done = replace(done, status=ApprovalStatus.EXPIRED)
    await store.commit(WriteUnit(puts=(late, early, done)))
    assert await store.list_pending() == (early, late)


async def test_a_pending_approval_is_settled_once(store: OpenStore) -> None:
    approval = make_approval()
    await store.commit(WriteUnit(puts=(approval,)))
    approved = replace(approval, status=ApprovalStatus.APPROVED)
    await settle(store, approved)
    with pytest.raises(WriteConflict, match="no longer pending"):
        await settle(store, replace(approval, status=ApprovalStatus.DENIED))
    assert await store.get_approval(approval.id) == approved
    assert (await store.audit_head()).length == 1


async def test_of_many_decisions_at_once_exactly_one_wins(store: OpenStore) -> None:
    approval = make_approval()
    await store.commit(WriteUnit(puts=(approval,)))
    rivals = [
        replace(approval, status=status, settled_by=OperatorId(f"o-{number}"))
        for number in range(10)
        for status in (ApprovalStatus.APPROVED, ApprovalStatus.DENIED)
    ]
    results = await asyncio.gather(
        *(settle(store, each) for each in rivals), return_exceptions=True
    )
    winners = [each for each, result in zip(rivals, results, strict=True) if result is None]
    assert winners == [await store.get_approval(approval.id)]
    assert [type(each) for each in results if each] == [WriteConflict] * 19
    assert (await store.audit_head()).length == 1


async def test_a_decision_needs_the_digest_and_votes_that_it_saw(store: OpenStore) -> None:
    vote = Vote(operator=OperatorId("ana"), digest=DIGEST, at=NOW)
    approval = make_approval(votes=(vote,), votes_needed=2)
    await store.commit(WriteUnit(puts=(approval,)))
    approved = replace(approval, status=ApprovalStatus.APPROVED)
    other = ApprovalTransition(to=approved, digest_expected="sha256:1", votes_expected=1)
    with pytest.raises(WriteConflict):
        await store.commit(WriteUnit(transitions=(other,)))
    with pytest.raises(WriteConflict):
        await settle(store, approved, votes_expected=0)
    await settle(store, approved, votes_expected=1)
    assert await store.get_approval(approval.id) == approved


async def test_a_decision_on_what_is_not_there_conflicts(store: OpenStore) -> None:
    with pytest.raises(WriteConflict):
        await settle(store, make_approval())


async def test_a_conflict_takes_back_its_whole_unit_and_no_other(store: OpenStore) -> None:
    move = ApprovalTransition(to=make_approval(), digest_expected=DIGEST, votes_expected=0)
    bad = replace(make_unit(2), transitions=(move,))
    results = await asyncio.gather(
        *(store.commit(each) for each in (make_unit(1), bad, make_unit(3))), return_exceptions=True
    )
    assert isinstance(results[1], WriteConflict)
    assert [each.id[-1] for each in await store.list_actions(ActionQuery())] == ["3", "1"]
    assert (await chain_head(store)).length == 4
    assert results[2] == await store.audit_head()


async def test_an_idempotency_key_belongs_to_one_action_of_an_agent(store: OpenStore) -> None:
    first = make_action_numbered(1, idempotency_key="k")
    await store.commit(WriteUnit(puts=(first,)))
    with pytest.raises(WriteConflict):
        await store.commit(WriteUnit(puts=(make_action_numbered(2, idempotency_key="k"),)))
    await store.commit(WriteUnit(puts=(replace(first, status=ActionStatus.ALLOWED),)))
    other = make_action_numbered(3, idempotency_key="k", agent_id=AgentId("payer"))
    await store.commit(WriteUnit(puts=(other, make_action_numbered(4), make_action_numbered(5))))
    found = await store.find_idempotent(AgentId("coder"), "k")
    assert found is not None
    assert (found.id, found.status) == (first.id, ActionStatus.ALLOWED)
    assert await store.find_idempotent(AgentId("payer"), "k") == other
    assert await store.get_action(ActionId(f"{2:026d}")) is None


async def test_64_callers_lose_nothing_and_leave_one_chain(store: OpenStore) -> None:
    async def call(first: int) -> None:
        for number in range(first, 640, 64):
            unit = make_unit(number)
            head = await store.commit(unit)
            assert await store.get_action(ActionId(f"{number:026d}")) == unit.puts[0]
            entries = await store.read_audit(AuditQuery(action_id=ActionId(f"{number:026d}")))
            assert [each.seq for each in entries] == [head.length, head.length - 1]

    await asyncio.gather(*map(call, range(64)))
    assert await store.audit_head() == await chain_head(store)
    assert (await store.audit_head()).length == 1280
    assert len(await store.list_actions(ActionQuery(limit=1000))) == 640


@pytest.mark.parametrize("value", [float("nan"), b"bytes"])
async def test_a_record_that_json_cannot_hold_fails_alone(store: OpenStore, value: object) -> None:
    bad = make_action_record(action={"id": ActionId("9"), "arguments": {"x": value}})
    results = await asyncio.gather(
        store.commit(WriteUnit(puts=(make_token(), bad))),
        store.commit(make_unit(1)),
        return_exceptions=True,
    )
    assert isinstance(results[0], StorageError)
    assert "'9' cannot be kept" in str(results[0])
    assert await store.list_tokens() == ()
    assert results[1] == await store.audit_head()


@pytest.mark.parametrize(
    "unit",
    [
        WriteUnit(puts=(make_token(id=TokenId("\ud800")),)),
        WriteUnit(puts=(make_token(),), audit=(make_draft(body={"x": object()}),)),
        WriteUnit(puts=(make_token(),), audit=(make_draft(body={"x": b"bytes"}),)),
    ],
)
async def test_a_unit_that_cannot_be_written_fails_alone(store: OpenStore, unit: WriteUnit) -> None:
    results = await asyncio.gather(
        store.commit(make_unit(1)),
        store.commit(unit),
        store.commit(make_unit(2)),
        return_exceptions=True,
    )
    assert isinstance(results[1], StorageError)
    assert "cannot be written" in str(results[1])
    assert await store.list_tokens() == ()
    assert results[2] == await store.audit_head() == await chain_head(store)


async def test_what_was_acknowledged_is_there_after_reopening(
    store: OpenStore, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    head = await store.commit(make_unit(1))
    await store.commit(WriteUnit(puts=(make_span(1),)))
    await store.close()
    again = await STORES[request.node.callspec.params["store"]](tmp_path)
    try:
        assert await again.audit_head() == head
        assert await again.get_action(ActionId(f"{1:026d}")) == make_unit(1).puts[0]
        assert await again.list_spans() == (make_span(1),)
        assert (await again.commit(make_unit(2))).length == 4
        assert await chain_head(again) == await again.audit_head()
    finally:
        await again.close()


async def test_a_closed_store_says_so(store: OpenStore) -> None:
    await store.close()
    with pytest.raises(StorageError, match="closed"):
        await store.commit(make_unit(1))
    with pytest.raises(StorageError, match="closed"):
        await store.list_tokens()
    await store.close()
