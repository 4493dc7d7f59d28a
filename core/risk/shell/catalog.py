"""What the field knows about ordinary programs, as data: one row a program."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final, cast

# What meeting an option, or a sub-command, means. The names are keys in the tables.
KINDS: Final = (
    "shell",  # opens a shell
    "run",  # its value is a command to run
    "code",  # its value is program text
    "script",  # its value is a file of program text
    "load",  # its value is a library, plug-in or configuration that can run things
    "write",  # its value is a file it writes
    "build",  # its value is a file it makes out of its other arguments
    "upload",  # sends local data away
    "listen",  # lets others connect
    "privilege",  # changes whose rights apply
    "danger",  # any other abuse
    "erase",  # cannot be undone; asks
    "reveal",  # prints a secret
    "attach",  # its value is a running process to look into
    "text",  # its value is prose or a pattern, never followed
    "quiet",  # only informs; the program then does nothing else
)
ROLES: Final = (
    "text",  # arguments are words to print
    "list",  # looks at names and attributes, not at contents
    "read",  # prints contents of the files it is given
    "search",  # like read, after one pattern
    "diagnose",  # asks the network about hosts
    "write-all",  # writes every file it is given
    "write-last",  # writes the last one, reads the others
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One program. Options are written as they are typed; `*` at the end matches any rest."""

    role: str = ""
    options: Mapping[str, str] = field(default_factory=dict[str, str])  # exact -> kind
    patterns: tuple[tuple[str, str], ...] = ()  # prefix -> kind
    valued: frozenset[str] = frozenset()  # other options that take a value
    pairs: frozenset[str] = frozenset()  # options that take two values
    flags: frozenset[str] = frozenset()  # options without a value that look like several
    wraps: int | None = None  # runs its arguments as a command, after this many of its own
    prompt: bool = False  # with nothing to run, it waits for commands
    takes_script: bool = False  # its first argument is a file of program text
    takes_code: bool = False  # its first argument is program text
    single_dash: bool = False  # long options start with one dash
    backticks: bool = False  # text in backticks is run
    always: str = ""  # why every use asks
    special: str = ""  # name of the function that knows more


Catalog = Mapping[str, Row]
_VERSION: Final = re.compile(r"(?:@[\w.-]+|[-.]?\d+(?:\.\d+)*)$")
_TABLES: Final = ("interpreters", "everyday", "unusual")
_FLAGS: Final = ("prompt", "takes_script", "takes_code", "single_dash", "backticks")


def build_row(entry: Mapping[str, object]) -> Row:
    """A row from its table form.

    Raises: ValueError for a key or a value that means nothing, so that a slip cannot hide a rule.
    """
    unknown = set(entry) - {
        *KINDS,
        *_FLAGS,
        "role",
        "valued",
        "pairs",
        "flags",
        "wraps",
        "always",
        "special",
    }
    if unknown:
        raise ValueError(f"unknown keys {sorted(unknown)}")
    options: dict[str, str] = {}
    patterns: list[tuple[str, str]] = []
    for kind in KINDS:
        for option in _strings(entry.get(kind, "")):
            if option.endswith("*"):
                patterns.append((option[:-1], kind))
            else:
                options[option] = kind
    role = str(entry.get("role", ""))
    if role and role not in ROLES:
        raise ValueError(f"unknown role {role!r}")
    wraps = entry.get("wraps")
    return Row(
        role=role,
        options=options,
        patterns=tuple(patterns),
        valued=frozenset(_strings(entry.get("valued", ()))),
        pairs=frozenset(_strings(entry.get("pairs", ()))),
        flags=frozenset(_strings(entry.get("flags", ()))),
        wraps=wraps if isinstance(wraps, int) else None,
        always=str(entry.get("always", "")),
        special=str(entry.get("special", "")),
        **{flag: entry.get(flag) is True for flag in _FLAGS},
    )


def build_catalog(document: Mapping[str, object]) -> dict[str, Row]:
    """Rows of one table document: `[roles]` lists, `[same]` other names, and one table a program.

    Raises: ValueError naming the program whose row is wrong.
    """
    rows: dict[str, Row] = {}
    for role, names in _table(document.get("roles")).items():
        row = build_row({"role": role})
        rows.update(dict.fromkeys(_strings(names), row))
    for reason, names in _table(document.get("always")).items():
        row = build_row({"always": reason})
        rows.update(dict.fromkeys(_strings(names), row))
    for name, entry in _table(document.get("programs")).items():
        try:
            rows[name] = build_row(_table(entry))
        except ValueError as error:
            raise ValueError(f"program {name!r}: {error}") from error
    for name, others in _table(document.get("same")).items():
        rows.update(dict.fromkeys(_strings(others), rows[name]))
    return rows


@cache
def shipped_catalog() -> Catalog:
    """Every row that ships, by program name."""
    rows: dict[str, Row] = {}
    for table in _TABLES:
        text = files("core.risk.shell").joinpath(f"binaries/{table}.toml").read_text("utf-8")
        rows.update(build_catalog(tomllib.loads(text)))
    return rows


def look_up(catalog: Catalog, name: str) -> Row | None:
    """The row of a program, also by a name with a version, such as `python3.11` or `vite@latest`.

    And in capitals: not every file system tells them from small letters.
    """
    row = catalog.get(name)
    if row is None and name.lower().endswith(".exe"):
        row = catalog.get(name[:-4].lower())
    if row is None and (name[-1:].isdigit() or "@" in name):
        row = catalog.get(_VERSION.sub("", name))
    return row if row is not None or name.islower() else catalog.get(name.lower())


def _strings(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return value.split()
    return [str(item) for item in cast("list[object]", value)] if isinstance(value, list) else ()


def _table(value: object) -> Mapping[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
