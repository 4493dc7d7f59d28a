import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.governance.ethics_counsel import RuleCounsellor, advise
from core.governance.model import Facts
from tests.factories import make_action

ACTION = make_action()


async def test_harmless_work_needs_no_counsel() -> None:
    counsel = await RuleCounsellor().counsel(ACTION, Facts(purpose_known=True), ())
    assert not counsel.called_for


@pytest.mark.parametrize(
    ("facts", "topic"),
    [
        (Facts(irreversible=True), "irreversible"),
        (Facts(people_affected=2), "ethical"),
        (Facts(special_category=True), "privacy"),
        (Facts(amount_micros=1), "financial"),
        (Facts(purpose_known=True, grounded=False), "purpose"),
        (Facts(purpose_known=True, tool_named=False), "purpose"),
        (Facts(purpose_known=True, tainted=True), "purpose"),
        (Facts(secrets=True), "security"),
        (Facts(risk_rank=2), "risk"),
    ],
)
def test_each_fact_calls_for_its_counsel(facts: Facts, topic: str) -> None:
    counsel = advise(ACTION, facts, ())
    assert counsel.called_for
    assert counsel.types == (topic,)
    assert counsel.questions


def test_reading_outside_the_purpose_is_no_matter_of_conscience() -> None:
    assert not advise(
        ACTION, Facts(purpose_known=True, grounded=False, read_only=True), ()
    ).called_for


@pytest.mark.parametrize(
    ("facts", "who"),
    [
        (Facts(amount_micros=10_000_000_000), "financial"),
        (Facts(people_affected=100), "legal"),
        (Facts(special_category=True), "legal"),
        (Facts(irreversible=True), None),
    ],
)
def test_a_professional_is_named_where_it_applies(facts: Facts, who: str | None) -> None:
    assert advise(ACTION, facts, ()).professional == who


@given(st.booleans(), st.booleans())
def test_confidence_is_a_share_and_grows_with_what_is_known(known: bool, tainted: bool) -> None:  # noqa: FBT001
    counsel = advise(ACTION, Facts(irreversible=True, purpose_known=known, tainted=tainted), ())
    better = advise(ACTION, Facts(irreversible=True, purpose_known=True), ())
    assert 0 < counsel.confidence <= better.confidence <= 1
    assert "finding" in counsel.basis
