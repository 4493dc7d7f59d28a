"""Holding a request open."""

import asyncio

import pytest
from starlette.types import Message

from core.errors import ActionNotFound
from core.gateway.http.hold import unless_gone


async def _stays() -> Message:
    await asyncio.Event().wait()
    return {}


async def test_the_result_of_the_work_is_returned() -> None:
    work = asyncio.sleep(0, result=3)
    assert await unless_gone(work, receive=_stays, closing=asyncio.Event()) == 3


async def test_an_error_of_the_work_arrives_as_it_is() -> None:
    async def work() -> int:
        raise ActionNotFound("no such")

    with pytest.raises(ActionNotFound, match="no such"):
        await unless_gone(work(), receive=_stays, closing=asyncio.Event())


async def test_a_caller_who_leaves_ends_the_work() -> None:
    ended = asyncio.Event()
    messages: list[Message] = [{"type": "http.request"}, {"type": "http.disconnect"}]

    async def leaves() -> Message:
        await asyncio.sleep(0)
        return messages.pop(0)

    async def work() -> int:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 1

    assert await unless_gone(work(), receive=leaves, closing=asyncio.Event()) is None
    assert ended.is_set()


async def test_closing_ends_the_work() -> None:
    closing = asyncio.Event()
    closing.set()
    assert await unless_gone(asyncio.sleep(60, 1), receive=_stays, closing=closing) is None
