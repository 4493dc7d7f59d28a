"""`maestro web`: a held action is read and approved in a real browser, and in no other."""

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.end_to_end.chromium import Page, open_page
from tests.integration.engine.served import PATIENCE_S, ROOT, Served, serving

PUSH: Final = "docker push registry.shop.example/shop"
_LOGIN: Final = re.compile(r"open (http://\S+)/login\?key=(\S+)")
_FOCUS: Final = "document.querySelector('.xterm-helper-textarea').focus()"
_LOADED: Final = "document.body.classList.contains('-loaded')"


class Web:
    """`maestro web` in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.origin = ""
        self.login = ""

    async def read_login(self) -> str:
        """The next login address that it prints."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while line := (await self.process.stdout.readline()).decode():
                if found := _LOGIN.search(line):
                    self.origin = found[1]
                    self.login = f"{found[1]}/login?key={found[2]}"
                    return self.login
        raise AssertionError("it ended without an address")


@contextlib.asynccontextmanager
async def serve_web(home: Path) -> AsyncGenerator[Web]:
    """Until the block ends; then SIGTERM, and it must stop cleanly."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "console", "web", "--home", str(home), "--port", "0"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"MAESTRO_GATEWAY__PORT": "0", "LANG": "C.UTF-8"},
    )
    try:
        web = Web(process)
        await web.read_login()
        yield web
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        _, errors = await asyncio.wait_for(process.communicate(), timeout=30)
        assert (process.returncode, errors.decode()) == (0, "")


async def _until(happened: Any, what: str) -> Any:
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await happened()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.1)
    assert found, what
    return found


async def _status(served: Served, action_id: str) -> str:
    _, told = await asyncio.to_thread(served.call, "GET", f"/v1/actions/{action_id}")
    return str(told["status"])


async def test_a_held_action_is_approved_in_a_browser(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with open_page(tmp_path) as page:  # first: it may skip
        with serving(home) as served:
            held = await asyncio.to_thread(served.propose, PUSH, purpose="Publish the image")
            async with serve_web(home) as web:
                await page.open(web.login)
                await _until(lambda: page.evaluate(_LOADED), "the console's page")
                await page.evaluate(_FOCUS)
                await _approve(page, served, held["id"])
                (tmp_path / "web.png").write_bytes(await page.shoot())
            elsewhere = [each for each in page.requests if not each.startswith(web.origin)]
            assert elsewhere in ([], ["about:blank"])
            assert served.process.poll() is None


async def _approve(page: Page, served: Served, action_id: str) -> None:
    """Press until it is done: a key counts only once the action could have been read."""

    async def is_allowed() -> bool:
        await page.press("3")
        await asyncio.sleep(0.5)
        await page.press("a")
        await asyncio.sleep(0.5)
        return await _status(served, action_id) == "allowed"

    await _until(is_allowed, "the action allowed")


async def test_nobody_without_the_login_address_gets_anything(tmp_path: Path) -> None:
    async with serve_web(tmp_path / "home") as web, aiohttp.ClientSession() as stranger:
        for path in ("/", "/ws", "/static/js/textual.js", "/download/x", "/login?key=guess"):
            async with stranger.get(web.origin + path) as answer:
                assert answer.status == 401, path
        async with stranger.get(web.origin, headers={"Host": "rebound.example"}) as answer:
            assert answer.status == 421
        async with stranger.post(web.login) as answer:
            assert answer.status == 405
        async with stranger.head(web.login) as answer:
            assert (answer.status, answer.cookies) == (200, {})


async def test_the_login_address_works_once_and_its_cookie_opens_no_other_page(
    tmp_path: Path,
) -> None:
    async with serve_web(tmp_path / "home") as web:
        jar = aiohttp.CookieJar(unsafe=True)  # of an address without a name
        async with aiohttp.ClientSession(cookie_jar=jar) as browser:
            used = web.login
            async with browser.get(used, allow_redirects=False) as answer:
                cookie = answer.headers["Set-Cookie"]
                assert (answer.status, answer.headers["Location"]) == (303, "/")
                assert "HttpOnly" in cookie
                assert "SameSite=Strict" in cookie
            async with browser.get(web.origin) as answer:
                page = await answer.text()
                assert answer.status == 200
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert set(re.findall(r"https?://[^/\"]+", page)) == {web.origin}
            for origin in ("http://127.0.0.1:1", "null", ""):
                headers = {"Origin": origin} if origin else {}
                socket = browser.ws_connect(web.origin + "/ws", headers=headers)
                try:
                    async with socket:
                        raise AssertionError(f"{origin!r} was let in")
                except aiohttp.WSServerHandshakeError as error:
                    assert error.status == 403  # noqa: PT017
        async with aiohttp.ClientSession() as second:
            async with second.get(used) as answer:
                assert answer.status == 401
            assert await web.read_login() != used
            async with second.get(web.login, allow_redirects=False) as answer:
                assert answer.status == 303
