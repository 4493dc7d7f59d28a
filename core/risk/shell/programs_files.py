"""What only one program or family does: files, archives, services, the system."""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise, takewhile
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.catalog import Row
from core.risk.shell.flow import check_move, check_sources_leave
from core.risk.shell.options import Reading, tail
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Word
from core.risk.shell.targets import finds_secrets, is_critical, is_home, is_system, is_url

_SETUID: Final = re.compile(r"^(?:[ugoa]*[+=][rwxX]*s|0?[2-7][0-7]{3}$)")
_ROOTS: Final = frozenset({"/", "/*", "*/", "/."})
_PROTECTS: Final = re.compile(r"^(?:0?[0-7]00|[go]{1,2}[-=][rwx]*|u[+-=][rwx]+)$")
_ROOT_GLOB: Final = re.compile(r"^/[^/]*[*?\[{$][^/]*/?$")
_ELSEWHERE: Final = re.compile(r"^(?:~|\$\{?HOME\}?|/home/[^/]+|/Users/[^/]+|\.\.)/")
_REMADE: Final = re.compile(r"cache|/node_modules\b", re.IGNORECASE)  # made again when missed


def _copy(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    words = reading.positionals
    directory = reading.first("write")
    if directory is not None and directory.value is not None:
        check_move(review, words, directory.value)
    elif len(words) > 1:
        check_move(review, words[:-1], words[-1])
    if call.name == "mv":
        check_sources_leave(review, words[:-1])
    if call.name == "install":
        for word in call.arguments:
            if _SETUID.match(word.text.removeprefix("-m").removeprefix("--mode=")):
                _note_setuid(review, word)


def _note_setuid(review: Review, word: Word) -> None:
    review.note(
        "changes-privilege",
        RiskLevel.HIGH,
        "Lets a program run with its owner's rights.",
        word,
    )


def _remove(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    review.changes = True
    review.irreversible = True
    recursive = any(
        word.text in {"--recursive", "--no-preserve-root"}
        or (not word.text.startswith("--") and re.search("[rR]", word.text))
        for word in reading.flags
    )
    for word in reading.positionals:
        path = review.resolve(word.text)
        top = path.startswith("/") and path.rstrip("/*").count("/") <= 1
        if is_critical(path) or (
            recursive and (_is_whole(path) or (top and is_system(path.rstrip("/*") or "/")))
        ):
            review.outside_workspace = True
            review.note(
                "erases-everything",
                RiskLevel.CRITICAL,
                f"Removes {path} and all below it.",
                word,
            )
        elif recursive and (review.is_here(path) or path.endswith((".git", ".git/"))):
            review.note("erases", RiskLevel.MEDIUM, "Removes all work that is here.", word)
        elif recursive and _is_peoples(review, word):
            review.outside_workspace = True
            review.note(
                "erases", RiskLevel.MEDIUM, "Removes a tree outside the place of work.", word
            )
        elif recursive and word.dynamic and path[:1] == "$" and not review.is_temporary(word.text):
            review.note(
                "erases", RiskLevel.MEDIUM, "Removes a tree whose place is not known yet.", word
            )
        else:
            review.check_write(word)
            review.written.pop(path, None)
    if call.name != "rm" and not review.findings:
        review.note("erases", RiskLevel.MEDIUM, "Wipes files beyond recovery.", call.span)


def _is_peoples(review: Review, word: Word) -> bool:
    """What lies in a home or above here, while nobody said where the work is."""
    path = word.text if word.text.startswith("..") else review.resolve(word.text)
    elsewhere = review.workspace is None and _ELSEWHERE.match(f"{path}/") is not None
    return elsewhere and not _REMADE.search(path)


def _is_whole(path: str) -> bool:
    return path in _ROOTS or is_home(path) or _ROOT_GLOB.match(path) is not None


def _mode(review: Review, _call: Call, _row: Row, reading: Reading) -> None:
    modes = (*reading.flags, *reading.positionals[:1])
    files = reading.positionals
    if files and re.match(r"^(?:[0-7]+$|[ugoa]*[-+=])", files[0].text):
        files = files[1:]
    for word in modes:
        if _SETUID.match(word.text):
            _note_setuid(review, word)
        if re.match(r"^(?:[ugoa]*[+=][rwX]*x|0?[0-7]*[1357][0-7]*$)", word.text):
            review.executable.update(
                review.resolve(file.text) for file in files if review.is_fresh(file.text)
            )
    protects = bool(modes) and _PROTECTS.match(modes[-1].text) is not None
    for file in files:
        if not protects or is_system(review.resolve(file.text)):
            review.check_write(file, makes=False)


def _owner(review: Review, _call: Call, _row: Row, reading: Reading) -> None:
    for word in reading.positionals[1:]:
        review.check_write(word, makes=False)


def _dd(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    for word in call.arguments:
        if word.text.startswith("of="):
            target = tail(word, 3)
            if target.text.startswith("/dev/") and is_system(target.text):
                review.irreversible = True
            review.check_write(target)


_FIND_RUNS: Final = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_FIND_NAMES: Final = frozenset({"-name", "-iname", "-path", "-wholename", "-regex"})
_LISTS: Final = re.compile(
    r"^(?:ls|stat|echo|printf|chmod|chown|rm|test|basename|dirname|file|du)$"
)
# Tests that leave all files to be found, and words that let in what no test names.
_FIND_ALL: Final = frozenset(
    {"-delete", "-depth", "-type", "-mindepth", "-maxdepth", "-xdev", "-mount", "-print", "-H",
     "-L", "-prune"}
)  # fmt: skip
_FIND_LOOSE: Final = frozenset({"-o", "-or", "!", "-not", ","})
_CURRENT: Final = frozenset({".", "./", "*", "./*"})
_FIND_LEADS: Final = re.compile(r"-(?:[HLP]|O\d|D\w*)$")  # stand before the places
_STARTS_MAX: Final = 8  # places that a command is judged for, one by one
_FIND_WRITES: Final = frozenset({"-fprint", "-fprint0", "-fprintf", "-fls"})


def _find(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    words = call.arguments
    starts, tests = _read_search(call)
    narrow = _is_narrow(tests)
    hunted = call.feeds
    for index, word in enumerate(words):
        if word.text in _FIND_RUNS:
            inner = tuple(takewhile(lambda each: each.text not in {";", "+"}, words[index + 1 :]))
            if inner:
                _run_found(review, call, inner, starts, narrow=narrow)
                hunted = hunted or not _LISTS.match(inner[0].text)
        elif word.text in _FIND_WRITES and index + 1 < len(words):
            review.check_write(words[index + 1])
        elif word.text == "-delete":
            review.irreversible = True
            review.changes = True
            for start in starts:
                _delete_found(review, start, word, chosen=bool(tests))
    _check_hunt(review, words, opened=hunted)


def _read_search(call: Call) -> tuple[tuple[Word, ...], set[str]]:
    """Where `find` looks, and the tests that tell some of what is there from the rest."""
    words = call.arguments
    first = sum(1 for _ in takewhile(_FIND_LEADS.match, (word.text for word in words)))
    starts = tuple(takewhile(_is_start, words[first:])) or (Word(".", call.span),)
    asked = tuple(takewhile(lambda word: word.text not in _FIND_RUNS, words[first:]))
    for option, word in pairwise(asked):
        if option.text in _FIND_NAMES and not word.text.strip("*?./"):
            return starts, set()  # a name that everything has
    return starts, {word.text for word in asked if not _is_start(word)} - _FIND_ALL


def _is_narrow(tests: set[str]) -> bool:
    return bool(tests) and tests.isdisjoint(_FIND_LOOSE)


def found_before(call: Call) -> tuple[Word, ...]:
    """The places whose files a pipeline hands to `call`, where `find` or `ls` begins it."""
    source, narrow = call.fed_by, False
    while source is not None and source.fed_by is not None:
        source, narrow = source.fed_by, True  # a stage between leaves some out
    if source is None or source.name not in {"find", "ls"}:
        return ()
    if source.name == "find":
        starts, tests = _read_search(source)
        narrow = narrow or _is_narrow(tests)
    else:
        plain = tuple(word for word in source.arguments if not word.text.startswith("-"))
        starts = plain or (Word(".", call.span),)
    return tuple(
        Word("./found", call.span) if narrow and start.text in _CURRENT else start
        for start in starts[:_STARTS_MAX]
    )


def _run_found(
    review: Review, call: Call, inner: tuple[Word, ...], starts: tuple[Word, ...], *, narrow: bool
) -> None:
    """What `-exec` runs, for each place; `narrow`: not all that is there is found."""
    if "{}" in inner[0].text:
        review.note("unknown-program", RiskLevel.HIGH, "Runs what it finds.", inner[0])
    for start in starts[:_STARTS_MAX]:
        place = "./found" if narrow and start.text in _CURRENT else start.text
        review.run(call.inner(tuple(_found(each, place) for each in inner)))


def _is_start(word: Word) -> bool:
    """True for a place to look in; what is looked for starts with a dash, a bracket or "!"."""
    return word.text[:1] not in {"-", "(", ")", "!", ","}


def _delete_found(review: Review, start: Word, word: Word, *, chosen: bool) -> None:
    path = review.resolve(start.text)
    if _is_whole(path) or (is_system(path) and not review.is_own(path)):
        review.note("erases-everything", RiskLevel.CRITICAL, f"Removes files in {path}.", word)
    elif _is_peoples(review, start) or (start.dynamic and path.startswith("$")):
        review.note("erases", RiskLevel.MEDIUM, f"Removes files in {path}.", word)
    elif review.is_here(path) and not chosen:
        review.note("erases", RiskLevel.MEDIUM, "Removes all work that is here.", word)
    else:
        review.check_write(start, makes=False)


def _check_hunt(review: Review, words: tuple[Word, ...], *, opened: bool) -> None:
    """A search for secret files whose finds another program opens, or for a way to more rights."""
    for option, word in pairwise(words):
        if option.text == "-perm" and _SETUID.match(word.text.lstrip("-/+")):
            review.note("hunts-rights", RiskLevel.MEDIUM, "Looks for a way to more rights.", word)
        if opened and option.text in _FIND_NAMES and finds_secrets(word.text):
            review.note("hunts-secrets", RiskLevel.HIGH, "Collects files that hold secrets.", word)


def _found(word: Word, place: str) -> Word:
    return Word(word.text.replace("{}", place), word.span) if "{}" in word.text else word


def _tar(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    words = call.arguments
    first = words[0].text if words else ""
    mode = first if re.fullmatch(r"-?[A-Za-z]+", first) else ""
    creates = bool(set(mode) & set("cru")) or any(
        word.text in {"--create", "--append", "--update"} for word in reading.flags
    )
    archive: Word | None = None
    if mode.endswith("f") and len(words) > 1:
        archive = words[1]
    for index, word in enumerate(words):
        if word.text in {"-f", "--file"} and index + 1 < len(words):
            archive = words[index + 1]
        elif word.text.startswith("--file="):
            archive = tail(word, 7)
        elif word.text in {"-P", "--absolute-names"} or "P" in mode:
            review.note(
                "dangerous-option", RiskLevel.MEDIUM, "Lets the archive name any place.", word
            )
    if archive is None:
        return
    if re.match(r"^(?:[\w.-]+@)?[\w.-]+:", archive.text):
        review.external = True
        review.note("sends-data", RiskLevel.HIGH, "The archive is on another machine.", archive)
    elif creates and archive.text != "-":
        review.check_write(archive)
    review.changes = review.changes or "x" in mode


_SED_SUBSTITUTE: Final = re.compile(
    r"s([^\w\s])(?:\\.|(?!\1).)*\1(?:\\.|(?!\1).)*\1([\w]*)", re.DOTALL
)
_SED_RUNS: Final = re.compile(r"(?:^|[;{}\n\d$/!])\s*e(?:\s|;|$)")
_SED_WRITES: Final = re.compile(r"(?:^|[;{}\n\d$/!])\s*[wW]\s*(\S+)")


def _sed(review: Review, _call: Call, _row: Row, reading: Reading) -> None:
    scripts = [hit.value for hit in reading.hits if hit.kind == "code" and hit.value is not None]
    files = reading.positionals
    if not scripts and reading.first("script") is None:
        scripts, files = list(files[:1]), files[1:]
    for script in scripts:
        flags = "".join(found[2] for found in _SED_SUBSTITUTE.finditer(script.text))
        plain = _SED_SUBSTITUTE.sub(";", script.text)
        if "e" in flags or _SED_RUNS.search(plain):
            review.note(
                "code-starts-program", RiskLevel.HIGH, "The script of sed runs commands.", script
            )
        if "w" in flags:
            review.note(
                "dangerous-option", RiskLevel.MEDIUM, "The script of sed writes files.", script
            )
        for found in _SED_WRITES.finditer(plain):
            review.check_write(Word(found[1].rstrip("'\"}"), script.span))
    if any(re.match(r"^(?:-[nEresz]*i|--in-place)", word.text) for word in reading.flags):
        for word in files:
            review.check_write(word)


_SERVICE_LOOKS: Final = frozenset(
    {"status", "is-active", "is-enabled", "is-failed", "list-units", "list-unit-files", "show",
     "cat", "list-timers", "list-sockets", "list-dependencies", "list", "get-default", "help",
     "--version", "--status-all", "--failed", "logs", "ls", "info", "avail", "--list"}
)  # fmt: skip


_SERVICE_VERBS: Final = frozenset(
    {"start", "stop", "restart", "reload", "enable", "disable", "try-restart", "reload-or-restart"}
)


def _service(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    if not any(word.text in _SERVICE_LOOKS for word in (*reading.positionals, *reading.flags)):
        if not reading.positionals:
            return
        review.changes = True
        for word in reading.positionals:
            if "/" in word.text or review.is_fresh(word.text):
                review.note("loads-code", RiskLevel.HIGH, "Makes a file of its own a unit.", word)
        names = [word for word in reading.positionals if word.text not in _SERVICE_VERBS]
        review.note(
            "changes-service",
            RiskLevel.MEDIUM,
            "Starts, stops or changes services.",
            call.span,
            names[0].text if names else "",
        )


def _crontab(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    if [word.text for word in reading.flags if word.text != "-u"] == ["-l"]:
        return
    review.changes = True
    review.note("runs-later", RiskLevel.HIGH, "Makes commands run later, by themselves.", call.span)


def _apt(review: Review, _call: Call, _row: Row, reading: Reading) -> None:
    review.changes = True
    for word in reading.positionals:
        if is_url(word.text) and word.text.endswith(".rb"):
            review.note("runs-download", RiskLevel.MEDIUM, "Installs from the network.", word)
        if re.search(r"\.(?:deb|rpm|apk|pkg\S*|ipk|t[gx]z|snap|flatpak)$", word.text):
            review.note(
                "installs-local-package",
                RiskLevel.HIGH,
                "A package's own scripts run with all rights.",
                word,
            )


def _mount(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    if reading.positionals:
        review.changes = True
        review.note("changes-system", RiskLevel.HIGH, "Puts a file system in place.", call.span)


def _firewall(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    if not any(
        re.match(r"^(?:-[nvt]*[LS]|--list|list|--state|--get|-V|--version)", word.text)
        for word in call.arguments
    ):
        review.changes = True
        review.note("changes-system", RiskLevel.HIGH, "Changes the firewall.", call.span)


def _assigns(review: Review, _call: Call, _row: Row, reading: Reading) -> None:
    for word in reading.positionals:
        if "=" in word.text:
            review.changes = True
            review.note("changes-system", RiskLevel.HIGH, "Changes the running system.", word)


FILE_SPECIALS: Final[Mapping[str, Callable[[Review, Call, Row, Reading], None]]] = {
    "copy": _copy,
    "remove": _remove,
    "mode": _mode,
    "owner": _owner,
    "dd": _dd,
    "find": _find,
    "tar": _tar,
    "sed": _sed,
    "systemctl": _service,
    "service": _service,
    "crontab": _crontab,
    "apt": _apt,
    "mount": _mount,
    "firewall": _firewall,
    "assigns": _assigns,
}
