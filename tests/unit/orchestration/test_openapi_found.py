"""What a comparison of two documents finds, one change at a time."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.agents.contracts import ContractLevel, ContractReport
from core.agents.documents import parse_document
from core.orchestration.openapi.rules import compare_documents

DATA = Path(__file__).parents[2] / "data" / "openapi"
Change = Callable[[Any], object]


def load(name: str) -> Any:
    return parse_document((DATA / name).read_text(encoding="utf-8"), name)


BACKEND = load("shop_backend.yaml")


def compare_after(change: Change, *, before: Change | None = None) -> ContractReport:
    old, new = copy.deepcopy(BACKEND), copy.deepcopy(BACKEND)
    if before is not None:
        before(old)
    change(new)
    return compare_documents(old, new)


def found(report: ContractReport) -> set[tuple[str, str]]:
    return {(each.level.value, each.code) for each in report.findings}


def orders(document: Any) -> Any:
    return document["paths"]["/v2/orders"]["post"]


def schema(document: Any, name: str) -> Any:
    return document["components"]["schemas"][name]


def drop(where: Callable[[Any], Any], key: Any) -> Change:
    return lambda document: where(document).pop(key)


def put(where: Callable[[Any], Any], **values: Any) -> Change:
    return lambda document: where(document).update(values)


def paths(document: Any) -> Any:
    return document["paths"]


def products(document: Any) -> Any:
    return paths(document)["/v2/products"]["get"]


def line(document: Any) -> Any:
    return schema(document, "Line")["properties"]


def product(document: Any) -> Any:
    return schema(document, "Product")["properties"]


BREAKING: dict[str, tuple[Change, str]] = {
    "a path is gone": (drop(paths, "/v2/orders"), "path-removed"),
    "an operation is gone": (
        drop(lambda each: paths(each)["/v2/orders/{orderId}"], "delete"),
        "operation-removed",
    ),
    "a good answer is gone": (
        drop(lambda each: products(each)["responses"], "200"),
        "response-removed",
    ),
    "a property of an answer is gone": (drop(product, "name"), "property-removed"),
    "a property of an answer may be lacking": (
        lambda each: schema(each, "Product")["required"].remove("price"),
        "property-optional",
    ),
    "a property is asked for": (
        lambda each: schema(each, "NewOrder")["required"].append("note"),
        "property-required",
    ),
    "a new property is asked for": (
        lambda each: (
            line(each).update(sku={"type": "string"}),
            schema(each, "Line")["required"].append("sku"),
        ),
        "property-required",
    ),
    "a parameter is asked for": (
        lambda each: products(each)["parameters"][0].update(required=True),
        "parameter-required",
    ),
    "a new parameter is asked for": (
        lambda each: products(each)["parameters"].append(
            {"name": "shop", "in": "query", "required": True}
        ),
        "parameter-required",
    ),
    "a type sent is narrowed": (
        put(lambda each: line(each)["quantity"], type="null"),
        "type-narrowed",
    ),
    "null is no longer taken": (
        put(lambda each: schema(each, "NewOrder")["properties"]["note"], type="string"),
        "type-narrowed",
    ),
    "a type read is widened": (
        put(lambda each: product(each)["name"], type=["string", "null"]),
        "type-widened",
    ),
    "a value of a list is no longer taken": (
        lambda each: schema(each, "Category")["enum"].remove("music"),
        "enum-narrowed",
    ),
    "only listed values are taken": (
        put(lambda each: line(each)["quantity"], enum=[1, 2]),
        "enum-narrowed",
    ),
    "another format is asked for": (
        put(lambda each: line(each)["productId"], format="int64"),
        "format-changed",
    ),
    "less is taken at most": (
        put(lambda each: line(each)["quantity"], maximum=9),
        "bound-narrowed",
    ),
    "more is asked for at least": (
        put(lambda each: line(each)["quantity"], minimum=2),
        "bound-narrowed",
    ),
    "a bound is new": (
        put(lambda each: line(each)["productId"], maxLength=10),
        "bound-narrowed",
    ),
    "other properties are refused": (
        put(lambda each: schema(each, "Line"), additionalProperties=False),
        "properties-closed",
    ),
    "a body is gone": (drop(orders, "requestBody"), "body-removed"),
    "a body is asked for": (
        lambda each: paths(each)["/v2/sync"]["post"]["requestBody"].update(required=True),
        "body-required",
    ),
    "a kind of content is gone": (
        lambda each: orders(each)["responses"]["201"].update(content={}),
        "content-removed",
    ),
    "a header that was sure is gone": (
        lambda each: products(each)["responses"]["200"].update(headers={}),
        "header-removed",
    ),
    "a token is asked for": (drop(products, "security"), "access-changed"),
    "one of two ways in is gone": (
        lambda each: paths(each)["/v2/orders/{orderId}"]["delete"]["security"].pop(),
        "access-changed",
    ),
    "a scope is asked for": (
        put(lambda each: each, security=[{"bearer": ["orders:write"]}]),
        "access-changed",
    ),
    "the scheme works otherwise": (
        put(lambda each: each["components"]["securitySchemes"]["bearer"], scheme="basic"),
        "access-changed",
    ),
}


@pytest.mark.parametrize("name", BREAKING)
def test_breaking(name: str) -> None:
    change, code = BREAKING[name]
    report = compare_after(change)
    assert ("breaking", code) in found(report), report.findings
    assert report.score < 1


def taking(*names: str) -> Change:
    """What is sent to be synchronised is one of these."""
    choices = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    body = {"content": {"application/json": {"schema": {"oneOf": choices}}}}
    return lambda document: paths(document)["/v2/sync"]["post"].update(requestBody=body)


def test_an_alternative_that_is_no_longer_taken_breaks() -> None:
    report = compare_after(taking("Line"), before=taking("Line", "Money"))
    assert [each.message for each in report.breaking] == [
        "POST /v2/sync request body no longer takes Money."
    ]


HARMLESS: dict[str, tuple[Change, tuple[str, str]]] = {
    "an operation is new": (
        put(lambda each: paths(each)["/v2/sync"], get={"responses": {}}),
        ("info", "operation-added"),
    ),
    "an answer is new": (
        put(lambda each: products(each)["responses"], **{"304": {"description": "As before."}}),
        ("info", "response-added"),
    ),
    "an answer to an error is gone": (
        drop(lambda each: paths(each)["/v2/orders/{orderId}"]["get"]["responses"], "404"),
        ("warning", "response-removed"),
    ),
    "a property is new": (put(product, weight={"type": "number"}), ("info", "property-added")),
    "a property sent is ignored": (
        lambda each: (
            schema(each, "Order")["allOf"].__setitem__(0, {"$ref": "#/components/schemas/Old"}),
            each["components"]["schemas"].update(Old=copy.deepcopy(schema(each, "NewOrder"))),
            schema(each, "NewOrder")["properties"].pop("note"),
        ),
        ("warning", "property-removed"),
    ),
    "a parameter is new": (
        lambda each: products(each)["parameters"].append({"name": "sort", "in": "query"}),
        ("info", "parameter-added"),
    ),
    "a parameter is gone": (
        lambda each: products(each)["parameters"].pop(),
        ("warning", "parameter-removed"),
    ),
    "a type sent is widened": (
        put(lambda each: line(each)["quantity"], type="number"),
        ("info", "type-changed"),
    ),
    "an answer can hold another value": (
        lambda each: schema(each, "Category")["enum"].append("films"),
        ("warning", "enum-widened"),
    ),
    "an answer can hold any value": (
        drop(lambda each: schema(each, "Category"), "enum"),
        ("warning", "enum-widened"),
    ),
    "an answer can be something else too": (
        lambda each: schema(each, "Change")["oneOf"].append({"title": "Note", "type": "string"}),
        ("warning", "alternative-added"),
    ),
    "a pattern is another one": (
        put(lambda each: schema(each, "Money")["properties"]["currency"], pattern="^[a-z]{3}$"),
        ("warning", "pattern-changed"),
    ),
    "a format is no longer asked for": (
        drop(lambda each: line(each)["productId"], "format"),
        ("warning", "format-changed"),
    ),
    "it is deprecated": (put(products, deprecated=True), ("warning", "deprecated")),
    "it has another name": (put(products, operationId="find"), ("warning", "operation-renamed")),
    "no token is needed": (put(orders, security=[]), ("info", "access-widened")),
    "a header that was not sure is gone": (
        lambda each: products(each)["responses"]["200"]["headers"].pop("X-Page"),
        ("warning", "header-removed"),
    ),
    "a reference leads nowhere": (
        lambda each: product(each).update(price={"$ref": "#/components/schemas/Gone"}),
        ("warning", "unresolved"),
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_told_and_not_breaking_by_itself(name: str) -> None:
    change, expected = HARMLESS[name]

    def with_page(document: Any) -> None:
        products(document)["responses"]["200"]["headers"]["X-Page"] = {}

    def change_with_page(document: Any) -> None:
        with_page(document)
        change(document)

    report = compare_after(change_with_page, before=with_page)
    assert expected in found(report), report.findings


def test_properties_without_a_name_are_compared_by_their_schema() -> None:
    def counting(kind: str) -> Change:
        stock = {"type": "object", "additionalProperties": {"type": kind}}
        return lambda document: product(document).update(stock=stock)

    report = compare_after(counting("string"), before=counting("integer"))
    assert [each.message for each in report.breaking] == [
        "Product.stock is string instead of integer."
    ]


def test_a_range_or_the_default_stands_in_for_an_error_that_is_no_longer_named() -> None:
    report = compare_after(drop(lambda each: orders(each)["responses"], "402"))
    assert report.findings == ()


def test_the_name_of_a_path_parameter_is_nobodys_business() -> None:
    def rename(document: Any) -> None:
        item = paths(document).pop("/v2/orders/{orderId}")
        item["parameters"][0]["name"] = "id"
        paths(document)["/v2/orders/{id}"] = item

    assert compare_after(rename).findings == ()


def test_a_break_in_a_shared_schema_counts_for_each_operation_that_uses_it() -> None:
    report = compare_after(drop(lambda each: schema(each, "Money")["properties"], "currency"))
    assert [each.pointer for each in report.breaking] == [
        "/components/schemas/Money/properties/currency"
    ]
    assert report.breaking[0].message == "Money.currency is gone."
    assert (report.operations, report.broken) == (5, 4)  # all but the cancelling of an order
    assert report.score == pytest.approx(0.2)


def test_messages_name_the_operation_where_a_schema_has_no_name() -> None:
    report = compare_after(
        lambda each: paths(each)["/v2/sync"]["post"]["responses"]["200"]["content"][
            "application/json"
        ]["schema"]["properties"].pop("changes")
    )
    assert "POST /v2/sync response 200: changes is gone." in [
        each.message for each in report.breaking
    ]


def test_what_pages_rely_on_is_held_against_what_is_served() -> None:
    report = compare_documents(load("shop_frontend.json"), BACKEND)
    assert {each.message for each in report.breaking} == {
        "GET /v2/products: parameters.0 has minimum 1 instead of none.",
        "GET /v2/products: parameters.0 has maximum 100 instead of none.",
        "GET /v2/products response 200: [].rating is gone.",
        "The path /v2/wishes is gone.",
    }
    assert report.operations == 3
    assert [each.level for each in report.findings] == sorted(
        (each.level for each in report.findings), key=list(ContractLevel).index
    )


def test_a_document_without_operations_relies_on_nothing() -> None:
    report = compare_documents({}, BACKEND)
    assert report.score == 1.0
    assert not report.breaking
