"""The metric catalogue: 49 metrics of the ten specialists and 5 of the system, in order."""

import difflib
import math
import re
import tomllib
from importlib.resources import files
from typing import Any, Final

from core.errors import ConfigError
from core.measures import MetricSpec

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


def _load() -> tuple[MetricSpec, ...]:
    text = (files("core.monitoring") / "catalog.toml").read_text(encoding="utf-8")
    table: dict[str, dict[str, dict[str, Any]]] = tomllib.loads(text)
    return tuple(
        MetricSpec(agent=agent, name=name, **row)
        for agent, rows in table.items()
        for name, row in rows.items()
    )


CATALOG: Final[tuple[MetricSpec, ...]] = _load()
_BY_KEY: Final = {spec.key: spec for spec in CATALOG}


def find_metric(key: str) -> MetricSpec | None:
    """The catalogue's row of `agent.name`; None when it has none."""
    return _BY_KEY.get(key)


def make_metric(
    agent: str,
    name: str,
    *,
    unit: str | None,
    target: float | None,
    max: float | None = None,  # noqa: A002 - the field's name
    alert_below: float | None = None,
    alert_above: float | None = None,
    note: str = "",
) -> MetricSpec:
    """A metric beside the catalogue, as settings describe it.

    Raises ConfigError: without unit and target (the name may be a slip, so the nearest right one
    is told), for a name of another shape, and for bounds that the target itself is past.
    """
    key = f"{agent}.{name}"
    if key in _BY_KEY:
        raise ConfigError(f"metrics.{key} is in the catalogue: its unit, target and bounds are set")
    if unit is None or target is None:
        raise ConfigError(f"metrics.{key} is not in the catalogue{_nearest(key)}")
    if not (_NAME.fullmatch(agent) and _NAME.fullmatch(name)):
        raise ConfigError(f"metrics.{key}: names are lower-case letters, digits and '_'")
    bounds = (target, max, alert_below, alert_above)
    if not all(math.isfinite(each) for each in bounds if each is not None):
        raise ConfigError(f"metrics.{key}: target, max and bounds are finite numbers")
    below = -math.inf if alert_below is None else alert_below
    above = math.inf if alert_above is None else alert_above
    if not below <= target <= above:
        raise ConfigError(f"metrics.{key}: the target {target:g} is itself past a bound")
    return MetricSpec(
        agent=agent,
        name=name,
        unit=unit,
        target=target,
        max=max,
        alert_below=alert_below,
        alert_above=alert_above,
        note=note,
    )


def _nearest(key: str) -> str:
    close = difflib.get_close_matches(key, list(_BY_KEY), n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"{hint}; to measure it all the same, give it a unit and a target"
