"""Rules about arguments which hold for every program, also for those without a row."""

import re
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.catalog import Row, look_up
from core.risk.shell.code import (
    erases_data,
    may_act,
    opens_socket,
    plain_commands,
    removes_far_tree,
    shell_escape_in,
    starts_program,
    turns_shell,
)
from core.risk.shell.code_data import places_written, sends_file
from core.risk.shell.hints import Place
from core.risk.shell.options import tail
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Span, Word, stands_in
from core.risk.shell.targets import (
    glob_reach,
    is_disk,
    is_local_url,
    is_scratch,
    is_shell_name,
    is_url,
    program_in,
    raw_address_in,
    reaches_secret,
    secret_in,
    shell_in,
    startup_in,
)
from core.risk.shell.words import (
    check_hunt,
    check_name_carries,
    check_secret_printed,
    check_wording,
)

_LOOKS_ONLY: Final = frozenset({"text", "list"})
_READS_ONLY: Final = frozenset({"text", "list", "read", "search", "inform"})
_NO_WORDING: Final = frozenset({"text", "list", "search"})
_NO_DISK: Final = frozenset({"write-all", "write-last", "inform"})
_NO_ADDRESS: Final = frozenset({"text", "list", "read", "search", "inform", "diagnose"})
_NO_FRESH: Final = _READS_ONLY | {"write-all", "write-last"}
_WORLD_READ: Final = frozenset({"/etc/passwd", "/etc/group", "/etc/hosts", "/etc/profile"})
_HIDING: Final = re.compile(r"\$\{(?:!|\w+:\s*-?\d|\w+@)")
_COMMAND_OPTION: Final = re.compile(
    r"^--?(?:[\w-]*(?:command|exec|hook|shell|pager|editor|program|rsh|cmd|callback|handler|helper"
    r"|askpass|browser|launcher)|on-[\w-]+|(?:pre|post)-[\w-]+)=(?=[./~]*/|\S+\s)"
)
_NAME: Final = re.compile(r"[\w-]*")
_WEB: Final = re.compile(r"https?://[^\s/$`]")  # what such a server is asked for is not here
_KEEPS: Final = frozenset(  # verbs of git for which a file is nothing but its contents
    {
        "add",
        "blame",
        "check-ignore",
        "commit",
        "diff",
        "log",
        "ls-files",
        "rm",
        "show",
        "stage",
        "status",
    }
)
_WRITTEN_MAX: Final = 32  # files written by one command; more are not looked through
_OPTION_MAX: Final = 256  # characters; no option is longer
_ATTACHED: Final = re.compile(r"^(?:--?[\w-]+=|-[A-Za-z]|@|[\w.-]+[=:])(?=[/~.])")

_FETCHES: Final = re.compile(r"(?:\$\(|`)\s*+(?:\S*/)?(?:curl|wget|aria2c|httpie?)\s")


def check_arguments(
    review: Review, call: Call, row: Row | None, handled: tuple[Word, ...] = ()
) -> None:
    """Judge every argument by what it names. The words in `handled` were judged by the row."""
    role = row.role if row is not None else ""
    words = call.arguments
    check_secret_printed(review, call, role)
    if role == "search":
        check_hunt(review, call)
        words = _without_pattern(words)
    for word in words:
        if review.literal and role not in _NO_FRESH and not _is_run(call, word, row):
            review.literal.pop(review.resolve(word.text), None)  # it may be written anew
        short = len(word.text) < 2  # noqa: PLR2004 -- one character can only name a local file
        path = review.resolve(word.text)
        if not short:
            review.check_read(path)
        if short or path.isalnum():  # none of the rest is about a bare name
            if role not in _NO_FRESH and review.written and not stands_in(word, handled):
                check_fresh_argument(review, call, word)
            continue
        _check_secret(review, call, word, path, role)
        _check_form(review, call, word, role)
        if role not in _NO_ADDRESS:
            _check_address(review, word)
        if role not in _READS_ONLY:
            _check_programs(review, call, word, path, row=row, handled=handled)


def _check_form(review: Review, call: Call, word: Word, role: str) -> None:
    if word.dynamic and _HIDING.search(word.text):
        review.note(
            "hidden-argument",
            RiskLevel.MEDIUM,
            "Cuts an argument out of other text, which hides what it is.",
            word,
        )
    if role not in _NO_WORDING:
        check_wording(review, word, by=call.name)
    if role == "diagnose":
        check_name_carries(review, call, word)


def _without_pattern(words: tuple[Word, ...]) -> tuple[Word, ...]:
    for index, word in enumerate(words):
        if word.text in {"-f", "--file"} or word.text.startswith("--file="):
            return words
        if not word.text.startswith("-"):
            return words[:index] + words[index + 1 :]
    return words


def part(word: Word, place: Place) -> Span:
    """The span of a part of a word, or of the whole where its own place is not known."""
    if word.literal_at is None:
        return word.span
    return Span(word.literal_at + place[0], word.literal_at + place[1])


def _check_secret(review: Review, call: Call, word: Word, text: str, role: str) -> None:
    """`text` is the word as the path it may be."""
    if role in _LOOKS_ONLY or _is_target(call, word, role):
        return
    place = secret_in(text)
    if is_disk(text) and role not in _NO_DISK:
        review.note(
            "reads-secret-file", RiskLevel.HIGH, f"Lets {call.name} read a whole disk.", word, text
        )
    elif place is not None or reaches_secret(text):
        span = part(word, place) if place is not None and text == word.text else word.span
        review.note(
            "reads-secret-file",
            RiskLevel.HIGH,
            f"{call.name} is given a place that holds secrets.",
            span,
            text,
        )


def _is_target(call: Call, word: Word, role: str) -> bool:
    """True for what a call writes: the writing itself is judged by the place."""
    if role == "write-last":
        plain = [each for each in call.arguments if not each.text.startswith("-")]
        moved = any(each.text.startswith(("-t", "--target")) for each in call.arguments)
        return len(plain) > 1 and word is plain[-1] and not moved
    return role == "write-all"


def _check_address(review: Review, word: Word) -> None:
    if is_url(word.text):
        local = is_local_url(word.text) and word.text.count("://") == 1
        review.external, review.changes = review.external or not local, review.changes or local
    place = raw_address_in(word.text)
    if place is not None:
        review.external = True
        review.note(
            "raw-network-address",
            RiskLevel.MEDIUM,
            "Talks to a machine known only by its number, or to a drop site.",
            part(word, place),
            word.text[place[0] : place[1]],
        )


def _check_programs(
    review: Review,
    call: Call,
    word: Word,
    text: str,
    *,
    row: Row | None,
    handled: tuple[Word, ...],
) -> None:
    """`text` is the word as the path it may be."""
    if (place := shell_in(text)) or ((reach := glob_reach(text)) and (place := shell_in(reach))):
        span = part(word, place) if text == word.text and word.text[place[0] :] else word.span
        review.note("starts-shell", RiskLevel.HIGH, f"Hands a shell to {call.name}.", span, text)
    writes = row is not None and row.role in {"write-all", "write-last"}
    reads = row is not None and (row.takes_code or row.takes_script) and text in _WORLD_READ
    own = call.name in {"source", "."} and not text.startswith("/")
    if not writes and not reads and not own and startup_in(text) and not _WEB.match(text):
        review.note(
            "touches-startup-file",
            RiskLevel.HIGH,
            f"Lets {call.name} work on a file that is run or trusted later.",
            word,
        )
    if stands_in(word, handled):
        return
    check_code(review, word, by=call.name)
    if not writes and program_in(text) and not (row is not None and row.takes_script):
        review.note(
            "names-program",
            RiskLevel.MEDIUM,
            f"Hands another program to {call.name}, which may run it.",
            word,
        )
    found = _COMMAND_OPTION.match(text[:_OPTION_MAX])
    if found is not None:
        check_command_value(review, tail(word, found.end()), by=f"{call.name} {found[0]}")
    if not writes and review.written:
        check_fresh_argument(review, call, word)


def check_code(review: Review, word: Word, *, by: str, backticks: bool = False) -> None:
    """Judge program text: does it start programs, open sockets, or give a remote shell?"""
    text = word.text
    if _NAME.fullmatch(text) or not may_act(text):  # no program text
        return
    place = opens_socket(text)
    if place is not None and turns_shell(text):
        review.external = True
        review.note(
            "remote-shell", RiskLevel.CRITICAL, "Connects a shell to the network.", word, text
        )
    elif place is not None:
        review.external = True
        review.note(
            "opens-socket",
            RiskLevel.HIGH,
            f"Program text given to {by} opens a network connection.",
            part(word, place),
            text,
        )
    elif sends_file(text):
        review.external = True
        review.note(
            "sends-data",
            RiskLevel.MEDIUM,
            f"Program text given to {by} sends a file or variables.",
            word,
            text,
        )
    if removes_far_tree(text):
        review.irreversible = True
        review.note("erases", RiskLevel.HIGH, f"Program text given to {by} removes files.", word)
    if erases_data(text):
        review.irreversible = True
        review.note("erases", RiskLevel.HIGH, f"Program text given to {by} removes data.", word)
    for path in places_written(text):
        review.check_write(Word(path, word.span), makes=False)
    _check_starts(review, word, by=by, backticks=backticks)


def _check_starts(review: Review, word: Word, *, by: str, backticks: bool) -> None:
    """Judge the programs that program text starts."""
    place = starts_program(word.text, backticks=backticks)
    commands = plain_commands(word.text) if place is not None else None
    for command in commands or ():
        review.run_text(Word(command, word.span))
    if place is not None and commands is None:
        review.note(
            "code-starts-program",
            RiskLevel.HIGH,
            f"Program text given to {by} starts other programs.",
            part(word, place),
            word.text,
        )


def check_escape(review: Review, word: Word, *, by: str) -> None:
    """Judge text for an interactive program: does it leave for a shell?"""
    if place := shell_escape_in(word.text):
        review.note(
            "shell-escape",
            RiskLevel.HIGH,
            f"Leaves {by} for a shell.",
            part(word, place),
            word.text,
        )


def check_command_value(review: Review, word: Word, *, by: str) -> None:
    """Judge a value that a program runs as a command: fine only for a known, harmless program."""
    text = word.text.strip()
    name = text.split(maxsplit=1)[0] if text else ""
    plain = name.isascii() and re.fullmatch(r"[\w.+-]+", name) is not None
    if name and (not plain or is_shell_name(name) or look_up(review.catalog, name) is None):
        review.note(
            "option-runs-command", RiskLevel.HIGH, f"{by} runs the command it is given.", word
        )
    review.run_text(word)


def check_script_value(review: Review, word: Word, *, by: str, row: Row | None = None) -> None:
    """Judge a file of program text that is run. `row`: of the language it is in, when known."""
    local = word.text.partition("file://")[2]
    path = review.resolve(local or word.text)
    text = review.literal_in(path)
    if row is not None and text and _is_read(row, by) and not _is_doubtful(review, path, text):
        _check_literal(review, Word(text, word.span), by=by, row=row)
    elif review.is_fresh(path) or path in review.executable:
        _note_fresh(review, word, by=by)
    elif path in review.built:
        return  # as trusted as the project's own files
    elif is_scratch(path) or word.text.startswith(("<(", "/dev/fd/", "/proc/self/fd")):
        review.note(
            "runs-scratch-file",
            RiskLevel.HIGH,
            f"{by} runs a file from a place that anybody can write.",
            word,
        )
    elif is_url(word.text) or _FETCHES.search(word.text):
        review.external = True
        review.note(
            "runs-download", RiskLevel.HIGH, f"{by} runs program text from the network.", word
        )


def _is_run(call: Call, word: Word, row: Row | None) -> bool:
    """Whether a call runs the program text that `word` names, rather than works on it."""
    runs = row is not None and (row.takes_script or row.special == "shell")
    return runs and word is call.arguments[0]


def _is_read(row: Row, name: str) -> bool:
    """Whether `check_code` knows the language of what a program runs."""
    return row.special == "shell" or name == "pytest" or "code" in row.options.values()


def _is_doubtful(review: Review, path: str, text: str) -> bool:
    """Whether a text may do more than can be seen in it: through another file written here."""
    if len(review.written) > _WRITTEN_MAX:
        return True
    for other, content in review.written.items():
        stem = other.rpartition("/")[2].partition(".")[0]
        if other == path or not stem or stem not in text:
            continue
        if review.literal_in(other) is None or hides_command(content):
            return True
    return path in review.executable or hides_command(text)


def _check_literal(review: Review, word: Word, *, by: str, row: Row) -> None:
    """Judge a script that this command wrote just before, by its own text, and once only."""
    key = (by, review.directory, word.text)
    if key in review.scripts:
        return
    review.scripts.add(key)
    if row.special == "shell":
        review.run_text(word)
    else:
        check_code(review, word, by=by, backticks=row.backticks)
        check_escape(review, word, by=by)


def check_fresh_argument(review: Review, call: Call, word: Word) -> None:
    """Judge an argument that names a file which this command wrote before."""
    found = _ATTACHED.match(word.text)
    path = review.resolve(word.text[found.end() :] if found else word.text)
    if call.name == "git" and call.arguments[0].text in _KEEPS:
        return
    if path in review.executable:
        _note_fresh(review, word, by=call.name)
        return
    for known, content in review.written.items():
        if path and (path == known or known.startswith(path.rstrip("/") + "/")) and content:
            if hides_command(content):
                _note_fresh(review, word, by=call.name)
            return


def _note_fresh(review: Review, word: Word, *, by: str) -> None:
    review.note(
        "uses-fresh-file",
        RiskLevel.HIGH,
        f"{by} uses a file which this same command has just written or downloaded.",
        word,
    )


def hides_command(content: str) -> bool:
    """True when text that is written to a file would start programs or touch what is sensitive."""
    return bool(
        shell_in(content)
        or starts_program(content)
        or program_in(content)
        or secret_in(content)
        or startup_in(content)
        or opens_socket(content)
    )
