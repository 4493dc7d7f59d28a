from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ids import AgentId
from core.orchestration.conflicts import (
    CONTRACT_MISMATCH,
    RESOURCE_CONTENTION,
    Claim,
    Conflict,
    divide_fairly,
    resolve_conflict,
)

claims_of_all = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 10)), min_size=1, max_size=7
).map(
    lambda rows: [
        Claim(agent=AgentId(f"a{index}"), need=need, priority=priority)
        for index, (need, priority) in enumerate(rows)
    ]
)


def claim(name: str, need: int, priority: int = 5) -> Claim:
    return Claim(agent=AgentId(name), need=need, priority=priority)


@settings(max_examples=300, deadline=None)
@given(claims=claims_of_all, limit=st.integers(0, 200))
def test_shares_are_fair(claims: list[Claim], limit: int) -> None:
    shares = divide_fairly(claims, limit)
    needed = sum(each.need for each in claims)
    assert sum(shares.values()) == min(limit, needed)  # never above the limit, nothing left unused
    assert all(0 <= shares[each.agent] <= each.need for each in claims)
    for poor in claims:
        if shares[poor.agent] == poor.need:
            continue
        after = Fraction(shares[poor.agent] + 1, poor.priority)
        for rich in claims:  # a unit taken from anybody would come from one who has no more
            if rich is not poor and shares[rich.agent]:
                assert Fraction(shares[rich.agent], rich.priority) <= after


@settings(max_examples=100, deadline=None)
@given(claims=claims_of_all, limit=st.integers(0, 200), data=st.data())
def test_the_order_of_the_claims_does_not_matter(
    claims: list[Claim], limit: int, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(claims))
    assert divide_fairly(shuffled, limit) == divide_fairly(claims, limit)


@settings(max_examples=100, deadline=None)
@given(claims=claims_of_all, limit=st.integers(0, 200))
def test_more_to_divide_leaves_nobody_with_less(claims: list[Claim], limit: int) -> None:
    less, more = divide_fairly(claims, limit), divide_fairly(claims, limit + 1)
    assert all(less[each.agent] <= more[each.agent] for each in claims)


def test_great_limits_are_divided_at_once_and_exactly() -> None:
    claims = [claim("a", 10**15, 1), claim("b", 10**15, 2), claim("c", 10**15, 3)]
    assert divide_fairly(claims, 10**15 + 1) == {
        "a": 166666666666666,
        "b": 333333333333334,
        "c": 500000000000001,
    }


def test_who_needs_little_gets_it_and_the_others_share_the_rest_by_priority() -> None:
    conflict = Conflict(
        type=RESOURCE_CONTENTION,
        parties=(AgentId("ai"), AgentId("video"), AgentId("data")),
        subject="gpu",
        claims=(claim("ai", 8, 6), claim("video", 8, 3), claim("data", 1, 1)),
        limit=10,
    )
    ended = resolve_conflict(conflict)
    assert ended.resolved
    assert ended.shares == {"ai": 6, "video": 3, "data": 1}
    assert ended.reason == "10 of gpu divided: ai 6, video 3, data 1"
    assert [(each.to, each.type, each.priority) for each in ended.notices] == [
        ("ai", "resource.limit", 9),
        ("video", "resource.limit", 9),
        ("data", "resource.limit", 9),
    ]
    assert ended.notices[0].payload == {"resource": "gpu", "share": 6, "need": 8, "limit": 10}


@pytest.mark.parametrize(
    ("claims", "limit", "fault"),
    [
        ((), 1, "nobody claims any"),
        ((claim("a", 1),), -1, "the limit -1 is below 0"),
        ((claim("a", 1), claim("a", 2)), 1, "an agent claims twice"),
        ((claim("a", -1),), 1, "a needs -1"),
        ((claim("a", 1, 11),), 1, "a has the priority 11"),
    ],
)
def test_claims_that_make_no_sense_are_for_a_person(
    claims: tuple[Claim, ...], limit: int, fault: str
) -> None:
    conflict = Conflict(
        type=RESOURCE_CONTENTION, parties=(), subject="gpu", claims=claims, limit=limit
    )
    ended = resolve_conflict(conflict)
    assert not ended.resolved
    assert fault in ended.reason
    assert ended.notices == ()


@pytest.mark.parametrize(
    ("declared", "winner", "told"),
    [
        (("frontend", "backend", "architect"), "architect", ["frontend", "backend"]),
        (("frontend", "backend"), "backend", ["frontend", "architect"]),
    ],
)
def test_the_authoritative_side_wins_and_every_other_party_is_sent_its_contract(
    declared: tuple[str, ...], winner: str, told: list[str]
) -> None:
    conflict = Conflict(
        type=CONTRACT_MISMATCH,
        parties=(
            AgentId("frontend"),
            AgentId("backend"),
            AgentId("architect"),
            AgentId("frontend"),
        ),
        subject="orders",
        contracts={AgentId(name): {"document": f"{name}.yaml"} for name in declared},
    )
    ended = resolve_conflict(conflict)
    assert (ended.resolved, ended.winner) == (True, winner)
    assert [(each.to, each.type, each.priority) for each in ended.notices] == [
        (name, "contract.changed", 9) for name in told
    ]
    assert ended.notices[0].payload == {
        "contract": "orders",
        "from": winner,
        "document": f"{winner}.yaml",
    }


def test_without_an_authoritative_contract_a_person_decides() -> None:
    conflict = Conflict(
        type=CONTRACT_MISMATCH,
        parties=(AgentId("frontend"), AgentId("mobile")),
        subject="orders",
        contracts={AgentId("frontend"): {}},
    )
    ended = resolve_conflict(conflict)
    assert not ended.resolved
    assert "say which one is in force" in ended.reason


def test_any_other_conflict_is_for_a_person() -> None:
    conflict = Conflict(type="taste", parties=(AgentId("a"), AgentId("b")), subject="colours")
    ended = resolve_conflict(conflict)
    assert not ended.resolved
    assert (
        ended.reason == "no rule ends a conflict of the type 'taste'; decide for a, b over colours"
    )
