"""The stream comes back by itself, where it was, and says when everything must be read again."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence

import httpx
import pytest

from console.remote.client import Access, RemoteClient
from console.remote.events import BACK_OFF_S, EventStream
from console.remote.link import Link
from core.bus import Bus
from core.events import AuditAdvanced, CoreEvent
from tests.factories import NOW
from tests.fakes import FakeClock

Answer = Callable[[httpx.Request], httpx.Response]


class Patience(FakeClock):
    """Sleeps pass at once, and are remembered; after `naps_max` of them it ends the test's work."""

    def __init__(self, naps_max: int) -> None:
        super().__init__()
        self.naps: list[float] = []
        self._naps_max = naps_max

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.advance(seconds)
        if len(self.naps) >= self._naps_max:
            raise asyncio.CancelledError
        await asyncio.sleep(0)


def _frame(event_id: str, length: int) -> str:
    data = json.dumps({"at": NOW.isoformat(), "length": length, "head": "c0"})
    return f"id: {event_id}\nevent: AuditAdvanced\ndata: {data}\n\n"


def _event(length: int) -> AuditAdvanced:
    return AuditAdvanced(at=NOW, length=length, head="c0")


class Broken(httpx.AsyncByteStream):
    """Sends what it has, then the connection is gone."""

    def __init__(self, text: str) -> None:
        self._text = text

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._text.encode()
        raise httpx.ReadError("gone")


class Stage:
    """An engine that gives these answers in turn, and what came of them."""

    def __init__(self, answers: Sequence[httpx.Response | Exception]) -> None:
        self._answers = list(answers)
        self.asked: list[str | None] = []
        self.heard: list[CoreEvent] = []
        self.missed = 0
        self.stale: list[float | None] = []
        self.clock = Patience(len(answers))
        self.link = Link(self.clock.monotonic_s)
        self.bus = Bus()
        self.bus.listen(self._hear)
        access = Access(url=lambda: "http://127.0.0.1:7717", token=lambda: "mst_oper_x")
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        client = RemoteClient(access, http, self.link)
        self.told: list[str] = []
        self.stream = EventStream(
            client, self.bus, self.clock, missed=self._miss, tell=self.told.append
        )

    async def play(self) -> None:
        with pytest.raises(asyncio.CancelledError):
            await self.stream.run()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.headers.get("Last-Event-ID"))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _hear(self, event: CoreEvent) -> None:
        self.heard.append(event)
        self.stale.append(self.link.stale_s())

    def _miss(self) -> None:
        self.missed += 1


async def test_it_goes_on_after_the_last_event_that_it_had() -> None:
    first = _frame("run-1", 1) + _frame("run-2", 2) + _frame("run-3", 3)[:-2]
    stage = Stage(
        [
            httpx.Response(200, stream=Broken(first)),
            httpx.Response(200, text=_frame("run-3", 3) + ": still here\n\n"),
        ]
    )
    await stage.play()
    assert stage.asked == [None, "run-2"]
    assert stage.heard == [_event(1), _event(2), _event(3)]
    assert stage.stale == [None] * 3


async def test_after_each_break_everything_is_read_again() -> None:
    stage = Stage([httpx.Response(200, text=""), httpx.Response(200, text="")])
    await stage.play()
    assert stage.missed == 2


async def test_what_the_engine_lost_is_read_again() -> None:
    lost = 'event: Lost\ndata: {"count": null}\n\n'
    stage = Stage([httpx.Response(200, text=lost + _frame("run-9", 9))])
    await stage.play()
    assert (stage.missed, stage.heard) == (2, [_event(9)])


async def test_it_asks_less_and_less_often_until_it_is_let_in() -> None:
    gone = [httpx.ConnectError("refused")] * 6
    stage = Stage([*gone, httpx.Response(200, text=_frame("run-1", 1)), httpx.ConnectError("x")])
    await stage.play()
    assert stage.clock.naps == [*BACK_OFF_S, BACK_OFF_S[-1], BACK_OFF_S[0], BACK_OFF_S[1]]
    assert stage.heard == [_event(1)]
    assert [bool(each) for each in stage.told] == [True, False, True]
    assert stage.link.stale_s() is not None


async def test_a_token_that_was_revoked_is_told_and_tried_again() -> None:
    problem = {"type": "urn:maestro:problem:unauthenticated", "detail": "token was revoked"}
    stage = Stage([httpx.Response(401, json=problem), httpx.Response(401, json=problem)])
    await stage.play()
    assert stage.told == ["token was revoked"]
    assert stage.link.stale_s() is not None
