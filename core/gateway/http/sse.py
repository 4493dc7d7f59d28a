"""Events as they happen: server-sent events for panes and scripts."""

import asyncio
import json
from dataclasses import asdict
from datetime import datetime

from starlette.types import ASGIApp, Receive, Scope, Send

from core.events import CoreEvent
from core.gateway.http.context import Gateway
from core.gateway.http.hold import unless_gone
from core.gateway.http.operations import Call
from core.ids import TokenId

MEDIA_TYPE = "text/event-stream"
_RETRY_MS = 2000
_BATCH_MAX = 256  # events written at once


async def stream_events(call: Call) -> ASGIApp:
    """Every event from now on, or after the one that `Last-Event-ID` names.

    A reader too slow for what is kept is told how many it lost; it never slows the gate.
    """
    return _EventStream(call.gateway, call.caller.id, call.request.headers.get("last-event-id"))


class _EventStream:
    """The response: open until the reader leaves or the gateway closes."""

    def __init__(self, gateway: Gateway, token: TokenId, last_id: str | None) -> None:
        self._gateway = gateway
        self._token = token
        self._last_id = last_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        gateway = self._gateway
        with gateway.streams.take(self._token):
            position = gateway.tape.length  # before anything is awaited: nothing falls between
            headers = [(b"content-type", f"{MEDIA_TYPE}; charset=utf-8".encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await _write(send, f"retry: {_RETRY_MS}\n\n")
            if self._last_id is not None:
                position = await self._resume(self._last_id, send)
            await unless_gone(self._pump(position, send), receive=receive, closing=gateway.closing)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _resume(self, last_id: str, send: Send) -> int:
        """Where to go on. After a restart: with all of this run, and word of an unknown loss."""
        found = self._gateway.tape.find(last_id)
        if found is None:
            await _write(send, _lost(None))
            return self._gateway.tape.first - 1
        return found

    async def _pump(self, position: int, send: Send) -> None:
        tape = self._gateway.tape
        while self._gateway.tokens.is_live(self._token):
            try:
                async with asyncio.timeout(self._gateway.limits.heartbeat_s):
                    await tape.wait(position)
            except TimeoutError:
                await _write(send, ": still here\n\n")
                continue
            if not self._gateway.tokens.is_live(self._token):
                return
            lost = max(0, tape.first - position - 1)
            batch = tape.read(position, limit=_BATCH_MAX)
            frames = (_frame(tape.id_of(number), event) for number, event in batch)
            position = batch[-1][0]
            await _write(send, (_lost(lost) if lost else "") + "".join(frames))


def _frame(event_id: str, event: CoreEvent) -> str:
    data = json.dumps(asdict(event), default=_plain, separators=(",", ":"))
    return f"id: {event_id}\nevent: {type(event).__name__}\ndata: {data}\n\n"


def _lost(count: int | None) -> str:
    """Tell the reader to look at the whole again; null: nobody knows how many it missed."""
    data = json.dumps({"count": count}, separators=(",", ":"))
    return f"event: Lost\ndata: {data}\n\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} does not belong into an event")


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode("ascii"), "more_body": True})
