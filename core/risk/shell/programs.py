"""What only one program or family does: shells, wrappers, interpreters, transfers."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.arguments import (
    check_code,
    check_escape,
    check_script_value,
)
from core.risk.shell.catalog import Row
from core.risk.shell.flow import check_environment
from core.risk.shell.options import Reading, tail
from core.risk.shell.printed import printed_by
from core.risk.shell.programs_files import FILE_SPECIALS
from core.risk.shell.programs_network import NETWORK_SPECIALS
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Word
from core.risk.shell.targets import is_url, raw_address_in, secret_in

Special = Callable[[Review, Call, Row, Reading], None]

_XARGS_MAX: Final = 64
_ASSIGNMENT: Final = re.compile(r"^[A-Za-z_]\w*\+?=")


def _shell(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    words = call.arguments
    for index, word in enumerate(words):
        text = word.text
        if text.startswith(("-", "+")) and not text.startswith("--"):
            if "c" in text and index + 1 < len(words):
                review.run_text(words[index + 1])
                return
            if "i" in text and call.redirects:
                review.note(
                    "opens-interpreter",
                    RiskLevel.MEDIUM,
                    "An interactive shell takes its input from elsewhere.",
                    call.span,
                )
        elif text == "--command" and index + 1 < len(words):
            review.run_text(words[index + 1])
            return
    if reading.positionals:
        review.changes = True
        check_script_value(review, reading.positionals[0], by=call.name)


_MODULES_LISTEN: Final = frozenset(
    {"http.server", "SimpleHTTPServer", "pyftpdlib", "smtpd", "aiosmtpd", "xmlrpc.server"}
)
_MODULES_RUN: Final = frozenset({"pty", "code", "pdb", "idlelib", "bdb", "trace", "IPython"})


def _python(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    words = call.arguments
    for index, word in enumerate(words):
        if not word.text.startswith("-"):
            return
        module = words[index + 1].text if word.text == "-m" and index + 1 < len(words) else ""
        if module in _MODULES_LISTEN:
            review.external = True
            review.note(
                "opens-listener", RiskLevel.HIGH, f"{module} lets other machines connect.", word
            )
        elif module in _MODULES_RUN:
            review.note("opens-interpreter", RiskLevel.HIGH, f"{module} runs any statement.", word)


def _privileged(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    review.changes = True
    review.note(
        "changes-privilege",
        RiskLevel.HIGH,
        f"{call.name} runs with the rights of another user.",
        call.words[0],
    )


def _isolate(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    if not reading.rest and not reading.informs:
        review.note("starts-shell", RiskLevel.HIGH, f"{call.name} alone opens a shell.", call.span)
    if call.name == "systemd-run":
        review.note(
            "runs-later", RiskLevel.HIGH, "Runs as a service, outside this session.", call.words[0]
        )


def _env(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    words = reading.rest
    assignments: list[tuple[str, Word]] = []
    while words and _ASSIGNMENT.match(words[0].text):
        name, _, value = words[0].text.partition("=")
        assignments.append((name, Word(value, words[0].span)))
        words = words[1:]
    inner = call.inner(words)
    check_environment(review, Call(words, call.span, tuple(assignments)))
    if words:
        review.run(inner)


def _xargs(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    fed = printed_by(call.fed_by) if call.fed_by is not None else call.heredoc
    given = tuple(Word(text, call.span) for text in (fed or "").split()[:_XARGS_MAX])
    if reading.rest:
        review.run(call.inner((*reading.rest, *given)))


def _alias(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    for word in call.arguments:
        if "=" in word.text:
            review.run_text(tail(word, word.text.index("=") + 1))


def _eval(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    words = call.arguments
    if any(word.dynamic for word in words):
        review.note(
            "unknown-program",
            RiskLevel.MEDIUM,
            "Runs text that is known only when it runs.",
            call.span,
        )
    if len(words) == 1:
        review.run_text(words[0])
    elif words:
        review.run_text(Word(" ".join(word.text for word in words), call.span))


def _joined(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    if len(reading.rest) == 1:
        review.run_text(reading.rest[0])
    elif reading.rest:
        review.run(call.inner(reading.rest))


def _trap(review: Review, _call: Call, _row: Row, reading: Reading) -> None:
    if reading.positionals:
        review.run_text(reading.positionals[0])


def _export(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    check_environment(review, Call((*call.words,), call.span, call.assignments))


_DATABASE_ERASES: Final = re.compile(
    r"\b(?:drop\s+(?:table|database|schema|user|index)|truncate\s+(?:table\s+)?\w+|flushall|flushdb"
    r"|delete\s+from\s+\w+\s*(?:;|$)|config\s+set|slaveof|replicaof|load_file|load\s+data)\b",
    re.IGNORECASE,
)
_DATABASE_ESCAPES: Final = re.compile(
    r"(?:^|\n|[;'\"]|\s)\s*(?:\\!|!\s?\S|\.(?:shell|system|sh|load)\b|system\s|\\(?:o|g|w)\s*\|)"
)


def _database(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    texts = [*call.arguments, *([Word(call.heredoc, call.span)] if call.heredoc else ())]
    for word in texts:
        if _DATABASE_ERASES.search(word.text):
            review.irreversible = True
            review.changes = True
            review.note("erases", RiskLevel.HIGH, "Removes or exposes data of the database.", word)
        if _DATABASE_ESCAPES.search(word.text):
            review.note("shell-escape", RiskLevel.HIGH, f"Leaves {call.name} for a shell.", word)


def _editor(review: Review, call: Call, row: Row, reading: Reading) -> None:
    if call.heredoc:
        word = Word(call.heredoc, call.span)
        check_escape(review, word, by=call.name)
        check_code(review, word, by=call.name)
    if row.role:
        return
    for word in reading.positionals:
        if call.name not in {"view", "rview"} and not word.text.startswith("+"):
            review.check_write(word)


_SCRIPT_RUNS: Final = frozenset({"exec", "x", "dlx"})


def _scripts(review: Review, call: Call, row: Row, reading: Reading) -> None:
    """`npm exec X`, `bundle exec X`, `poetry run X`: the rest is a command."""
    runs = _SCRIPT_RUNS | {"run"} if row.special == "pip" else _SCRIPT_RUNS
    if row.special == "pip" and any(word.text == "install" for word in reading.positionals[:2]):
        for word in reading.positionals:
            if not is_url(word.text):
                check_script_value(review, word, by=call.name)
    for index, word in enumerate(call.arguments):
        if word.text in runs and reading.positionals[:1] == (word,):
            rest = call.arguments[index + 1 :]
            while rest and rest[0].text.startswith("-"):
                rest = rest[1:]
            if rest:
                review.run(call.inner(rest))
            return


def exfiltrates(call: Call) -> bool:
    """True when one call names both a secret and a raw address."""
    texts = [word.text for word in call.words]
    return any(secret_in(text) for text in texts) and any(raw_address_in(text) for text in texts)


SPECIALS: Final[Mapping[str, Special]] = {
    "shell": _shell,
    "python": _python,
    "privileged": _privileged,
    "isolate": _isolate,
    "env": _env,
    "xargs": _xargs,
    "alias": _alias,
    "eval": _eval,
    "joined": _joined,
    "trap": _trap,
    "export": _export,
    "database": _database,
    "editor": _editor,
    "scripts": _scripts,
    "pip": _scripts,
    **FILE_SPECIALS,
    **NETWORK_SPECIALS,
}
