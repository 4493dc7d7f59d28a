"""`POST /v1/traces`, `/v1/metrics` and `/v1/logs`: OTLP over HTTP, from outside agents."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.errors import Overloaded
from core.gateway.http.body import read_body
from core.gateway.http.context import Gateway, authenticate, gateway_of
from core.gateway.http.operations import ROUTE
from core.gateway.http.problem import Refused
from core.records import TokenKind, TokenRecord
from core.telemetry.model import Batch
from core.telemetry.service import TelemetryBook

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
_GZIP: Final = 31  # zlib's word for a gzip header and trailer
_SIGNALS: Final = {
    "traces": "rejectedSpans",
    "metrics": "rejectedDataPoints",
    "logs": "rejectedLogRecords",
}
_REASON: Final = "malformed, or more than one body may hold"

Decoder = Callable[[bytes], list[Batch]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtlpLimits:
    """Bounds of the receiver. A body of 512 spans has some 0.3 MB."""

    body_bytes_max: int = 4_000_000  # as sent
    inflated_bytes_max: int = 16_000_000
    thread_bytes_min: int = 256_000  # larger ones are parsed in a thread
    bodies_max: int = 8  # held at the same time; one is parsed at a time


def otlp_routes(book: TelemetryBook, *, limits: OtlpLimits | None = None) -> list[Route]:
    """The receiver, for `make_app(extra_routes=…)`. Tokens of both kinds may send."""
    receiver = _Receiver(book, limits or OtlpLimits())
    return [
        Route(f"/v1/{signal}", receiver.endpoint(signal), methods=["POST"]) for signal in _SIGNALS
    ]


class _Receiver:
    def __init__(self, book: TelemetryBook, limits: OtlpLimits) -> None:
        self._book = book
        self._limits = limits
        self._held = 0
        self._turn = asyncio.Lock()

    def endpoint(self, signal: str) -> Callable[[Request], Awaitable[Response]]:
        async def receive(request: Request) -> Response:
            return await self._receive(request, signal)

        return receive

    async def _receive(self, request: Request, signal: str) -> Response:
        request.scope[ROUTE] = f"/v1/{signal}"
        gateway = gateway_of(request.app)
        token = await authenticate(request)
        media = _media_type(request.headers)
        self._book.check_room()
        if self._held >= self._limits.bodies_max:
            raise Overloaded(f"{self._held} bodies are being read: send this one again soon")
        self._held += 1
        try:
            with gateway.uploads.take(token.id):
                body = await self._read(request, gateway)
            async with self._turn:
                rejected = await self._take(body, signal, media, token)
        finally:
            self._held -= 1
        return Response(_answer(signal, media, rejected), media_type=media)

    async def _read(self, request: Request, gateway: Gateway) -> bytes:
        encoding = request.headers.get("content-encoding", "identity").lower()
        if encoding not in ("identity", "gzip"):
            raise Refused(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"this call takes no Content-Encoding {encoding[:40]!r}: send gzip or identity",
            )
        limits = replace(gateway.limits, body_bytes_max=self._limits.body_bytes_max)
        body = await read_body(request.receive, request.headers, limits)
        return (
            body
            if encoding == "identity" or not body
            else inflate(body, self._limits.inflated_bytes_max)
        )

    async def _take(self, body: bytes, signal: str, media: str, token: TokenRecord) -> int:
        """Parse and hand on; returns how many rows were rejected."""
        if not body:
            return 0
        if len(body) >= self._limits.thread_bytes_min:
            batches = await asyncio.to_thread(_decode, body, signal, media)
        else:
            batches = _decode(body, signal, media)
        bound_to = token.bound_to if token.kind is TokenKind.AGENT else None
        await self._book.take(batches, bound_to=bound_to)
        return sum(each.rejected for each in batches)


def inflate(body: bytes, bytes_max: int) -> bytes:
    """Unpack gzip, stopping at the limit. Raises Refused: 400 or 413."""
    parts: list[bytes] = []
    left = bytes_max
    try:
        while body:
            member = zlib.decompressobj(_GZIP)
            parts.append(member.decompress(body, left + 1))
            left -= len(parts[-1])
            if left < 0:
                raise Refused(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    f"a body may hold {bytes_max} bytes when unpacked: send less",
                )
            if not member.eof:
                raise Refused(HTTPStatus.BAD_REQUEST, "the gzip body ends too early")
            body = member.unused_data
    except zlib.error:
        raise Refused(HTTPStatus.BAD_REQUEST, "the body is not gzip") from None
    return b"".join(parts)


def _media_type(headers: Mapping[str, str]) -> str:
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in (PROTOBUF, JSON):
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"this call takes OTLP: send Content-Type: {PROTOBUF} or {JSON}",
        )
    return media


def _decode(body: bytes, signal: str, media: str) -> list[Batch]:
    # Imported with the first body: protobuf's messages take 0.1 s, and few ever send any.
    from core.gateway.otlp import decode_json, decode_protobuf  # noqa: PLC0415

    chosen = decode_json if media == JSON else decode_protobuf
    decoders: dict[str, Decoder] = {
        "traces": chosen.decode_traces,
        "metrics": chosen.decode_metrics,
        "logs": chosen.decode_logs,
    }
    try:
        return decoders[signal](body)
    except (decode_json.NotOtlp, decode_protobuf.DecodeError):
        raise Refused(
            HTTPStatus.BAD_REQUEST, f"the body is no OTLP export of {signal} in {media}"
        ) from None


def _answer(signal: str, media: str, rejected: int) -> bytes:
    """Empty when all was taken; else how many were not, in the form of the request."""
    if media == JSON:
        if not rejected:
            return b"{}"
        partial = {_SIGNALS[signal]: str(rejected), "errorMessage": _REASON}
        return orjson.dumps({"partialSuccess": partial})
    if not rejected:
        return b""
    from core.gateway.otlp.decode_protobuf import encode_partial  # noqa: PLC0415 - see above

    return encode_partial(signal, rejected, _REASON)
