"""The catalogue's rows, and metrics beside them."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from core.monitoring.catalog import CATALOG, find_metric, make_metric
from core.monitoring.rules import find_breach, is_back

SPEC = Path(__file__).parents[4] / "shared" / "spec" / "metrics.toml"


def test_the_catalogue_holds_ten_agents_and_the_system_each_name_once() -> None:
    assert len(CATALOG) == len({spec.key for spec in CATALOG}) == 54
    assert sum(spec.agent == "system" for spec in CATALOG) == 5
    assert len({spec.agent for spec in CATALOG}) == 11
    assert CATALOG[0].key == "architect.system_design_decisions_per_hour"


def test_the_catalogue_says_what_the_specification_says() -> None:
    if not SPEC.exists():
        pytest.skip("the specification is not here")
    table: dict[str, dict[str, dict[str, Any]]] = tomllib.loads(SPEC.read_text(encoding="utf-8"))
    fields = ("unit", "target", "max", "alert_below", "alert_above")
    asked = [
        (f"{agent}.{name}", *(row.get(field) for field in fields))
        for agent, rows in table.items()
        for name, row in rows.items()
    ]
    held = [(spec.key, *(getattr(spec, field) for field in fields)) for spec in CATALOG]
    assert held == asked


@pytest.mark.parametrize("spec", CATALOG, ids=lambda spec: spec.key)
def test_every_target_is_clearly_inside_its_own_bounds(spec: Any) -> None:
    assert spec.alert_below is not None or spec.alert_above is not None
    assert find_breach(spec, spec.target) is None
    assert is_back(spec, spec.target, 0.05)


def test_a_row_is_found_by_its_key() -> None:
    assert find_metric("backend.error_rate") in CATALOG
    assert find_metric("backend.unknown") is None


def test_a_metric_beside_the_catalogue_needs_unit_and_target() -> None:
    spec = make_metric("backend", "queue_length", unit="messages", target=0, alert_above=100)
    assert (spec.key, spec.unit, spec.alert_above) == ("backend.queue_length", "messages", 100)


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("error_rat", {"unit": None}, "did you mean 'backend.error_rate'"),
        ("error_rate", {}, "is in the catalogue"),
        ("queue", {"target": None}, "not in the catalogue"),
        ("Queue Length", {}, "lower-case"),
        ("queue", {"alert_above": float("nan")}, "finite"),
        ("queue", {"alert_above": 1.0}, "itself past a bound"),
        ("queue", {"alert_below": 9.0}, "itself past a bound"),
    ],
)
def test_a_metric_that_makes_no_sense_is_refused_in_one_sentence(
    name: str, changes: dict[str, Any], words: str
) -> None:
    given: dict[str, Any] = {"unit": "messages", "target": 5.0, **changes}
    with pytest.raises(ConfigError, match=words):
        make_metric("backend", name, **given)
