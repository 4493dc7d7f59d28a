"""Turns: what is done about one key is done by one caller after the other."""

import asyncio
from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

_Key = TypeVar("_Key", bound=Hashable)


class Turns(Generic[_Key]):
    """A lock for each key, kept for as long as somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[_Key, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, key: _Key) -> AsyncGenerator[None]:
        """Within, nobody else has the turn of this key; other keys are not held up."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            yield
