"""What only one program or family does: shells, wrappers, interpreters, transfers."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.arguments import (
    check_code,
    check_command_value,
    check_escape,
    check_script_value,
)
from core.risk.shell.catalog import Row
from core.risk.shell.flow import check_environment
from core.risk.shell.options import Reading, tail
from core.risk.shell.printed import printed_by
from core.risk.shell.programs_files import FILE_SPECIALS
from core.risk.shell.review import FETCHED, Review
from core.risk.shell.syntax import Call, Word
from core.risk.shell.targets import raw_address_in, secret_in

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
    for index, word in enumerate(call.arguments):
        if word.text in runs and reading.positionals[:1] == (word,):
            rest = call.arguments[index + 1 :]
            while rest and rest[0].text.startswith("-"):
                rest = rest[1:]
            if rest:
                review.run(call.inner(rest))
            return


_HOST_MOUNT: Final = re.compile(
    r"^(?:type=bind,)?(?:source=|src=)?/(?:etc|root|var(?:/run)?|proc|sys|dev|boot|usr|home|)"
    r"(?:/?[:,]|/?$|/docker\.sock)|docker\.sock"
)
_CONTAINER_RIGHTS: Final = re.compile(
    r"^--(?:privileged|pid=host|ipc=host|userns=host|cap-add|device|security-opt)"
)
_CONTAINER_ERASES: Final = frozenset({"prune", "rmi"})
_CONTAINER_RUNS: Final = frozenset({"run", "exec", "create", "attach", "shell"})


def _container(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    words = call.arguments
    plain = [word.text for word in words if not word.text.startswith("-")]
    verbs = set(plain[:2])
    for previous, word in zip(call.words, words, strict=False):
        text = word.text.partition("=")[2] if word.text.startswith("--") else word.text
        mounts = previous.text.startswith(("-v", "--v", "--m")) or word.text.startswith(
            ("--v", "--m")
        )
        if _CONTAINER_RIGHTS.match(word.text) or (mounts and _HOST_MOUNT.search(text)):
            review.note(
                "escapes-container",
                RiskLevel.HIGH,
                "Gives the container rights over this machine.",
                word,
            )
    if verbs & _CONTAINER_RUNS:
        _container_shell(review, call)
    if verbs & _CONTAINER_ERASES:
        review.irreversible = True
        review.note("erases", RiskLevel.MEDIUM, "Removes containers, images or volumes.", call.span)
    if "push" in verbs:
        review.external = True
        review.note("sends-data", RiskLevel.MEDIUM, "Publishes an image.", call.span)
    review.changes = review.changes or not verbs & {
        "ps", "images", "logs", "inspect", "version", "info", "stats", "top", "get", "describe",
    }  # fmt: skip


def _container_shell(review: Review, call: Call) -> None:
    last = call.arguments[-1]
    if re.fullmatch(r"(?:\S*/)?(?:ba|da|z|a|k)?sh", last.text):
        review.note("starts-shell", RiskLevel.MEDIUM, "Opens a shell in a container.", last)
    for index, word in enumerate(call.arguments[:-1]):
        if re.fullmatch(r"(?:\S*/)?(?:ba|da|z|a|k)?sh", word.text):
            review.run(call.inner(call.arguments[index:]))
            return


_SENDS: Final = frozenset(
    {"-d", "--data", "--data-binary", "--data-raw", "--data-ascii", "--data-urlencode", "--json",
     "-F", "--form", "--form-string", "--post-data", "--body-data", "--method"}
)  # fmt: skip
_METHODS: Final = frozenset({"POST", "PUT", "DELETE", "PATCH"})
_SCHEMES: Final = re.compile(
    r"^(?:telnet|gopher|dict|tftp|smb|ldap|ftp|scp|sftp|imap|smtp|pop3)s?://"
)
_LOCAL_URL: Final = re.compile(
    r"^(?:https?://)?(?:localhost|127\.[\d.]+|\[::1\]|0\.0\.0\.0)(?:[:/]|$)"
)


def _fetch(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    review.external = True
    texts = [word.text for word in call.arguments]
    local = any(_LOCAL_URL.match(text) for text in texts)
    for index, word in enumerate(call.arguments):
        name, _, attached = word.text.partition("=")
        if not name.startswith("--"):
            name, attached = word.text[:2], word.text[2:]
        value = attached or (texts[index + 1] if index + 1 < len(texts) else "")
        method = name in {"-X", "--request"} and value.upper() in _METHODS
        if name in _SENDS or method:
            _note_sending(review, word, value, local=local)
        elif _SCHEMES.match(word.text):
            review.note(
                "unusual-protocol", RiskLevel.MEDIUM, "Talks another protocol than the web's.", word
            )
    _remember_download(review, call, reading)


def _note_sending(review: Review, word: Word, value: str, *, local: bool) -> None:
    review.changes = True
    of_file = value.startswith("@") or "=@" in value or "=<" in value
    if of_file or not local:
        review.note(
            "sends-data",
            RiskLevel.HIGH if of_file else RiskLevel.MEDIUM,
            "Sends a file away." if of_file else "Sends data to another machine.",
            word,
            value,
        )


def _remember_download(review: Review, call: Call, reading: Reading) -> None:
    for hit in reading.hits:
        if hit.kind == "write" and hit.value is not None and hit.value.text.strip():
            review.written[review.resolve(hit.value.text)] = FETCHED
    if call.name == "wget" or any(
        word.text in {"-O", "-LO", "-OL", "-sO"} for word in reading.flags
    ):
        for word in reading.positionals:
            name = word.text.partition("?")[0].rpartition("/")[2]
            if name:
                review.written.setdefault(name, FETCHED)


_SSH_RUNS: Final = re.compile(
    r"^(?:-o)?\s*(?:Proxy|Local|KnownHosts|PermitLocal|Remote|AuthorizedKeys)\w*Command\b",
    re.IGNORECASE,
)


def _ssh(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    if reading.informs and len(call.arguments) == 1:
        return
    review.external = True
    review.changes = True
    review.note(
        "acts-elsewhere",
        RiskLevel.MEDIUM,
        "Acts on another machine, where nothing is judged.",
        reading.positionals[0] if reading.positionals else call.span,
    )
    for previous, word in zip(call.words, call.arguments, strict=False):
        if _SSH_RUNS.match(word.text):
            review.note("option-runs-command", RiskLevel.HIGH, "ssh runs this command here.", word)
        elif previous.text in {"-L", "-R", "-D", "-w", "-W"}:
            review.note("opens-listener", RiskLevel.HIGH, "Forwards a connection.", word)


_REMOTE: Final = re.compile(r"^(?:[\w.-]+@)?[\w.-]+::?(?!//)|^(?:rsync|scp|sftp)://")


def _ssh_copy(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    words = reading.positionals
    if not words:
        return
    *sources, target = words
    if _REMOTE.match(target.text) or call.name == "sftp":
        review.external = True
        review.note("sends-data", RiskLevel.HIGH, "Copies files to another machine.", target)
        return
    review.external = review.external or any(_REMOTE.match(word.text) for word in sources)
    if sources:
        review.check_write(target)
    for word in call.arguments:
        if _SSH_RUNS.match(word.text):
            check_command_value(review, word, by=call.name)
    if any(word.text.startswith("--delete") for word in reading.flags):
        review.irreversible = True


_CLOUD_CHANGES: Final = re.compile(
    r"^(?:delete|remove|rm|rb|terminate|destroy|put|create-access|get-secret|assume-role|ssh|deploy"
    r"|authorize|attach|detach|update|purge|stop|reboot|run-instances|invoke|send|publish)"
)
_CLOUD_REMOTE: Final = re.compile(r"^(?:s3|gs|az|oss)://|^[\w-]+:(?!/)")


def _cloud(review: Review, _call: Call, _row: Row, reading: Reading) -> None:
    review.external = True
    for word in reading.positionals[:4]:
        if _CLOUD_CHANGES.match(word.text):
            review.changes = True
            review.note("changes-cloud", RiskLevel.HIGH, "Changes what runs elsewhere.", word)
    if reading.positionals and _CLOUD_REMOTE.match(reading.positionals[-1].text):
        verbs = {word.text for word in reading.positionals[:3]}
        if verbs & {"cp", "sync", "copy", "mv", "move"}:
            review.note(
                "sends-data", RiskLevel.HIGH, "Copies files to the cloud.", reading.positionals[-1]
            )


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
    "container": _container,
    "fetch": _fetch,
    "ssh": _ssh,
    "ssh-copy": _ssh_copy,
    "cloud": _cloud,
    **FILE_SPECIALS,
}
