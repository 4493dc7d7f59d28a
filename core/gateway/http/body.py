"""Reading a request's body: bounded in bytes and in time, and only when it says JSON."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

from starlette.types import Receive

from core.gateway.http.limits import Limits
from core.gateway.http.problem import Refused
from core.gateway.http.strict_json import Json, parse_json


async def read_json(receive: Receive, headers: Mapping[str, str], limits: Limits) -> Json:
    """Read and parse a JSON body. Raises Refused (400, 408, 413, 415 or 422)."""
    _check_type(headers)
    body = await read_body(receive, headers, limits)
    return parse_json(body)


def _check_type(headers: Mapping[str, str]) -> None:
    kind, _, parameters = headers.get("content-type", "").partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    if kind.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "this call takes JSON in UTF-8: send Content-Type: application/json",
        )
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "this call takes no Content-Encoding: send it plain"
        )


async def read_body(receive: Receive, headers: Mapping[str, str], limits: Limits) -> bytes:
    """Read a body, stopping at the limit. Raises Refused: 400, 408 or 413."""
    too_large = Refused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"a body may hold {limits.body_bytes_max} bytes: send less",
    )
    declared = headers.get("content-length", "")
    # The server has checked the form of the header; in-process callers may send anything.
    if declared.isdecimal() and int(declared[:20]) > limits.body_bytes_max:
        raise too_large
    body: bytes | bytearray = b""  # as it came, when it came in one part: it is not copied
    try:
        async with asyncio.timeout(limits.body_timeout_s):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refused(HTTPStatus.BAD_REQUEST, "the caller left before its body ended")
                part: bytes = message.get("body", b"")
                if part and body and isinstance(body, bytes):
                    body = bytearray(body)
                body += part
                if len(body) > limits.body_bytes_max:
                    raise too_large
                more = message.get("more_body", False)
    except TimeoutError as error:
        raise Refused(
            HTTPStatus.REQUEST_TIMEOUT,
            f"the body did not arrive within {limits.body_timeout_s:g} s: send it again",
        ) from error
    return bytes(body)
