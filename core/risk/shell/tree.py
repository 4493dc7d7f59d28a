"""The one place that calls tree-sitter, and what keeps its Bash grammar from harm."""

from typing import Final

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

_LANGUAGE: Final = Language(tree_sitter_bash.language())
_BYTES: Final = 256
_ASCII: Final = 128
_LATER: Final = range(0x80, 0xC0)
_PLAIN_BYTE: Final = b"."  # part of a word, but of no name
_SHADOW: Final = bytes(range(_ASCII)) + _PLAIN_BYTE * (_BYTES - _ASCII)


def parse_tree(data: bytes) -> Node:
    """The root of the syntax tree of UTF-8 `data`. Offsets in it are those of `data`.

    The grammar's scanner looks characters up in tables of 256 places without asking whether
    they are that small, and takes exotic blanks for separators. A shell does neither: past
    ASCII, every byte is a letter of a word. So each such byte is shown to the parser as one.
    """
    return Parser(_LANGUAGE).parse(data.translate(_SHADOW)).root_node


def later_bytes(data: bytes) -> list[int]:
    """Where in UTF-8 `data` the bytes stand that are not the first of a character."""
    return [] if data.isascii() else [i for i, byte in enumerate(data) if byte in _LATER]
