"""Ruling out by literals costs nothing that a pattern would have found."""

from hypothesis import given
from hypothesis import strategies as st

from core.governance.screening import injections, judgement, secrets
from core.governance.screening.hints import AnyHint

HINTS = ("token", "://", "<|")
ANY = AnyHint(HINTS)


@given(st.text(max_size=120), st.sampled_from(HINTS), st.text(max_size=120))
def test_no_text_that_holds_a_literal_is_ruled_out(before: str, hint: str, after: str) -> None:
    assert not ANY.rules_out(f"{before}{hint}{after}")


def test_short_text_without_any_is_ruled_out_and_of_long_text_nothing_is_said() -> None:
    assert ANY.rules_out("a" * 100)
    assert not ANY.rules_out("a" * 101)


def test_no_literal_of_the_tables_is_missed() -> None:
    for module in (secrets, injections):
        for hint, _ in module._HINTS:
            assert not module._ANY_HINT.rules_out(f"x {hint} x"), hint
    for hint in judgement.NAME_HINTS:
        assert judgement.may_name_secret(f"x {hint} x"), hint
