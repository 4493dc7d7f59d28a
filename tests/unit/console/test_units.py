"""One place writes numbers, and no number says more or less than it is."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.view_models.units import (
    bound_of,
    milliseconds,
    past_bound,
    percent,
    size,
    target_of,
    tokens,
    usd,
    with_unit,
)
from core.measures import MetricSpec
from core.monitoring.catalog import CATALOG


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.71, "ratio", "71%"),
        (0.001, "ratio", "0.1%"),
        (0.0005, "ratio", "0.05%"),
        (0.9995, "ratio", "99.95%"),
        (0.875, "ratio", "87.5%"),
        (0.0, "ratio", "0%"),
        (612.0, "ms", "612 ms"),
        (0.42, "ms", "0.42 ms"),
        (14_900.0, "ms", "14.9 s"),
        (300.0, "s", "300 s"),
        (5_400.0, "s", "90 min"),
        (120.0, "min", "120 min"),
        (1_440.0, "min", "24 h"),
        (3.0, "usd", "$3.00"),
        (0.0031, "usd", "$0.0031"),
        (-2.0, "usd", "-$2.00"),
        (5.0, "per_hour", "5/h"),
        (1_204.0, "per_s", "1,204/s"),
        (0.8, "per_week", "0.8/wk"),
        (4.25, "score", "4.25"),
        (7.0, "bananas", "7 bananas"),
        (7.0, "\x1b[2J", "7 \\x1b[2J"),
        (1e15, "per_s", "1e+15/s"),
        (math.nan, "ratio", "not a number"),
        (math.inf, "ms", "not a number"),
    ],
)
def test_a_value_is_written_with_its_unit(value: float, unit: str, text: str) -> None:
    assert with_unit(value, unit) == text


def test_other_quantities_have_one_form_too() -> None:
    assert (usd(4_180_000), usd(0), usd(90)) == ("$4.18", "$0.00", "$0.0001")
    assert (size(812), size(11_400_000), size(1_500_000_000)) == ("812 B", "11 MB", "1.4 GB")
    assert (tokens(812), tokens(12_400), tokens(3_100_000)) == ("812", "12.4k", "3.1M")
    assert milliseconds(84) == "84 ms"


@given(st.floats(0, 1))
def test_a_share_and_its_percent_are_the_same_number(share: float) -> None:
    assert float(percent(share)[:-1]) == pytest.approx(100 * share, abs=0.051)


@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["ratio", "ms", "s", "usd"]))
def test_whatever_a_source_gives_can_be_written_in_one_line(value: float, unit: str) -> None:
    text = with_unit(value, unit)
    assert text.isprintable()
    assert len(text) <= 20


def test_every_metric_of_the_catalogue_has_a_unit_that_is_known_here() -> None:
    for spec in CATALOG:
        assert not {"_", "ratio", "score", "usd"} & set(target_of(spec).split())
        assert "_" not in target_of(spec)
        assert len(with_unit(spec.target, spec.unit)) <= 9


def test_bounds_and_scales_are_told() -> None:
    gpu = MetricSpec(
        agent="video", name="gpu", unit="ratio", target=0.8, alert_below=0.6, alert_above=0.95
    )
    score = MetricSpec(agent="ai", name="quality", unit="score", target=4.2, max=5)
    assert bound_of(gpu) == "< 60% > 95%"
    assert bound_of(score) == ""
    assert target_of(score) == "4.2 of 5"
    assert [past_bound(gpu, each) for each in (0.5, 0.6, 0.95, 0.96)] == [True, False, False, True]
