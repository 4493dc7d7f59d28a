"""Reads the words of a command: what a shell makes of quotes, variables and substitutions."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from tree_sitter import Node

from core.risk.shell.decode import spread, unescape_ansi, unescape_string, unescape_word
from core.risk.shell.printed import printed_by
from core.risk.shell.syntax import Call, Redirect, Span, Word, join_spans, join_words
from core.risk.shell.tree import Source, is_alone

DEPTH_MAX: Final = 80
EXPANDED_MAX: Final = 20_000  # characters that variables and loops may add
_VALUE_MAX: Final = 512  # characters of a variable that are followed
_SPLIT: Final = "\0"  # stands for an unquoted $IFS until the word is split on it
_KNOWN: Final = {"HOME": "~", "SHELL": "/bin/sh", "IFS": _SPLIT, "BASH": "/bin/sh"}
_EMPTY: Final = frozenset({"@", "*"})
_BRACES: Final = re.compile(r"\{[^{}\s]*,[^{}\s]*\}")
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_ARROWS: Final = frozenset("<>")
_DEFAULTS: Final = frozenset({":-", "-", ":=", "="})
_SPLITS: Final = frozenset(
    {"simple_expansion", "expansion", "command_substitution", "concatenation"}
)
_PLAIN: Final[Mapping[str, Callable[[str], str]]] = {
    **dict.fromkeys(("word", "number", "regex", "test_operator", "variable_name"), unescape_word),
    "raw_string": lambda raw: raw[1:-1],
    "ansi_c_string": lambda raw: unescape_ansi(raw[2:-1]),
    "string_content": unescape_string,
}


class WordReader:
    """What reading statements and reading words share: each meets the other inside it."""

    def __init__(self, text: str, *, at: int, inside: Span | None, known: dict[str, str]) -> None:
        self._source = Source(text, at)
        self._inside = inside
        self._variables = dict(known)
        self._as_written: set[str] = set()  # variables of which only the writing is known
        self._calls: list[Call] = []
        self._broken: Span | None = None
        self._recursive: Span | None = None
        self._too_deep = False
        self._expanded = 0
        self._followed = 0  # bytes of loops that were read once more
        self._row = 0

    def _span(self, node: Node) -> Span:
        return self._inside or self._source.span(node.start_byte, node.end_byte)

    def _raw(self, node: Node) -> str:
        return self._source.text(node.start_byte, node.end_byte)

    def _visit(self, node: Node, fed_by: Call | None, depth: int) -> None:
        raise NotImplementedError

    def _add(
        self,
        node: Node,
        fed_by: Call | None,
        *,
        words: Sequence[Word] = (),
        assignments: Sequence[tuple[str, Word]] = (),
        redirects: Sequence[Redirect] = (),
        heredoc: str = "",
    ) -> None:
        later = node.start_point[0] > self._row
        self._row = max(self._row, node.end_point[0])
        self._calls.append(
            Call(
                words=tuple(words),
                span=join_spans(tuple(words), self._span(node)),
                assignments=tuple(assignments),
                redirects=tuple(redirects),
                heredoc=heredoc,
                fed_by=fed_by,
                after_newline=later,
            )
        )

    def _note_beside(self, node: Node, before: int) -> None:
        """What was read since `before` prints together, unless only the last call prints."""
        others = tuple(call for call in self._calls[before:-1] if not call.feeds)
        if others and not is_alone(node):
            self._calls[-1] = replace(self._calls[-1], beside=others)

    def _words_inside(self, node: Node, depth: int) -> None:
        for child in node.named_children:
            self._decode(child, depth + 1, quoted=True)

    def _words(self, node: Node, depth: int) -> tuple[Word, ...]:
        start, end, kind = node.start_byte, node.end_byte, node.type
        raw = self._source.text(start, end)
        span = self._inside or self._source.span(start, end)
        if kind == "number" and self._source.text(end, end + 1) in _ARROWS:
            return ()  # the descriptor of `0<&2`, which the grammar takes for a word
        plain = _PLAIN.get(kind)
        if plain is not None and depth <= DEPTH_MAX:  # most words: nothing in them is visited
            text, dynamic = plain(raw), False
        else:
            text, dynamic = self._decode(node, depth)
        if not text and raw.strip('"') in {"$@", "$*"}:
            return (Word("$@", span, dynamic=True),)
        if "{" in text and _BRACES.search(_QUOTED.sub("", raw)):
            return tuple(Word(part, span, dynamic) for part in spread(text))
        if not text and kind in _SPLITS and not raw.strip("$}").endswith(("'", '"')):
            return ()
        if _SPLIT in text:
            return tuple(Word(part, span, dynamic) for part in text.split(_SPLIT) if part)
        return (Word(text, span, dynamic, self._literal_at(span.start, raw, text)),)

    def _literal_at(self, start: int, raw: str, text: str) -> int | None:
        """Where the word's own characters begin, when they stand there as they are."""
        if self._inside is not None:
            return None
        return start if raw == text else start + 1 if raw[1:-1] == text else None

    def _assignment(self, node: Node, depth: int, *, keep: bool = True) -> tuple[str, Word]:
        name_node = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        name = self._raw(name_node) if name_node is not None else ""
        if name_node is not None:
            self._words_inside(name_node, depth)  # as in `a[$(…)]=1`
        words = self._words(value, depth) if value is not None else ()
        word = join_words(words) if words else Word("", self._span(node))
        if keep:
            self._as_written.discard(name)
        if keep and not word.dynamic and len(word.text) <= _VALUE_MAX:
            self._variables[name] = word.text
        elif keep:
            self._variables.pop(name, None)
        return name, word

    def _redirect(self, node: Node, depth: int) -> tuple[list[Redirect], list[Word]]:
        """The redirection, and the arguments which the grammar wrongly counts as part of it."""
        operator = ""
        targets: list[Word] = []
        for child in node.children:
            if child.type == "file_descriptor":
                continue
            if child.is_named and child.type != "ERROR":
                targets.extend(self._words(child, depth))
            else:
                operator += self._raw(child).strip()
        return [Redirect(operator, target) for target in targets[:1]], targets[1:]

    def _herestring(self, node: Node, depth: int) -> str:
        return " ".join(
            word.text for child in node.named_children for word in self._words(child, depth)
        )

    def _decode(self, node: Node, depth: int, *, quoted: bool = False) -> tuple[str, bool]:
        """The word's value, and whether part of it is unknown."""
        if depth > DEPTH_MAX:
            self._too_deep = True
            return self._raw(node), True
        kind = node.type
        if kind in {"simple_expansion", "expansion"}:
            return self._expansion(node, depth, quoted=quoted)
        composed = _COMPOSED.get(kind)
        if composed is not None:
            text, unknown = composed(self, node, depth)
            bare = kind == "command_substitution" and not (unknown or quoted)
            return _split(text) if bare else text, unknown
        raw = self._raw(node)
        plain = _PLAIN.get(kind)
        if plain is not None:
            return plain(raw), False
        if node.is_named:
            self._words_inside(node, depth)
        return raw, kind == "ERROR"

    def concatenation(self, node: Node, depth: int) -> tuple[str, bool]:
        parts = [self._decode(child, depth + 1) for child in node.children]
        return "".join(text for text, _ in parts), any(unknown for _, unknown in parts)

    def string(self, node: Node, depth: int) -> tuple[str, bool]:
        text = ""
        unknown = False
        position = node.start_byte + (2 if node.type == "translated_string" else 1)
        for child in node.named_children:
            # Blanks between two expansions belong to no child.
            text += self._source.text(position, child.start_byte)
            raw = self._raw(child)
            if child.type != "string_content":
                text += raw[: len(raw) - len(raw.lstrip())]
            part, part_unknown = self._decode(child, depth + 1, quoted=True)
            text += part
            unknown = unknown or part_unknown
            position = child.end_byte
        return text + self._source.text(position, node.end_byte - 1), unknown

    def _expansion(self, node: Node, depth: int, *, quoted: bool) -> tuple[str, bool]:
        raw = self._raw(node)
        name_node = node.named_children[0] if node.named_children else None
        name = self._raw(name_node) if name_node is not None else ""
        self._words_inside(node, depth)
        operators = [child.type for child in node.children if not child.is_named][1:]
        plain = node.type == "simple_expansion" or operators == ["}"]
        if name in _EMPTY and plain:
            return "", False
        if not plain and operators[0] not in _DEFAULTS:
            return raw, True
        if name in self._variables:
            self._expanded += len(self._variables[name])
            self._too_deep |= self._expanded > EXPANDED_MAX
            value = self._variables[name]
            whole = quoted or name in self._as_written
            return (raw, True) if self._too_deep else (value if whole else _split(value), False)
        if name in _KNOWN:
            return (" " if quoted and name == "IFS" else _KNOWN[name]), False
        if not plain and len(node.named_children) > 1:
            return self._decode(node.named_children[-1], depth + 1, quoted=quoted)
        return raw, True

    def substitution(self, node: Node, depth: int) -> tuple[str, bool]:
        before = len(self._calls)
        for child in node.named_children:
            if child.type == "file_redirect":
                self._add(node, None, redirects=self._redirect(child, depth)[0])
            else:
                self._visit(child, None, depth + 1)
        if len(self._calls) > before:
            self._note_beside(node, before)
        printed = printed_by(self._calls[-1]) if len(self._calls) > before else None
        if printed is not None and node.type == "command_substitution":
            return printed, False
        return self._raw(node), True


def _split(text: str) -> str:
    """As the shell splits what is not quoted."""
    return _SPLIT.join(text.split())


_COMPOSED: Final[Mapping[str, Callable[[WordReader, Node, int], tuple[str, bool]]]] = {
    "string": WordReader.string,
    "translated_string": WordReader.string,
    "command_substitution": WordReader.substitution,
    "process_substitution": WordReader.substitution,
    "subshell": WordReader.substitution,  # as fish and PowerShell read it
    "concatenation": WordReader.concatenation,
}
