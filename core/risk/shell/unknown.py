"""Rules for programs that no table describes: what the words themselves say they do."""

import re
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.arguments import check_code, check_command_value
from core.risk.shell.catalog import look_up
from core.risk.shell.handed import commands_in
from core.risk.shell.options import tail
from core.risk.shell.printed import printed_by, said_by
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Word
from core.risk.shell.targets import is_scratch, is_shell_name, program_in, shell_in

_SUBCOMMANDS: Final = 3  # how many leading words can be verbs
_SENDS: Final = frozenset({"upload", "publish", "push", "put", "send", "exfil", "share", "tunnel"})
_PAYS: Final = re.compile(  # as one word with what is paid, and to whom
    r"^(?:send|pay|transfer|withdraw)(?:to\w*|many|all|coins?|payments?|raw\w*|funds?|money|invoice|req)$"
)
_PAYS_FIRST: Final = frozenset({"pay", "transfer", "withdraw"})  # as sub-commands; else just nouns
_COMPOUND: Final = re.compile(
    r"^(?P<verb>delete|destroy|wipe|purge|erase|terminate|send|upload|publish|pay|transfer|withdraw)"
    r"(?:-[a-z]+)+$"
)
_ERASES: Final = frozenset(
    {"destroy", "delete", "wipe", "purge", "erase", "terminate", "drop", "nuke", "shred", "reset"}
)
_SENDING: Final = frozenset({"--broadcast"})  # a transaction, which nobody can call back
_ERASING: Final = frozenset({"--delete", "--destroy", "--purge", "--wipe"})
_LISTENS: Final = re.compile(r"^--?(?:[\w-]*listen[\w-]*|www\b[\w-]*|share|tunnel|expose)(?:=|$)")
_RUNS: Final = re.compile(
    r"^--?(?:[\w-]*(?:command|exec\w*|hook|shell|pager|editor|program|rsh|cmd|callback|handler"
    r"|askpass|script|run|eval)|c|e|x)$"
)
_LOADS: Final = re.compile(
    r"^--?[\w-]*(?:plugin|module|librar|lib|engine|load|script|extension|preload|agent|custom|dir"
    r"|config|conf|rc|init|filter|driver)[\w-]*(?:[=:]|$)"
)
_OPTION_MAX: Final = 256  # characters; no option is longer
_CLUSTERED: Final = re.compile(r"^-[a-zA-Z]*[iU][a-zA-Z]*$")
_MOUNTS_ALL: Final = re.compile(r"(?:^|,)(?:source|src)=/,")
_COMMAND_KEY: Final = re.compile(
    r"(?:^|[.\-_])(?:shell|editor|pager|command|program|hooks?|askpass|browser|terminal)(?:[.\-_]|$)",
    re.IGNORECASE,
)
_NATIVE: Final = re.compile(r"(?:^|[=:/.])[\w./~-]*\.(?:so|dylib|dll)(?:[.\d]*)$")
_PACKAGE: Final = re.compile(r"\.(?:deb|rpm|apk|ipk|snap|flatpak|pkg|t[gx]z|whl|gem|vsix|msi)$")
_INSTALLS: Final = frozenset({"install", "localinstall", "add", "reinstall", "update", "upgrade"})
_SECRET_WORD: Final = re.compile(
    r"^(?:[\w-]+[-:])?(?:secrets?|passwords?|passwds?|credentials?|private[-_]?keys?|api[-_]?keys?"
    r"|(?:access|identity|auth|refresh)[-_]tokens?)(?:[-/:][\w/.:-]+)?$"
    r"|^(?:dump|export|reveal)[-_]?(?:priv(?:ate)?[-_]?key|wallet|mnemonic|seed)s?$"
)
_READS: Final = frozenset({"get", "show", "read", "print", "export", "dump", "fetch", "reveal"})


def check_unknown(review: Review, call: Call) -> None:
    """Judge a call of a program without a row by the shape of its arguments."""
    words = call.arguments
    verbs = [word for word in words if not word.text.startswith("-")][:_SUBCOMMANDS]
    _check_verbs(review, call, verbs)
    inner = commands_in(review.catalog, words)
    for command in inner:
        review.run(call.inner(command))
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else None
        _check_option(review, call, word, following)
        if not any(word is command[0] for command in inner):
            _check_shell(review, call, index, word)
    _check_fed(review, call)


def _check_verbs(review: Review, call: Call, verbs: list[Word]) -> None:
    flagged = bool(call.arguments) and call.arguments[0].text.startswith("-")
    for index, word in enumerate(verbs):
        text = word.text
        leads = index <= flagged  # behind an option, the first word may be its value
        verb = _verb_of(text) if leads else text
        if index < _SUBCOMMANDS - 1 and _gives_away(verb, leads=leads):
            review.external = True
            review.note("sends-data", RiskLevel.MEDIUM, f"{call.name} {text} sends it away.", word)
        elif verb in _ERASES and index < _SUBCOMMANDS - 1:
            review.irreversible = True
            review.note("erases", RiskLevel.MEDIUM, f"{call.name} {text} removes things.", word)
        elif _SECRET_WORD.match(text) or (
            index and verbs[index - 1].text in _READS and "secret" in text
        ):
            review.note(
                "asks-for-secret", RiskLevel.MEDIUM, f"Asks {call.name} for a secret.", word
            )
    if len(verbs) > 1 and verbs[0].text == "attach" and verbs[1].text.isdecimal():
        review.note_attached(verbs[1])
    _check_package(review, call, verbs)


def _verb_of(text: str) -> str:
    """`delete` of `delete-project`."""
    found = _COMPOUND.match(text)
    return found["verb"] if found is not None else text


def _gives_away(verb: str, *, leads: bool) -> bool:
    """Data, or money."""
    return verb in _SENDS or (leads and verb in _PAYS_FIRST) or _PAYS.match(verb) is not None


def _check_package(review: Review, call: Call, verbs: list[Word]) -> None:
    first = call.arguments[0].text if call.arguments else ""
    if (verbs and verbs[0].text in _INSTALLS) or _CLUSTERED.match(first):
        for word in verbs:
            if _PACKAGE.search(word.text):
                review.note(
                    "installs-local-package",
                    RiskLevel.MEDIUM,
                    "A package's own scripts run with all rights.",
                    word,
                )


def _check_option(review: Review, call: Call, word: Word, following: Word | None) -> None:
    text = word.text[:_OPTION_MAX]
    if _MOUNTS_ALL.search(text):
        review.note("escapes-container", RiskLevel.HIGH, "Gives away the whole file system.", word)
    if not text.startswith("-"):
        return
    if _LISTENS.match(text):
        review.external = True
        review.note(
            "opens-listener", RiskLevel.MEDIUM, f"{call.name} may let others connect.", word
        )
    if text in _SENDING:
        review.external = True
        review.note("sends-data", RiskLevel.MEDIUM, f"{call.name} {text} sends it away.", word)
    if text in _ERASING:
        review.irreversible = True
        review.note("erases", RiskLevel.MEDIUM, f"{call.name} {text} removes things.", word)
    value = text.partition("=")[2] or (following.text if following is not None else "")
    if _LOADS.match(text) and (is_scratch(value) or "/" in value) and _is_foreign(value):
        review.note(
            "loads-code", RiskLevel.MEDIUM, f"{call.name} may load {value} and run it.", word
        )
    elif _NATIVE.search(text) or (following is not None and _NATIVE.search(following.text)):
        if not text.startswith(("-o", "--out")):
            review.note("loads-code", RiskLevel.MEDIUM, f"{call.name} may load it.", word)
    elif _RUNS.match(text) and following is not None:
        _check_value(review, call, word, following)


def _is_foreign(value: str) -> bool:
    return is_scratch(value.rpartition(":")[2]) or _NATIVE.search(value) is not None


def _check_value(review: Review, call: Call, word: Word, value: Word) -> None:
    """An option that often holds a command: judged as one when it starts with a known program."""
    first = value.text.split(maxsplit=1)[0] if value.text.strip() else ""
    if " " in value.text and look_up(review.catalog, first) is not None:
        check_command_value(review, value, by=f"{call.name} {word.text}")


def _check_shell(review: Review, call: Call, index: int, word: Word) -> None:
    before = call.arguments[index - 1].text if index else "--"
    if is_shell_name(word.text) and before == "--":
        review.note("starts-shell", RiskLevel.MEDIUM, f"Hands a shell to {call.name}.", word)


def _check_fed(review: Review, call: Call) -> None:
    """Text that an unknown program is given on its standard input."""
    fed = _fed_text(call)
    if not fed:
        return
    word = Word(fed, call.span) if call.fed_by is not None else call.document
    check_code(review, word, by=call.name)
    if (program_in(fed) or shell_in(fed)) and "\n" not in fed.strip():
        review.note(
            "names-program",
            RiskLevel.MEDIUM,
            f"Hands another program to {call.name}, which may run it.",
            word,
        )


def _fed_text(call: Call) -> str | None:
    if call.fed_by is None:
        return call.heredoc
    return said_by(call.fed_by) or printed_by(call.fed_by)


def check_setting(review: Review, call: Call) -> None:
    """Judge `config set KEY VALUE` of any program, where the key names a command."""
    words = call.arguments
    texts = [word.text for word in words[:4]]
    if texts[:2] == ["pkg", "set"]:
        for word in words[2:]:
            name, _, value = word.text.partition("=")
            if value and name.startswith("scripts."):
                review.run_text(tail(word, len(name) + 1))
    if "set" not in texts or "config" not in texts:
        return
    rest = words[texts.index("set") + 1 :]
    if len(rest) > 1 and _COMMAND_KEY.search(rest[0].text):
        check_command_value(review, rest[1], by=f"{call.name} {rest[0].text}")
