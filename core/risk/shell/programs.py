"""What only one program or family does: shells, wrappers, interpreters, transfers."""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.arguments import check_code, check_escape, check_script_value, part
from core.risk.shell.catalog import Row, look_up
from core.risk.shell.environment import check_environment
from core.risk.shell.flow import STANDARD_INPUT
from core.risk.shell.handed import check_handed_over
from core.risk.shell.options import Reading, tail
from core.risk.shell.printed import printed_by
from core.risk.shell.programs_containers import CONTAINER_SPECIALS
from core.risk.shell.programs_files import FILE_SPECIALS
from core.risk.shell.programs_git import GIT_SPECIALS
from core.risk.shell.programs_hosted import HOSTED_SPECIALS
from core.risk.shell.programs_network import NETWORK_SPECIALS
from core.risk.shell.programs_processes import PROCESS_SPECIALS
from core.risk.shell.programs_python import check_python
from core.risk.shell.programs_xargs import run_items
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Word
from core.risk.shell.targets import is_scratch, is_shell_name, is_url, raw_address_in, secret_in

Special = Callable[[Review, Call, Row, Reading], None]

_MADE_BY_SHELL: Final = re.compile(r"\$[({]shell\s+(.*)[)}]")
_ASSIGNMENT: Final = re.compile(r"^[A-Za-z_]\w*\+?=")


def _shell(review: Review, call: Call, row: Row, reading: Reading) -> None:
    words = call.arguments
    if review.powershell and call.name == ".":
        review.run(call.inner(words))  # there it runs any program
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
        check_script_value(review, reading.positionals[0], by=call.name, row=row)


def _deno(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    """`deno FILE` and `deno run FILE`. Addresses: see `sources.py`."""
    words = reading.positionals
    runs = bool(words) and words[0].text == "run"
    for word in words[runs : runs + 1]:
        if not is_url(word.text):
            check_script_value(review, word, by=call.name)


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


def _recipes(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    """Lines that make runs, where they stand in the command itself."""
    texts = [hit.value for hit in reading.hits if hit.kind == "code" and hit.value is not None]
    for word in reading.positionals:
        if _ASSIGNMENT.match(word.text):
            name, _, value = word.text.partition("=")
            check_environment(review, Call((), call.span, ((name, Word(value, word.span)),)))
    script = reading.first("script")
    if script is not None and script.value is not None and script.value.text in STANDARD_INPUT:
        fed = call.document if call.fed_by is None else _fed_recipes(review, call)
        texts += [fed] if fed is not None else []
    for text in texts:
        for line in text.text.splitlines():
            recipe = line if line.startswith("\t") else line.partition(";")[2]
            review.run_text(Word(recipe.strip().lstrip("@-+"), text.span))
            for found in _MADE_BY_SHELL.finditer(line):
                review.run_text(Word(found[1], text.span))


def _fed_recipes(review: Review, call: Call) -> Word | None:
    printed = printed_by(call.fed_by) if call.fed_by is not None else None
    if printed is None:
        review.note("opens-interpreter", RiskLevel.MEDIUM, "Runs what it is fed.", call.span)
        return None
    return Word(printed, call.span)


_TYPES_COMMANDS: Final = frozenset(
    {"new", "new-session", "new-window", "neww", "split-window", "splitw", "respawn-pane",
     "run-shell", "run", "if-shell", "pipe-pane", "send-keys", "send", "display-popup", "popup",
     "paste-buffer", "pasteb"}
)  # fmt: skip


_SENDS_KEYS: Final = frozenset({"send-keys", "send"})
_PASTES: Final = frozenset({"paste-buffer", "pasteb"})
_FLAGS: Final = frozenset({"-l", "-F"})  # where keys are sent; elsewhere they take a value
_KEYS: Final = {"Space": " ", "Enter": "\n", "C-m": "\n", "C-j": "\n", "KPEnter": "\n"}


def _multiplexer(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    """Commands which tmux runs, or types into a shell that it runs."""
    if not reading.positionals or reading.positionals[0].text not in _TYPES_COMMANDS:
        return
    typed = list(reading.positionals[1:])
    if reading.positionals[0].text in _SENDS_KEYS | _PASTES:
        message = "Types into another terminal, perhaps that of an operator."
        review.note("attaches-to-process", RiskLevel.MEDIUM, message, call.span)
    if reading.positionals[0].text in _SENDS_KEYS:
        typed += (hit.value for hit in reading.values if hit.option in _FLAGS and hit.value)
        if len(typed) > 1:  # they are typed one behind the other, without a space
            keys = [_KEYS.get(word.text, word.text) for word in typed]
            review.run_text(Word("".join(keys), call.span))
    for word in typed:
        review.run_text(word)


def _parallel(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    """`parallel COMMAND ::: ITEM…`: with no command, the items are commands."""
    marks = [index for index, word in enumerate(reading.rest) if word.text.startswith(":::")]
    end = marks[0] if marks else len(reading.rest)
    command, items = reading.rest[:end], reading.rest[end + 1 :]
    shell = bool(command) and is_shell_name(command[0].text)
    for item in items if shell or not command else ():
        review.run_text(item)
    if len(command) == 1 and not items:
        review.run_text(command[0])
    elif command:
        review.run(call.inner((*command, *items)))


def _set(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    if [word.text for word in call.arguments[:2]] == ["+o", "history"]:
        review.note("hides-traces", RiskLevel.MEDIUM, "Keeps no record of commands.", call.span)


def _alias(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    for word in call.arguments:
        if "=" in word.text:
            review.run_text(tail(word, word.text.index("=") + 1))


def _eval(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    words = call.arguments
    if call.name == "iex" and words and words[0].text.startswith("-"):
        return  # Elixir's, not Invoke-Expression
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


def _each(review: Review, _call: Call, _row: Row, reading: Reading) -> None:
    for word in reading.positionals:
        review.run_text(word)


def _hands_over(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    check_handed_over(review, call)


def _trap(review: Review, _call: Call, _row: Row, reading: Reading) -> None:
    if reading.positionals:
        review.run_text(reading.positionals[0])


_WATCHERS: Final = re.compile(
    r"^(?:systemd|init|sshd|auditd|rsyslogd|syslog-ng|journald|falco|osqueryd|clamd|crowdstrike"
    r"|falcon-sensor|wazuh\S*|ossec\S*|maestro)$"
)


def _kill(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    review.changes = True
    words = call.arguments
    for index, word in enumerate(words):
        if (index and word.text == "-1" and call.name == "kill") or _WATCHERS.match(word.text):
            review.note("changes-service", RiskLevel.HIGH, "Stops what keeps this machine.", word)


def _export(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    check_environment(review, Call((*call.words,), call.span, call.assignments))


_DATABASE_ERASES: Final = re.compile(
    r"\b(?:drop\s+(?:table|database|schema|user|index|role|view|owned)|truncate\s+(?:table\s+)?\w+"
    r"|(?:alter|create)\s+(?:role|user)\b[^;]*\bsuperuser|flushall|flushdb|config\s+set|slaveof|replicaof|load_file|load\s+data)\b"
    r"|\bdelete\s+from\s+[\w.\"`]+\s*(?:;|$)|\bupdate\s+[\w.\"`]+\s+set\s(?!.{0,2000}\bwhere\b)"
    r"|\.drop\w*\s*\(|\.(?:deleteMany|remove)\s*\(\s*(?:\{\s*\}\s*)?\)",
    re.IGNORECASE | re.DOTALL,
)
_DATABASE_ESCAPES: Final = re.compile(
    r"(?:^|\n|[;'\"]|\s)\s*(?:\\!|!\s?\S|\.(?:shell|system|sh|load)\b|system\s|\\(?:o|g|w)\s*\|)"
)


def _database(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    texts = [*call.arguments, *([call.document] if call.heredoc else ())]
    for word in texts:
        if found := _DATABASE_ERASES.search(word.text):
            review.irreversible = review.changes = True
            message = "Removes or exposes data of the database."
            review.note("erases", RiskLevel.HIGH, message, part(word, found.span()), word.text)
        if _DATABASE_ESCAPES.search(word.text):
            review.note("shell-escape", RiskLevel.HIGH, f"Leaves {call.name} for a shell.", word)


def _editor(review: Review, call: Call, row: Row, reading: Reading) -> None:
    if call.heredoc:
        word = call.document
        check_escape(review, word, by=call.name)
        check_code(review, word, by=call.name)
    if row.role:
        return
    for word in reading.positionals:
        if call.name not in {"view", "rview"} and not word.text.startswith("+"):
            review.check_write(word)


_INSTALLS: Final = frozenset({"install", "i", "add", "require"})
_PACKAGE_FILE: Final = re.compile(r"(?:\.{0,2}/|~)?[^\s:]*\.(?:t[gx]z|gem|tar\.gz)$")
_SCRIPT_RUNS: Final = frozenset({"exec", "x", "dlx"})


def _scripts(review: Review, call: Call, row: Row, reading: Reading) -> None:
    """`npm exec X`, `bundle exec X`, `poetry run X`: the rest is a command."""
    runs = _SCRIPT_RUNS | {"run"} if row.special == "pip" else _SCRIPT_RUNS
    if row.special == "pip" and any(word.text == "install" for word in reading.positionals[:2]):
        for word in reading.positionals:
            if not is_url(word.text) or "file://" in word.text:
                check_script_value(review, word, by=call.name)
    if any(word.text in _INSTALLS for word in reading.positionals[:2]):
        _check_install(review, call)
    for index, word in enumerate(call.arguments):
        if word.text in runs and reading.positionals[:1] == (word,):
            _run_rest(review, call, call.arguments[index + 1 :])
            return


def _run_rest(review: Review, call: Call, words: tuple[Word, ...]) -> None:
    """The command behind options. Where it seems to begin may be an option's value."""
    begin = next((at for at, word in enumerate(words) if not word.text.startswith("-")), None)
    if begin is None:
        return
    review.run(call.inner(words[begin:]))
    if begin:
        check_handed_over(review, call)
    if begin and words[begin - 1].text in {"-m", "--module"}:
        python = tuple(Word(text, call.span) for text in ("python", "-m"))
        review.run(call.inner((*python, *words[begin:])))


def run_known_script(review: Review, call: Call, script: Word) -> None:
    """`python manage.py flush`, `php artisan db:wipe`: a script with a row is a program, too."""
    if look_up(review.catalog, script.text.rpartition("/")[2]) is not None:
        review.run(call.inner(call.words[call.words.index(script) :]))


def _check_install(review: Review, call: Call) -> None:
    """A package that is a file here: its scripts run at once. Addresses: see `sources.py`."""
    for before, word in pairwise(call.words):
        folder = is_scratch(review.resolve(word.text)) and not before.text.startswith("-")
        if folder or _PACKAGE_FILE.match(word.text):
            review.note(
                "installs-local-package", RiskLevel.MEDIUM, "A package's own scripts run.", word
            )


def exfiltrates(call: Call) -> bool:
    """True when one call names both a secret and a raw address."""
    texts = [word.text for word in call.words]
    return any(raw_address_in(text) for text in texts) and any(secret_in(text) for text in texts)


SPECIALS: Final[Mapping[str, Special]] = {
    "shell": _shell,
    "python": check_python,
    "deno": _deno,
    "privileged": _privileged,
    "isolate": _isolate,
    "env": _env,
    "xargs": run_items,
    "alias": _alias,
    "eval": _eval,
    "multiplexer": _multiplexer,
    "parallel": _parallel,
    "set": _set,
    "recipes": _recipes,
    "joined": _joined,
    "each": _each,
    "hands-over": _hands_over,
    "trap": _trap,
    "export": _export,
    "kill": _kill,
    "database": _database,
    "editor": _editor,
    "scripts": _scripts,
    "pip": _scripts,
    **CONTAINER_SPECIALS,
    **FILE_SPECIALS,
    **GIT_SPECIALS,
    **HOSTED_SPECIALS,
    **NETWORK_SPECIALS,
    **PROCESS_SPECIALS,
}
