"""The user guide's example loads, and its tables leave nothing out."""

import re
from pathlib import Path

from core.governance.policies.catalog import KINDS, PERMISSIONS
from core.governance.policies.facts import ATTRIBUTES
from core.governance.policies.loading import load_packs
from core.governance.policies.testing import check, run_cases
from tests.unit.governance.policies.samples import write_pack

GUIDE = (Path(__file__).parents[4] / "docs" / "policies.md").read_text(encoding="utf-8")


def block(first_line: str) -> str:
    found = re.search(rf"```\w*\n({re.escape(first_line)}\n.*?)```", GUIDE, re.DOTALL)
    assert found, first_line
    return found.group(1)


def test_the_guides_example_loads_and_passes_its_cases(tmp_path: Path) -> None:
    write_pack(
        tmp_path,
        manifest=block("# pack.toml"),
        deploy=block("// deploy.cedar"),
        cases=block("# cases.toml"),
    )
    assert check(tmp_path) == ()
    mine = [each for each in run_cases(load_packs(tmp_path)) if each.pack == "mine"]
    assert [each.passed for each in mine] == [True] * 3


def test_the_guide_names_every_kind_permission_attribute_and_pack() -> None:
    words = {*KINDS, *PERMISSIONS, *ATTRIBUTES.keys() - {"approved"}, *load_packs(None).packs}
    assert [word for word in sorted(words) if f"`{word}`" not in GUIDE] == []
