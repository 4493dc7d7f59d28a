"""What an edit changes, line by line."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

from console.language import _
from console.view_models.ink import Line, Span, Tone, Wrap
from console.view_models.leaves import leaves_of, literal
from console.view_models.text import whole, whole_spans
from core.actions import JsonObject, JsonValue

CONTEXT: Final = 3
_COMPARED_MAX: Final = 4_000_000  # lines x lines: beyond it the comparison takes seconds


class Replacement(NamedTuple):
    """One text that is to become another; `where` names it."""

    where: str
    old: str
    new: str


def replacements_in(arguments: JsonObject) -> tuple[Replacement, ...]:
    """The edits that a file tool's arguments carry: `old_string`, `new_string`, or a list."""
    path = next((arguments[key] for key in ("file_path", "path") if key in arguments), "")
    return tuple(_find(arguments, path if isinstance(path, str) else ""))


def _find(value: JsonValue, where: str) -> Iterator[Replacement]:
    if isinstance(value, Mapping):
        old, new = value.get("old_string"), value.get("new_string")
        if isinstance(old, str) and isinstance(new, str):
            yield Replacement(where, old, new)
        edits = value.get("edits")
        if isinstance(edits, Sequence) and not isinstance(edits, str):
            for number, each in enumerate(edits, 1):
                yield from _find(
                    each, _("{where} edit {number}").format(where=where, number=number).strip()
                )


def diff_lines(old: Sequence[str], new: Sequence[str]) -> tuple[Line, ...]:
    """Removed lines with `-`, added ones with `+`, three equal ones around; the rest is counted."""
    if len(old) * len(new) > _COMPARED_MAX:
        return (*(_side(each, "-") for each in old), *(_side(each, "+") for each in new))
    lines: list[Line] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    blocks = matcher.get_opcodes()
    for number, (kind, old_start, old_end, new_start, new_end) in enumerate(blocks):
        if kind == "equal":
            first, last = number == 0, number == len(blocks) - 1
            lines.extend(_equal(old[old_start:old_end], first=first, last=last))
            continue
        lines.extend(_side(each, "-") for each in old[old_start:old_end])
        lines.extend(_side(each, "+") for each in new[new_start:new_end])
    return tuple(lines)


def diff_text(old: str, new: str) -> tuple[Line, ...]:
    """Two texts compared by lines."""
    return diff_lines(old.split("\n"), new.split("\n"))


def diff_arguments(old: JsonObject, new: JsonObject) -> tuple[Line, ...]:
    """Two sets of arguments compared leaf by leaf; equal leaves are left out."""
    before = {leaf.shown: leaf.value for leaf in leaves_of(old)}
    after = {leaf.shown: leaf.value for leaf in leaves_of(new)}
    lines: list[Line] = []
    for name in dict.fromkeys((*before, *after)):
        here, there = name in before, name in after
        if here and there and literal(before[name]) == literal(after[name]):
            continue
        lines.append(Line((Span(whole(name) or _("arguments"), Tone.KEY),)))
        # Text beside a number is told by its quotes.
        kinds = {isinstance(each[name], str) for each in (before, after) if name in each}
        write = _as_lines if len(kinds) == 1 else _quoted
        removed = write(before[name]) if here else []
        lines.extend(diff_lines(removed, write(after[name]) if there else []))
    return tuple(lines)


def _as_lines(value: JsonValue) -> list[str]:
    return value.split("\n") if isinstance(value, str) else [literal(value)]


def _quoted(value: JsonValue) -> list[str]:
    return _as_lines(literal(value))


def _equal(texts: Sequence[str], *, first: bool, last: bool) -> Iterator[Line]:
    head = 0 if first else CONTEXT
    tail = 0 if last else CONTEXT
    hidden = len(texts) - head - tail
    if hidden <= 1:
        yield from (_side(each, " ") for each in texts)
        return
    yield from (_side(each, " ") for each in texts[:head])
    yield Line((Span(_("⋯ {hidden} equal lines").format(hidden=hidden), Tone.DIM),), (Span("  "),))
    yield from (_side(each, " ") for each in texts[len(texts) - tail :])


_TONES: Final = {"-": Tone.REMOVED, "+": Tone.ADDED, " ": Tone.DIM}


def _side(text: str, sign: str) -> Line:
    tone = _TONES[sign]
    return Line(
        whole_spans(text, tone), (Span(f"{sign} ", tone),), (Span("┆ ", tone),), Wrap.CHARACTERS
    )
