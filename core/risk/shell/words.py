"""Rules about single words which hold whatever the program is."""

import re
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.hints import hinted
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Word
from core.risk.shell.targets import is_home

_UNSAFE: Final = re.compile(
    r"^--(?:dangerous\w*|allow-dangerous|devmode|unsafe[\w-]*|allow-unauthenticated|force-yes"
    r"|no-?gpg-?checks?|no-signature|privileged|with-decryption|disable-sandbox|insecure-policy"
    r"|(?:show|export|print|reveal)-(?:secrets?|tokens?|passwords?|secret-[\w-]+))(?:=true)?$"
    r"|^print-(?:access|identity)-token$|^stratum\+\w+:"
)
_ERASES: Final = hinted(
    (
        "drop truncate delete destroy fresh reset wipe purge flush data-loss",
        (
            r"\b(?:drop|truncate)\s+(?:table|database|schema|keyspace|user|index|collection|view|role)\b"
            r"|\bdelete\s+from\s+[\w.\"`]+\s*(?:;|$)"
            r"|^[\w-]+:(?:[\w-]+:)?(?:drop|destroy|fresh|reset|wipe|purge|delete|flush)\b"
            r"|^--(?:force-reset|accept-data-loss|(?:wipe|purge|delete)-(?:data|all))$"
        ),
    ),
)
_ESCAPES: Final = re.compile(r"^\+:?\s?!\s?[\w/]")
_TELLING_NAME: Final = (
    r"\w*(?:SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)\w*"
)
_SECRET_VARIABLE: Final = re.compile(rf"\$\{{?{_TELLING_NAME}\b", re.IGNORECASE)
_SECRET_ALONE: Final = re.compile(rf"^{_TELLING_NAME}$", re.IGNORECASE)
_SECRET_LOOKED_UP: Final = hinted(
    ("hidden", r"\bhidden answer\b"),
    ("config.env", r"\.config\.env\b"),  # what `docker inspect` calls a container's variables
    (
        "env",
        (
            r"(?:\$env\.|\benv\.|\benviron(?:\.get\(|\[)\s*['\"]|\bgetenv\(\s*['\"]|\benv\[\s*['\"])"
            rf"{_TELLING_NAME.lower()}"
        ),
    ),
)
_HUNTED: Final = re.compile(
    r"passw|secret|api_?key|token|AKIA|credential|BEGIN.*(?:PRIVATE|KEY)|private.?key",
    re.IGNORECASE,
)
_EVERYWHERE: Final = frozenset({"/", "/etc", "/home", "/var", "/var/www", "/opt", "/srv", "/mnt"})
_MADE_NAME: Final = re.compile(r"(?:\$\(.*\)|`[^`]*`|\$\w+|\$\{[^}]*\})\.[\w.-]+$", re.DOTALL)
_PRINTERS: Final = frozenset({"echo", "printf", "print", "printenv"})
_ENCODERS: Final = frozenset(
    {"base64", "base32", "xxd", "od", "hexdump", "rev", "openssl", "gzip", "uuencode"}
)
_LISTERS: Final = frozenset({"env", "printenv", "set", "export", "declare", "typeset"})
_LISTS_ALL: Final = frozenset({"-0", "-p", "-x", "-px", "--null"})
_SHOW_SOME: Final = frozenset({"sort", "grep", "tr", "cat"})
_NAMES_ONLY: Final = frozenset({"text", "list"})
_SHOWS: Final = frozenset({"read", "search"})


def check_wording(review: Review, word: Word, *, by: str) -> None:
    """Judge what a word says by itself: unsafe options, loss of data, escapes of pagers."""
    text = word.text
    if _UNSAFE.match(text):
        review.note(
            "dangerous-option", RiskLevel.MEDIUM, f"{text} says itself that it is unsafe.", word
        )
    elif _ESCAPES.match(text):
        review.note("shell-escape", RiskLevel.HIGH, f"Leaves {by} for a shell.", word)
    elif _ERASES.find(text.lower()):
        review.irreversible = True
        review.note("erases", RiskLevel.MEDIUM, f"Has {by} remove data.", word)


def names_secret_variable(text: str) -> bool:
    """True when `text` is filled in from a variable whose name says that it holds a secret."""
    return bool(secret_variable_in(text))


def secret_variable_in(text: str) -> str:
    """The name of the first such variable in `text`, or ""."""
    found = _SECRET_VARIABLE.search(text)
    return found[0].lstrip("${") if found else ""


def check_secret_printed(review: Review, call: Call, role: str) -> None:
    """Judge variables that hold secrets, where the call, or the one it feeds, shows them."""
    shown = call if call.name in _PRINTERS and not call.feeds else None
    if shown is None and role in _SHOWS and call.fed_by is not None:
        shown = call.fed_by if call.fed_by.name in _PRINTERS else None
    for word in shown.arguments if shown is not None else ():
        alone = call.name == "printenv" and _SECRET_ALONE.match(word.text)
        if alone or _SECRET_VARIABLE.search(word.text):
            review.note("asks-for-secret", RiskLevel.MEDIUM, "Shows the value of a secret.", word)
    if call.name in _ENCODERS and call.fed_by is not None and _lists_variables(call.fed_by):
        message = f"Has {call.name} rewrite all variables, so that no mask of secrets knows them."
        review.note("asks-for-secret", RiskLevel.MEDIUM, message, call.span)
    for word in call.arguments if role not in _NAMES_ONLY else ():
        if _SECRET_LOOKED_UP.find(word.text.lower()):
            review.note(
                "asks-for-secret", RiskLevel.MEDIUM, "Looks up the value of a secret.", word
            )


def _lists_variables(call: Call) -> bool:
    """`env`, `printenv`, `export -p` and the like, with nothing to start."""
    source = call.fed_by if call.name in _SHOW_SOME and call.fed_by is not None else call
    bare = all(word.text in _LISTS_ALL for word in source.arguments)
    return source.name in _LISTERS and bare


def check_name_carries(review: Review, call: Call, word: Word) -> None:
    """Judge a name to look up that is made of other data: looking it up sends the data."""
    if _MADE_NAME.search(word.text):
        review.external = True
        review.note(
            "sends-data",
            RiskLevel.MEDIUM,
            f"Has {call.name} look up a name that is made of other data.",
            word,
        )


def check_hunt(review: Review, call: Call) -> None:
    """Judge a search for passwords and keys in places that belong to everybody."""
    texts = [review.resolve(word.text) for word in call.arguments]
    places = [text.rstrip("/") or "/" for text in texts]
    if any(place in _EVERYWHERE or is_home(place) for place in places) and any(
        _HUNTED.search(text) for text in texts
    ):
        review.note(
            "hunts-secrets", RiskLevel.MEDIUM, "Looks for secrets all over the machine.", call.span
        )
