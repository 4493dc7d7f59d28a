"""Which arguments name a target, and whether the request names, describes or lacks it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from core.actions import Action, JsonValue
from core.governance.grounding.operations import TOOL_KINDS, Operation, is_tool_name
from core.governance.grounding.request import (
    ACCOUNT,
    EMAIL,
    INVISIBLE,
    URL,
    Request,
    fold,
    is_account,
    normal_number,
    read_host,
    split_words,
)
from core.governance.grounding.vocabulary import HINTED_KEYS, HINTS, ROLE_KEYS, Role

LEAVES_MAX: Final = 400
CONTENT_CHARS_MAX: Final = 20_000
_KEY_CHARS_MAX: Final = 200  # of a name, its end: no longer one says more of its role
TARGET_CHARS_MAX: Final = 2_000
_SETTING_CHARS_MAX: Final = 120
_NUMBER_CHARS_MAX: Final = 40
_NAME_CHARS_MIN: Final = 3
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_EXTENSION: Final = re.compile(r"\.\w{1,8}$")
_CONTROL: Final = frozenset(map(chr, (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)))
_TRICKS: Final = re.compile(r"\\|^[^/]*//[^/]*@|^[^/]*@")  # programs read such hosts differently
_OWN_ADDRESS_KEYS: Final = frozenset({"sender", "from"})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "[::1]"})  # noqa: S104
_HERE: Final = re.compile(r"file:///(?![/\\])")  # another slash may lead to a host
_BARE_PATH_CHARS_MAX: Final = 100
_SENSITIVE_PATH: Final = re.compile(
    r"(?:^|/)\.[^/]|^~|\.(?:pem|key|p12|keystore)$"
    r"|^/(?:etc|usr|bin|sbin|boot|lib|dev|proc|sys|var)(?:/|$)"
)
_KIND_ROLES: Final = {
    "file": (Role.NAME, "path"),
    "network": (Role.URL, "url"),
    "message": (Role.OUTWARD, "recipient"),
    "payment": (Role.OUTWARD, "recipient"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One scalar of the arguments."""

    path: str  # "arguments.recipients[0]"
    key: str  # the nearest name
    value: str  # as written
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of content that is a target of its own: a link, an address, an account."""

    text: str
    role: Role
    start: int
    end: int


def walk_leaves(action: Action, operation: Operation) -> tuple[list[Leaf], bool]:
    """Scalars of the arguments in order, and whether that was all of them."""
    leaves: list[Leaf] = []
    stack: list[tuple[str, str, JsonValue]] = [("arguments", "", action.arguments)]
    seen = 0
    while stack:
        path, key, value = stack.pop()
        seen += 1
        if seen > LEAVES_MAX:
            return leaves, False
        if isinstance(value, Mapping):
            items = [
                (_step(path, name), name[-_KEY_CHARS_MAX:], item)
                for name, item in islice(value.items(), LEAVES_MAX + 1)
            ]
            stack.extend(reversed(items))
        elif isinstance(value, Sequence) and not isinstance(value, str):
            listed = [(f"{path}[{i}]", key, item) for i, item in enumerate(value[: LEAVES_MAX + 1])]
            stack.extend(reversed(listed))
        elif value is not None and not isinstance(value, bool):
            text = _write_scalar(value)
            leaves.append(Leaf(path=path, key=key, value=text, role=_role(key, text, operation)))
    if action.kind not in TOOL_KINDS:
        leaf = _kind_leaf(action)
        twice = any(leaf.value == other.value and leaf.role is other.role for other in leaves)
        targets = any(other.role not in {Role.CONTENT, Role.IGNORED} for other in leaves)
        if not twice and not (targets and is_tool_name(action.resource)):
            leaves.insert(0, leaf)
    return leaves, True


def _step(path: str, name: str) -> str:
    """A path one name longer; of a name that no path can show, its start."""
    shown = name if len(name) <= _KEY_CHARS_MAX else f"{name[:_KEY_CHARS_MAX]}…"
    return f"{path}.{shown}"


def is_named(leaf: Leaf, request: Request) -> bool:
    """Whether the target stands in the user's words."""
    value = leaf.value.strip()
    if not value or len(value) > TARGET_CHARS_MAX or _hides(value):
        return not value
    folded = fold(value)
    match leaf.role:
        case Role.OUTWARD | Role.NAME | Role.AMOUNT | Role.SETTING if folded in request.counts:
            named = True  # "a table for two"
        case Role.SECRET:
            named = re.search(rf"(?<!\w){re.escape(value)}(?!\w)", request.text) is not None
        case Role.URL:
            named = read_host(folded) in request.hosts and not _TRICKS.search(folded)
        case Role.AMOUNT:
            named = _is_number(value) and normal_number(value.lstrip("-")) in request.numbers
        case Role.OUTWARD if "@" in value:
            found = EMAIL.findall(folded)  # "Ann <ann@x.com>, bob@y.com" holds two
            rest = EMAIL.sub("", folded)
            named = bool(found) and "@" not in rest and request.emails.issuperset(found)
        case Role.OUTWARD | Role.ID:
            named = request.has_phrase(split_words(folded)) or request.has_code(folded)
        case _ if is_sensitive_path(folded):
            named = folded in request.folded
        case _:
            named = _is_named_thing(folded, request)
    return named


def matches_name(leaf: Leaf, request: Request) -> bool:
    """Whether an e-mail address spells a person whom the request names: "Sarah Baker"."""
    local, at, _ = fold(leaf.value).partition("@")
    words = split_words(local)
    spelled = bool(at) and bool(words) and request.names.issuperset(words)
    if not spelled or _hides(leaf.value) or len(local) < _NAME_CHARS_MIN:
        return False
    return request.has_phrase(words) or request.has_phrase(words[::-1])


def is_described(leaf: Leaf, request: Request) -> bool:
    """Whether the request speaks of such a target without naming it: "the largest file"."""
    if _hides(leaf.value) or len(leaf.value) > TARGET_CHARS_MAX:
        return False
    last = _key_words(leaf.key)[-1:]
    hint = HINTS.get(HINTED_KEYS.get(last[0], ""), frozenset(last)) if last else frozenset[str]()
    return not request.words.isdisjoint(hint)


def is_plain_page(url: str) -> bool:
    """Whether a URL could carry little out: no query, fragment, credentials or long path."""
    folded = fold(url)
    bare = not any(char in folded for char in "?#@\\%") and len(folded) <= _BARE_PATH_CHARS_MAX
    return bare and read_host(folded) != ""


def is_loopback(url: str) -> bool:
    """Whether a URL stays on this machine: the path of a file does, unless a host is named."""
    folded = fold(url)
    return _HERE.match(folded) is not None or read_host(folded) in _LOOPBACK


def is_sensitive_path(path: str) -> bool:
    """Whether a path lies outside ordinary work: system, home, dot files, keys, "..'."""
    return _SENSITIVE_PATH.search(path.replace("\\", "/")) is not None


_SPANS: Final = (  # each with what its matches hold one of: most content has none
    (Role.OUTWARD, EMAIL, "@"),
    (Role.URL, URL, ".:"),
    (Role.OUTWARD, ACCOUNT, "0123456789"),
)


def find_spans(leaf: Leaf) -> Iterator[Span]:
    """Links, addresses and accounts inside content, within the first CONTENT_CHARS_MAX."""
    text = leaf.value[:CONTENT_CHARS_MAX]
    folded = fold(text)
    exact = len(folded) == len(text)  # else offsets moved: the whole value is marked
    for role, pattern, marks in _SPANS:
        if not any(mark in folded for mark in marks):
            continue
        for found in pattern.finditer(folded):
            words = found[0].rstrip(".,;:!?*_")
            if pattern is ACCOUNT and not is_account(words):
                continue
            start, end = found.start(), found.start() + len(words)
            if not exact:
                start, end = 0, len(leaf.value)
            yield Span(text=words, role=role, start=start, end=end)


def _hides(value: str) -> bool:
    """Whether control or invisible characters stand in a value: then it is not what it shows."""
    return INVISIBLE.search(value) is not None or not _CONTROL.isdisjoint(value)


def _kind_leaf(action: Action) -> Leaf:
    """What an action of a plain kind acts upon, as if it were an argument."""
    role, key = _KIND_ROLES.get(action.kind.partition(".")[0], (Role.NAME, "resource"))
    if role is Role.URL and " " in action.resource.strip():
        role = Role.CONTENT  # words for a web search
    return Leaf(path="resource", key=key, value=action.resource, role=role)


def _key_words(key: str) -> list[str]:
    return split_words(fold(_CAMEL.sub("_", key)))


def _role(key: str, value: str, operation: Operation) -> Role:
    words = _key_words(key)
    if len(words) > 1 and words[-1] in {"name", "names"}:
        words.pop()  # "channel_name"
    last = words[-1] if words else ""
    shaped = _shape(value)
    if shaped is not None and last not in _OWN_ADDRESS_KEYS:
        return shaped
    for role, keys in ROLE_KEYS.items():
        if last in keys:
            return role
    if last and last in operation.nouns:
        return Role.NAME
    sets = operation.consequential or any(f.name == "update" for f in operation.families)
    short = len(value) <= _SETTING_CHARS_MAX and "\n" not in value
    return Role.SETTING if sets and short else Role.CONTENT


def _shape(value: str) -> Role | None:
    if len(value) > TARGET_CHARS_MAX:
        return None
    stripped = value.strip()
    if EMAIL.fullmatch(stripped):
        return Role.OUTWARD
    if stripped.startswith(("http://", "https://", "ftp://", "www.")) and URL.fullmatch(stripped):
        return Role.URL
    return Role.OUTWARD if is_account(stripped) else None


def _write_scalar(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and value.bit_length() > _NUMBER_CHARS_MAX * 4:
        return "a very large number"  # writing it out could take long, or raise
    return f"{value}"


def _is_number(value: str) -> bool:
    return (
        len(value) <= _NUMBER_CHARS_MAX and re.fullmatch(r"-?\d[\d,]*(?:\.\d+)?", value) is not None
    )


def _is_named_thing(folded: str, request: Request) -> bool:
    if request.has_phrase(split_words(folded)):
        return True
    base = folded.rstrip("/").rpartition("/")[2]
    return request.has_phrase(split_words(base)) or request.has_phrase(
        split_words(_EXTENSION.sub("", base))
    )
