import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.sources.parse_prometheus import (
    Increases,
    histogram_quantile,
    parse_page,
    select,
)
from core.errors import SourceFailed

A = frozenset({("path", "/a")})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<html><body>Welcome</body></html>", "the page holds no metric"),
        ("requests of today: many", "not a page"),
        ('requests{code="200" 1\n', "not a page"),
        ("requests many\n", "not a page"),
        ("", "the page holds no metric"),
        ("# only a comment\n", "the page holds no metric"),
    ],
)
def test_what_is_no_page_is_refused(text: str, said: str) -> None:
    with pytest.raises(SourceFailed, match=said):
        parse_page(text, {"requests"})


def test_lines_of_other_names_are_passed_over() -> None:
    assert parse_page("other 1\nbroken{ 2\nwanted 3\n", {"wanted"}) == {"wanted": {frozenset(): 3}}
    assert parse_page("other 1\n", {"wanted"}) == {}


@given(st.text(alphabet='a{}="\\,# \n1.eE+-NaNInf', max_size=80))
@settings(max_examples=200)
def test_any_text_is_a_page_or_refused(text: str) -> None:
    try:
        page = parse_page(text, {"a", "N", "I"})
    except SourceFailed:
        return
    assert all(isinstance(value, float) for series in page.values() for value in series.values())


def test_labels_choose_and_the_rest_does_not_matter() -> None:
    page = parse_page(
        'r{code="200",path="/a"} 1\nr{code="500",path="/a"} 2\nr{code="500"} 4\nrr 8\n', "r"
    )
    assert sum(select(page, "r", {"code": "500"}).values()) == 6
    assert sum(select(page, "r", {"path": "/a"}).values()) == 3
    assert select(page, "r", {"code": "404"}) == {}
    assert select(page, "q", {}) == {}


@given(st.lists(st.tuples(st.integers(1, 100), st.booleans()), min_size=1, max_size=20))
@settings(max_examples=60)
def test_growth_is_what_was_counted_also_over_restarts(steps: list[tuple[int, bool]]) -> None:
    growth, counter, counted = Increases(1e9), 0, 0
    growth.add(0, {A: 0})
    for at_s, (count, restarted) in enumerate(steps, 1):
        counter = count if restarted and count < counter else counter + count
        counted += count
        growth.add(at_s, {A: counter})
        growth.add(at_s, {A: counter + 5})  # the same instant counts once
    total = growth.total()
    assert total is not None
    assert total == ({A: counted}, len(steps))


def test_growth_is_of_the_window_and_at_least_of_two_scrapes() -> None:
    growth = Increases(window_s=20)
    assert growth.total() is None
    for at_s in range(0, 60, 10):
        growth.add(at_s, {A: at_s * 2})
    assert growth.total() == ({A: 40}, 20)
    growth.add(1_000, {A: 200})
    assert growth.total() == ({A: 100}, 950)


def buckets(**counts: float) -> dict[frozenset[tuple[str, str]], float]:
    edges = {"a": "0.1", "b": "0.5", "c": "1", "inf": "+Inf"}
    return {frozenset({("le", edges[name])}): count for name, count in counts.items()}


@pytest.mark.parametrize(
    ("quantile", "counts", "value"),
    [
        (0.5, {"a": 0, "b": 10, "c": 10, "inf": 10}, 0.3),
        (0.9, {"a": 5, "b": 5, "c": 10, "inf": 10}, 0.9),
        (0.99, {"a": 1, "b": 1, "c": 1, "inf": 10}, 1.0),
        (0.5, {"a": 10, "b": 10, "c": 10, "inf": 10}, 0.05),
        (0.5, {"a": 0, "b": 0, "c": 0, "inf": 0}, None),
    ],
)
def test_a_quantile_is_what_prometheus_would_say(
    quantile: float, counts: dict[str, float], value: float | None
) -> None:
    found = histogram_quantile(quantile, buckets(**counts))
    assert found == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    "series", [{A: 1.0}, buckets(a=1, b=2), buckets(inf=3), {frozenset({("le", "x")}): 1.0}, {}]
)
def test_what_is_no_histogram_has_no_quantile(
    series: dict[frozenset[tuple[str, str]], float],
) -> None:
    with pytest.raises(SourceFailed, match="a quantile needs"):
        histogram_quantile(0.5, series)


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=50), st.floats(0.01, 0.99))
@settings(max_examples=100)
def test_a_quantile_lies_in_the_bucket_of_its_rank(values: list[float], quantile: float) -> None:
    counts = {name: float(sum(value <= edge for value in values))
              for name, edge in (("a", 0.1), ("b", 0.5), ("c", 1), ("inf", math.inf))}  # fmt: skip
    found = histogram_quantile(quantile, buckets(**counts))
    true = sorted(values)[math.ceil(quantile * len(values)) - 1]
    edges = (0, 0.1, 0.5, 1)
    low = max(edge for edge in edges if edge < true)
    high = min(edge for edge in edges if edge >= true)
    assert found is not None
    assert low - 1e-9 <= found <= high + 1e-9
