"""Stands for a port that is not there yet: the screen is drawn while the engine starts."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


class Late(Generic[T]):
    """Calls wait until the port arrives, then go to it. For ports whose methods are all async."""

    def __init__(self) -> None:
        self._port: T | None = None
        self._arrived = asyncio.Event()

    def arrive(self, port: T) -> None:
        """From now on calls go to `port`; those that wait go on."""
        self._port = port
        self._arrived.set()

    def as_port(self) -> T:
        """The same, as what it stands for."""
        return cast("T", self)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name.startswith("_"):
            raise AttributeError(name)

        async def call(*given: Any, **named: Any) -> Any:
            await self._arrived.wait()
            return await getattr(self._port, name)(*given, **named)

        return call
