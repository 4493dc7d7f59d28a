"""Turns a command line into calls with tree-sitter's Bash grammar. Never raises on text."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from tree_sitter import Node

from core.risk.shell.decode import spread, unescape_ansi, unescape_string, unescape_word
from core.risk.shell.printed import printed_by
from core.risk.shell.syntax import Call, Redirect, Script, Span, Word, join_spans
from core.risk.shell.tree import Source, read_fed

_DEPTH_MAX: Final = 80
_EXPANDED_MAX: Final = 20_000  # characters that variables may add
_VALUE_MAX: Final = 512  # characters of a variable that are followed
_SPLIT: Final = "\0"  # stands for an unquoted $IFS until the word is split on it
_KNOWN: Final = {"HOME": "~", "SHELL": "/bin/sh", "IFS": _SPLIT, "BASH": "/bin/sh"}
_EMPTY: Final = frozenset({"@", "*"})
_BRACES: Final = re.compile(r"\{[^{}\s]*,[^{}\s]*\}")
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_ARROWS: Final = frozenset("<>")
_DEFAULTS: Final = frozenset({":-", "-", ":=", "="})
_PLAIN: Final[Mapping[str, Callable[[str], str]]] = {
    **dict.fromkeys(("word", "number", "regex", "test_operator", "variable_name"), unescape_word),
    "raw_string": lambda raw: raw[1:-1],
    "ansi_c_string": lambda raw: unescape_ansi(raw[2:-1]),
    "string_content": unescape_string,
}


def parse(text: str, *, at: int = 0, inside: Span | None = None, known: dict[str, str]) -> Script:
    """Parse `text`, which starts at character `at` of the whole command.

    With `inside` the text was decoded and offsets in it mean nothing: everything found in it
    is marked as that span. `known` holds variables set before this text runs.
    """
    return _Reader(text, at=at, inside=inside, known=known).read()


class _Reader:
    def __init__(self, text: str, *, at: int, inside: Span | None, known: dict[str, str]) -> None:
        self._source = Source(text, at)
        self._inside = inside
        self._variables = dict(known)
        self._calls: list[Call] = []
        self._broken: Span | None = None
        self._recursive: Span | None = None
        self._too_deep = False
        self._expanded = 0
        self._row = 0

    def read(self) -> Script:
        root = self._source.root()
        self._visit(root, None, 0)
        if self._broken is None and root.has_error:
            self._broken = self._span(root)
        return Script(
            calls=tuple(self._calls),
            broken=self._broken,
            too_deep=self._too_deep,
            recursive=self._recursive,
            variables=self._variables,
        )

    def _span(self, node: Node) -> Span:
        return self._inside or self._source.span(node.start_byte, node.end_byte)

    def _raw(self, node: Node) -> str:
        return self._source.text(node.start_byte, node.end_byte)

    # --- statements

    def _visit(self, node: Node, fed_by: Call | None, depth: int) -> None:
        if depth > _DEPTH_MAX:
            self._too_deep = True
            return
        kind = node.type
        if (kind == "ERROR" or node.is_missing) and self._broken is None:
            self._broken = self._span(node)
        reader = _READERS.get(kind)
        if reader is not None:
            reader(self, node, fed_by, depth)
        elif kind != "comment":
            for child in node.named_children:
                self._visit(child, fed_by, depth + 1)

    def variable(self, node: Node, fed_by: Call | None, depth: int) -> None:
        self._add(node, fed_by, assignments=(self._assignment(node, depth),))

    def test(self, node: Node, _fed_by: Call | None, depth: int) -> None:
        self._words_inside(node, depth)

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

    def command(self, node: Node, fed_by: Call | None, depth: int) -> None:
        words: list[Word] = []
        assignments: list[tuple[str, Word]] = []
        redirects: list[Redirect] = []
        heredoc = ""
        for child in node.children:
            match child.type:
                case "command_name":
                    words.extend(self._words(child.children[0], depth) if child.children else ())
                case "variable_assignment":
                    assignments.append(self._assignment(child, depth, keep=False))
                case "file_redirect":
                    found, extra = self._redirect(child, depth)
                    redirects.extend(found)
                    words.extend(extra)
                case "herestring_redirect":
                    heredoc += self._herestring(child, depth)
                case "ERROR":
                    self._visit(child, None, depth + 1)
                case _:
                    words.extend(self._words(child, depth))
        self._add(
            node,
            fed_by,
            words=words,
            assignments=assignments,
            redirects=redirects,
            heredoc=heredoc,
        )

    def redirected(self, node: Node, fed_by: Call | None, depth: int) -> None:
        before = len(self._calls)
        body = node.child_by_field_name("body")
        if body is not None:
            self._visit(body, fed_by, depth + 1)
        redirects: list[Redirect] = []
        words: list[Word] = []
        later: list[Node] = []
        heredoc = ""
        for child in node.children:
            match child.type:
                case "file_redirect":
                    found, extra = self._redirect(child, depth)
                    redirects.extend(found)
                    words.extend(extra)
                case "herestring_redirect":
                    heredoc += self._herestring(child, depth)
                case "heredoc_redirect":
                    text, inner_redirects, nested = self._heredoc(child, depth)
                    heredoc += text
                    redirects.extend(inner_redirects)
                    later.extend(nested)
                case "ERROR":
                    self._visit(child, None, depth + 1)
                case _:
                    pass
        if len(self._calls) == before:
            self._add(node, fed_by)
        fed = read_fed(node, heredoc, self._source, placed=self._inside is None)
        self._calls[-1] = self._calls[-1].extended(words, redirects, heredoc, fed)
        for consumer in later:
            self._visit(consumer, self._calls[-1], depth + 1)

    def _heredoc(self, node: Node, depth: int) -> tuple[str, list[Redirect], list[Node]]:
        text = ""
        redirects: list[Redirect] = []
        later: list[Node] = []
        for child in node.children:
            match child.type:
                case "heredoc_body" | "word" | "string" | "raw_string" | "concatenation":
                    text += self._raw(child) + " "
                    self._words_inside(child, depth)
                case "file_redirect":
                    redirects.extend(self._redirect(child, depth)[0])
                case "heredoc_start" | "heredoc_end":
                    pass
                case _ if child.is_named:
                    later.append(child)
                case _:
                    pass
        return text, redirects, later

    def pipeline(self, node: Node, fed_by: Call | None, depth: int) -> None:
        for stage in node.named_children:
            before = len(self._calls)
            self._visit(stage, fed_by, depth + 1)
            if len(self._calls) > before:
                fed_by = self._calls[-1]
                if stage.next_named_sibling is not None:
                    fed_by = self._calls[-1] = replace(fed_by, feeds=True)

    def declaration(self, node: Node, _fed_by: Call | None, depth: int) -> None:
        first = node.children[0]
        words = [Word(self._raw(first), self._span(first))]
        assignments: list[tuple[str, Word]] = []
        for child in node.children[1:]:
            if child.type == "variable_assignment":
                assignments.append(self._assignment(child, depth))
            else:
                words.extend(self._words(child, depth))
        self._add(node, None, words=words, assignments=assignments)

    def loop(self, node: Node, fed_by: Call | None, depth: int) -> None:
        name = node.child_by_field_name("variable")
        values: list[Word] = []
        for child in node.children_by_field_name("value"):
            values.extend(self._words(child, depth))
        if name is not None and values:
            self._variables[self._raw(name)] = values[0].text
            # Judged like arguments: the body only shows the variable.
            self._add(node, None, words=(Word("for", self._span(name)), *values))
        body = node.child_by_field_name("body")
        if body is not None:
            self._visit(body, fed_by, depth + 1)

    def function(self, node: Node, fed_by: Call | None, depth: int) -> None:
        name = node.child_by_field_name("name")
        body = node.child_by_field_name("body")
        if name is None or body is None:
            return
        before = len(self._calls)
        self._visit(body, fed_by, depth + 1)
        own = self._raw(name)
        for call in self._calls[before:]:
            if call.fed_by is not None and call.name == own == call.fed_by.name:
                self._recursive = self._span(node)

    # --- words

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
        if plain is not None and depth <= _DEPTH_MAX:  # most words: nothing in them is visited
            text, dynamic = plain(raw), False
        else:
            text, dynamic = self._decode(node, depth)
        if not text and raw.strip('"') in {"$@", "$*"}:
            return (Word("$@", span, dynamic=True),)
        if "{" in text and _BRACES.search(_QUOTED.sub("", raw)):
            return tuple(Word(part, span, dynamic) for part in spread(text))
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
        word = words[0] if words else Word("", self._span(node))
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
        if depth > _DEPTH_MAX:
            self._too_deep = True
            return self._raw(node), True
        kind = node.type
        if kind in {"simple_expansion", "expansion"}:
            return self._expansion(node, depth, quoted=quoted)
        composed = _COMPOSED.get(kind)
        if composed is not None:
            return composed(self, node, depth)
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
            self._too_deep |= self._expanded > _EXPANDED_MAX
            return (raw, True) if self._too_deep else (self._variables[name], False)
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
        printed = printed_by(self._calls[-1]) if len(self._calls) > before else None
        if printed is not None and node.type == "command_substitution":
            return printed, False
        return self._raw(node), True


_READERS: Final[Mapping[str, Callable[[_Reader, Node, Call | None, int], None]]] = {
    "command": _Reader.command,
    "redirected_statement": _Reader.redirected,
    "pipeline": _Reader.pipeline,
    "variable_assignment": _Reader.variable,
    "declaration_command": _Reader.declaration,
    "unset_command": _Reader.declaration,
    "for_statement": _Reader.loop,
    "function_definition": _Reader.function,
    "test_command": _Reader.test,
}
_COMPOSED: Final[Mapping[str, Callable[[_Reader, Node, int], tuple[str, bool]]]] = {
    "string": _Reader.string,
    "translated_string": _Reader.string,
    "command_substitution": _Reader.substitution,
    "process_substitution": _Reader.substitution,
    "subshell": _Reader.substitution,  # as fish and PowerShell read it
    "concatenation": _Reader.concatenation,
}
