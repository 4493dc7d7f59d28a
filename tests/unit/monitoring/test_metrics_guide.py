"""What docs/metrics.md says is so: the catalogue, the settings, the size of the file."""

import re
from pathlib import Path

from core.adapters.series import bytes_max
from core.monitoring.catalog import CATALOG, find_metric, make_metric
from core.settings import load_settings

GUIDE = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")


def cells(line: str) -> list[str]:
    return [each.strip(" `") for each in line.strip().strip("|").split("|")]


def bound_text(below: float | None, above: float | None) -> str:
    parts = [f"{sign} {each:g}" for sign, each in (("<", below), (">", above)) if each is not None]
    return " or ".join(parts)


def test_the_guide_lists_the_catalogue_as_it_is() -> None:
    table = GUIDE.partition("## The catalogue")[2].splitlines()
    listed = [cells(line) for line in table if line.startswith("| ") and "`" in line]
    assert listed == [
        [
            spec.agent,
            spec.name,
            spec.unit if spec.max is None else f"{spec.unit} 0..{spec.max:g}",
            f"{spec.target:g}",
            bound_text(spec.alert_below, spec.alert_above),
        ]
        for spec in CATALOG
    ]


def test_every_example_of_settings_in_the_guide_is_taken(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        path = tmp_path / "maestro.toml"
        path.write_text(block, encoding="utf-8")
        for agent, metrics in load_settings(path).metrics.items():
            for name, each in metrics.items():
                if find_metric(f"{agent}.{name}") is None:
                    make_metric(agent, name, unit=each.unit, target=each.target)


def test_the_sizes_in_the_guide_are_those_of_the_formula() -> None:
    rows = re.findall(r"\| ([\d,]+) \| (\d+) s \| ([\d,]+) MB \|", GUIDE)
    assert len(rows) == 3
    for series, every_s, size_mb in rows:
        count = int(series.replace(",", ""))
        bound = bytes_max(series=count, samples_per_s=count / int(every_s))
        assert f"{bound / 1e6:,.0f}" == size_mb
