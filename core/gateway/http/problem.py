"""Errors as the outside sees them: RFC 9457 problem details, from one table."""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from core.errors import (
    ActionConflict,
    ActionNotFound,
    AgentNotFound,
    AlertNotFound,
    ApprovalSettled,
    BlockedByFault,
    InvalidAction,
    MaestroError,
    MessageNotFound,
    Overloaded,
    PermissionDenied,
    StorageError,
    StorageFull,
    StorageReadOnly,
    Unauthenticated,
    WriteConflict,
)
from core.gateway.tokens import TokenRevoked

MEDIA_TYPE = "application/problem+json"
REQUEST_ID = "maestro.request_id"  # key in the ASGI scope
_log = logging.getLogger("maestro.gateway")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with a request, and where."""

    path: str  # "arguments.command", "query.wait", "header.host", "" for the whole
    message: str


class Refused(MaestroError):  # noqa: N818 - named as the tree in core.errors
    """A request that the edge itself turns down. Sending the same again never helps."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.faults = tuple(faults)
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    status: HTTPStatus
    headers: Mapping[str, str]
    detail: str | None = None  # None: the error speaks for itself


_RETRY = {"Retry-After": "1"}
_STORE = "the store cannot serve now; nothing was decided or changed: try again"
_BY_ERROR: dict[type[MaestroError], _Row] = {
    Unauthenticated: _Row(
        status=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": 'Bearer realm="maestro"'}
    ),
    PermissionDenied: _Row(status=HTTPStatus.FORBIDDEN, headers={}),
    ActionNotFound: _Row(status=HTTPStatus.NOT_FOUND, headers={}),
    AgentNotFound: _Row(status=HTTPStatus.NOT_FOUND, headers={}),
    AlertNotFound: _Row(status=HTTPStatus.NOT_FOUND, headers={}),
    MessageNotFound: _Row(status=HTTPStatus.NOT_FOUND, headers={}),
    ApprovalSettled: _Row(status=HTTPStatus.CONFLICT, headers={}),
    WriteConflict: _Row(
        status=HTTPStatus.CONFLICT,
        headers={},
        detail="somebody else changed this at the same moment: read it again, then decide",
    ),
    ActionConflict: _Row(status=HTTPStatus.CONFLICT, headers={}),
    TokenRevoked: _Row(status=HTTPStatus.CONFLICT, headers={}),
    InvalidAction: _Row(status=HTTPStatus.UNPROCESSABLE_ENTITY, headers={}),
    Overloaded: _Row(status=HTTPStatus.TOO_MANY_REQUESTS, headers=_RETRY),
    BlockedByFault: _Row(status=HTTPStatus.SERVICE_UNAVAILABLE, headers=_RETRY),
    StorageFull: _Row(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        headers=_RETRY,
        detail="the store's disk is full; nothing was decided or changed: free some room",
    ),
    StorageReadOnly: _Row(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        headers=_RETRY,
        detail="the store is read-only; nothing was decided or changed: make it writable",
    ),
    StorageError: _Row(status=HTTPStatus.SERVICE_UNAVAILABLE, headers=_RETRY, detail=_STORE),
}
_UNKNOWN = _Row(
    status=HTTPStatus.INTERNAL_SERVER_ERROR,
    headers={},
    detail="a defect inside the gateway; its log holds the cause under this request id",
)


_NO_TYPE = "about:blank"  # RFC 9457: the status says it all
_HUMP = re.compile("(?<=[a-z])(?=[A-Z])")


def problem_type(kind: type[MaestroError]) -> str:
    """What names a kind of error to programs: `urn:maestro:problem:action-not-found`."""
    return "urn:maestro:problem:" + _HUMP.sub("-", kind.__name__).lower()


def _row(error: Exception) -> tuple[str, _Row]:
    for each in type(error).__mro__:
        if each in _BY_ERROR:
            return problem_type(each), _BY_ERROR[each]
    return _NO_TYPE, _UNKNOWN


def make_problem(error: Exception, *, request_id: str) -> Response:
    """Answer for `error`. What is not meant for callers goes to the log under the id instead."""
    kind = _NO_TYPE
    if isinstance(error, Refused):
        status, headers, detail = error.status, error.headers, str(error)
        faults: tuple[Fault, ...] = error.faults
    else:
        kind, row = _row(error)
        status, headers, faults = row.status, dict(row.headers), ()
        detail = str(error) if row.detail is None else row.detail
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("request %s failed", request_id, exc_info=error)
    body: dict[str, object] = {
        "type": kind,
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "request_id": request_id,
    }
    if faults:
        body["errors"] = [{"path": each.path, "message": each.message} for each in faults]
    return Response(json.dumps(body), status_code=status, headers=headers, media_type=MEDIA_TYPE)


def request_id_of(request: Request) -> str:
    """Return the id that the edge gave this request; "" outside the gateway."""
    return str(request.scope.get(REQUEST_ID, ""))


async def answer_error(request: Request, error: Exception) -> Response:
    """Turn a deliberate error into its answer (an exception handler)."""
    return make_problem(error, request_id=request_id_of(request))


async def answer_http(request: Request, error: Exception) -> Response:
    """Turn a routing error (no such path) into a problem (an exception handler)."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    detail = f"{request.method} {request.url.path}: {status.description or status.phrase}"
    if status is HTTPStatus.NOT_FOUND:
        detail = f"nothing is served at {request.url.path}: see /openapi.json"
    return make_problem(
        Refused(status, detail, headers=error.headers), request_id=request_id_of(request)
    )
