import asyncio
import socket
import threading

import pytest

from core.adapters.sources.names import Names
from core.errors import SourceFailed


async def test_addresses_are_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "getaddrinfo")
    for address in ("127.0.0.1", "::1"):
        await Names().look_up(address, 1)


async def test_a_name_that_there_is_not_is_said() -> None:
    for name in ("host.invalid", "a" * 80 + ".example"):
        with pytest.raises(SourceFailed, match=f"cannot connect to {name}: "):
            await Names().look_up(name, 30)


async def test_a_resolver_that_hangs_holds_up_its_own_name_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends = threading.Event()

    def resolve(host: str, _port: None) -> None:
        if host == "slow":
            ends.wait()

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    names = Names()
    answers = await asyncio.gather(
        *(names.look_up(name, 0.1) for name in ("slow", "slow", "quick", "quick")),
        return_exceptions=True,
    )
    ends.set()
    assert [type(each) for each in answers] == [
        TimeoutError,
        SourceFailed,
        type(None),
        type(None),
    ]
