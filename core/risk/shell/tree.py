"""The one place that calls tree-sitter, and what keeps its Bash grammar from harm."""

import re
from bisect import bisect_left
from typing import Final

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from core.risk.shell.syntax import Fed, Span

_LANGUAGE: Final = Language(tree_sitter_bash.language())
_BYTES: Final = 256
_ASCII: Final = 128
_LATER: Final = range(0x80, 0xC0)
_PLAIN_BYTE: Final = b"."  # part of a word, but of no name
_TIMED: Final = re.compile(rb"(?:^|(?<=[;&|\n(]))\s*+time(?: -p)?(?=\s+[({])")
_SHADOW: Final = bytes(range(_ASCII)) + _PLAIN_BYTE * (_BYTES - _ASCII)


def parse_tree(data: bytes) -> Node:
    """The root of the syntax tree of UTF-8 `data`. Offsets in it are those of `data`.

    The grammar's scanner looks characters up in tables of 256 places without asking whether
    they are that small, and takes exotic blanks for separators. A shell does neither: past
    ASCII, every byte is a letter of a word. So each such byte is shown to the parser as one.
    """
    if b"time" in data:  # before a list of commands it is a word that the grammar does not know
        data = _TIMED.sub(lambda found: b" " * len(found[0]), data)
    return Parser(_LANGUAGE).parse(data.translate(_SHADOW)).root_node


_FEEDS: Final = frozenset({"heredoc_redirect", "herestring_redirect", "ERROR"})
_OF_HEREDOC: Final = frozenset(
    {"heredoc_start", "heredoc_body", "heredoc_end", "file_redirect", "pipeline", "command"}
)
_CHANGED: Final = re.compile(r"[$`\\]")  # what a shell does not leave as it stands


def read_fed(node: Node, text: str, source: "Source", *, placed: bool) -> Fed:
    """How `text` stands in the command, of which a statement is fed it; `placed`: offsets count."""
    return Fed(
        bool(text) and _is_fed_literally(node, source),
        _document_at(node, text, source) if placed else None,
    )


def _is_fed_literally(node: Node, source: "Source") -> bool:
    """True when a statement is fed one document, and the shell leaves that as it stands."""
    fed = [child for child in node.children if child.type in _FEEDS]
    if len(fed) != 1 or any(child.type not in _OF_HEREDOC for child in fed[0].named_children):
        return False
    texts = {child.type: source.text(child.start_byte, child.end_byte) for child in fed[0].children}
    quoted = texts.get("heredoc_start", "")[:1] in {"'", '"', "\\"}
    return quoted or not _CHANGED.search(texts.get("heredoc_body", ""))


def _document_at(node: Node, text: str, source: "Source") -> int | None:
    """The character where `text` without its last stands, when it is one here-document."""
    bodies = (body for fed in node.children for body in fed.children if body.type == "heredoc_body")
    body = next(bodies, None)
    if body is None or source.text(body.start_byte, body.end_byte) != text[:-1]:
        return None
    return source.span(body.start_byte, body.end_byte).start


_LISTS: Final = frozenset({"command_substitution", "compound_statement", "subshell"})


def is_alone(node: Node) -> bool:
    """True when all that a statement prints is printed by its last call."""
    while node.type != "command":
        body = node.child_by_field_name("body") if node.type == "redirected_statement" else None
        inner = [child for child in node.named_children if child.type != "comment"]
        if node.type == "pipeline":
            body = inner[-1]
        elif node.type in _LISTS and len(inner) == 1:
            body = inner[0]
        if body is None:
            return False
        node = body
    return True


class Source:
    """Text which starts at character `at` of the whole command, found by the tree's offsets."""

    def __init__(self, text: str, at: int) -> None:
        self._data = text.encode("utf-8", "replace")
        self._at = at
        self._ascii = self._data.decode() if self._data.isascii() else None
        # The bytes that are not the first of a character.
        self._later = (
            []
            if self._ascii is not None
            else [i for i, byte in enumerate(self._data) if byte in _LATER]
        )

    def root(self) -> Node:
        """The root of its syntax tree."""
        return parse_tree(self._data)

    def text(self, start: int, end: int) -> str:
        """What stands between two bytes."""
        if self._ascii is not None:
            return self._ascii[start:end]
        return self._data[start:end].decode("utf-8", "replace")

    def span(self, start: int, end: int) -> Span:
        """The characters of the whole command that stand between two bytes."""
        if self._later:
            start -= bisect_left(self._later, start)
            end -= bisect_left(self._later, end)
        return Span(self._at + start, self._at + end)
