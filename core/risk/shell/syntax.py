"""What a parsed command is made of: words, redirections, calls. Offsets count characters.

What a command has many of are named tuples, which are made quicker than frozen data classes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple


class Span(NamedTuple):
    """Where something stands in the command the agent proposed: [start, end)."""

    start: int
    end: int


class Word(NamedTuple):
    """One argument after quotes and escapes; what only the shell could know stays as written."""

    text: str
    span: Span
    dynamic: bool = False  # holds an expansion whose value is unknown
    literal_at: int | None = None  # offset of `text` itself, when it stands there unchanged


class Redirect(NamedTuple):
    """`operator` without its file descriptor: ">", ">>", "<", "<>", "&>", …"""

    operator: str
    target: Word

    @property
    def writes(self) -> bool:
        """True when the target is opened for writing."""
        return ">" in self.operator and not self.target.text.isdigit() and self.target.text != "-"


class Fed(NamedTuple):
    """How a document that a call is fed stands in the command; see `Call`."""

    literal: bool
    at: int | None


@dataclass(frozen=True, slots=True)
class Call:
    """One simple command. `words` is empty for bare assignments and bare redirections."""

    words: tuple[Word, ...]
    span: Span
    assignments: tuple[tuple[str, Word], ...] = ()
    redirects: tuple[Redirect, ...] = ()
    heredoc: str = ""
    heredoc_literal: bool = False  # it is all that the call is fed, as it stands
    heredoc_at: int | None = None  # offset of `heredoc` itself, when it stands there unchanged
    fed_by: "Call | None" = None  # the stage before it in its pipeline
    feeds: bool = False  # another stage reads what it prints
    beside: "tuple[Call, ...]" = ()  # print where it prints, before it: of a list, a loop, …
    after_newline: bool = False  # starts a later line, where a program may be reading instead

    @property
    def name(self) -> str:
        """The program as written, or "" when there is none."""
        return self.words[0].text if self.words else ""

    @property
    def program(self) -> str:
        """The program without its folder."""
        return self.name.rpartition("/")[2]

    @property
    def arguments(self) -> tuple[Word, ...]:
        """The words after the program."""
        return self.words[1:]

    @property
    def document(self) -> Word:
        """`heredoc` where it stands, or in the place of the call where that is not known."""
        if self.heredoc_at is None:
            return Word(self.heredoc, self.span)
        text = self.heredoc.rstrip()
        span = Span(self.heredoc_at, self.heredoc_at + len(text))
        return Word(text, span, literal_at=self.heredoc_at)

    def extended(
        self, words: Sequence[Word], redirects: Sequence[Redirect], heredoc: str, fed: Fed
    ) -> "Call":
        """The call with more behind what it has."""
        return Call(
            words=(*self.words, *words),
            span=self.span,
            assignments=self.assignments,
            redirects=(*self.redirects, *redirects),
            heredoc=self.heredoc + heredoc,
            heredoc_literal=fed.literal and not self.heredoc,
            heredoc_at=None if self.heredoc else fed.at,
            fed_by=self.fed_by,
            feeds=self.feeds,
            beside=self.beside,
            after_newline=self.after_newline,
        )

    def inner(self, words: tuple[Word, ...]) -> "Call":
        """The call that a wrapper such as `nice` makes with its remaining words."""
        return replace(
            self, words=words, assignments=(), redirects=(), span=join_spans(words, self.span)
        )


@dataclass(frozen=True, slots=True)
class Script:
    """All calls in the order they stand in, those of substitutions before their users."""

    calls: tuple[Call, ...]
    broken: Span | None = None  # the first part that does not parse
    too_deep: bool = False
    recursive: Span | None = None  # a function that pipes into itself
    variables: dict[str, str] = field(default_factory=dict[str, str])


def stands_in(word: Word, words: Iterable[Word]) -> bool:
    """True when this very word is one of `words`.

    A place tells words apart only where they stand as written: all words of a decoded text
    share the place of that text.
    """
    return any(word is each for each in words)


def join_words(words: tuple[Word, ...]) -> Word:
    """Several words as the one text that a program makes of them."""
    text = " ".join(word.text for word in words)
    span = Span(words[0].span.start, words[-1].span.end)
    return Word(text, span, any(word.dynamic for word in words))


def join_spans(words: tuple[Word, ...], default: Span) -> Span:
    """From the first word's start to the last word's end."""
    return Span(words[0].span.start, words[-1].span.end) if words else default
