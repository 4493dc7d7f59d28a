from typing import Any

import pytest

from core.agents.specialist import UnreadableMessageError
from core.orchestration.resolver import ConflictResolver, read_conflict
from tests.unit.agents.crew import FakeContext, Post, make_message

CONTENTION: dict[str, Any] = {
    "type": "resource_contention",
    "subject": "gpu",
    "limit": 4,
    "claims": [{"agent": "ai", "need": 8, "priority": 9}, {"agent": "video", "need": 1}],
}


async def hear(resolver: ConflictResolver, context: FakeContext, **payload: Any) -> Any:
    return await resolver.handle(make_message(type="conflict.found", payload=payload), context)


async def test_new_limits_are_sent_to_each_and_who_does_not_answer_is_named() -> None:
    context, resolver = FakeContext(answers={"ai": {}}), ConflictResolver()
    answer = await hear(resolver, context, **CONTENTION)
    assert answer["resolved"]
    assert answer["shares"] == {"ai": 3, "video": 1}
    assert answer["unanswered"] == ["video: video is offline"]
    assert [(each.to, each.type, each.priority) for each in context.asked] == [
        ("ai", "resource.limit", 9),
        ("video", "resource.limit", 9),
    ]
    assert (resolver.resolved, resolver.open) == (1, 0)


async def test_what_no_rule_ends_becomes_a_decision_for_the_operator_until_it_is_ended() -> None:
    context, resolver = FakeContext(), ConflictResolver()
    answer = await hear(resolver, context, **{**CONTENTION, "claims": []})
    assert not answer["resolved"]
    _, title, detail = context.alerts["conflict:resource_contention:gpu"]
    assert title == "a decision to take: resource_contention over gpu"
    assert detail == "gpu cannot be divided: nobody claims any; divide it"
    await hear(resolver, context, **CONTENTION)
    assert context.alerts == {}
    assert (resolver.resolved, resolver.open) == (1, 1)


async def test_an_agent_can_report_a_contract_that_does_not_fit() -> None:
    context = FakeContext(answers={"frontend": {}})
    answer = await hear(
        ConflictResolver(),
        context,
        type="api_contract_mismatch",
        subject="orders",
        parties=["frontend", "backend", 3],
        contracts={"backend": {"document": "b.yaml"}, "frontend": "no object"},
    )
    assert answer["winner"] == "backend"
    assert context.asked[0].payload["document"] == "b.yaml"


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"type": "x"},
        {"type": "", "subject": "y"},
        {"type": "x", "subject": "y", "limit": "1"},
        {"type": "x", "subject": "y", "claims": [1]},
        {"type": "x", "subject": "y", "claims": [{"agent": "a"}]},
        {"type": "x", "subject": "y", "claims": [{"agent": "a", "need": True}]},
    ],
)
async def test_a_conflict_that_cannot_be_read_is_answered_with_what_it_needs(
    payload: dict[str, Any],
) -> None:
    with pytest.raises(UnreadableMessageError):
        read_conflict(payload)
    answer = await hear(ConflictResolver(), FakeContext(), **payload)
    assert answer["error"].startswith("conflict.found: ")


async def test_other_messages_are_answered_with_the_type_that_it_takes() -> None:
    resolver, context = ConflictResolver(), FakeContext()
    answer = await resolver.handle(make_message(type="health.ask"), context)
    assert answer == {"error": "unknown type 'health.ask'; taken is conflict.found"}


async def test_agents_report_conflicts_to_architect() -> None:
    post = Post("architect", end_conflict=ConflictResolver().handle)
    answer = await post.hear("conflict.found", {"type": "taste", "subject": "colours"})
    assert answer["resolved"] is False
    assert "conflict:taste:colours" in post.context.alerts
