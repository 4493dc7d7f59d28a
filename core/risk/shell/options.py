"""Reads a program's arguments with its row: which known options stand there, with which values."""

from dataclasses import dataclass
from typing import Final

from core.risk.shell.catalog import Row
from core.risk.shell.syntax import Span, Word

_NO_VALUE: Final = frozenset({"shell", "listen", "privilege", "danger", "erase", "reveal", "quiet"})
_INFORMATION: Final = frozenset(
    {"--version", "--help", "-h", "-V", "-v", "--usage", "-version", "-help", "-?", "help"}
)
_ABBREVIATION_MIN: Final = 6
_SUBCOMMANDS: Final = 2  # how many leading words can be sub-commands


@dataclass(frozen=True, slots=True)
class Hit:
    """A known option that stands in a call."""

    kind: str
    option: str
    word: Word
    value: Word | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A call's arguments, sorted."""

    hits: tuple[Hit, ...] = ()
    positionals: tuple[Word, ...] = ()
    flags: tuple[Word, ...] = ()  # every word that starts with a dash
    rest: tuple[Word, ...] = ()  # the command a wrapper runs

    def first(self, kind: str) -> Hit | None:
        """The first hit of a kind."""
        return next((hit for hit in self.hits if hit.kind == kind), None)

    @property
    def informs(self) -> bool:
        """True when the program only tells about itself."""
        words = (*self.flags, *self.positionals)
        return any(word.text in {"--version", "--help"} for word in self.flags) or (
            len(words) == 1 and words[0].text in _INFORMATION
        )


def tail(word: Word, skip: int) -> Word:
    """The word without its first `skip` characters, with its own place where that is known."""
    if word.literal_at is None:
        return Word(word.text[skip:], word.span, word.dynamic)
    start = word.literal_at + skip
    end = word.literal_at + len(word.text)
    return Word(word.text[skip:], Span(start, end), word.dynamic, start)


def head(word: Word, length: int) -> Word:
    """The first `length` characters of the word, with their own place where that is known."""
    if word.literal_at is None:
        return Word(word.text[:length], word.span, word.dynamic)
    span = Span(word.literal_at, word.literal_at + length)
    return Word(word.text[:length], span, word.dynamic, word.literal_at)


def read_options(row: Row, words: tuple[Word, ...]) -> Reading:
    """Sort `words`, the arguments of one call."""
    return _Sorter(row, words).sort()


class _Sorter:
    def __init__(self, row: Row, words: tuple[Word, ...]) -> None:
        self._row = row
        self._words = words
        self._next = 0
        self._hits: list[Hit] = []
        self._positionals: list[Word] = []
        self._flags: list[Word] = []

    def sort(self) -> Reading:
        ended = False
        while self._next < len(self._words):
            word = self._words[self._next]
            text = word.text
            option = not ended and len(text) > 1 and text[0] in "-+"
            if not option and len(self._positionals) == self._row.wraps:
                break
            self._next += 1
            if not option:
                self._positional(word)
            elif text == "--":
                ended = True
                self._exact(text, word)
            else:
                self._flags.append(word)
                self._option(word)
        return Reading(
            hits=tuple(self._hits),
            positionals=tuple(self._positionals),
            flags=tuple(self._flags),
            rest=self._words[self._next :],
        )

    def _positional(self, word: Word) -> None:
        kind = self._row.options.get(word.text)
        if kind is not None and len(self._positionals) < _SUBCOMMANDS:
            following = self._words[self._next] if self._next < len(self._words) else None
            self._hits.append(Hit(kind, word.text, word, following))
        else:
            self._pattern(word)
        self._positionals.append(word)

    def _option(self, word: Word) -> None:
        name, equals, _ = word.text.partition("=")
        if name in self._row.flags:
            return
        attached = tail(word, len(name) + 1) if equals else None
        if self._exact(word.text, word) or self._pattern(word):
            return
        if equals and self._exact(name, word, attached):
            return
        if name.startswith("--"):
            self._abbreviated(name, word, attached)
        elif not self._row.single_dash:
            self._cluster(word)

    def _exact(self, option: str, word: Word, attached: Word | None = None) -> bool:
        kind = self._row.options.get(option)
        if kind is not None:
            value = attached
            if value is None and kind not in _NO_VALUE:
                value = self._take()
            self._hits.append(Hit(kind, option, word, value))
            return True
        if option in self._row.valued:
            if attached is None:
                self._take()
            return True
        return False

    def _pattern(self, word: Word) -> bool:
        for prefix, kind in self._row.patterns:
            if word.text.startswith(prefix):
                name, equals, _ = word.text.partition("=")
                skip = len(name) + 1 if equals and len(name) >= len(prefix) else len(prefix)
                attached = equals or not prefix.startswith("--")
                value = tail(word, skip) if attached else self._take()
                self._hits.append(Hit(kind, prefix + "*", word, value))
                return True
        return False

    def _abbreviated(self, name: str, word: Word, attached: Word | None) -> None:
        if len(name) < _ABBREVIATION_MIN or name in _INFORMATION:
            return
        for option in self._row.options:
            if option.startswith(name):
                self._exact(option, word, attached)
                return

    def _cluster(self, word: Word) -> None:
        """Several one-letter options in one word, the last perhaps with its value attached."""
        for index, letter in enumerate(word.text[1:], start=1):
            option = word.text[0] + letter
            more = tail(word, index + 1) if index + 1 < len(word.text) else None
            kind = self._row.options.get(option)
            if kind is not None and kind in _NO_VALUE:
                self._hits.append(Hit(kind, option, word))
            elif self._exact(option, word, more):
                return

    def _take(self) -> Word | None:
        if self._next >= len(self._words):
            return None
        word = self._words[self._next]
        self._next += 1
        return word
