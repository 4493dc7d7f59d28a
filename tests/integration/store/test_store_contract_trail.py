"""What every store does with the audit trail's pages and with spans."""

import pytest

from core.errors import StorageError
from core.ids import ActionId, CorrelationId
from core.records import AuditQuery, Durability, WriteUnit
from tests.factories import make_draft, make_token
from tests.integration.store.stores import OpenStore, make_span, make_unit


async def test_the_trail_is_read_from_both_ends_in_pages(store: OpenStore) -> None:
    for number in range(3):
        await store.commit(make_unit(number))
    newest = await store.read_audit(AuditQuery(limit=2))
    assert [each.seq for each in newest] == [6, 5]
    older = await store.read_audit(AuditQuery(before_seq=5, limit=2))
    assert [each.seq for each in older] == [4, 3]
    first = await store.read_audit(AuditQuery(after_seq=1, limit=2, ascending=True))
    assert [each.seq for each in first] == [2, 3]
    huge = AuditQuery(after_seq=2**80, before_seq=2**90, limit=2**80)
    assert await store.read_audit(huge) == ()
    assert await store.read_audit(AuditQuery(before_seq=0)) == ()


async def test_the_trail_is_narrowed_by_what_its_entries_say(store: OpenStore) -> None:
    odd = make_draft(
        actor="ana", event="approval.decided", action_id=ActionId("9"), body={"reason": "açaí 🔒"}
    )
    await store.commit(WriteUnit(audit=(make_draft(), odd, make_draft(action_id=None))))
    for query in (
        AuditQuery(actor="ana"),
        AuditQuery(event="approval.decided"),
        AuditQuery(action_id=ActionId("9")),
        AuditQuery(text="açaí"),
        AuditQuery(actor="ana", event="approval.decided", text="🔒", after_seq=1, before_seq=3),
    ):
        assert [each.seq for each in await store.read_audit(query)] == [2]
    assert await store.read_audit(AuditQuery(actor="ana", after_seq=2)) == ()
    assert await store.read_audit(AuditQuery(text="nowhere")) == ()


async def test_an_id_that_cannot_exist_is_not_found(store: OpenStore) -> None:
    assert await store.get_action(ActionId("\ud800")) is None
    assert await store.read_audit(AuditQuery(actor="\ud800")) == ()


async def test_spans_are_found_by_trace_and_by_action(store: OpenStore) -> None:
    one = make_span(2, action_id=ActionId("1"))
    two = make_span(1, parent_id=one.id)
    other = make_span(3, trace_id=CorrelationId("b" * 32), action_id=ActionId("1"))
    await store.commit(WriteUnit(durability=Durability.NORMAL, puts=(one, two, other)))
    assert await store.list_spans(trace_id=CorrelationId("a" * 32)) == (two, one)
    assert await store.list_spans(action_id=ActionId("1")) == (one, other)
    both = await store.list_spans(trace_id=CorrelationId("b" * 32), action_id=ActionId("1"))
    assert both == (other,)
    assert await store.list_spans() == (two, one, other)


async def test_spans_do_not_share_a_unit_with_what_must_last(store: OpenStore) -> None:
    with pytest.raises(StorageError, match="unit of their own"):
        await store.commit(WriteUnit(puts=(make_span(1), make_token())))
    with pytest.raises(StorageError, match="unit of their own"):
        await store.commit(WriteUnit(puts=(make_span(1),), audit=(make_draft(),)))
    assert await store.list_spans() == ()
    assert await store.list_tokens() == ()
