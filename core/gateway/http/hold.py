"""Holding a request open for a person, no longer than somebody is there to hear the answer."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

T = TypeVar("T")


async def unless_gone(
    work: Coroutine[Any, Any, T], *, receive: Receive, closing: asyncio.Event
) -> T | None:
    """Return what `work` returns; None when the caller left or the gateway closes before.

    `work` is cancelled then: it may only read. An error of `work` is raised as it is.
    """
    async with asyncio.TaskGroup() as group:
        working = group.create_task(_settle(work))
        ends = group.create_task(_gone(receive)), group.create_task(closing.wait())
        await asyncio.wait((working, *ends), return_when=asyncio.FIRST_COMPLETED)
        for task in (working, *ends):
            task.cancel()
    if working.cancelled():
        return None
    found = working.result()
    if isinstance(found, _Failure):
        raise found.error
    return found


class _Failure:
    """An error carried out of the task group, which would wrap it."""

    def __init__(self, error: Exception) -> None:
        self.error = error


async def _settle(work: Coroutine[Any, Any, T]) -> T | _Failure:
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - raised again outside the group
        return _Failure(error)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
