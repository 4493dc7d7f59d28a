"""Turns a command line into calls with tree-sitter's Bash grammar. Never raises on text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from tree_sitter import Node

from core.risk.shell.expand import DEPTH_MAX, EXPANDED_MAX, WordReader
from core.risk.shell.printed import TRUSTED
from core.risk.shell.syntax import Call, Redirect, Script, Span, Word
from core.risk.shell.tree import read_fed


def parse(text: str, *, at: int = 0, inside: Span | None = None, known: dict[str, str]) -> Script:
    """Parse `text`, which starts at character `at` of the whole command.

    With `inside` the text was decoded and offsets in it mean nothing: everything found in it
    is marked as that span. `known` holds variables set before this text runs.
    """
    return _Reader(text, at=at, inside=inside, known=known).read()


class _Reader(WordReader):
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

    def _visit(self, node: Node, fed_by: Call | None, depth: int) -> None:
        if depth > DEPTH_MAX:
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
            self._note_beside(body, before)
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
                self._note_beside(stage, before)
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
            # Judged like arguments: the body only shows the variable.
            self._add(node, None, words=(Word("for", self._span(name)), *values))
        body = node.child_by_field_name("body")
        if body is not None:
            variable = "" if name is None else self._raw(name)
            self._go_round(variable, values, body, fed_by, depth + 1)

    def _go_round(
        self, variable: str, values: Sequence[Word], body: Node, fed_by: Call | None, depth: int
    ) -> None:
        """Read a loop's body with each value, and past a bound once with one that is not known."""
        rounds: list[Word | None] = [*{word.text: word for word in values}.values()]
        if not rounds or (len(rounds) > 1 and variable not in self._raw(body)):
            rounds = [None]
        seen: set[Call] = set()
        for index, word in enumerate(rounds):
            self._followed += body.end_byte - body.start_byte if index else 0
            known = word is not None and self._followed <= EXPANDED_MAX
            self._follow(variable, word if known else None)
            before = len(self._calls)
            self._visit(body, fed_by, depth)
            self._calls[before:] = [call for call in self._calls[before:] if call not in seen]
            if not known:
                break
            seen.update(self._calls[before:])
        if len(rounds) > 1:
            self._follow(variable, None)  # the loop may have been left early

    def _follow(self, variable: str, value: Word | None) -> None:
        self._as_written.discard(variable)
        if value is None:
            self._variables.pop(variable, None)
            return
        self._variables[variable] = value.text
        if value.dynamic:
            self._as_written.add(variable)

    def function(self, node: Node, fed_by: Call | None, depth: int) -> None:
        name = node.child_by_field_name("name")
        body = node.child_by_field_name("body")
        if name is None or body is None:
            return
        before = len(self._calls)
        self._visit(body, fed_by, depth + 1)
        own = self._raw(name)
        if own in TRUSTED and self._broken is None:
            self._broken = self._span(node)
        for call in self._calls[before:]:
            if call.fed_by is not None and call.name == own == call.fed_by.name:
                self._recursive = self._span(node)


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
