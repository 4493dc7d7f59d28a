"""Only the browser that used the login address sees anything, once per address."""

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from console.web.lock import COOKIE, Lock

ORIGIN = "http://127.0.0.1:7718"
HOST = {"Host": "127.0.0.1:7718"}


class Door:
    """A lock, the addresses that it told, and what lies behind it."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.lock = Lock(ORIGIN, self.told.append)
        self.guard: Any = self.lock.middleware()
        self.lock.renew()

    async def ask(
        self, path: str, *, method: str = "GET", cookie: str = "", **headers: str
    ) -> web.StreamResponse:
        given = {**HOST, **headers} | ({"Cookie": f"{COOKIE}={cookie}"} if cookie else {})
        request = make_mocked_request(method, path, headers=given)
        answer: web.StreamResponse = await self.guard(request, self._inside)
        return answer

    async def log_in(self) -> str:
        """Use the newest address; the cookie."""
        answer = await self.ask(self.told[-1].removeprefix(ORIGIN))
        assert answer.status == 303
        return answer.cookies[COOKIE].value

    async def _inside(self, request: web.Request) -> web.Response:
        del request
        return web.Response(text="inside")


async def test_a_login_opens_everything_for_its_browser_alone() -> None:
    door = Door()
    assert (await door.ask("/")).status == 401
    cookie = await door.log_in()
    assert (await door.ask("/", cookie=cookie)).status == 200
    assert (await door.ask("/ws", cookie=cookie)).status == 200
    assert (await door.ask("/", cookie=cookie[:-1])).status == 401
    assert (await door.ask("/", cookie="")).status == 401


async def test_an_address_works_once_and_the_next_is_told() -> None:
    door = Door()
    first = door.told[-1].removeprefix(ORIGIN)
    cookie = await door.log_in()
    assert (await door.ask(first)).status == 401
    assert len(door.told) == 2
    other = await door.log_in()
    assert other != cookie
    assert (await door.ask("/", cookie=cookie)).status == 200


@pytest.mark.parametrize("path", ["/login", "/login?key=", "/login?key=%F0", "/login?key=é"])
async def test_a_wrong_key_spends_nothing(path: str) -> None:
    door = Door()
    assert (await door.ask(path)).status == 401
    assert len(door.told) == 1
    await door.log_in()


async def test_a_link_checker_does_not_spend_the_address() -> None:
    door = Door()
    answer = await door.ask(door.told[0].removeprefix(ORIGIN), method="HEAD")
    assert (answer.status, dict(answer.cookies)) == (200, {})
    await door.log_in()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "rebound.example:7718"}, 421),
        ({"Host": "127.0.0.1"}, 421),
        ({"Origin": "http://127.0.0.1:8000"}, 403),
        ({"Origin": "null"}, 403),
        ({"Upgrade": "websocket"}, 403),
        ({"Upgrade": "websocket", "Origin": ORIGIN + "0"}, 403),
        ({"Upgrade": "websocket", "Origin": ORIGIN}, 200),
    ],
)
async def test_another_page_opens_nothing_even_with_the_cookie(
    headers: dict[str, str], status: int
) -> None:
    door = Door()
    cookie = await door.log_in()
    assert (await door.ask("/ws", cookie=cookie, **headers)).status == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_nothing_is_sent_but_by_the_socket(method: str) -> None:
    door = Door()
    assert (await door.ask("/", method=method, cookie=await door.log_in())).status == 405


async def test_the_oldest_browsers_make_room() -> None:
    door = Door()
    first = await door.log_in()
    newest = [await door.log_in() for _ in range(16)][-1]
    assert (await door.ask("/", cookie=first)).status == 401
    assert (await door.ask("/", cookie=newest)).status == 200


async def test_a_refusal_quotes_nothing_of_the_request() -> None:
    door = Door()
    answer = await door.ask("/<script>", Host="<script>")
    assert isinstance(answer, web.Response)
    assert "<script>" not in (answer.text or "")
