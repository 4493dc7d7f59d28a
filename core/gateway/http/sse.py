"""Events as they happen: server-sent events for panes and scripts."""

import asyncio
import json
from dataclasses import asdict
from datetime import datetime

from starlette.types import ASGIApp, Receive, Scope, Send

from core.bus import Latest
from core.events import CoreEvent
from core.gateway.http.context import Gateway
from core.gateway.http.hold import unless_gone
from core.gateway.http.operations import Call
from core.ids import TokenId

MEDIA_TYPE = "text/event-stream"
_RETRY_MS = 2000


async def stream_events(call: Call) -> ASGIApp:
    """Every event from now on; a slow reader gets the newest of each key, never slows the gate."""
    return _EventStream(call.gateway, call.caller.id)


class _EventStream:
    """The response: open until the reader leaves or the gateway closes."""

    def __init__(self, gateway: Gateway, token: TokenId) -> None:
        self._gateway = gateway
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        gateway = self._gateway
        with gateway.streams.take(self._token):
            events = gateway.bus.subscribe_latest()
            try:
                headers = [(b"content-type", f"{MEDIA_TYPE}; charset=utf-8".encode())]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await _write(send, f"retry: {_RETRY_MS}\n\n")
                await unless_gone(
                    self._pump(events, send), receive=receive, closing=gateway.closing
                )
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            finally:
                gateway.bus.close(events)

    async def _pump(self, events: Latest, send: Send) -> None:
        lost = 0
        while True:
            try:
                async with asyncio.timeout(self._gateway.limits.heartbeat_s):
                    batch = await events.wait()
            except TimeoutError:
                await _write(send, ": still here\n\n")
                continue
            text = "".join(_frame(event) for event in batch)
            if events.dropped > lost:
                text = f'event: Lost\ndata: {{"count":{events.dropped - lost}}}\n\n{text}'
                lost = events.dropped
            await _write(send, text)


def _frame(event: CoreEvent) -> str:
    data = json.dumps(asdict(event), default=_plain, separators=(",", ":"))
    return f"event: {type(event).__name__}\ndata: {data}\n\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} does not belong into an event")


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode("ascii"), "more_body": True})
