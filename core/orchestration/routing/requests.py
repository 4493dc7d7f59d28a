"""Requests whose sender waits for the answer."""

import asyncio

from core.actions import JsonObject
from core.errors import MessageUndelivered
from core.ids import MessageId


class Requests:
    """One future for each request that is waited for."""

    def __init__(self) -> None:
        self._futures: dict[MessageId, asyncio.Future[JsonObject]] = {}

    def open(self, message_id: MessageId) -> asyncio.Future[JsonObject]:
        """Wait for an answer from now on; `close` it in any case."""
        future: asyncio.Future[JsonObject] = asyncio.get_running_loop().create_future()
        self._futures[message_id] = future
        return future

    def close(self, message_id: MessageId) -> None:
        """Nobody waits any more."""
        self._futures.pop(message_id, None)

    def is_open(self, message_id: MessageId) -> bool:
        """Whether somebody waits for this answer."""
        return message_id in self._futures

    def answer(self, message_id: MessageId, answer: JsonObject) -> None:
        """Give the answer to whoever waits for it."""
        future = self._futures.pop(message_id, None)
        if future is not None and not future.done():
            future.set_result(answer)

    def refuse(self, message_id: MessageId, why: str) -> None:
        """There will be no answer."""
        future = self._futures.pop(message_id, None)
        if future is not None and not future.done():
            future.set_exception(MessageUndelivered(why))
