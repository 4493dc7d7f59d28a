"""How long a text could keep the parser busy, told before it is parsed."""

import re
from typing import Final

_SIMPLE_MAX: Final = 1_000  # characters
_COST_MAX: Final = 20_000_000  # characters squared
_HEREDOC_LINE: Final = re.compile(
    r"^[\w\s./|>&;=~,:@%+-]*<<-?[ \t]*(['\"]?)(\w+)\1[\w \t./|>&~-]*$"
)
_QUOTED: Final = re.compile(r"'[^']*'|\"(?:[^\"\\$`]|\$\w)*\"")
_QUOTE: Final = re.compile(r"['\"`]|\\$")
_DOUBTFUL: Final = re.compile(
    r"['\"`\\#]|<<|\[\[|\(\(|=~"
)  # after these, a bracket may be in order
_CALL: Final = re.compile(
    r"(?<![\w.-])(?!(?:if|then|elif|else|while|until|do|in|time|coproc)\()[\w.-]*+(?<=\w)\((?!\s*\))"
)
_LOOP: Final = re.compile(r"(?:^|[;&|])\s*+(?:while|until) ")
_DO: Final = re.compile(r"\bdo\b")


def is_costly(text: str) -> bool:
    """True when errors in `text` could keep the parser busy for more than about half a second.

    Recovery looks at all the text that is left at each step: the time grows with the commands
    times the length. Bodies of here-documents are no commands, where it is certain that they
    are bodies; quotes on an earlier line leave a doubt, and then they count.
    """
    if len(text) <= _SIMPLE_MAX:
        return False
    commands = 0
    body = 0
    waiting = ""
    certain = True
    for line in text.split("\n"):
        if waiting:
            body += len(line) + 1
            if line.strip("\t") == waiting:
                waiting, body = "", 0
            continue
        commands += len(line) + 1
        found = _HEREDOC_LINE.match(line) if certain else None
        waiting = found[2] if found else ""
        certain = certain and (found is not None or not _QUOTE.search(_QUOTED.sub("", line)))
    return (commands + body) * len(text) > _COST_MAX


def readable_length(text: str) -> int:
    """How many characters of `text` stand before the first line that surely is no shell.

    `name(argument` outside quotes is a syntax error, and the usual form of a call in what is typed
    into another program; so is a loop without `do`. A shell runs the lines before and never reads
    the rest. The first line and any doubt count as readable: the parser then has the last word.
    """
    start = text.find("\n") + 1
    rest = text[start:]
    endless = ("while " in rest or "until " in rest) and _DO.search(rest) is None
    if not start or not (endless or "(" in rest) or _DOUBTFUL.search(_QUOTED.sub("", text[:start])):
        return len(text)
    for line in rest.split("\n"):
        plain = _QUOTED.sub("q", line)
        if _DOUBTFUL.search(plain):
            break
        if _CALL.search(plain) or (endless and _LOOP.search(plain)):
            return start
        start += len(line) + 1
    return len(text)
