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
# How many leading words can be sub-commands. A word behind an option that no row knows may be its
# value as well: it is looked at, and not counted.
_SUBCOMMANDS: Final = 2


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
    values: tuple[Hit, ...] = ()  # options that only take a value, each with its own
    doubtful: frozenset[int] = frozenset()  # which positionals may be an unknown option's value
    rest: tuple[Word, ...] = ()  # the command a wrapper runs

    def first(self, kind: str) -> Hit | None:
        """The first hit of a kind."""
        return next((hit for hit in self.hits if hit.kind == kind), None)

    def leading(self, count: int) -> tuple[Word, ...]:
        """The first `count` positionals, and those that may be a value beside them."""
        found: list[Word] = []
        for index, word in enumerate(self.positionals):
            if count <= 0:
                break
            found.append(word)
            count -= index not in self.doubtful
        return tuple(found)

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
        self._values: list[Hit] = []
        self._doubtful: list[int] = []
        self._in_doubt = False  # whether the next word may be a value

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
            values=tuple(self._values),
            doubtful=frozenset(self._doubtful),
            rest=self._words[self._next :],
        )

    def _positional(self, word: Word) -> None:
        kind = self._row.options.get(word.text)
        counted = len(self._positionals) - len(self._doubtful)
        if kind is not None and counted < _SUBCOMMANDS:
            following = self._words[self._next] if self._next < len(self._words) else None
            self._hits.append(Hit(kind, word.text, word, following))
        else:
            self._pattern(word)
        if self._in_doubt:
            self._doubtful.append(len(self._positionals))
            self._in_doubt = False
        self._positionals.append(word)

    def _option(self, word: Word) -> None:
        name, equals, _ = word.text.partition("=")
        attached = tail(word, len(name) + 1) if equals else None
        known = (
            name in self._row.flags
            or self._exact(word.text, word)
            or self._pattern(word)
            or (attached is not None and self._exact(name, word, attached))
            or (name.startswith("--") and self._abbreviated(name, word, attached))
            or (not name.startswith("--") and not self._row.single_dash and self._cluster(word))
        )
        self._in_doubt = not known and not equals

    def _exact(self, option: str, word: Word, attached: Word | None = None) -> bool:
        kind = self._row.options.get(option)
        if kind is not None:
            value = attached
            if value is None and kind not in _NO_VALUE:
                value = self._take()
            self._hits.append(Hit(kind, option, word, value))
            return True
        if option in self._row.pairs:
            self._values += (
                Hit("", option, word, self._take()),
                Hit("", option, word, self._take()),
            )
            return True
        if option in self._row.valued:
            value = self._take() if attached is None else attached
            self._values.append(Hit("", option, word, value))
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

    def _abbreviated(self, name: str, word: Word, attached: Word | None) -> bool:
        if len(name) < _ABBREVIATION_MIN or name in _INFORMATION:
            return False
        for option in (*self._row.options, *self._row.valued):
            if option.startswith(name):
                return self._exact(option, word, attached)
        return False

    def _cluster(self, word: Word) -> bool:
        """Several one-letter options in one word, the last perhaps with its value attached.

        True when the last letter, or the one whose value it is, is known.
        """
        known = False
        for index, letter in enumerate(word.text[1:], start=1):
            option = word.text[0] + letter
            more = tail(word, index + 1) if index + 1 < len(word.text) else None
            kind = self._row.options.get(option)
            known = kind in _NO_VALUE
            if kind is not None and known:
                self._hits.append(Hit(kind, option, word))
            elif self._exact(option, word, more):
                return True
        return known

    def _take(self) -> Word | None:
        if self._next >= len(self._words):
            return None
        word = self._words[self._next]
        self._next += 1
        return word
