"""Which messages are taken, and the sentences that say why not."""

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from core.fleet import MessageState, MessageView
from core.fleet_ports import MessageQuery
from core.ids import AgentId, MessageId
from core.orchestration.routing.rules import (
    able_by,
    explain_wait,
    find_fault,
    is_writable,
    lifetime_s,
    make_answer,
    matches,
    measure_payload,
    shorten,
)
from tests.fakes import FakeClock
from tests.unit.orchestration.post import make_message

NOW = FakeClock().now()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, ""),
        ({"priority": 1}, ""),
        ({"priority": 10}, ""),
        ({"to": "", "capability": "write"}, ""),
        ({"expires_at": NOW}, ""),
        ({"priority": 0}, "priority 0 is not a whole number from 1 to 10"),
        ({"priority": 11}, "priority 11 is not a whole number from 1 to 10"),
        ({"priority": 5.5}, "priority 5.5 is not a whole number from 1 to 10"),
        ({"priority": True}, "priority True is not a whole number from 1 to 10"),
        ({"to": ""}, "the message names neither an agent nor a capability"),
        ({"type": ""}, "the message has no type, no sender or no id"),
        ({"sender": ""}, "the message has no type, no sender or no id"),
        ({"id": ""}, "the message has no type, no sender or no id"),
        ({"type": "t" * 1000}, "names and type of the message are longer than 1000 characters"),
        (
            {"expires_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - the naive time is the point
            "the time at which the message expires has no time zone",
        ),
    ],
)
def test_a_message_that_cannot_be_taken_says_why(changes: dict[str, Any], fault: str) -> None:
    assert find_fault(make_message(**changes)) == fault


@pytest.mark.parametrize(
    ("payload", "size"),
    [
        ({}, 2),
        ({"a": 1}, 7),
        (MappingProxyType({"a": (1, 2)}), 11),
        ({"a": MappingProxyType({"b": range(2)})}, 17),
        ({"a": 2**70}, 28),
        ({"a": "\ud800"}, 14),
    ],
)
def test_a_payload_is_measured_as_json(payload: Any, size: int) -> None:
    assert measure_payload(payload) == size


def _endless() -> dict[str, Any]:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    return loop


@pytest.mark.parametrize("payload", [{"a": object()}, {"a": b"x"}, _endless(), {(1, 2): "a"}])
def test_a_payload_that_is_not_json_is_refused_with_a_sentence(payload: Any) -> None:
    with pytest.raises(ValueError, match="the payload is not JSON: "):
        measure_payload(payload)


def test_numbers_that_json_has_not_are_seen() -> None:
    assert is_writable({"a": 1e300})
    assert not is_writable({"a": [float("nan")]})
    assert not is_writable({"a": float("inf")})


def test_the_capability_of_the_message_says_who_else_is_able_else_those_of_the_addressee() -> None:
    assert able_by(make_message(capability="write"), ("read",)) == ("write",)
    assert able_by(make_message(), ("read", "list")) == ("read", "list")
    assert able_by(make_message(), None) == ()
    assert able_by(make_message(capability="write", only_addressee=True), ("read",)) == ()


def test_what_is_left_of_a_life_is_counted_from_now() -> None:
    assert lifetime_s(NOW + timedelta(minutes=1), now=NOW) == 60
    assert lifetime_s(NOW - timedelta(minutes=1), now=NOW) == -60


def test_a_reason_is_one_line_of_bounded_length() -> None:
    assert shorten("it\nbroke\t here") == "it broke here"
    assert len(shorten("x" * 1000)) == 300


@pytest.mark.parametrize(
    ("changes", "known", "why", "overloaded", "sentence"),
    [
        ({}, True, "", True, "all that could take it are over 85 % of their capacity"),
        (
            {"to": "", "capability": "write"},
            False,
            "",
            False,
            "no agent that can write takes messages",
        ),
        ({}, False, "", False, "there is no agent bo, and no other is able"),
        ({}, True, "", False, "bo takes no messages; no other is able"),
        ({}, True, "paused", False, "bo takes no messages: paused; no other is able"),
    ],
)
def test_a_message_that_waits_says_for_what(
    *, changes: dict[str, Any], known: bool, why: str, overloaded: bool, sentence: str
) -> None:
    message = make_message(**changes)
    assert explain_wait(message, known=known, why=why, overloaded=overloaded) == sentence


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, True),
        ({"agent": "an"}, True),
        ({"agent": "cy"}, True),
        ({"agent": "zed"}, False),
        ({"type": "as"}, True),
        ({"type": "answer"}, False),
        ({"text": "late"}, True),
        ({"text": "invoice"}, True),
        ({"text": "elsewhere"}, False),
        ({"dead_only": True}, True),
    ],
)
def test_a_query_finds_by_names_type_words_and_payload(
    asked: dict[str, Any], *, found: bool
) -> None:
    view = MessageView(
        message=make_message(payload={"what": "invoice"}),
        state=MessageState.DEAD,
        holder=AgentId("cy"),
        priority_now=5,
        changed_at=NOW,
        reason="too late",
    )
    assert matches(MessageQuery(**asked), view) is found


def test_a_query_for_the_dead_leaves_the_living_out() -> None:
    view = MessageView(
        message=make_message(),
        state=MessageState.QUEUED,
        holder=None,
        priority_now=5,
        changed_at=NOW,
    )
    assert not matches(MessageQuery(dead_only=True), view)


def test_an_answer_goes_to_the_sender_alone_under_the_same_correlation() -> None:
    request = make_message(priority=8, durable=True)
    answer = make_answer(
        request, {"ok": True}, message_id=MessageId("r"), sender=AgentId("bo"), at=NOW
    )
    assert (answer.to, answer.sender, answer.answers) == ("ana", "bo", request.id)
    assert answer.correlation_id == request.correlation_id
    assert (answer.type, answer.priority) == ("task.answer", 8)
    assert answer.durable
    assert answer.only_addressee
