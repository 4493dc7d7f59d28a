"""The outermost layer of every request: who may knock, how many at once, and no leak on defects."""

from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import Overloaded
from core.gateway.http.context import Gateway
from core.gateway.http.exchange import Exchange
from core.gateway.http.problem import REQUEST_ID, Refused, make_problem

_SINGLE = frozenset(
    (
        b"authorization",
        b"content-encoding",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"last-event-id",
        b"origin",
        b"sec-fetch-site",
    )
)
_LENGTHS = frozenset((b"content-length", b"transfer-encoding"))


class Edge:
    """Pure ASGI: nothing is buffered."""

    def __init__(self, app: ASGIApp, *, gateway: Gateway) -> None:
        self._app = app
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope[REQUEST_ID] = self._gateway.ids.next_id()
        counts, limits = self._gateway.counts, self._gateway.limits
        exchange = Exchange(
            scope, receive, send, request_id=request_id, limits=limits, answers=counts.answers
        )
        counts.in_flight += 1
        try:
            self._admit(scope)
            await self._app(scope, exchange.receive, exchange.send)
        except Exception as error:  # noqa: BLE001 - the last one to hear of it; it is logged
            response = make_problem(error, request_id=request_id)
            if not exchange.started:
                await response(scope, exchange.receive, exchange.send)
        finally:
            counts.in_flight -= 1
        await exchange.finish()

    def _admit(self, scope: Scope) -> None:
        limits = self._gateway.limits
        if self._gateway.counts.in_flight > limits.in_flight_max:
            raise Overloaded(
                f"{limits.in_flight_max} requests are open at this moment: try again soon"
            )
        headers: Mapping[str, str] = Headers(scope=scope)
        _admit_size(scope, limits.header_bytes_max, limits.target_bytes_max)
        _admit_form(scope)
        host = headers.get("host", "")
        if _name(host) not in limits.hosts:
            raise Refused(
                HTTPStatus.MISDIRECTED_REQUEST,
                "the Host header does not name this machine's loopback: call 127.0.0.1",
            )
        _admit_page(headers, host)


def _admit_size(scope: Scope, header_bytes_max: int, target_bytes_max: int) -> None:
    if sum(len(name) + len(value) for name, value in scope["headers"]) > header_bytes_max:
        raise Refused(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            f"headers may hold {header_bytes_max} bytes together: send less",
        )
    if len(scope["path"]) + len(scope["query_string"]) > target_bytes_max:
        raise Refused(
            HTTPStatus.REQUEST_URI_TOO_LONG,
            f"path and query may hold {target_bytes_max} bytes together: send less",
        )


def _admit_form(scope: Scope) -> None:
    """Refuse what two readers could understand in two ways."""
    counts = Counter(name for name, _ in scope["headers"])
    twice = sorted(name.decode() for name in _SINGLE & counts.keys() if counts[name] > 1)
    if twice:
        raise Refused(HTTPStatus.BAD_REQUEST, f"the header {twice[0]} stands twice: send it once")
    if counts.keys() >= _LENGTHS:
        raise Refused(
            HTTPStatus.BAD_REQUEST,
            "content-length and transfer-encoding stand together: send one of them",
        )


def _admit_page(headers: Mapping[str, str], host: str) -> None:
    """Refuse web pages: a browser tells where a request comes from, agents have no origin."""
    origin = headers.get("origin")
    foreign = origin is not None and origin.lower() != f"http://{host.lower()}"
    if foreign or headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Refused(
            HTTPStatus.FORBIDDEN,
            "web pages of other origins may not call this gateway: call it from a program",
        )


def _name(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()
