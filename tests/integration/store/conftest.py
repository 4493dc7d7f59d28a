"""One open store for a test, of every back end in turn."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.integration.store.stores import STORES, OpenStore


@pytest_asyncio.fixture(params=sorted(STORES))
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OpenStore]:
    opened = await STORES[request.param](tmp_path)
    yield opened
    await opened.close()
