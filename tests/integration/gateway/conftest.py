"""A gateway in process, and one on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from core.gateway.server import GatewayServer
from tests.fakes_gateway import Rig, make_rig

LOOPBACK = "http://127.0.0.1"


@pytest.fixture
async def rig() -> Rig:
    return await make_rig()


@pytest.fixture
async def client(rig: Rig) -> AsyncIterator[httpx.AsyncClient]:
    """In process, without a token of its own."""
    transport = httpx.ASGITransport(rig.app)
    async with httpx.AsyncClient(transport=transport, base_url=LOOPBACK) as each:
        yield each


@pytest.fixture
async def server(rig: Rig, tmp_path: Path) -> AsyncIterator[GatewayServer]:
    """On a free port of the loopback."""
    service = GatewayServer(rig.app, home=tmp_path, clock=rig.clock, port=0)
    running = asyncio.get_running_loop().create_task(service.run())
    async with asyncio.timeout(10):
        await service.wait_started()
    yield service
    running.cancel()
    await asyncio.wait((running,))


@pytest.fixture
async def remote(server: GatewayServer) -> AsyncIterator[httpx.AsyncClient]:
    """Through the socket."""
    async with httpx.AsyncClient(base_url=server.url, timeout=10) as each:
        yield each
