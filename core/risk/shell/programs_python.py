"""What `python -m` runs."""

import re
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.catalog import Row
from core.risk.shell.options import Reading, tail
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Word

_LISTEN: Final = frozenset(
    {"http.server", "SimpleHTTPServer", "pyftpdlib", "smtpd", "aiosmtpd", "xmlrpc.server"}
)
_LOOPBACK: Final = re.compile(r"^(?:--bind=)?(?:localhost|127\.\d+\.\d+\.\d+|::1)$")
_RUN: Final = frozenset({"pty", "code", "pdb", "idlelib", "bdb", "trace", "IPython"})
_OURS: Final = frozenset({"console", "console.__main__", "core.gateway.hook.command"})
# One word may hold several options, the last perhaps with its value: `-Im console`, `-mconsole`.
_TAKES: Final = re.compile(r"-(?:-check-hash-based-pycs|[^cmWX-]*(?P<option>[cmWX])(?P<value>.*))")
_RUNS_MODULE: Final = frozenset({"runpy", "cProfile", "profile"})  # another one that they are told


def check_python(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    """Judge the module by its name."""
    word, rest = _module(call.arguments)
    if word is None:
        return
    if word.text in _LISTEN:
        if any(_LOOPBACK.match(each.text) for each in rest):
            return  # only this machine can connect
        review.external = True
        message = f"{word.text} lets other machines connect."
        review.note("opens-listener", RiskLevel.HIGH, message, word)
    elif word.text in _RUN:
        review.note("opens-interpreter", RiskLevel.HIGH, f"{word.text} runs any statement.", word)
    elif word.text in _OURS or (
        word.text in _RUNS_MODULE and any(each.text in _OURS for each in rest)
    ):
        why = f"{word.text} is Maestro, which decides what agents may do."
        review.note("abused-program", RiskLevel.MEDIUM, why, word)


def _module(words: tuple[Word, ...]) -> tuple[Word | None, tuple[Word, ...]]:
    """What `-m` names, and the words behind it; None where a script or a text comes before."""
    at = 0
    while at < len(words) and words[at].text.startswith("-"):
        taking = _TAKES.fullmatch(words[at].text)
        at += 1
        if taking is None:
            continue
        value = taking["value"] or ""
        word = tail(words[at - 1], taking.start("value")) if value else next(iter(words[at:]), None)
        at += not value
        if taking["option"] == "m":
            return word, words[at:]
        if taking["option"] == "c":
            break
    return None, ()
