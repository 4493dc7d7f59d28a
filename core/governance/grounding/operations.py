"""What a call does, read from its kind and its tool's name, and whether the request asks for it."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.actions import Action
from core.governance.grounding.request import Request, fold, split_words
from core.governance.grounding.sql import TooMuchError, changes_data, named_texts
from core.governance.grounding.vocabulary import (
    FAMILIES,
    NOUN_VERBS,
    OBJECTS,
    READ_VERBS,
    SHOWN_OF,
    SHOWN_THINGS,
    Family,
)

TOOL_KINDS: Final = frozenset({"tool.call", "mcp.call"})
_NAME_CHARS_MAX: Final = 200
_NAME_PARTS: Final = re.compile(r"[/:.]|__")
_SEPARATORS: Final = re.compile(r"[\W_]+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WRITE_VERBS: Final = frozenset[str]().union(*(family.tool_verbs for family in FAMILIES))
_TRAILING_READS: Final = frozenset({"search", "get", "read", "fetch", "lookup"})
_FINAL: Final = frozenset({"pay", "book", "delete"})
_JOINERS: Final = frozenset({"and", "or", "then"})
_SAFE_METHODS: Final = frozenset({"get", "head", "options"})
_WRITE_METHODS: Final = frozenset({"post", "put", "patch", "delete"})
_METHOD_NAMES: Final = frozenset(
    {
        "method",
        "httpmethod",
        "requestmethod",
        "verb",
        "httpverb",
        "xhttpmethodoverride",
        "xhttpmethod",
    }
)
_ERASES: Final = tuple(family for family in FAMILIES if family.name == "delete")
_CHANGING: Final = frozenset({"delete", "update", "create"})


class Asked(StrEnum):
    """Whether the request calls for an operation."""

    YES = "yes"
    DELEGATED = "delegated"  # the request leaves the operations to another text
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call's operation."""

    words: tuple[str, ...]  # of its name, for the operator
    read_only: bool
    families: tuple[Family, ...]  # of its verbs; none when no verb is known
    nouns: frozenset[str]
    pays: bool  # moves money
    consequential: bool  # hard to take back: a described target is not enough
    final: bool  # cannot be taken back: not even the handle of one
    erases: bool


def read_operation(action: Action) -> Operation:
    """Read kind, tool name and the arguments that change what a reading call does."""
    words = _name_words(action)
    verbs = _verbs(words)
    known = tuple(family for verb in verbs for family in FAMILIES if verb in family.tool_verbs)
    reads = bool(verbs) and READ_VERBS.issuperset(verbs)
    if reads and changes_data(action):  # the user has to ask for a change, not for the tool
        reads = False
        known = tuple(family for family in FAMILIES if family.name in _CHANGING)
    methods = _methods(action)
    reads = reads and methods.isdisjoint(_WRITE_METHODS)
    if "delete" in methods:
        known = _ERASES  # whatever the tool is called, this is what has to be asked for
    # A plain kind says nothing of the object: "file.write" also answers "fix the parser".
    named = words if action.kind in TOOL_KINDS else []
    nouns = frozenset(_singular(word) for word in named) - set(verbs)
    money = any(item.name == "money" and nouns & item.tool_nouns for item in OBJECTS)
    pays = not reads and (money or any(family.name == "pay" for family in known))
    if money:
        known = (*known, *(family for family in FAMILIES if family.name == "pay"))
    return Operation(
        words=tuple(words),
        read_only=reads,
        families=() if reads else known,
        nouns=nouns,
        pays=pays,
        consequential=not reads and any(family.consequential for family in known),
        final=not reads and any(family.name in _FINAL for family in known),
        erases=not reads and any(family in _ERASES for family in known),
    )


def ask_for(operation: Operation, request: Request) -> Asked:
    """Whether the request's words call for the operation."""
    if operation.read_only or any(_asks_family(operation, f, request) for f in operation.families):
        return Asked.YES
    if not operation.families:  # no verb of its name is known: then the user has to use it
        asked = request.words.intersection(operation.words[:1])
    else:  # "add_issue_comment", asked for as "comment on …"
        asked = request.verbs & operation.nouns
    if asked and not operation.consequential:
        return Asked.YES
    return Asked.DELEGATED if request.delegates else Asked.NO


def speaks_of(operation: Operation, request: Request) -> bool:
    """Whether the request names all that the tool's name says it acts upon, and there is any."""
    said = frozenset(map(_singular, request.words))
    return bool(operation.nouns) and all(
        noun in said
        or any(
            noun in item.tool_nouns and _speaks_of(item.request_words, request) for item in OBJECTS
        )
        for noun in operation.nouns
    )


def _name_words(action: Action) -> list[str]:
    if action.kind in TOOL_KINDS:
        parts = [part for part in _NAME_PARTS.split(action.resource[-_NAME_CHARS_MAX:]) if part]
        name = parts[-1] if parts else ""
        if len(parts) > 1 and not _known(name) and _known(parts[-2]):  # "files.read.v2"
            name = f"{parts[-2]}_{name}"
    else:
        name = action.kind[:_NAME_CHARS_MAX].replace(".", "_")
        if action.kind.startswith("network.") and not _methods(action) <= _SAFE_METHODS:
            name = "submit_request"
        elif action.kind.startswith("network."):
            name = "fetch_page"
    return split_words(fold(_CAMEL.sub("_", name)))


def _known(name: str) -> bool:
    return bool(_verbs(split_words(fold(_CAMEL.sub("_", name)))))


def is_tool_name(text: str) -> bool:
    """Whether a resource names a tool ("send_email", "Write") and not what it acts upon."""
    return text.isidentifier() and len(text) <= _NAME_CHARS_MAX and _known(text)


def _verbs(words: list[str]) -> list[str]:
    """The verb that leads each part of the name; else, any known verb in it, writes first."""
    if words and words[0] in NOUN_VERBS and words[-1] in _TRAILING_READS:
        return words[-1:]  # "message_search"
    before = frozenset(map(_singular, words[:-1]))
    if before and words[-1] in SHOWN_THINGS and before <= SHOWN_OF:
        return ["show"]  # "pods_log", where "log" is no verb
    if words and (words[0] in READ_VERBS or words[0] in _WRITE_VERBS):
        starts = [True, *(word in _JOINERS for word in words)]
        known = READ_VERBS | _WRITE_VERBS
        return [word for word, start in zip(words, starts, strict=False) if start and word in known]
    writes = [word for word in words if word in _WRITE_VERBS]
    return writes or [word for word in words if word in READ_VERBS]


def _methods(action: Action) -> frozenset[str]:
    """The methods of requests that stand anywhere in the arguments, however they are named."""
    found = {"?"} if not isinstance(action.arguments.get("method", ""), str) else set[str]()
    try:
        for name, text in named_texts(action.arguments):
            if _SEPARATORS.sub("", name) in _METHOD_NAMES:
                found.add(text.strip().lower())
    except TooMuchError:
        found.add("?")
    return frozenset(found)


def _asks_family(operation: Operation, family: Family, request: Request) -> bool:
    asked = request.verbs & family.request_verbs
    if not asked:
        return False
    generic = asked <= family.generic_verbs
    objects = [item for item in OBJECTS if operation.nouns & item.tool_nouns]
    if family.name == "pay":
        generic = asked.isdisjoint(family.tool_verbs)
        objects = [item for item in OBJECTS if item.name == "money"]
    elif family.name == "send":  # "send it to Alice" says nothing of the medium
        objects = [item for item in objects if item.name != "message"]
    return (
        not generic
        or not objects
        or any(_speaks_of(item.request_words, request) for item in objects)
    )


def _speaks_of(words: frozenset[str], request: Request) -> bool:
    return any(_singular(word) in words or word in words for word in request.words)


def _singular(word: str) -> str:
    return word.removesuffix("s") if len(word) > 3 else word  # noqa: PLR2004 - "is", "gas"
