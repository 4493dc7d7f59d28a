"""A real browser without a window, driven over the DevTools protocol."""

import asyncio
import base64
import contextlib
import re
import shutil
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

_ADDRESS: Final = re.compile(r"DevTools listening on (ws://\S+)")
_PATIENCE_S: Final = 60.0


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._calls = 0
        self.requests: list[str] = []  # every address that the page asked for

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One call of the protocol; its result."""
        self._calls += 1
        number = self._calls
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                said = await self._socket.receive_json()
                if said.get("method") == "Network.requestWillBeSent":
                    self.requests.append(said["params"]["request"]["url"])
                if said.get("id") == number:
                    assert "error" not in said, said
                    result: dict[str, Any] = said["result"]
                    return result

    async def open(self, url: str) -> None:
        await self.call("Network.enable")
        await self.call("Page.navigate", url=url)

    async def press(self, key: str) -> None:
        """A key with a character, as a hand presses it."""
        for kind, text in (("keyDown", key), ("keyUp", "")):
            await self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                text=text,
                code=f"Key{key.upper()}" if key.isalpha() else f"Digit{key}",
                windowsVirtualKeyCode=ord(key.upper()),
            )

    async def evaluate(self, script: str) -> Any:
        said = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return said["result"].get("value")

    async def shoot(self) -> bytes:
        """The page as PNG."""
        said = await self.call("Page.captureScreenshot", format="png")
        return base64.b64decode(said["data"])


@contextlib.asynccontextmanager
async def open_page(folder: Path) -> AsyncGenerator[Page]:
    """A tab of a browser of its own; skipped where there is no Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("chromium is not installed: there is no real browser to try")
    process = await asyncio.create_subprocess_exec(
        program,
        "--headless=new",
        "--no-sandbox",
        "--hide-scrollbars",
        "--enable-unsafe-swiftshader",
        "--disable-background-networking",
        "--window-size=1200,800",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder / 'browser'}",
        "about:blank",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        host = await _host(process)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://{host}/json") as answer:
                tabs = await answer.json()
            address = next(e["webSocketDebuggerUrl"] for e in tabs if e["type"] == "page")
            async with session.ws_connect(address, max_msg_size=0) as socket:
                yield Page(socket)
    finally:
        process.terminate()
        await process.communicate()


async def _host(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async with asyncio.timeout(_PATIENCE_S):
        while line := (await process.stderr.readline()).decode():
            if found := _ADDRESS.match(line):
                return found[1].split("/")[2]
    raise AssertionError("chromium ended at once")
