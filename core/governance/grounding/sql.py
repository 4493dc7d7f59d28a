"""Whether statements among an action's arguments change data, whatever database reads them. Pure.

Databases differ about comments, quotes and escapes. Words in quotes and comments are left out only
where all of them agree; elsewhere every word counts. Time is linear in the text: what follows a
word is scanned up to the next such word at most, or looked for once.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from core.actions import Action, JsonObject, JsonValue

_DEPTH_MAX: Final = 64
_PARTS_MAX: Final = 5_000  # of the arguments: what has more is not known to read
_QUERY_KIND: Final = "data.query"
_TOOL_KINDS: Final = frozenset({"tool.call", "mcp.call"})
_SQL_KEY: Final = re.compile(
    r"(?:raw_?)?sqls?(?:_?(?:quer(?:y|ies)|text|string|statements?|commands?|code|script))?"
    r"|(?:query|raw)_?sql|stmts?",
    re.IGNORECASE,
)
_STATEMENT_KEYS: Final = frozenset(
    {"query", "queries", "statement", "statements", "q", "text", "command", "commands", "script"}
)
_PARAMETER_KEYS: Final = frozenset(
    {"params", "parameters", "values", "args", "arguments", "binds", "bindings", "variables"}
)
_DATABASES: Final = re.compile(
    r"sql|postgres|mariadb|bigquery|snowflake|duckdb|clickhouse|redshift|cockroach|oracledb",
    re.IGNORECASE,
)

_PIECE: Final = re.compile(
    r"(?P<comment>/\*.*?(?:\*/|\Z)|--[^\r\n]*)"
    r"|'[^']*(?:'|\Z)|\"[^\"]*(?:\"|\Z)|`[^`]*(?:`|\Z)",
    re.DOTALL,
)
# What one database takes for a quote, a comment or an escape, and another does not.
_UNSURE: Final = re.compile(
    r"[#$\\\[]|--(?!\s|\Z)|//|/\*M?!|'''|\"\"\"|q'|\r(?!\n)|`[^`]*['\";]", re.IGNORECASE
)
_READS: Final = re.compile(
    r"\A[\s(]*+(?:select|with|explain|show|desc(?:ribe)?|values|table)\b", re.IGNORECASE
)
_SHOWS_HOW: Final = re.compile(r"\A\s*+show\s+create\b", re.IGNORECASE)
# Of these an EXPLAIN without ANALYZE runs nothing. Others take the word for a procedure's name, and
# run the statement behind it.
_EXPLAINING: Final = re.compile(
    r"postgres|mysql|mariadb|sqlite|duckdb|cockroach|redshift", re.IGNORECASE
)
_EXPLAINS: Final = re.compile(
    r"\A(?!.*(?:;\s*\S|analy[sz]))\s*+explain\s+(?:query\s+plan\s+|verbose\s+|extended\s+|format\s*=\s*\w+\s+|\([\w\s,]*\)\s*)?"
    r"(?:insert|update|delete|replace|merge|with)\b",
    re.IGNORECASE | re.DOTALL,
)
_READING_PRAGMA: Final = re.compile(
    r"\A\s*+pragma\s+(?:\w+\.)?(?:(?:table_x?info|index_(?:list|x?info)|foreign_key_(?:list|check)"
    r"|(?:integrity|quick)_check)\s*\([^()]*\)"
    r"|(?!wal_checkpoint|optimize|incremental_vacuum|shrink_memory)\w+)\s*",
    re.IGNORECASE,
)
# A change may stand inside of a read, and in some databases after one with nothing between.
_CHANGES: Final = re.compile(
    r"\b(?:insert|update|delete|drop|alter|create|truncate(?!\s*\()|grant|revoke|deny|merge"
    r"|exec(?:ute)?|into|set|bulk|backup|restore|kill|shutdown|dbcc|reconfigure|waitfor"
    r"|(?:delete|insert|update|replace|bulk)_?(?:one|many|write)|find_?(?:one_?)?and_?\w+)\b",
    re.IGNORECASE,
)
_OPENS_CHANGE: Final = re.compile(
    r"\A\W*+(?:call|do|replace|copy|load|attach|detach|vacuum|reindex|lock|rename|import|flush"
    r"|begin|declare|handler|remove|out|pragma)\b",
    re.IGNORECASE,
)
_EFFECTS: Final = re.compile(  # functions that do more than compute
    r"\b(?:pg_(?:read|ls|stat_file|file|sleep|terminate|cancel|reload|rotate|switch|create|drop"
    r"|logical|promote|notify|advisory|try_advisory)\w*|lo_\w+|dblink\w*|set_config|setval|nextval"
    r"|query_to_xml\w*|[xs]p_\w+|load_extension|load_file|writefile|readfile|edit|fts3_tokenizer"
    r"|sys_(?:exec|eval)|sleep|benchmark|get_lock|release_lock|(?:utl|dbms)_\w+(?:\.\w+)?"
    r"|httpuritype|openrowset|opendatasource|openquery)[\"`\]]?\s*+(?:\(|/\*|--|#)|\bu&[\"']",
    re.IGNORECASE,
)

_NAME: Final = r"[\w.\"`\[\]$@:]+"
_OBJECTS: Final = (
    r"(?:table|database|schema|view|materialized\s+view|index|sequence|user|role|login|function"
    r"|procedure|trigger|extension|tablespace|server|policy|publication|subscription|keyspace"
    r"|owned|domain|column|constraint|system|session)\b"
)
_MAKES: Final = (
    r"\bcreate(?:\s+(?:or|replace|unique|temp(?:orary)?|global|local|unlogged|external|virtual"
    r"|foreign))*"
)
_RIGHTS: Final = (
    r"(?:all|select|insert|update|delete|usage|execute|connect|create|references|trigger|truncate"
    r"|super|alter|drop)\s*(?:on\b|privileges\b|,|\(|/\*|--)"
)
_PAIRS: Final = (  # words that stand side by side where data is changed
    (r"\binsert(?:\s+(?:or\s+\w+|ignore|overwrite|(?:low|high)_priority|delayed))?", r"into\b"),
    (r"\bdelete", r"from\s+(?!(?:the|my|your|our|his|her|their|this|that|these|those)\b)[^\s,;]"),
    (r"\b(?:drop|alter)(?:\s+(?:global|temp(?:orary)?|foreign|external))?", _OBJECTS),
    (_MAKES, _OBJECTS),
    (r"\btruncate", r"table\b"),
    (r"\b(?:replace|merge)", r"into\b"),
    (r"\b(?:grant|revoke)", _RIGHTS),
    (r"\bexec(?:ute)?", r"immediate\b"),
)
_SIDE_BY_SIDE: Final = re.compile(
    "|".join(rf"{first}\s+{then}" for first, then in _PAIRS) + r"|\bexec(?:ute)?\s*\(|\bxp_\w",
    re.IGNORECASE,
)
_GAP: Final = r"\s*(?:/\*|--|#)"  # a comment between the words: where it ends, is looked for apart
_END: Final = r"(?:\*/|\n)[^\S\n]*"
_APART: Final = tuple(
    (re.compile(first, re.IGNORECASE), re.compile(then, re.IGNORECASE))
    for first, then in (
        *((first + _GAP, _END + then) for first, then in _PAIRS),
        (r"\bupdate\b", rf"\bset(?:\s+{_NAME}\s*:?=|\s*\([^()]*\)\s*=|{_GAP})"),
        (r"\bcopy\b", r"\b(?:to|from)(?:\s+(?:'|program\b|std(?:in|out)\b)|\s*(?:/\*|--))"),
        (r"\bselect\b", r"\binto\s+(?:(?:out|dump)file\b|@|temp\b|#?\w+\s+from\b)"),
    )
)
_AT_START: Final = re.compile(
    # Each comment has one end only: a group that keeps what it took is wrong before Python 3.11.5.
    r"(?:\A(?:\s|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)|(?:--|#)[^\n]*(?:\n|\Z))*|;\s*|\*/\s*)"
    rf"(?:truncate(?:\s+{_NAME}\s*(?:;|,|\Z|cascade\b|restart\b)|\s*(?:/\*|--|#))"
    rf"|call\s+{_NAME}\s*\(|do\s*(?:\$|language\b)|lock\s+tables?\b|load\s+(?:data\b|xml\b|')"
    r"|vacuum\s+(?:full|into)\b|attach\s+(?:database\b|')|set\s+(?:role|session|global|password)\b"
    rf"|exec(?:ute)?\s+{_NAME}\s*(?:'|@|;|\Z)|delete\s+{_NAME}\s+where\b"
    rf"|insert\s+{_NAME}\s*(?:values\b|\()|shutdown\s*(?:;|\Z|immediate\b|with\b))",
    re.IGNORECASE | re.DOTALL,
)


def changes_data(action: Action) -> bool:
    """Whether some text of the arguments, at any depth, is or may be a statement that changes data.

    In a query, and in a tool of a database, a statement that is not known to read changes; in any
    other tool only what reads like one.
    """
    query = action.kind == _QUERY_KIND
    if query and _looks_like_change(action.resource):
        return True
    whole = query or (action.kind in _TOOL_KINDS and _DATABASES.search(action.resource) is not None)
    explaining = whole and _EXPLAINING.search(action.resource) is not None
    try:
        return any(
            _text_changes(key, text, whole=whole)
            for key, text in named_texts(action.arguments)
            if not (explaining and _only_explains(text))
        )
    except TooMuchError:
        return True


class TooMuchError(Exception):
    """The arguments are too deep or too many to be looked through."""


def named_texts(arguments: JsonObject) -> Iterator[tuple[str, str]]:
    """Each text with the nearest name above it, and the names themselves, which have none."""
    stack: list[tuple[str, JsonValue, int]] = [("", arguments, 0)]
    seen = 0
    while stack:
        key, value, depth = stack.pop()
        if isinstance(value, str):
            yield key, value
            continue
        if not isinstance(value, Mapping | Sequence):
            continue
        seen += len(value)
        if depth > _DEPTH_MAX or seen > _PARTS_MAX:
            raise TooMuchError
        if isinstance(value, Mapping):
            stack.extend(("", name, depth) for name in value)
            stack.extend((name.lower(), each, depth + 1) for name, each in value.items())
        else:
            stack.extend((key, each, depth + 1) for each in value)


def reads_only(text: str) -> bool:
    """Whether a text is SQL of which every statement only reads."""
    if _EFFECTS.search(text):
        return False
    statements = [each for each in _without_quotes(text).split(";") if each.strip()]
    return bool(statements) and all(map(_statement_reads, statements))


def _only_explains(text: str) -> bool:
    """Whether a text asks how one statement would be run, and runs nothing."""
    unsure = _UNSURE.search(text) or _EFFECTS.search(text)
    return not unsure and _EXPLAINS.match(text) is not None


def _text_changes(key: str, text: str, *, whole: bool) -> bool:
    if not text.strip() or reads_only(text):
        return False
    if _SQL_KEY.fullmatch(key) or (whole and key in _STATEMENT_KEYS):
        return True
    if (
        whole
        and key not in _PARAMETER_KEYS
        and (_CHANGES.search(text) or _OPENS_CHANGE.match(text))
    ):
        return True
    return _looks_like_change(text)


def _looks_like_change(text: str) -> bool:
    if _SIDE_BY_SIDE.search(text) or _AT_START.search(text) or _EFFECTS.search(text):
        return True
    for first, then in _APART:
        found = first.search(text)
        if found and then.search(text, found.end()):
            return True
    return False


def _statement_reads(statement: str) -> bool:
    if _READING_PRAGMA.fullmatch(statement):
        return True
    rest = _SHOWS_HOW.sub("show", statement, count=1)
    return _READS.match(rest) is not None and not _CHANGES.search(rest)


def _without_quotes(text: str) -> str:
    """The text without comments and what is quoted; as it is where databases would differ."""
    if _UNSURE.search(text) or any(map(_is_open, _PIECE.finditer(text))):
        return text
    return _PIECE.sub(lambda found: " " if found["comment"] else " '' ", text)


def _is_open(found: re.Match[str]) -> bool:
    """Whether a quote or comment does not end, or holds what some take for another comment."""
    piece = found[0]
    if piece.startswith("--"):
        return False
    if piece.startswith("/*"):
        return not piece.endswith("*/", 2) or "/*" in piece[2:]
    return len(piece) == 1 or piece[-1] != piece[0]
