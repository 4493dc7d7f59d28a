"""What only git does: commands in its settings, work that is lost, work that leaves."""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.arguments import check_command_value, check_script_value
from core.risk.shell.catalog import Row
from core.risk.shell.fetched import remember_clone
from core.risk.shell.options import Reading, tail
from core.risk.shell.review import Review
from core.risk.shell.sources import names_another_source
from core.risk.shell.syntax import Call, Word
from core.risk.shell.targets import is_url

_COMMANDS: Final = re.compile(
    r"^(?:core\.(?:pager|editor|sshcommand|hookspath|fsmonitor|askpass|gitproxy|attributesfile)"
    r"|alias\.\S+|pager\.\S+|diff\.\S*(?:external|command|textconv)|merge\.\S+\.driver"
    r"|(?:diff|merge)tool\.\S+|filter\.\S+|credential\.helper|sequence\.editor|gpg\.\S*program"
    r"|protocol\.ext\.allow|include\.path|uploadpack\S*|browser\.\S+|man\.\S+|url\.\S+)(?:=|$)",
    re.IGNORECASE,
)
_TRUSTS: Final = re.compile(  # who stands between git and a server
    r"^https?\.(?:\S+\.)?(?:proxy|sslverify|sslcainfo|sslcapath)(?:=|$)", re.IGNORECASE
)
_ADDRESS: Final = re.compile(  # of a remote, as a setting
    r"^remote\.(?P<name>\S+)\.(?:push)?url(?:=(?P<address>.*))?$", re.IGNORECASE
)
_HELPERS: Final = re.compile(r"^\s*(?:\S*/)?(?:gh|glab|aws|gcloud(?:\.sh)?)\s")
_REMOVES: Final = {
    "clean": ("-f", "-fd", "-fdx", "-xdf", "-xfd", "-df", "--force"),
    "reset": ("--hard",),
    "push": ("--force", "-f", "--mirror", "--delete", "--force-with-lease", "-d"),
    "checkout": ("-f", "--force"),
    "filter-branch": (),
    "reflog": ("expire", "delete"),
    "stash": ("drop", "clear"),
    "update-ref": ("-d",),
}
_READS: Final = frozenset(
    {"status", "log", "diff", "show", "blame", "shortlog", "describe", "rev-parse", "rev-list",
     "ls-files", "ls-tree", "cat-file", "grep", "help", "ls-remote"}
)  # fmt: skip
_SETS: Final = frozenset(
    {"--add", "--edit", "-e", "--remove-section", "--rename-section", "--replace-all", "--unset",
     "--unset-all"}
)  # fmt: skip
_RUN_AFTER: Final = {"bisect": "run", "submodule": "foreach"}  # verb -> what a command follows
_OVER_NETWORK: Final = frozenset({"push", "fetch", "pull", "clone", "ls-remote"})
_ABUSED: Final = frozenset(
    {"--unsafe-paths", "--ext-diff", "--textconv", "-O", "--open-files-in-pager"}
)
_TEXT_OPTION: Final = {  # options whose value some verbs give to a shell
    "-x": ("rebase", "difftool"),
    "-ix": ("rebase",),
    "--extcmd": ("difftool",),
}
_ANOTHER_HOST: Final = re.compile(r"^[\w.-]+@[\w.-]+:|^/|^\.\.?/")


def _git(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    words = call.arguments
    plain = [word for word in reading.positionals if "=" not in word.text]
    verb = plain[0].text if plain else ""
    for index in range(len(words)):
        _check_setting(review, words, index)
        _check_word(review, words, index, verb)
    _keep_address(review, words)
    if verb == "config":
        _check_everybodys(review, call, plain)
    risky = _REMOVES.get(verb)
    if risky is not None and (not risky or any(word.text in risky for word in words)):
        review.irreversible = True
        review.note("erases", RiskLevel.MEDIUM, f"git {verb} loses work this way.", call.span)
    if verb == "clone":
        remember_clone(review, words[words.index(plain[0]) + 1 :])
    if verb == "remote":
        _keep_remote(review, words[words.index(plain[0]) + 1 :])
    if verb == "push":
        _check_push(review, words[words.index(plain[0]) + 1 :])
        _check_new_remote(review, plain)
    elif verb == "credential":
        review.note("asks-for-secret", RiskLevel.HIGH, "Prints stored passwords.", plain[0])
    elif verb in _RUN_AFTER:
        _run_inside(review, call, _RUN_AFTER[verb])
    review.external = review.external or verb in _OVER_NETWORK
    review.changes = review.changes or verb not in _READS


def _check_everybodys(review: Review, call: Call, plain: list[Word]) -> None:
    """`plain`: `config`, the name of a setting, and its value when it is given one."""
    options = {word.text for word in call.arguments if word.text.startswith("-")}
    if "--system" in options and (len(plain) > 2 or options & _SETS):  # noqa: PLR2004
        review.outside_workspace = True
        message = "Changes git's settings for everybody on this machine."
        review.note("writes-system-file", RiskLevel.MEDIUM, message, call.span)


def _run_inside(review: Review, call: Call, after: str) -> None:
    """`bisect run COMMAND` and `submodule foreach COMMAND`, in one word or in several."""
    words = call.arguments
    place = next((index for index, word in enumerate(words) if word.text == after), len(words))
    rest = words[place + 1 :]
    while rest and rest[0].text.startswith("-"):
        rest = rest[1:]
    if len(rest) == 1:
        review.run_text(rest[0])
    elif rest:
        review.run(call.inner(rest))


def _check_word(review: Review, words: tuple[Word, ...], index: int, verb: str) -> None:
    word = words[index]
    if word.text.startswith("ext::"):
        review.note("option-runs-command", RiskLevel.HIGH, "git runs this as transport.", word)
    elif word.text in _ABUSED or (verb == "grep" and word.text.startswith("-O")):
        review.note("dangerous-option", RiskLevel.MEDIUM, f"git {word.text} is abused.", word)
    elif word.text.startswith("--template=") and verb in {"clone", "init"}:
        check_script_value(review, tail(word, len("--template=")), by="git --template")
    elif word.text == "-u" and verb in {"clone", "ls-remote"} and index + 1 < len(words):
        check_command_value(review, words[index + 1], by=f"git {verb} -u")
    elif verb in _TEXT_OPTION.get(word.text, ()) and index + 1 < len(words):
        review.run_text(words[index + 1])
    elif word.text.startswith("--extcmd=") and verb == "difftool":
        review.run_text(tail(word, len("--extcmd=")))


def _check_push(review: Review, words: tuple[Word, ...]) -> None:
    for word in words:
        if not word.text.startswith("-") and (is_url(word.text) or _ANOTHER_HOST.match(word.text)):
            review.note(
                "sends-data", RiskLevel.MEDIUM, "Pushes to a place that is no known remote.", word
            )
        elif word.text.startswith(("+", ":")):
            review.irreversible = True
            review.note("erases", RiskLevel.MEDIUM, "Replaces or removes what others have.", word)


def _keep_remote(review: Review, words: tuple[Word, ...]) -> None:
    """`remote add` ends in name and address; `remote set-url` begins with them."""
    match [word.text for word in words if not word.text.startswith("-")]:
        case ["add", *_, name, address] | ["set-url", name, address, *_]:
            review.remotes[name] = address
        case _:
            pass


def _keep_address(review: Review, words: tuple[Word, ...]) -> None:
    """`config remote.NAME.url ADDRESS` and `-c remote.NAME.url=ADDRESS` do the same."""
    for word, following in pairwise((*words, Word("", words[-1].span)) if words else ()):
        if found := _ADDRESS.match(word.text):
            review.remotes[found["name"]] = found["address"] or following.text


def _check_new_remote(review: Review, plain: list[Word]) -> None:
    """What pushes to an address that the same command gave a name. `plain`: verb, remote, …"""
    name = plain[1].text if len(plain) > 1 else next(iter(review.remotes), "")
    address = review.remotes.get(name, "")
    if is_url(address) or _ANOTHER_HOST.match(address):
        review.note(
            "copies-elsewhere",
            RiskLevel.MEDIUM,
            "Pushes to an address that is made a remote by this very command.",
            plain[-1],
            names_another_source(address) or address,
        )


def _check_setting(review: Review, words: tuple[Word, ...], index: int) -> None:
    word = words[index]
    if word.text.startswith("--config-env="):
        word = tail(word, len("--config-env="))
    trusts = _TRUSTS.match(word.text)
    if not (trusts or _COMMANDS.match(word.text)):
        return
    value = tail(word, word.text.index("=") + 1) if "=" in word.text else None
    if value is None and index + 1 < len(words):
        value = words[index + 1]
    if value is None:
        return
    if trusts:
        if value.text not in {"", "true"}:
            message = "Changes through whom git talks to others, or whom it believes."
            review.note("dangerous-option", RiskLevel.MEDIUM, message, word)
        return
    if word.text.startswith("alias.") and not value.text.startswith("!"):
        return
    if value.text.startswith("!"):
        value = tail(value, 1)
        if word.text.lower().startswith("credential.") and not _HELPERS.match(value.text):
            review.note("asks-for-secret", RiskLevel.HIGH, "Is given git's passwords.", value)
    check_command_value(review, value, by=f"git {word.text.partition('=')[0]}")


GIT_SPECIALS: Final[Mapping[str, Callable[[Review, Call, Row, Reading], None]]] = {"git": _git}
