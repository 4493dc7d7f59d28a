"""One request and its answer on the wire: stamped, and read to the end even when refused."""

import asyncio
from collections import Counter

from starlette.types import Message, Receive, Scope, Send

from core.gateway.http.limits import Limits
from core.gateway.http.operations import ROUTE

_HEADERS = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
_CLOSE = (b"connection", b"close")
_NONE: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class Exchange:
    """Stands between the server and the application.

    Who is refused while it still sends would be cut off before it has read why. So the answer
    goes out at once, and what still comes is thrown away for a while before the connection ends.
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        request_id: str,
        limits: Limits,
        answers: "Counter[tuple[str, int]]",
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._request_id = request_id
        self._limits = limits
        self._answers = answers  # by route and status
        headers = dict(scope["headers"])
        self._sending = headers.get(b"content-length", b"0") != b"0" or (
            b"transfer-encoding" in headers
        )
        self._asks_first = b"expect" in headers  # it sends its body once that is called for
        self._held = False
        self.started = False

    async def receive(self) -> Message:
        """The application's `receive`."""
        self._asks_first = False
        message = await self._receive()
        self._sending = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """The application's `send`."""
        if message["type"] == "http.response.start":
            self.started = True
            message["headers"] = [
                *message.get("headers", ()),
                *_HEADERS,
                *([_CLOSE] if self._sending else []),
                (b"x-request-id", self._request_id.encode("ascii")),
            ]
            self._answers[self._scope.get(ROUTE, "other"), message["status"]] += 1
        elif self._sending and not self._asks_first and not message.get("more_body", False):
            self._held = True
            message = {**message, "more_body": True}
        await self._send(message)

    async def finish(self) -> None:
        """End an answer that was given before the request's body had come."""
        if not self._held:
            return
        discarded = 0
        try:
            async with asyncio.timeout(self._limits.body_timeout_s):
                while self._sending and discarded <= self._limits.discarded_bytes_max:
                    discarded += len((await self.receive()).get("body", b""))
        except TimeoutError:
            pass
        await self._send(_NONE)
