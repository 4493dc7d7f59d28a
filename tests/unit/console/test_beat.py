"""What rests is drawn seldom; what ages is drawn with every beat."""

import asyncio
from dataclasses import dataclass

import pytest

from console import beat

BEATS = 10


@dataclass
class Screen:
    """One that can tell whether it rests."""

    resting: bool

    def rests(self) -> bool:
        """As it was made."""
        return self.resting


class EnoughError(Exception):
    """The beats are over."""


@pytest.mark.parametrize(
    ("screen", "drawn"),
    [(Screen(resting=True), 2), (Screen(resting=False), BEATS), (object(), BEATS), (None, BEATS)],
    ids=["resting", "ageing", "cannot tell", "no screen"],
)
async def test_a_screen_is_drawn_as_often_as_it_changes(
    monkeypatch: pytest.MonkeyPatch, screen: object, drawn: int
) -> None:
    monkeypatch.setattr(beat, "BEAT_S", 0.0)
    draws: list[None] = []
    left = iter([screen] * BEATS)

    def front() -> object:
        try:
            return next(left)
        except StopIteration:
            raise EnoughError from None

    with pytest.raises(EnoughError):
        async with asyncio.timeout(30):
            await beat.keep_time(lambda: draws.append(None), front)
    assert len(draws) == drawn


@dataclass
class Chooser:
    """One that can tell whether it has news."""

    news: bool

    def has_news(self) -> bool:
        """As it was made."""
        return self.news


@pytest.mark.parametrize(
    ("screen", "drawn"), [(Chooser(news=True), 1), (Chooser(news=False), 0), (None, 1)]
)
def test_what_is_heard_is_drawn_where_it_is_in_sight(screen: Chooser | None, drawn: int) -> None:
    draws: list[None] = []
    beat.draw_news(lambda: draws.append(None), lambda: screen)()
    assert len(draws) == drawn
