"""Host names, looked up apart first: a resolver that hangs would fill the loop's own pool."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass, field

from core.adapters.sources.apart import Apart
from core.errors import SourceFailed


@dataclass(frozen=True, slots=True)
class _Name:
    """One name: one look-up at a time, one thread at most."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    apart: Apart = field(default_factory=Apart)


class Names:
    """What is asked before a library resolves the same name on the loop's pool."""

    def __init__(self) -> None:
        self._names: dict[str, _Name] = {}

    async def look_up(self, host: str, timeout_s: float) -> None:
        """Make sure that the name resolves. Raises SourceFailed, TimeoutError."""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            pass
        else:
            return
        name = self._names.setdefault(host, _Name())
        try:
            async with name.turn:
                await name.apart.run(lambda: socket.getaddrinfo(host, None), timeout_s)
        except (socket.gaierror, UnicodeError) as error:
            why = getattr(error, "strerror", None) or "it is no host name"
            raise SourceFailed(f"cannot connect to {host}: {why}; correct the name") from error
