"""Columns fit, or the least needed go."""

from hypothesis import given
from hypothesis import strategies as st

from console.view_models.approvals import COLUMNS
from console.view_models.columns import Column, fit_columns


def titles(width: int) -> list[str]:
    return [COLUMNS[index].title for index, _ in fit_columns(COLUMNS, width)]


@given(st.integers(40, 300))
def test_columns_fill_the_width_exactly(width: int) -> None:
    fitted = fit_columns(COLUMNS, width)
    assert sum(cells for _, cells in fitted) + len(fitted) - 1 == width


@given(st.integers(0, 300))
def test_id_risk_and_action_are_never_left_out(width: int) -> None:
    assert {"ID", "RISK", "ACTION"} <= set(titles(width))
    assert all(cells >= 1 for _, cells in fit_columns(COLUMNS, width))


def test_policy_goes_first_and_age_and_agent_before_expiry() -> None:
    assert titles(120)[-1] == "POLICY"
    assert titles(90) == ["ID", "RISK", "AGENT", "ACTION", "AGE", "EXPIRES"]
    assert titles(77) == ["ID", "RISK", "AGENT", "ACTION", "EXPIRES"]
    assert titles(57) == ["ID", "RISK", "ACTION", "EXPIRES"]


def test_without_a_flexible_column_the_rest_stays_empty() -> None:
    assert fit_columns((Column(title="A", width=3),), 10) == ((0, 3),)
