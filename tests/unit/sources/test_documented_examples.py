"""The examples of docs/metric-sources.md are right as they stand."""

import re
from pathlib import Path

from core.settings import load_settings
from core.source_settings import BINDINGS

GUIDE = Path(__file__).parents[3] / "docs" / "metric-sources.md"


def test_every_example_loads_and_every_kind_has_one(tmp_path: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    kinds: set[str] = set()
    for example in examples:
        path = tmp_path / "maestro.toml"
        path.write_text(example, encoding="utf-8")
        for metrics in load_settings(path).metrics.values():
            kinds.update(binding.source for binding in metrics.values())
    assert kinds == set(BINDINGS)
