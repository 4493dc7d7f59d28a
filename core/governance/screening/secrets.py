"""Finds the spans of secrets in one string. Pure; time linear in its length."""

import re
from collections.abc import Iterator
from typing import Final

from core.governance.screening.catalog import SECRETS
from core.governance.screening.folding import fold
from core.governance.screening.hints import AnyHint
from core.governance.screening.judgement import (
    classify_name,
    is_assigned_secret,
    is_random,
    may_name_secret,
)

Span = tuple[int, int, str]
"""Start, end, kind."""

_KINDS: Final = frozenset(
    ("password", "token", "secret", "api-key", "credential", "authorization", "pin", "too-deep")
) | {each.kind for each in SECRETS}
MARKER: Final = re.compile(rf"\[redacted:(?:{'|'.join(sorted(_KINDS))})\]")
_SHORTEST: Final = len("pw=a1")
_PIN_ROOM: Final = 32  # characters after its name; what is longer is no such number
_MASK: Final = "\0"
_ROUNDS_MAX: Final = 8
_HINTS: Final = tuple((hint, shape) for shape in SECRETS for hint in shape.hints)
_ANY_HINT: Final = AnyHint(hint for hint, _ in _HINTS)
_NAME: Final = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]++)(?P<sep>[\\\"'\]]{0,4}\s{0,4}(?:=>|:=|==?|:)\s{0,4})[bru]{0,2}"
    r"(?=[^\s])"
)
_OPTION: Final = re.compile(r"(?<![\w.-])--?(?P<name>[A-Za-z][\w-]*+)(?P<sep>\s{1,4})(?=[^\s-])")
_ELEMENT: Final = re.compile(r"<(?P<name>[A-Za-z][\w.:-]{0,63}+)(?P<sep>>)(?=[^\s<])")
# Characters that let a shell run something end a value: redaction must not hide a command.
_BARE: Final = r"[^\s\"'`;|&<>(){}\[\],\\$"
_VALUE: Final = re.compile(
    r'"(?:"")?(?P<double>[^"\\\n`$]*+(?:(?:\\.|\$(?!\())[^"\\\n`$]*+)*)'
    r"|'(?:'')?(?P<single>[^'\\\n]*+(?:\\.[^'\\\n]*+)*+)"
    r'|\\{1,3}"(?P<escaped>[^"\\\n`$]*+)\\{1,3}"'
    rf"|(?P<bare>{_BARE}]*+(?:\$(?![({{]){_BARE}]*+)*)"
)
_BLOCK: Final = re.compile(
    r"^(?P<indent>[ \t]*+(?:-[ \t]++)?+)[\"']?(?P<name>[\w.-]++)[\"']?[ \t]{0,4}:[ \t]{1,4}"
    r"[|>][0-9+-]{0,2}[ \t]{0,4}\r?\n",
    re.MULTILINE,
)
_BLOCK_LINE: Final = re.compile(rf"(?P<indent>[ \t]++)(?P<word>{_BARE}]++)[ \t]{{0,8}}(?:\r?\n|\Z)")
_BARE_VALUE: Final = re.compile(rf"(?P<bare>{_BARE}]*+)")
_WEAK_VALUE: Final = re.compile(rf"(?P<bare>{_BARE}=:]++=*+)")
# After "://" the name is a user and "@" ends its password: the host stays in sight.
_USER_VALUE: Final = re.compile(rf"(?P<bare>{_BARE}@]++)")
_OPERATORS: Final = frozenset(";|&<>()")


def marker(kind: str) -> str:
    """What stands in a secret's place."""
    return f"[redacted:{kind}]"


def is_marker(text: str) -> bool:
    """True when `text` is exactly one marker."""
    return MARKER.fullmatch(text) is not None


def find_secrets(text: str) -> list[Span]:
    """Spans of secrets, in order, not overlapping; markers already there are none.

    What is found is masked and the rest looked through again, since a secret taken out can give
    its neighbour the edges that it lacked. A text that goes on like that is a secret as a whole.
    """
    if len(text) < _SHORTEST:
        return []
    masked = text
    if "[redacted:" in text:
        masked = MARKER.sub(lambda found: _MASK * len(found[0]), text)
    spans: list[Span] = []
    for _ in range(_ROUNDS_MAX):
        fresh = [span for span in _look(masked) if masked[span[0] : span[1]].strip(_MASK)]
        if not fresh:
            return spans
        spans = merge(spans + fresh)
        masked = _mask(masked, spans)
    return [(0, len(text), "secret")]


def redact(text: str, spans: list[Span]) -> str:
    """The text with each span replaced by its marker."""
    parts: list[str] = []
    done = 0
    for start, end, kind in spans:
        parts += text[done:start], marker(kind)
        done = end
    return "".join((*parts, text[done:]))


def merge(spans: list[Span]) -> list[Span]:
    """In order, those that overlap made one."""
    merged: list[Span] = []
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if merged and start < merged[-1][1]:
            first, last, known = merged[-1]
            merged[-1] = (first, max(last, end), known)
        else:
            merged.append((start, end, kind))
    return merged


def _mask(text: str, spans: list[Span]) -> str:
    parts: list[str] = []
    done = 0
    for start, end, _ in spans:
        parts += text[done:start], _MASK * (end - start)
        done = end
    return "".join((*parts, text[done:]))


def _look(text: str) -> list[Span]:
    """Spans of secrets in a text as it is, and as it may be read."""
    found = _look_at(text)
    folded = fold(text)
    if folded is not None:
        found += [(*folded.unfold(start, end), kind) for start, end, kind in _look_at(folded.text)]
    return found


def _look_at(text: str) -> list[Span]:
    lowered = text.lower()
    return [*_find_shapes(text, lowered), *_find_assigned(text, lowered)]


def _find_shapes(text: str, lowered: str) -> Iterator[Span]:
    if _ANY_HINT.rules_out(lowered):
        return
    for shape in dict.fromkeys([shape for hint, shape in _HINTS if hint in lowered]):
        group = "secret" if "secret" in shape.pattern.groupindex else 0
        for found in shape.pattern.finditer(text):
            if shape.accept is None or shape.accept(found[group]):
                yield (*found.span(group), shape.kind)


def _find_assigned(text: str, lowered: str) -> Iterator[Span]:
    if not may_name_secret(lowered):
        return
    if "|" in text or ">" in text:
        yield from _find_in_blocks(text)
    for pattern in (_NAME, _OPTION, _ELEMENT):
        quotes = _Quotes(text)
        position = 0
        while found := pattern.search(text, position):
            position = found.end()
            kind, sure = classify_name(found["name"])
            if not kind:
                continue
            if sure or kind == "pin":  # else all that follows would be read after each name
                stop = len(text) if sure else position + _PIN_ROOM
                value = _value(text, found, quotes, stop)
            else:
                value = _WEAK_VALUE.match(text, position)
            if value is None or value.lastgroup is None:
                continue
            start, end = value.span(value.lastgroup)
            if is_assigned_secret(
                found["name"],
                value[value.lastgroup],
                quoted=value.lastgroup != "bare",
                tight=pattern is not _NAME or found["sep"].strip() == found["sep"] != ":",
                after=text[end : end + 1],
            ):
                yield start, end, kind
                position = end


def _find_in_blocks(text: str) -> Iterator[Span]:
    """`password: |`, and lines below that are one word each: of several a shell would run one."""
    for found in _BLOCK.finditer(text):
        kind, sure = classify_name(found["name"])
        if not sure:
            continue
        position = found.end()
        while line := _BLOCK_LINE.match(text, position):
            if len(line["indent"]) <= len(found["indent"]):
                break
            position, word = line.end(), line["word"]
            # A path may be a program that the bar hands something to.
            assigned = "/" not in word and is_assigned_secret(
                found["name"], word, quoted=False, tight=False, after=""
            )
            if assigned or is_random(word):
                yield (*line.span("word"), kind)


def _value(text: str, found: re.Match[str], quotes: "_Quotes", stop: int) -> re.Match[str] | None:
    if text.endswith("://", 0, found.start("name")):
        return _USER_VALUE.match(text, found.end(), stop)
    value = _VALUE.match(text, found.end(), stop)
    if value is not None and value.lastgroup in {"double", "single"}:
        inside = value[str(value.lastgroup)]
        odd = (
            not text.startswith(value[0][0], value.end())
            or inside[:1].isspace()
            or not _OPERATORS.isdisjoint(inside)
        )
        # A quote that closes what was opened before is followed by no literal.
        if quotes.is_open(value[0][0], value.start()) and odd:
            return _BARE_VALUE.match(text, value.start(value.lastgroup), stop)
    return value


class _Quotes:
    """Counts the quotes of a line; asked at rising positions, it reads the text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._read = 0
        self._count = {'"': 0, "'": 0}

    def is_open(self, quote: str, position: int) -> bool:
        """Whether `quote` is open just before `position`."""
        line = self._text.rfind("\n", self._read, position) + 1
        if line:
            self._read = line
            self._count = dict.fromkeys(self._count, 0)
        for each in self._count:
            escaped = self._text.count(f"\\{each}", max(0, self._read - 1), position)
            self._count[each] += self._text.count(each, self._read, position) - escaped
        self._read = position
        return bool(self._count[quote] % 2)
