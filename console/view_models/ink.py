"""What view-models hand to widgets: pieces of text with a tone, never markup."""

from enum import StrEnum
from typing import NamedTuple

from console.language import _


class Tone(StrEnum):
    """What a piece of text means; the theme says how it looks."""

    PLAIN = "plain"
    DIM = "dim"
    STRONG = "strong"
    TITLE = "title"
    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    ALARM = "alarm"
    INFO = "info"
    MARK = "mark"  # the risky part of an action
    ESCAPE = "escape"  # a character that must not reach the terminal, spelt out
    ADDED = "added"
    REMOVED = "removed"
    KEY = "key"
    OFF = "off"  # a key that does nothing now
    RULE = "rule"  # lines that part panes


class Span(NamedTuple):
    """A piece of text in one tone."""

    text: str
    tone: Tone = Tone.PLAIN


Spans = tuple[Span, ...]


class Wrap(StrEnum):
    """How a line that is too long goes on."""

    WORDS = "words"
    CHARACTERS = "characters"
    CUT = "cut"


class Line(NamedTuple):
    """One logical line: `lead` stands before its first row, `follow` before each further one."""

    body: Spans = ()
    lead: Spans = ()
    follow: Spans = ()
    wrap: Wrap = Wrap.WORDS


def told(span: Span) -> Span:
    """A piece of text that stands in a table, in the language in use."""
    text = _(span.text)
    return span if text == span.text else Span(text, span.tone)


def plain_text(spans: Spans) -> str:
    """The text alone."""
    return "".join(span.text for span in spans)


def prose(
    text: str, tone: Tone = Tone.PLAIN, *, lead: str = "", lead_tone: Tone = Tone.DIM
) -> Line:
    """A line of words, wrapped under its own beginning."""
    return Line(
        body=(Span(text, tone),),
        lead=(Span(lead, lead_tone),) if lead else (),
        follow=(Span(" " * len(lead)),) if lead else (),
    )
