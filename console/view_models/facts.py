"""Named values, one a line."""

from typing import Final

from console.language import _, numeral
from console.view_models.ink import Line, Span, Spans, Tone, Wrap
from console.view_models.text import visible, visible_spans

_KEY: Final = 11


def fact(name: str, value: str | Spans, wrap: Wrap = Wrap.CHARACTERS) -> Line:
    """A named value, on as many rows as it takes; text from outside is made visible."""
    body = visible_spans(value) if isinstance(value, str) else value
    key = f"{visible(name):<{_KEY}}"
    key = key if key.endswith(" ") else key + " "
    return Line(body, (Span(key, Tone.KEY),), (Span(" " * _KEY),), wrap)


def title_of(name: str, total: int, shown: int, *more: Span) -> Spans:
    """`LOGS  12 of 2,000`, and what else is to be said."""
    number = (
        _("{shown} of {total}").format(shown=numeral(shown), total=numeral(total))
        if shown < total
        else numeral(total)
    )
    return (Span(f"{name}  ", Tone.TITLE), Span(number), *more)
