"""Sums in every usual form, exactly; what cannot be read counts as the largest."""

from typing import Any

import pytest

from core.actions import Decision, JsonValue
from core.governance.amounts import LARGEST_MICROS, read_amount
from core.governance.facts import collect_evidence
from core.governance.model import PolicyAnswer, PolicyRequest
from core.governance.policies.loading import load_packs
from core.governance.policy_judge import CedarJudge
from core.ids import AgentId
from core.records import PrincipalRecord, Role
from tests.factories import NOW, make_action

LIBRARY = load_packs(None)
JUDGE = CedarJudge(LIBRARY)

READ: list[tuple[JsonValue, str]] = [
    (15000, "15000"),
    (0.1, "0.1"),
    (-12.5, "12.5"),
    (1e22, "10000000000000000000000"),
    ("15000", "15000"),
    ("-15000", "15000"),
    ("15,000.00", "15000"),
    ("15.000,00", "15000"),
    ("R$ 15.000,00", "15000"),
    ("US$1,234,567.5", "1234567.5"),
    ("-€5", "5"),
    ("5 €", "5"),
    ("15.000,-", "15000"),
    ("Rs.500", "500"),
    ("12,34,567.00", "1234567"),
    ("1.000.000", "1000000"),
    ("15.000", "15000"),
    ("15,000", "15000"),
    ("15.00", "15"),
    ("0.500", "0.5"),
    ("1500.000", "1500"),
    ("1,5", "1.5"),
    ("5e6", "5000000"),
    ("1.5E+4 EUR", "15000"),
    ("15e-1", "1.5"),
    ("5 000 000", "5000000"),
    ("5\u00a0000\u202f000,50", "5000000.5"),
    ("15'000", "15000"),
    ("15’000.25 CHF", "15000.25"),  # noqa: RUF001
    ("15_000", "15000"),
    ("15k", "15000"),
    ("5 million USD", "5000000"),
    ("R$ 5 milhões", "5000000"),
    ("\uff11\uff15\uff10\uff10\uff10", "15000"),
    ("\u0661\u0665\u0660\u0660\u0660", "15000"),
    ("15\u200b000", "15000"),
    ("0.0000001", "0.000001"),
    ("", "0"),
    (None, "0"),
    ({"value": 5000000, "currency": "EUR"}, "5000000"),
    ({"currency": "EUR", "units": 5000, "nanos": 0}, "5000"),
    (["1", "5000000", 7], "5000000"),
    ([{"price": "1.000,50"}, {"price": 2}], "1000.5"),
    ({"value": 5, "paid": True}, "5"),
]
UNREAD: list[JsonValue] = [
    *("no number", "all", "five million", "about 50", "5-10", "5 10", "1.2.3", "1.000.00"),
    *("1,000.000,00", "1 0000", "50%", "5 widgets", "5 k million", "each 5", "(5)", "5 + 5"),
    *("10\u2076", "\u00bd", "\u4e94", "9" * 400, "1e9999", "1" + " " * 200, True, False),
    *(float("nan"), float("inf"), {"value": "much"}, ["5", "much"]),
]


def micros(amount: str) -> int:
    whole, _, part = amount.partition(".")
    return int(whole) * 10**6 + int(part.ljust(6, "0"))


@pytest.mark.parametrize(("value", "amount"), READ)
def test_a_sum_is_read_exactly(value: JsonValue, amount: str) -> None:
    found = read_amount({"Amount": value}, pays=True)
    assert (found.micros, found.findings) == (min(LARGEST_MICROS, micros(amount)), ())


@pytest.mark.parametrize("value", UNREAD)
def test_what_cannot_be_read_counts_as_the_largest_and_says_so(value: JsonValue) -> None:
    found = read_amount({"amount": value}, pays=True)
    assert found.micros == LARGEST_MICROS
    (finding,) = found.findings
    assert finding.path.startswith("arguments.amount")
    assert "cannot be read as one number" in finding.message
    assert "Error" not in finding.message


def test_no_sum_is_larger_than_the_facts_hold() -> None:
    assert read_amount({"amount": 10**30}, pays=True).micros == LARGEST_MICROS
    assert read_amount({"amount": "1e30"}, pays=True).micros == LARGEST_MICROS


def test_what_pays_is_looked_through_at_any_depth() -> None:
    nested: dict[str, Any] = {"transfers": [{"payment": {"total": "1"}}, {"amount": "2e3"}]}
    assert read_amount(nested, pays=True).micros == micros("2000")
    assert read_amount(nested, pays=False).micros == 0
    assert read_amount({"amount": [{"x": ["7"]}]}, pays=False).micros == micros("7")
    deep: JsonValue = 5
    for _ in range(70):
        deep = [deep]
    assert read_amount({"x": deep}, pays=True).micros == LARGEST_MICROS
    assert read_amount({"x": 70}, pays=True).micros == 0


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("no number", "0"),
        ("under 50 EUR", "50"),
        ("between 1.000,50 and 2,000", "2000"),
        ("about 5 million or so", "5000000"),
        ("version 1.2.3", "3"),
        ("9" * 400, "9" * 60),
        ("2 rooms", "2"),
    ],
)
def test_of_a_tool_that_pays_nothing_the_largest_number_counts(text: str, amount: str) -> None:
    found = read_amount({"value": text}, pays=False)
    assert (found.micros, found.findings) == (min(LARGEST_MICROS, micros(amount)), ())
    assert read_amount({"value": True}, pays=False).micros == 0


def pay(arguments: dict[str, Any], *, kind: str = "payment.transfer") -> PolicyAnswer:
    pack = "payments"
    principal = PrincipalRecord(
        id=AgentId("payer"),
        role=Role.AGENT,
        permissions=LIBRARY.permissions_of(pack, Role.AGENT),
        pack=pack,
        first_seen=NOW,
        last_seen=NOW,
    )
    account = "DE89370400440532013000"
    action = make_action(
        kind=kind,
        resource="send_money",
        arguments={"to": account, **arguments},
        purpose=f"Transfer the money to {account}",
    )
    facts = collect_evidence(action, principal=principal, trust=0.5, session=None).facts
    return JUDGE.judge(
        PolicyRequest(principal=principal, kind=kind, resource="send_money", facts=facts)
    )


@pytest.mark.parametrize(
    "amount",
    [5000000, "5e6", "5 000 000", {"value": 5000000}, ["5000000"], "1.000.001", "9" * 400, "much"],
)
def test_no_form_of_a_sum_passes_the_ceiling(amount: JsonValue) -> None:
    answer = pay({"amount": amount})
    assert answer.decision is Decision.DENY
    assert "forbid:payment-ceiling" in answer.policies


@pytest.mark.parametrize(
    "arguments",
    [{"amount": "15.000,00"}, {"amount": "R$ 15.000,00"}, {"amount": "15k"}, {}, {"amt": 5}],
)
def test_no_form_of_a_sum_passes_the_rule_of_two_people(arguments: dict[str, Any]) -> None:
    answer = pay(arguments)
    assert answer.decision is Decision.ASK
    assert answer.second_approver


def test_a_tool_that_moves_money_asks_two_people_about_a_sum_that_cannot_be_read() -> None:
    answer = pay({"amount": "five million"}, kind="tool.call")
    assert answer.decision is Decision.ASK
    assert answer.second_approver
    assert not pay({"amount": "50 EUR"}, kind="tool.call").second_approver


@pytest.mark.parametrize(
    "unit", ["1", "1 ", "1,", "1.", "1e", "1'", " ", "a1", "1 a", "\u0661", "€"]
)
def test_hostile_repetition_is_looked_through(unit: str) -> None:
    """Work that grew with the square of the length would not end within the life of the suite."""
    text = unit * (300_000 // len(unit))
    assert read_amount({"amount": text}, pays=True).micros in {0, LARGEST_MICROS}
    assert read_amount({"amount": text}, pays=False).micros <= LARGEST_MICROS
