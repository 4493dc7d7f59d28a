"""One row an operation; one endpoint a path. What every call has in common is done here."""

import difflib
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple, TypeVar, get_args
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import ActionNotFound
from core.gateway import patterns
from core.gateway.http.body import read_json
from core.gateway.http.context import Gateway, authenticate, gateway_of
from core.gateway.http.problem import Fault, Refused
from core.gateway.schemas import NoQuery
from core.ids import ActionId
from core.records import TokenKind, TokenRecord

ROUTE = "maestro.route"  # key in the ASGI scope: the path's template, for the counts
_FAULTS_MAX = 8
_MESSAGES = {
    "dict_type": "this is no JSON object",
    "model_type": "this is no JSON object",
    "model_attributes_type": "this is no JSON object",
    "tuple_type": "this is no JSON array",
}
_ID = re.compile(patterns.ID)
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, checked as far as its operation's row tells."""

    gateway: Gateway
    request: Request
    token: TokenRecord | None
    query: BaseModel
    body: BaseModel | None

    @property
    def caller(self) -> TokenRecord:
        """The verified token; only operations that need one ask."""
        if self.token is None:
            raise TypeError("this operation is open to everybody")
        return self.token

    @property
    def action_id(self) -> ActionId:
        """The id in the path. Raises ActionNotFound when it cannot be one."""
        return ActionId(self.path_id("action"))

    def path_id(self, what: str) -> str:
        """The id in the path. Raises ActionNotFound when it cannot be one."""
        found = str(self.request.path_params["id"]).lower()  # the alphabet has no case
        if not _ID.fullmatch(found):
            article = "an" if what[0] in "aeiou" else "a"
            raise ActionNotFound(f"this is no id of {article} {what}: ids have 26 characters")
        return found

    def body_as(self, shape: type[M]) -> M:
        """The body, as the type that the row names."""
        if not isinstance(self.body, shape):
            raise TypeError(f"the row of this operation does not take a {shape.__name__}")
        return self.body

    def query_as(self, shape: type[M]) -> M:
        """The query, as the type that the row names."""
        if not isinstance(self.query, shape):
            raise TypeError(f"the row of this operation does not take a {shape.__name__}")
        return self.query


Handler = Callable[[Call], Awaitable[ASGIApp]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call of the contract: how it is served and how it is described."""

    method: str
    path: str
    name: str  # operationId
    summary: str
    handler: Handler
    open: bool = False  # needs no token
    kind: TokenKind | None = None  # the kind of token; None: either
    body: type[BaseModel] | None = None
    query: type[BaseModel] = NoQuery
    answer: type[BaseModel] | None = None  # None: `media` is not JSON
    media: str = "application/json"
    refusals: Sequence[HTTPStatus] = ()  # beyond those that every such call can give
    headers: Sequence[tuple[str, str]] = ()  # request headers that it heeds, and their pattern


class Resource:
    """A path's operations by method, as an ASGI endpoint."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = {each.method: each for each in operations}
        self._path = operations[0].path
        self._allow = ", ".join(sorted(self._operations))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ROUTE] = self._path
        request = Request(scope, receive)
        operation = self._operations.get(request.method)
        if operation is None:
            raise Refused(
                HTTPStatus.METHOD_NOT_ALLOWED,
                f"{request.method} is not for {self._path}: use {self._allow}",
                headers={"Allow": self._allow},
            )
        response = await operation.handler(await _check(operation, request))
        await response(scope, receive, send)


async def _check(operation: Operation, request: Request) -> Call:
    gateway = gateway_of(request.app)
    token = None if operation.open else await authenticate(request, operation.kind)
    query = _validate(operation.query, _query(request), at="query")
    body = None
    if operation.body is not None:
        with gateway.uploads.take(token.id) if token else nullcontext():
            given = await read_json(request.receive, request.headers, gateway.limits)
        if token:  # it may have been revoked while the body was still to come
            gateway.tokens.require_live(token)
        body = _validate(operation.body, given, at="")
    return Call(gateway=gateway, request=request, token=token, query=query, body=body)


def _query(request: Request) -> Mapping[str, str]:
    raw = request.scope["query_string"]
    if not raw:
        return {}
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise Refused(
            HTTPStatus.BAD_REQUEST, "the query string is not percent-encoded UTF-8"
        ) from error
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _invalid([Fault(path="query", message="a parameter stands twice: send it once")])
    return found


def _validate(shape: type[M], given: object, *, at: str) -> M:
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        choice = _find_choice(shape)
        raise _invalid(
            [_fault(each, shape, choice, at) for each in details[:_FAULTS_MAX]]
        ) from None


def _invalid(faults: Sequence[Fault]) -> Refused:
    detail = "; ".join(f"{each.path or 'the body'}: {each.message}" for each in faults)
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, detail, faults=faults)


class _Choice(NamedTuple):
    """A body that is one of several shapes, told by the word in a field; of none: no such body."""

    told_by: str
    shapes: Mapping[str, type[BaseModel]]


def _find_choice(shape: type[BaseModel]) -> _Choice:
    root = shape.model_fields.get("root")  # what pydantic calls the content of such a shape
    if root is None or not isinstance(root.discriminator, str):
        return _Choice("", {})
    name = root.discriminator
    members: tuple[type[BaseModel], ...] = get_args(root.annotation)
    words = {
        word: each for each in members for word in get_args(each.model_fields[name].annotation)
    }
    return _Choice(name, words)


def _fault(error: ErrorDetails, shape: type[BaseModel], choice: _Choice, at: str) -> Fault:
    steps = [str(step) for step in error["loc"]]
    if steps and steps[0] in choice.shapes:  # the word: it tells the shape, and is no place
        shape = choice.shapes[steps.pop(0)]
    if error["type"] == "extra_forbidden":
        named = len(steps) == 1 and _elsewhere(choice, steps[0])
        message = named or _misnamed(shape, steps[-1])
    elif error["type"] == "union_tag_not_found":
        name = error["msg"].rpartition(" ")[2]  # its last word, in quotes
        message = f"{name} is missing: it says what is asked for"
    elif wanted := patterns.WANTED.get(error.get("ctx", {}).get("pattern", "")):
        message = f"wanted is {wanted}"
    else:
        message = _MESSAGES.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    path = ".".join(([at] if at else []) + steps)
    return Fault(path=path.encode("ascii", "backslashreplace").decode("ascii"), message=message)


def _elsewhere(choice: _Choice, name: str) -> str:
    """With which words a field of this name goes; "" when with none."""
    words = [word for word, each in choice.shapes.items() if name in each.model_fields]
    return f"this goes with the {choice.told_by} {' or '.join(map(repr, words))}" if words else ""


def _misnamed(shape: type[BaseModel], name: str) -> str:
    names = _names(shape)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names)}"
    return f"this name is not known here; {hint}" if names else "nothing is taken here"


def _names(annotation: object) -> tuple[str, ...]:
    """Every field name of a shape and of the shapes inside, in their order."""
    found: dict[str, None] = {}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if name != "root":  # what pydantic calls the content of a shape without fields
                found[name] = None
            found.update(dict.fromkeys(_names(field.annotation)))
    for inner in get_args(annotation):
        found.update(dict.fromkeys(_names(inner)))
    return tuple(found)


def answer_json(shape: BaseModel, *, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Write an answer as ASCII JSON: what it quotes cannot steer a terminal that prints it."""
    text = json.dumps(shape.model_dump(), default=_plain, separators=(",", ":"))
    return Response(text, status_code=status, media_type="application/json")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
    raise TypeError(f"{type(value).__name__} does not belong into an answer")
