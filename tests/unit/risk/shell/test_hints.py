"""A hint only saves time: wherever its pattern matches, one of its literals stands."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.risk.shell import code, code_data, targets, words
from core.risk.shell.hints import Hinted, hinted

TABLES = {
    f"{module.__name__}.{name}": value
    for module in (code, code_data, targets, words)
    for name, value in vars(module).items()
    if isinstance(value, Hinted)
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@given(data=st.data())
@settings(max_examples=60)
def test_whatever_a_pattern_matches_holds_one_of_its_hints(
    table: Hinted, data: st.DataObject
) -> None:
    for hints, pattern in table.groups:
        text = data.draw(st.from_regex(pattern))
        assert any(hint in text for hint in hints)
        assert table.find(text) is not None


def test_each_shell_that_is_handed_over_is_quick_to_look_for() -> None:
    for name in ("sh", "bash", "ksh93"):
        assert targets.shell_in(f"exec {name} -i") is not None
    assert targets.shell_in("push -i") is None


def test_a_long_text_is_looked_through_as_a_short_one() -> None:
    table = hinted(("spam", r"\bspam\b"), ("egg", r"\begg\b"))
    assert table.find("an egg") == (3, 6)
    assert table.find("x" * 100 + " egg") == (101, 104)
    assert table.find("x" * 100 + "eggs") is None
    assert table.find("nothing") is None
    assert re.search(table.any_hint, "spam")
