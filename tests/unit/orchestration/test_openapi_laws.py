"""What holds for any two documents."""

import copy
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.agents.documents import parse_document
from core.orchestration.openapi.nodes import Node, follow, join_pointer, name_place, split_pointer
from core.orchestration.openapi.rules import compare_documents

DATA = Path(__file__).parents[2] / "data" / "openapi"
NAMES = ("shop_backend.yaml", "shop_frontend.json")
SHOP: Any = parse_document((DATA / NAMES[0]).read_text(encoding="utf-8"), NAMES[0])

NAMES_OF_SCHEMAS = ("a", "b", "c", "~/d")


@st.composite
def schemas(draw: st.DrawFn, depth: int = 3) -> Any:
    """A schema of any form, also one that holds itself by a reference."""
    name = st.sampled_from(NAMES_OF_SCHEMAS)
    kind = draw(st.sampled_from(("reference", "plain", "any", "items", "allOf", "oneOf", "object")))
    if kind == "any" or (depth == 0 and kind not in {"reference", "plain"}):
        return {}
    if kind == "reference":
        return {"$ref": f"#/components/schemas/{draw(name)}"}
    if kind == "plain":
        return {
            "type": draw(st.sampled_from(("string", "integer", "number", ["string", "null"]))),
            "nullable": draw(st.booleans()),
            "enum": draw(st.lists(st.sampled_from((1, "x", None)), max_size=3)),
            "minimum": draw(st.integers(-2, 2)),
            "format": draw(st.sampled_from(("uuid", "date"))),
        }
    inside = schemas(depth - 1)
    if kind == "items":
        return {"items": draw(inside)}
    if kind == "object":
        return {
            "properties": draw(st.dictionaries(name, inside, max_size=3)),
            "required": draw(st.lists(name, max_size=2)),
        }
    return {kind: draw(st.lists(inside, max_size=3))}


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """A small document whose operations share schemas."""
    paths: dict[str, Any] = {}
    for path in draw(st.sets(st.sampled_from(("/x", "/x/{id}", "/y")))):
        sent, answer = draw(schemas()), draw(schemas())
        paths[path] = {
            "get": {
                "parameters": [
                    {"name": "p", "in": "query", "required": draw(st.booleans()), "schema": sent}
                ],
                "requestBody": {"content": {"application/json": {"schema": sent}}},
                "responses": {"200": {"content": {"application/json": {"schema": answer}}}},
            }
        }
    named = draw(st.dictionaries(st.sampled_from(NAMES_OF_SCHEMAS), schemas(), max_size=4))
    return {"openapi": "3.1.0", "paths": paths, "components": {"schemas": named}}


def shuffle(value: Any, dice: random.Random) -> Any:
    """The same document with its keys, and lists whose order means nothing, in another order."""
    if isinstance(value, dict):
        known = cast("dict[str, Any]", value)
        keys = list(known)
        dice.shuffle(keys)
        shuffled = {key: shuffle(known[key], dice) for key in keys}
        for name in ("required", "enum", "oneOf", "parameters", "security", "type"):
            if isinstance(shuffled.get(name), list):
                dice.shuffle(shuffled[name])
        return shuffled
    if isinstance(value, list):
        listed = cast("Sequence[Any]", value)
        return [shuffle(each, dice) for each in listed]
    return value


@settings(max_examples=40, deadline=None)
@given(document=documents())
def test_a_document_against_itself_has_no_finding(document: Any) -> None:
    report = compare_documents(document, copy.deepcopy(document))
    assert report.findings == ()
    assert report.score == 1.0


@settings(max_examples=30, deadline=None)
@given(document=documents(), dice=st.randoms(use_true_random=False))
def test_order_does_not_matter(document: Any, dice: random.Random) -> None:
    assert compare_documents(document, shuffle(document, dice)).findings == ()


@settings(max_examples=30, deadline=None)
@given(old=documents(), new=documents())
def test_any_two_documents_can_be_compared_and_the_score_is_the_share_that_holds(
    old: Any, new: Any
) -> None:
    report = compare_documents(old, new)
    assert 0 <= report.score <= 1
    assert (report.score < 1) == (report.broken > 0) == bool(report.breaking)
    assert len(report.findings) == len(set(report.findings))


@pytest.mark.parametrize("name", NAMES)
def test_real_looking_documents_agree_with_themselves(name: str) -> None:
    document: Any = parse_document((DATA / name).read_text(encoding="utf-8"), name)
    dice = random.Random(3)  # noqa: S311 - only an order
    assert compare_documents(document, shuffle(document, dice)).findings == ()


def required_places(value: Any, pointer: str = "") -> list[str]:
    """Everything in the shop's document without which its callers miss something."""
    found: list[str] = []
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        for key, inside in named.items():
            here = join_pointer(pointer, key)
            if pointer.endswith(("/properties", "/responses", "/content", "/paths")):
                found.append(here)
            found += required_places(inside, here)
    if isinstance(value, list):
        listed = cast("Sequence[Any]", value)
        for index, inside in enumerate(listed):
            found += required_places(inside, f"{pointer}/{index}")
    return found


@pytest.mark.parametrize("pointer", required_places(SHOP))
def test_removing_anything_that_is_relied_on_is_found(pointer: str) -> None:
    removed = copy.deepcopy(SHOP)
    *way, last = split_pointer(pointer)
    inside: Any = removed
    for name in way:
        inside = inside[int(name) if isinstance(inside, list) else name]
    del inside[last]
    report = compare_documents(SHOP, removed)
    spare = pointer in {
        "/components/responses/Problem/content/application~1problem+json",
        "/paths/~1v2~1orders/post/responses/402",  # the default says the same
    }
    assert report.findings or spare


def test_a_circle_of_references_ends() -> None:
    document = {"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}}
    found = follow(document, Node(document["a"], "/a"))
    assert found.problem == "references go in a circle"
    assert found.value == {}


def test_schemas_that_hold_themselves_end() -> None:
    def tree(leaf: str) -> Any:
        named = {
            "Tree": {
                "properties": {
                    "left": {"$ref": "#/components/schemas/Tree"},
                    "leaf": {"type": leaf},
                }
            }
        }
        answer = {"content": {"a/b": {"schema": {"$ref": "#/components/schemas/Tree"}}}}
        return {
            "paths": {"/x": {"get": {"responses": {"200": answer}}}},
            "components": {"schemas": named},
        }

    report = compare_documents(tree("string"), tree("boolean"))
    assert [each.message for each in report.findings] == ["Tree.leaf is boolean instead of string."]


def answering(schema: Any, **more: Any) -> Any:
    answer = {"content": {"a/b": {"schema": schema}}}
    return {"paths": {"/x": {"get": {"responses": {"200": answer}, **more}}}}


def test_an_all_of_that_brings_itself_in_ends() -> None:
    both = {"$ref": "#/components/schemas/Both"}
    named = {"schemas": {"Both": {"allOf": [both, {"const": 1}, {"enum": [1, 2]}]}}}
    document = {**answering(both), "components": named}
    other = copy.deepcopy(document)
    other["components"]["schemas"]["Both"]["allOf"][1] = {}
    assert [each.message for each in compare_documents(document, other).findings] == [
        "Both can now be 2."
    ]


def test_an_all_of_without_end_is_compared_up_to_a_bound() -> None:
    parts: list[Any] = [{"properties": {f"p{index}": {}}} for index in range(70)]
    wide: Any = {"allOf": parts}
    report = compare_documents(answering({}), answering(wide))
    assert "only 64 schemas of an allOf are compared." in [each.message for each in report.findings]


def test_more_pairs_of_schemas_than_the_bound_are_said_not_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.orchestration.openapi.schemas._PAIRS_MAX", 1)
    inside = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    report = compare_documents(answering(inside), answering(inside))
    assert [each.code for each in report.findings] == ["too-big"]


def test_a_scheme_that_is_not_described_and_a_header_in_other_letters_compare_by_name() -> None:
    old = answering(
        {},
        security=[{"ghost": "not a list"}],
        parameters=[{"in": "header", "name": "X-Shop"}],
    )
    new = answering({}, security=[{"ghost": []}], parameters=[{"in": "header", "name": "x-shop"}])
    assert compare_documents(old, new).findings == ()


def test_a_loosened_bound_of_what_is_sent_is_no_finding() -> None:
    def taking(**bounds: int) -> Any:
        needed = [{"in": "query", "name": "p", "schema": {"type": "integer", **bounds}}]
        return answering({}, parameters=needed)

    assert compare_documents(taking(minimum=2, maximum=5), taking(minimum=1)).findings == ()


@pytest.mark.parametrize(
    "reference", ["other.yaml#/a", "#/b", "#/list/9", "#/list/x", "#/text/more", "#/list"]
)
def test_a_reference_that_leads_to_no_object_here_is_said(reference: str) -> None:
    nothing: dict[str, Any] = {}
    document: Any = {"a": nothing, "list": [nothing], "text": "t"}
    assert "leads nowhere" in follow(document, Node({"$ref": reference}, "/x")).problem


def test_references_lead_into_lists_and_past_escapes() -> None:
    document: Any = {"list": [{}, {"a~/b": {"type": "string"}}]}
    found = follow(document, Node({"$ref": "#/list/1/a~0~1b"}, "/x"))
    assert found == Node({"type": "string"}, "/list/1/a~0~1b")


@pytest.mark.parametrize(
    ("pointer", "name"),
    [
        ("", "the document"),
        ("/info/title", "info.title"),
        ("/components/schemas/Order/properties/lines/items/properties/sku", "Order.lines[].sku"),
        ("/paths/~1orders/post", "POST /orders"),
        ("/paths/~1orders/post/requestBody", "POST /orders request body"),
        (
            "/paths/~1orders/post/requestBody/content/a~1b/schema/properties/note",
            "POST /orders request body: note",
        ),
        (
            "/paths/~1orders/get/responses/200/headers/Link",
            "GET /orders response 200: headers.Link",
        ),
    ],
)
def test_places_have_names_for_people(pointer: str, name: str) -> None:
    assert name_place(pointer) == name
