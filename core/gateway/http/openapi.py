"""The OpenAPI 3.1 document, made from the table of operations and the pydantic shapes."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from core.gateway import patterns
from core.gateway.http.operations import Operation
from core.gateway.http.problem import MEDIA_TYPE
from core.gateway.http.strict_json import INTEGER_MAX, NAME_CHARS_MAX
from core.gateway.schemas import JSON_REF, ProblemAnswer

_REF: Final = "#/components/schemas/{model}"
_EVERY: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.REQUEST_URI_TOO_LONG,
    HTTPStatus.MISDIRECTED_REQUEST,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_WITH_BODY: Final = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
_SAID_BY: Final = {
    HTTPStatus.UNAUTHORIZED: "WWW-Authenticate",
    HTTPStatus.METHOD_NOT_ALLOWED: "Allow",
    HTTPStatus.TOO_MANY_REQUESTS: "Retry-After",
    HTTPStatus.SERVICE_UNAVAILABLE: "Retry-After",
}
_IN_PATH: Final[dict[str, dict[str, Any]]] = {
    "id": {"type": "string", "pattern": patterns.ID},
    "agent": {"type": "string", "minLength": 1, "maxLength": 128},
    "key": {"type": "string", "pattern": patterns.METRIC},
}
_JSON: Final[dict[str, Any]] = {
    "description": "any JSON that RFC 8785 can carry, at most 64 levels deep",
    "anyOf": [
        {"type": "null"},
        {"type": "boolean"},
        {"type": "integer", "minimum": -INTEGER_MAX, "maximum": INTEGER_MAX},
        {"type": "number"},
        {"type": "string"},
        {"type": "array", "items": {"$ref": JSON_REF}},
        {
            "type": "object",
            "propertyNames": {"maxLength": NAME_CHARS_MAX},
            "additionalProperties": {"$ref": JSON_REF},
        },
    ],
}


def make_document(operations: Sequence[Operation]) -> dict[str, Any]:
    """Describe every operation with all the answers it can give."""
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Maestro gateway",
            "version": "1",
            "description": "Agents propose actions and report outcomes; operators decide.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(operations),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(operations: Sequence[Operation]) -> dict[str, Any]:
    inward = {each.body for each in operations if each.body is not None}
    outward = {each.answer for each in operations if each.answer is not None} | {ProblemAnswer}
    _, document = models_json_schema(
        [
            *((shape, "validation") for shape in sorted(inward, key=_name)),
            *((shape, "serialization") for shape in sorted(outward, key=_name)),
        ],
        ref_template=_REF,
    )
    return {**document["$defs"], JSON_REF.rpartition("/")[2]: _JSON}


def _name(shape: type[BaseModel]) -> str:
    return shape.__name__


def _operation(row: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": row.name,
        "summary": row.summary,
        "parameters": list(_parameters(row)),
        "responses": _responses(row),
        "security": [] if row.open else [{"bearer": []}],
    }
    if row.kind is not None:
        described["description"] = f"Needs an {row.kind} token."
    if row.body is not None:
        content = {"application/json": {"schema": _ref(row.body)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameters(row: Operation) -> Iterable[dict[str, Any]]:
    for name, schema in _IN_PATH.items():
        if f"{{{name}}}" in row.path:
            yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name, given in row.query.model_json_schema().get("properties", {}).items():
        yield {"name": name, "in": "query", "required": False, "schema": _present(given)}
    for name, pattern in row.headers:
        schema = {"type": "string", **({"pattern": pattern} if pattern else {})}
        yield {"name": name, "in": "header", "required": False, "schema": schema}


def _present(schema: dict[str, Any]) -> dict[str, Any]:
    """A query parameter is there or not: null is no value that it could have."""
    options = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    if not options:
        return schema
    return {**options[0], **{key: schema[key] for key in ("description",) if key in schema}}


def _responses(row: Operation) -> dict[str, Any]:
    schema = {"type": "string"} if row.answer is None else _ref(row.answer)
    responses: dict[str, Any] = {
        "200": {"description": "done", "content": {row.media: {"schema": schema}}}
    }
    refusals = {*_EVERY, *row.refusals}
    if not row.open:
        refusals.add(HTTPStatus.UNAUTHORIZED)
    if row.body is not None:
        refusals.update(_WITH_BODY)
    for status in sorted(refusals):
        responses[str(int(status))] = _problem(status)
    return responses


def _problem(status: HTTPStatus) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": status.phrase,
        "content": {MEDIA_TYPE: {"schema": _ref(ProblemAnswer)}},
    }
    if status in _SAID_BY:
        described["headers"] = {_SAID_BY[status]: {"schema": {"type": "string"}}}
    return described


def _ref(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=shape.__name__)}
