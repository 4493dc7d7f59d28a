"""Tables are read strictly: a slip in a row must not hide a rule."""

import pytest

from core.risk.shell.catalog import build_catalog, build_row, look_up, shipped_catalog
from core.risk.shell.programs import SPECIALS


def test_a_row_knows_its_options_and_their_kinds() -> None:
    row = build_row({"run": "-x --exec", "load": "--plug*", "valued": "-n", "wraps": 1})
    assert row.options == {"-x": "run", "--exec": "run"}
    assert row.patterns == (("--plug", "load"),)
    assert row.valued == {"-n"}
    assert row.wraps == 1


def test_lists_are_taken_like_texts() -> None:
    assert build_row({"run": ["-x", "-y"]}) == build_row({"run": "-x -y"})


@pytest.mark.parametrize("entry", [{"rum": "-x"}, {"role": "reed"}])
def test_an_unknown_key_or_role_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="unknown"):
        build_row(entry)


def test_a_wrong_row_is_named() -> None:
    with pytest.raises(ValueError, match="frobnicate"):
        build_catalog({"programs": {"frobnicate": {"rum": "-x"}}})


def test_other_names_share_a_row() -> None:
    rows = build_catalog({"programs": {"a": {"run": "-x"}}, "same": {"a": ["b", "c"]}})
    assert rows["a"] is rows["b"] is rows["c"]


def test_a_version_in_the_name_does_not_hide_a_program() -> None:
    catalog = shipped_catalog()
    assert look_up(catalog, "python3.11") is look_up(catalog, "python")
    assert look_up(catalog, "frobnicate") is None


def test_every_special_that_a_table_names_exists() -> None:
    named = {row.special for row in shipped_catalog().values()} - {""}
    assert named - {"pip"} <= set(SPECIALS)


def test_a_program_is_known_in_capitals_and_with_a_version() -> None:
    catalog = shipped_catalog()
    for name, same in (
        ("RM", "rm"),
        ("Git", "git"),
        ("eslint@latest", "eslint"),
        ("eslint@9", "eslint"),
    ):
        assert look_up(catalog, name) == catalog.get(same)
    assert look_up(catalog, "HEAD") == catalog["lwp-request"] != catalog["head"]
