"""What `/` asks of rows: one syntax and one matcher for every list.

`word` anywhere; `field:value` in one column; `!` before either turns it round; `~abc` these letters
in this order within one word; `/regex/` a regular expression. All of them must hold.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

from console.language import _

R = TypeVar("R")
_TERM: Final = re.compile(
    r"(?P<no>!?)(?:(?P<field>[A-Za-z_]+):(?=\S))?"
    r"(?:/(?P<regex>(?:\\.|[^/\\])+)/(?!\S)|(?P<fuzzy>~?)(?P<word>\S+))"
)
_ESCAPED: Final = re.compile(r"\\.|\[\^?(?:\\.|[^\]\\])*\]")
_GROUP: Final = re.compile(r"\(([^()]*)\)([*+{]?)")
# What a text may be long for so many repeats: a search takes at most a blink, whatever is in it.
_LONGEST: Final = (100_000, 4_000, 512)
_OPTIONAL_MAX: Final = 6
_REGEX_MAX: Final = 200


class FilterError(ValueError):
    """A filter that cannot be used; the text is what the operator reads."""


class Way(StrEnum):
    """How a term looks for its value."""

    WORD = "word"
    FUZZY = "fuzzy"
    REGEX = "regex"


class Searched(NamedTuple):
    """What of a row can be asked for: its named fields, and all of its text."""

    fields: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that is asked. `field` "": anywhere."""

    value: str
    field: str = ""
    way: Way = Way.WORD
    negated: bool = False
    pattern: re.Pattern[str] | None = None
    longest: int = 0
    typed: str = ""  # the value as it was typed, for stores that compare as it stands

    def fits(self, row: Searched) -> bool:
        """Whether a row is as this term asks."""
        text = row.fields.get(self.field, "") if self.field else row.text
        return self._holds(text) is not self.negated

    def _holds(self, text: str) -> bool:
        if self.pattern is not None:
            return self.pattern.search(text[: self.longest]) is not None
        folded = text.casefold()
        if self.way is Way.FUZZY:
            return any(_in_order(self.value, word) for word in folded.split())
        return self.value in folded


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list keeps. Without terms it keeps every row, and is false."""

    text: str = ""
    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def plain(self, field: str = "") -> tuple[str, ...]:
        """Words as typed that must stand in a field, or anywhere: what a store can look for."""
        return tuple(
            term.typed
            for term in self.terms
            if term.way is Way.WORD and not term.negated and term.field == field
        )

    def fits(self, row: Searched) -> bool:
        """Whether a row is as every term asks."""
        return all(term.fits(row) for term in self.terms)

    def keep(self, rows: Sequence[R], searched: Callable[[R], Searched]) -> Sequence[R]:
        """The rows that fit; without terms these very rows, and nothing is asked of them."""
        if not self.terms:
            return rows
        return [each for each in rows if self.fits(searched(each))]


def parse_filter(text: str, fields: Collection[str] = ()) -> Filter:
    """Read what was typed; `fields` are the names that may stand before a colon.

    What looks like a field and is none is a word: `http://host` is looked for as it stands.
    Raises FilterError for a regular expression that cannot be used.
    """
    terms: list[Term] = []
    for found in _TERM.finditer(text):
        field = (found["field"] or "").casefold()
        asked = found[0].removeprefix("!") if found["no"] else found[0]
        negated = bool(found["no"])
        if field and field not in fields:
            terms.append(Term(asked.casefold(), negated=negated, typed=asked))
        elif found["regex"]:
            terms.append(_regex_term(found["regex"], field, negated=negated))
        else:
            way = Way.FUZZY if found["fuzzy"] else Way.WORD
            word = found["word"]
            terms.append(Term(word.casefold(), field, way, negated, typed=word))
    return Filter(" ".join(text.split()), tuple(terms))


def _regex_term(regex: str, field: str, *, negated: bool) -> Term:
    try:
        pattern = re.compile(regex, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise FilterError(
            _("/{regex}/ is not a regular expression: {error}").format(regex=regex, error=error)
        ) from error
    repeats = _count_repeats(regex)
    return Term(regex, field, Way.REGEX, negated, pattern, _LONGEST[repeats])


def _count_repeats(regex: str) -> int:
    """How often `*`, `+`, `{` stand in it. Raises FilterError for what could search for ever.

    What is searched comes from agents, and nothing else runs while it is searched.
    """
    bare = _ESCAPED.sub("x", regex).replace("(?", "(")
    repeats = sum(bare.count(sign) for sign in "*+{")
    if len(regex) > _REGEX_MAX or repeats >= len(_LONGEST) or bare.count("?") > _OPTIONAL_MAX:
        raise FilterError(
            _("/{regex}/ could take too long: use fewer of * + {{ ?").format(regex=regex)
        )
    rest = bare
    while (group := _GROUP.search(rest)) is not None:
        manifold = any(sign in group[1] for sign in "*+{?|<")
        if manifold and group[2]:
            raise FilterError(
                _("/{regex}/ could take too long: it repeats what itself varies").format(
                    regex=regex
                )
            )
        rest = rest[: group.start()] + ("<" if manifold else "x") + group[2] + rest[group.end() :]
    return repeats


def _in_order(letters: str, word: str) -> bool:
    rest = iter(word)
    return all(letter in rest for letter in letters)


def read_filter(text: str, fields: Collection[str]) -> tuple[Filter | None, str]:
    """The filter, None when it cannot be used, and what there is to say of it."""
    try:
        asked = parse_filter(text, fields)
    except FilterError as error:
        return None, _("{error}. The filter stays as it was.").format(error=error)
    return asked, _doubt(asked, fields)


def _doubt(asked: Filter, fields: Collection[str]) -> str:
    """What to say of a word that looks like a mistyped field; "" when there is none."""
    for term in asked.terms:
        name, colon, _value = term.typed.partition(":")
        near = get_close_matches(name.casefold(), fields, n=1) if colon and not term.field else []
        if near:
            return _(
                "There is no field {name}: here, so {word} is looked for as it stands. "
                "Did you mean {near}:?"
            ).format(name=name, word=term.typed, near=near[0])
    return ""


def filter_hint(fields: Collection[str]) -> str:
    """What can be written, in one line."""
    return "  ".join(
        [_("word"), _("!not"), _("~fuzzy"), _("/regex/"), *(f"{name}:" for name in fields)]
    )
