"""SQL, one clause a line. Only blanks outside of quotes and comments are changed."""

import re
from collections.abc import Iterator
from typing import Final

from console.language import _
from console.view_models.ink import Line, Span, Tone, Wrap
from console.view_models.text import whole_spans

_TOKEN: Final = re.compile(
    r"(?P<quoted>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)"
    r"|(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<blank>\s+)"
    r"|(?P<end>;)"
    r"|(?P<word>[^\W\d]\w*)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_CHANGES: Final = frozenset(
    {
        *("insert", "update", "delete", "drop", "truncate", "alter", "create", "grant", "revoke"),
        *("merge", "replace", "call"),
    }
)
_READS: Final = frozenset({"select", "values", "table"})
_CLAUSES: Final = frozenset(
    {
        *("select", "from", "where", "group", "order", "having", "limit", "offset", "union"),
        *("values", "set", "returning", "join", "left", "right", "inner", "outer", "cross", "on"),
        *("with", *_CHANGES),
    }
)
_CONTINUES: Final = {
    "by": {"group", "order"},
    "join": {"left", "right", "inner", "outer", "cross"},
    "outer": {"left", "right"},
    "from": {"delete"},
    "set": (),
}


def sql_lines(text: str) -> tuple[Line, ...]:
    """Each clause on a line of its own, statements numbered when there are several.

    Words that change data are marked; comments stay, where they stand.
    """
    statements = _split(text)
    lines: list[Line] = []
    for number, statement in enumerate(statements, 1):
        if len(statements) > 1:
            lines.append(
                Line(
                    (
                        Span(
                            _("statement {number} of {number_2}").format(
                                number=number, number_2=len(statements)
                            ),
                            Tone.WARN,
                        ),
                    )
                )
            )
        lines.extend(_clauses(statement))
    return tuple(lines)


Token = tuple[str, str]  # kind, text


def _split(text: str) -> list[list[Token]]:
    statements: list[list[Token]] = [[]]
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        kind = "quoted" if match["quoted"] is not None else kind
        if kind == "end":
            statements[-1].append((kind, ";"))
            statements.append([])
        else:
            statements[-1].append((kind, match.group()))
    return [each for each in statements if any(kind != "blank" for kind, _ in each)]


def _clauses(tokens: list[Token]) -> Iterator[Line]:
    row: list[Span] = []
    before, alone = "", True  # the last word, and whether nothing of the statement was seen yet
    for kind, text in tokens:
        if kind == "blank":
            if row and row[-1].text != " ":
                row.append(Span(" "))
            continue
        word = text.lower() if kind == "word" else ""
        if word in _CLAUSES and not alone and before not in _CONTINUES.get(word, ()):
            yield _line(row)
            row = []
        tone = _tone(kind, word, first=alone or not row)
        row.extend(whole_spans(text, tone))
        if kind == "comment" and text.startswith("--"):
            yield _line(row)
            row = []
        if kind != "comment":
            alone, before = False, word or before
    if row:
        yield _line(row)
    if _changes_all(tokens):
        yield Line((Span(_("no WHERE: this changes every row"), Tone.BAD),))


def _changes_all(tokens: list[Token]) -> bool:
    """Whether a statement updates or deletes with no WHERE of its own.

    One within parentheses is another query's. What `WITH` names stands in parentheses, too.
    """
    depth, own, changes = 0, list[str](), False
    for kind, text in tokens:
        if kind == "other" and text in "()":
            depth += 1 if text == "(" else -1
        elif kind == "word" and depth == 0:
            own.append(text.lower())
    first = next((word for word in own if word in _CHANGES or word in _READS), "")
    changes = own[:1] == [first] or own[:1] == ["with"]
    return changes and first in {"update", "delete"} and "where" not in own


def _tone(kind: str, word: str, *, first: bool) -> Tone:
    if kind == "comment":
        return Tone.DIM
    if kind == "quoted":
        return Tone.INFO
    if word in _CHANGES and first:
        return Tone.MARK
    return Tone.STRONG if word in _CLAUSES else Tone.PLAIN


def _line(row: list[Span]) -> Line:
    return Line(tuple(row), follow=(Span("  ┆ ", Tone.DIM),), wrap=Wrap.CHARACTERS)
