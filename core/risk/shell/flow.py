"""Rules about what surrounds a program: redirections, pipes and later lines."""

import re
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.arguments import (
    check_code,
    check_escape,
    check_script_value,
    hides_command,
    part,
)
from core.risk.shell.catalog import Row, look_up
from core.risk.shell.options import Reading
from core.risk.shell.printed import printed_by, said_by
from core.risk.shell.review import FETCHED, SHELL_COPY, Review
from core.risk.shell.syntax import Call, Word, stands_in
from core.risk.shell.targets import (
    is_critical,
    is_home,
    is_scratch,
    is_shell_name,
    is_system,
    names_secret,
    raw_address_in,
    shell_in,
    startup_in,
    without_shebang,
)

_ESCAPE_NAME: Final = re.compile(r"^(?::?\\?!|\\!|:[a-z!]|\.(?:shell|system)\b|~!|:r?!)")
_PLAIN_NAME: Final = re.compile(r"^[\w./~+-]+$")
_ANY_SHELL: Final = re.compile(r"^[a-z]{0,5}sh$")
_GLOB: Final = re.compile(r"[*?\[]")
_ODD_NAME: Final = re.compile(r"[,;|&<>()\n]|\s-")
_DECODERS: Final = frozenset(
    {"base64", "base32", "xxd", "openssl", "rev", "tr", "gzip", "gunzip", "zcat", "uudecode", "hex"}
)
_FROM_INPUT: Final = re.compile(r"-[a-z]*s")  # `sh -s -- ARGUMENTS`
_UPSTREAM_MAX: Final = 8
STANDARD_INPUT: Final = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})


def check_redirects(review: Review, call: Call) -> None:
    """Judge where a call's input comes from and where its output goes."""
    for redirect in call.redirects:
        target = redirect.target
        if target.text.startswith(("/dev/tcp/", "/dev/udp/")):
            review.external = True
            shell = is_shell_name(call.name.rpartition("/")[2]) or call.name == "exec"
            review.note(
                "remote-shell" if shell else "opens-socket",
                RiskLevel.CRITICAL if shell else RiskLevel.HIGH,
                "Connects the command to another machine.",
                target,
            )
        elif redirect.writes:
            content = _content(call)
            _write(review, call, target, content, appends=redirect.operator.endswith(">>"))
            _check_content(review, target, content)
        elif "<" in redirect.operator and names_secret(review.resolve(target.text)):
            review.note("reads-secret-file", RiskLevel.HIGH, "Reads a secret file.", target)


def _content(call: Call) -> str:
    return "\n".join(filter(None, map(_own_content, (*call.beside, call))))


def _own_content(call: Call) -> str:
    if call.heredoc:
        return without_shebang(call.heredoc)
    source: Call | None = call
    for _ in range(_UPSTREAM_MAX):
        if source is None:
            break
        if source.name in {"curl", "wget"}:
            return FETCHED
        if text := printed_by(source) or said_by(source):
            return without_shebang(text)
        source = source.fed_by
    return ""


_COPIERS: Final = frozenset({"cat", "tee"})


def _literal(call: Call) -> str | None:
    """What `call` writes, when that stands in the command as it will stand in the file."""
    source = call.fed_by if call.fed_by is not None and call.name in _COPIERS else call
    if call.beside or source.beside:
        return None
    if source.heredoc:
        other = any(redirect.operator.startswith("<") for redirect in source.redirects)
        plain = source.heredoc_literal and not other
        copies = source.name == "tee" or (source.name == "cat" and not source.arguments)
        return without_shebang(source.heredoc) if plain and copies else None
    printed = printed_by(source) if source.name == "echo" else None
    if printed is None or any(word.text[:1] == "-" or "\\" in word.text for word in source.words):
        return None
    return printed


def _write(review: Review, call: Call, target: Word, content: str, *, appends: bool) -> None:
    """Judge a file that is written, and remember its text where the command tells it."""
    path = review.resolve(target.text)
    before = review.literal_in(path) if appends else ""
    if appends and path not in review.written and not is_scratch(path):
        before = ""  # what the project holds is as trusted as it was
    review.check_write(target, content=content)
    added = _literal(call)
    if before is not None and added is not None and path in review.written and not target.dynamic:
        review.written[path] = review.literal[path] = f"{before}\n{added}" if before else added


_SCRIPT_SUFFIXES: Final = (
    ".sh", ".bash", ".zsh", ".md", ".rst", ".txt", ".yml", ".yaml", ".jsonl", ".csv", "Dockerfile",
)  # fmt: skip


def _check_content(review: Review, target: Word, content: str) -> None:
    """A shell's path in a file that is no script: a program will be made to start it."""
    if target.text.endswith(_SCRIPT_SUFFIXES) and not is_scratch(target.text):
        return
    if shell_in(content) and hides_command(content):
        review.note(
            "writes-hidden-command",
            RiskLevel.HIGH,
            f"Writes a command that starts a shell into {target.text}.",
            target,
            content,
        )


def check_tee(review: Review, call: Call, words: tuple[Word, ...]) -> None:
    """Judge files that a call writes with what it is fed."""
    content = _content(call)
    appends = any(word.text.startswith("-") for word in call.arguments)
    for word in words:
        _write(review, call, word, content, appends=appends)
        _check_content(review, word, content)


def check_name(review: Review, call: Call, row: Row | None) -> bool:
    """Judge the program's own name. Returns False when nothing more can be said of the call."""
    word = call.words[0]
    text = word.text
    keys = row is None and len(text) == 1 and not call.arguments
    keys = keys or (shell_in(text) is not None and not _PLAIN_NAME.match(text))
    if call.after_newline and (keys or _ESCAPE_NAME.match(text)):
        review.note(
            "shell-escape",
            RiskLevel.HIGH,
            "A later line looks like a command typed into the program before it.",
            call.span,
            text,
        )
        return True
    if word.dynamic or _ODD_NAME.search(text) or ("/" in text and _GLOB.search(text)):
        review.note(
            "unknown-program",
            RiskLevel.MEDIUM,
            "Which program runs is known only when it runs.",
            word,
        )
        return False
    path = review.resolve(text)
    if startup_in(path):
        review.note(
            "touches-startup-file",
            RiskLevel.HIGH,
            "Runs a file of the system's own start-up.",
            word,
        )
    if review.is_fresh(text) or (is_scratch(path) and "/" in text):
        check_script_value(review, word, by="The command")
        content = review.written.get(path, "")
        if content == FETCHED:
            review.note("runs-download", RiskLevel.HIGH, "Runs what it has just downloaded.", word)
    elif row is None and not call.arguments and _ANY_SHELL.match(text) and call.fed_by is None:
        review.note("opens-interpreter", RiskLevel.MEDIUM, f"{text} looks like a shell.", word)
    return True


def check_prompt(review: Review, call: Call, row: Row, reading: Reading) -> None:
    """Judge an interpreter by where its program text comes from."""
    ran = any(
        hit.kind in {"code", "script", "quiet", "run"} and not _is_input(hit.value)
        for hit in reading.hits
    )
    verbs = [hit.word for hit in reading.hits]
    given = [
        word for word in reading.positionals if not stands_in(word, verbs) and not _is_input(word)
    ]
    if row.special == "shell" and any(_FROM_INPUT.match(word.text) for word in reading.flags):
        given = []  # what stands there is for the script that is read
    fed = call.fed_by is not None or call.heredoc
    if ran or given or reading.rest or reading.informs or not (row.prompt or fed):
        return
    printed = printed_by(call.fed_by) if call.fed_by is not None else call.heredoc
    if call.fed_by is not None and (row.special == "shell" or not printed):
        _check_fed(review, call)
    elif printed:
        word = Word(printed, call.span) if call.fed_by is not None else call.document
        if row.special == "shell":
            review.run_text(word)
        else:
            if printed.startswith(("$(", "`")):
                review.note(
                    "unknown-program",
                    RiskLevel.MEDIUM,
                    f"{call.name} runs text that is known only when it runs.",
                    word,
                )
            check_code(review, word, by=call.name, backticks=row.backticks)
            check_escape(review, word, by=call.name)
    else:
        _check_input(review, call, row)


def reads_input(reading: Reading) -> bool:
    """True when the file that a call is given is its standard input."""
    return any(map(_is_input, reading.positionals))


def _check_input(review: Review, call: Call, row: Row) -> None:
    """Judge the file that an interpreter is given as its input. `<&3` is no file."""
    files = [redirect.target for redirect in call.redirects if redirect.operator == "<"]
    if not files:
        review.note(
            "opens-interpreter",
            RiskLevel.MEDIUM,
            f"{call.name} waits for commands that nobody has judged.",
            call.span,
        )
    for target in files if row.takes_script or row.special == "shell" else ():
        check_script_value(review, target, by=call.name, row=row)


def _is_input(word: Word | None) -> bool:
    return word is not None and word.text in STANDARD_INPUT


def _check_fed(review: Review, call: Call) -> None:
    level = RiskLevel.HIGH
    message = f"Pipes text into {call.name}, which runs it."
    source = call.fed_by
    for _ in range(_UPSTREAM_MAX):
        if source is None:
            break
        row = look_up(review.catalog, source.name)
        fetches = (row is not None and row.special == "fetch") or source.name in {"nc", "ncat"}
        if fetches and any(raw_address_in(word.text) for word in source.arguments):
            level, message = RiskLevel.CRITICAL, "Runs what an unnamed machine sends."
        elif source.name in _DECODERS and printed_by(source) is not None:
            level, message = RiskLevel.CRITICAL, "Runs text that was encoded to hide it."
        printed = printed_by(source)
        if printed is not None:
            review.run_text(Word(printed, source.span))
        elif source.name == "cat" and source.heredoc and not source.arguments:
            review.run_text(source.document)
        source = source.fed_by
    review.note("pipes-into-interpreter", level, message, call.span)


def check_move(review: Review, sources: tuple[Word, ...], target: Word) -> None:
    """Judge copying, moving and linking: what is taken, and where it goes."""
    content = ""
    for source in sources:
        path = review.resolve(source.text)
        if shell_in(path):
            content = SHELL_COPY
            place = shell_in(source.text)
            review.note(
                "copies-shell",
                RiskLevel.HIGH,
                "Puts a shell where another program may start it.",
                part(source, place) if place else source,
            )
        content = content or review.written.get(path, "")
    review.check_write(target, content=content)


def check_sources_leave(review: Review, sources: tuple[Word, ...]) -> None:
    """Judge files that a move takes away from where they are."""
    for source in sources:
        path = review.resolve(source.text)
        if is_critical(path) or is_system(path) or is_home(path):
            review.note(
                "writes-system-file", RiskLevel.HIGH, f"Takes {path} away from its place.", source
            )
        else:
            review.check_write(source, makes=False)
