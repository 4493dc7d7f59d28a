"""PowerShell's commands, as far as their names tell: a Verb-Noun is no program of another shell.

The grammar here is Bash's. What of PowerShell it cannot read asks; of what it can, the verb of a
cmdlet says whether it changes something, and in PowerShell itself any other unknown name asks.
Verbs: https://learn.microsoft.com/powershell/scripting/developer/cmdlet/approved-verbs-for-windows-powershell-commands
"""

import re
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Span, Word

_CMDLET: Final = re.compile(r"(?P<verb>[A-Za-z]+)-(?P<noun>[A-Za-z]\w*)")
_CHANGES: Final = frozenset(
    {"add", "backup", "block", "checkpoint", "clear", "close", "complete", "compress", "connect",
     "copy", "debug", "deny", "deploy", "disable", "disconnect", "dismount", "edit", "enable",
     "enter", "expand", "export", "grant", "import", "initialize", "install", "invoke", "limit",
     "lock", "mount", "move", "new", "open", "out", "protect", "publish", "receive", "redo",
     "register", "remove", "rename", "repair", "request", "reset", "restart", "restore", "resume",
     "revoke", "save", "send", "set", "start", "stop", "submit", "suspend", "switch", "sync",
     "trace", "unblock", "undo", "uninstall", "unlock", "unprotect", "unpublish", "unregister",
     "update", "use"}
)  # fmt: skip
_READS: Final = frozenset(
    {"compare", "convert", "convertfrom", "convertto", "find", "format", "get", "group", "join",
     "measure", "read", "resolve", "search", "select", "show", "sort", "split", "test", "where",
     "write"}
)  # fmt: skip
_FINE: Final = frozenset(
    {"clear-host", "import-csv", "new-guid", "new-timespan", "out-default", "out-host", "out-null",
     "out-string", "set-location", "start-sleep"}
)  # fmt: skip
_NO_PROGRAM: Final = frozenset({"invoke", "remove"})  # nor the beginning of its name
_WRITES: Final = frozenset(
    {"add-content", "copy-item", "move-item", "new-item", "out-file", "rename-item", "set-content"}
)
_FAR: Final = re.compile(r"[A-Za-z]:|[\\/~$]|\.\.")  # a drive, a share, a root, not known
POWERSHELL: Final = frozenset({"powershell", "pwsh"})  # names of tools that run its commands

_BLOCK: Final = re.compile(r"\{|[=(]\(")
# Quotes and dashes of print are quotes and dashes there, and a backslash is part of a path.
_IN_BASH: Final = str.maketrans(
    "\\\r\u201c\u201d\u201e\u2018\u2019\u201a\u201b\u2013\u2014\u2015", "/\n\"\"\"''''---"
)


def in_bash(text: str) -> str:
    """A text for PowerShell as this grammar reads it, character for character."""
    return text.translate(_IN_BASH)


def check_blocks(review: Review, text: str) -> None:
    """PowerShell runs what stands in braces, wherever that is: `sort { ri $_ }`.

    So it does with `x=(ri y)` and `$((ri y))`, a list and a sum to Bash.
    """
    if found := _BLOCK.search(text):
        message = "Holds a block of PowerShell, which is not read here."
        review.note("unknown-program", RiskLevel.MEDIUM, message, Span(*found.span()), found[0])


def check_cmdlet(review: Review, call: Call) -> None:
    """Judge a call of a program that no table describes, if it is PowerShell's."""
    for word in call.words:
        if _changes(word, any_case=review.powershell) and not _writes_here(review, call, word):
            review.changes = True
            review.note(
                "runs-cmdlet",
                RiskLevel.MEDIUM,
                f"{word.text} changes something, or runs what it is given.",
                word,
            )
            return
    found = _CMDLET.fullmatch(call.name)
    known = found is not None and found["verb"].lower() in _READS | _CHANGES
    if review.powershell and not known:  # a change was judged above
        review.note(
            "unknown-program",
            RiskLevel.MEDIUM,
            "What PowerShell makes of this name is not known here.",
            call.words[0],
        )


def _changes(word: Word, *, any_case: bool) -> bool:
    """Without `any_case`, small letters are a program's, such as `update-grub`."""
    found = _CMDLET.fullmatch(word.text)
    if found is None or found["verb"].lower() not in _CHANGES or word.text.lower() in _FINE:
        return False
    cased = found["verb"][0].isupper() and found["noun"][0].isupper()
    return cased or any_case or found["verb"] in _NO_PROGRAM


def _writes_here(review: Review, call: Call, word: Word) -> bool:
    """True for a file that is written below the folder which the command runs in."""
    if word is not call.words[0] or word.text.lower() not in _WRITES:
        return False
    places = [each for each in call.arguments if not each.text.startswith("-")]
    if any(each.dynamic or _FAR.match(each.text) for each in places):
        return False
    for each in places:
        review.check_write(each)
    return True
