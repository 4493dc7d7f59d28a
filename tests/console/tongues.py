"""Screens in other languages: a made-up one that shows what no catalogue knows, and the real."""

import gettext
import re
from string import ascii_letters
from typing import Final

from console.language import Language
from tests.console.driving import Driver

_HOLE: Final = re.compile(r"\{\w*(?:![rs])?(?::[^{}]*)?\}")
_ELSEWHERE: Final = str.maketrans(
    {
        each: chr((0x430 if each.islower() else 0x410) + (ord(each) | 32) - ord("a"))
        for each in ascii_letters
    }
)


def made_up(text: str) -> str:
    """Each letter as one of another script, as wide; what is put in stays."""
    kept = _HOLE.findall(text)
    parts = [each.translate(_ELSEWHERE) for each in _HOLE.split(text)]
    return "".join(part + hole for part, hole in zip(parts, [*kept, ""], strict=True))


class _MadeUp(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return made_up(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return made_up(super().ngettext(msgid1, msgid2, n))

    def pgettext(self, context: str, message: str) -> str:
        return made_up(super().pgettext(context, message))

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        return made_up(super().npgettext(context, msgid1, msgid2, n))


MADE_UP: Final = Language(code="made-up", catalogue=_MadeUp())


class Traveller(Driver):
    """Drives a console whose words are others than those that the sights wait for."""

    async def see(self, *words: str) -> None:
        """Wait until these stand there in either script."""

        def seen() -> bool:
            drawn = self.screen_text()
            each_word = (each for said in words for each in said.split())
            return all(each in drawn or made_up(each) in drawn for each in each_word)

        try:
            await self.until(seen)
        except AssertionError as error:
            raise AssertionError(f"{words} never stood on:\n{self.screen_text()}") from error


class Settler(Driver):
    """Waits until nothing moves any more instead of for words."""

    async def see(self, *words: str) -> None:
        """Wait until the same stands there for a while."""
        del words
        before, same = "", 0

        def settled() -> bool:
            nonlocal before, same
            drawn = self.screen_text()
            same = same + 1 if drawn == before else 0
            before = drawn
            return same > 8

        await self.until(settled)
