from datetime import UTC, datetime

import pytest

from core.agents.deploys import Deploy, parse_deploys, read_deploy, read_instant
from core.agents.documents import (
    as_number,
    as_objects,
    as_text,
    as_texts,
    parse_document,
    parse_value,
)
from core.errors import SourceFailed


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '{"200": {"at": "2026-11-21", "n": [1, null]}}'),
        ("a.yaml", "200:\n  at: 2026-11-21\n  n: [1, null]"),
        ("a.toml", '[200]\nat = 2026-11-21\nn = [1, "x"]'),
    ],
)
def test_documents_of_all_three_forms_are_plain_values(name: str, text: str) -> None:
    inside = parse_document(text, name)["200"]
    assert inside in (
        {"at": "2026-11-21", "n": [1, None]},
        {"at": "2026-11-21", "n": [1, "x"]},
    )


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "{", "a.json cannot be read: "),
        ("a.toml", "=", "a.toml cannot be read: "),
        ("a.yaml", "a: [", "a.yaml cannot be read: "),
        ("a.yaml", "!!python/object:os.system x", "a.yaml cannot be read: "),
        ("a.yaml", "- 1", "a.yaml holds no object at its top"),
        ("a.yaml", "", "a.yaml holds no object at its top"),
        ("a.yaml", "a: !!set {x, y}", "a.yaml holds a value of type set"),
        ("a.json", "[" * 200 + "]" * 200, "nested more than 100 deep"),
        ("a.json", "[" * 100_000 + "]" * 100_000, "a.json cannot be read"),
    ],
)
def test_what_cannot_be_read_is_said(name: str, text: str, said: str) -> None:
    with pytest.raises(SourceFailed) as caught:
        parse_document(text, name)
    assert said in str(caught.value)


def test_aliases_that_make_a_short_text_very_big_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(SourceFailed, match="more than 200,000 values"):
        parse_value("\n".join(lines), "bomb.yaml")


def test_other_types_are_read_as_nothing() -> None:
    assert as_objects("x") == ()
    assert as_objects([{}, 1]) == ({},)
    assert as_text(3) == ""
    assert as_texts("one") == ("one",)
    assert as_texts(3) == ()
    assert as_texts(["a", 1]) == ("a",)
    assert as_number(value=True) is None
    assert as_number("1") is None
    assert as_number(1) == 1.0


def test_instants_need_their_offset() -> None:
    assert read_instant("2026-11-21T10:00:00+01:00") == datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert read_instant("2026-11-21T10:00:00") is None
    assert read_instant("yesterday") is None


def test_deploys_without_service_version_or_instant_are_left_out() -> None:
    row = {"service": "shop", "version": "2", "at": "2026-11-21T09:00:00Z"}
    assert read_deploy(row) == Deploy(
        service="shop", version="2", previous="", at=datetime(2026, 11, 21, 9, tzinfo=UTC)
    )
    for name in row:
        assert read_deploy({**row, name: ""}) is None
    with pytest.raises(SourceFailed):
        parse_deploys("{", "d.jsonl")
