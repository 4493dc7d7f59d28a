"""What a name says about its value, and what a value looks like by itself. Pure."""

import re
from functools import lru_cache
from math import log2
from typing import Final

from core.governance.screening.folding import fold_name
from core.governance.screening.hints import AnyHint


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD: Final = re.compile(r"[A-ZÀ-Þ]+(?![a-zß-ÿ])|[A-ZÀ-Þ]?[a-zß-ÿ]+|[0-9]+")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_REFERENCE: Final = re.compile(
    r"\$\{?[A-Za-z_][\w.:-]*\}?|%[A-Z_]+%|\{\{?[\w\s.-]{1,64}\}?\}|<[\w\s./-]{1,64}>|[*x.•…-]{3,}"
)
_IDENTIFIERS: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_READABLE_PART: Final = r"(?:[A-Za-z]+[0-9]{0,3}|[0-9]+)"
_READABLE: Final = re.compile(rf"{_READABLE_PART}(?:[/._-]{_READABLE_PART})+")
_NOT_VALUES: Final = _words(
    "null none nil true false undefined required optional str string bytes int float bool boolean"
    " any object secretstr number void char text self args yes no"
)
_HEX_LENGTH_MIN: Final = 32
_RANDOM_LENGTH_MIN: Final = 16
_RANDOM_LENGTH_MAX: Final = 4096
_HEX_BITS_MIN: Final = 3.0  # Shannon bits a character; random hex has 4
_BITS_MIN: Final = 3.3  # English words run to about 3.0 at such lengths
_DIGITS_MIN: Final = 3
_OTHER_LENGTH_MAX: Final = 256  # what is longer is never looked at twice, so it must be a secret
_NAME_MAX: Final = 128
_CALLS: Final = ("(", "[")
_ENDS: Final = ("", " ", "\n", "&", ";", '"', "'", "<")

# The last word of a name that speaks about a secret without holding one.
_ABOUT: Final = _words(
    "type count counts url uri endpoint id ids name names length policy field file path limit"
    " limits expires expiry expiration ttl size min max usage required enabled disabled label hint"
    " strength reset version stdin prompt command cmd env manager format algorithm scope header"
    " store location arn ref status budget price cost rate per page counter ring kind begin end"
    " eof method details provider info markup"
)
_KINDS: Final = (
    ("password", ("password", "passwd", "passphrase", "passcode", "senha", "contraseña",
                  "contrasena", "passwort", "kennwort", "motdepasse")),
    ("api-key", ("apikey", "accesskey", "subscriptionkey")),
    ("private-key", ("privatekey", "signingkey", "encryptionkey", "masterkey", "sshkey")),
    ("secret", ("clientsecret", "secretkey", "sharedsecret")),
    ("credential", ("credential", "credentials")),
)  # fmt: skip
_SURE_ENDS: Final = {"secret": "secret", "secrets": "secret", "token": "token"}
_SURE_LAST: Final = {
    "authorization": "authorization",
    "pass": "password",
    "pwd": "password",
    "pw": "password",
}
# Short numbers that let somebody in: of no other value would the name make a secret.
_PINS: Final = _words("pin otp totp cvv cvc")
_CODES: Final = _words(
    "security verification mfa 2fa fa tfa otp pin sms login access recovery backup unlock auth"
)
_PIN: Final = re.compile(r"[0-9]{3,10}|[0-9]{3,4}[ -][0-9]{3,4}")
_NUMBER_MIN: Final = 100_000  # a smaller number named token is a count
# The word before "key" or "token" that makes of it a name for something else.
_NOT_SECRET: Final = {
    "key": _words(
        "cache idempotency primary foreign sort partition row object hash group index lookup public"
        " map unique dedup shard state translation"
    ),
    "token": _words(
        "page next previous prev continuation cursor sync pad eos bos unk mask sep cls"
        " max min num total count input output prompt completion"
    ),
}
_WEAK: Final = frozenset(("key", "auth", "cookie", "session", "sessionid", "sid", "csrf", "xsrf"))


# One of these stands in every name that `_classify` knows.
NAME_HINTS: Final = (
    "pass", "pw", "senha", "contrase", "wort", "key", "secret", "token", "credential", "auth",
    "cookie", "session", "sid", "srf", "pin", "otp", "cvv", "cvc", "code",
)  # fmt: skip
_ANY_HINT: Final = AnyHint(NAME_HINTS)


def may_name_secret(lowered: str) -> bool:
    """Whether lower-cased text could hold the name of a secret: cheap, for ordinary text."""
    if _ANY_HINT.rules_out(lowered):
        return False
    return bool([hint for hint in NAME_HINTS if hint in lowered])


@lru_cache(maxsize=4096)
def _classify(name: str) -> tuple[str, bool]:
    words = [word.casefold() for word in _WORD.findall(name)]
    if not words or words[-1] in _ABOUT or words[-1].endswith("less"):
        return "", False
    if words[-2:-1] and words[-2] in _NOT_SECRET.get(words[-1], ()):
        return "", False
    named = [word for word in words if not word.isdecimal()]
    if named[-1:] and (
        named[-1] in _PINS or (named[-1] == "code" and not _CODES.isdisjoint(named[:-1]))
    ):
        return "pin", False
    compact = "".join(words)
    sure = next((kind for kind, parts in _KINDS if any(part in compact for part in parts)), "")
    if not sure:
        ends = (end for word in words for end in _SURE_ENDS if word.endswith(end))
        sure = _SURE_ENDS.get(next(ends, ""), "") or _SURE_LAST.get(words[-1], "")
    return (sure, True) if sure else ("secret" if _WEAK.intersection(words) else "", False)


def classify_name(name: str) -> tuple[str, bool]:
    """The kind of secret that a value of this name is ("" for none), and whether surely.

    An unsure name ("key", "session") makes a secret only of a value that looks random.
    """
    end = fold_name(name[-_NAME_MAX:])
    return _classify(end) if may_name_secret(end.lower()) else ("", False)


def is_pin(value: str | float) -> bool:
    """True for three to ten digits, which a name such as "pin" or "otp" makes a secret."""
    return not isinstance(value, float) and _PIN.fullmatch(str(value)) is not None


def is_named_secret(name: str) -> bool:
    """True for a name that is a secret itself, in an object of secrets: mixed, or as by chance."""
    mixed = name.isalnum() and name != name.lower() and name != name.upper() and has_digit(name)
    long_enough = len(name) > _DIGITS_MIN * 2
    return is_random(name) or (mixed and long_enough and not classify_name(name)[0])


def is_count(value: float, kind: str) -> bool:
    """True for a number that a name of this kind makes no secret: of tokens, most are counts."""
    return kind == "token" and (isinstance(value, float) or abs(value) < _NUMBER_MIN)


def is_reference(value: str) -> bool:
    """True for what stands in a secret's place: a variable, a template slot, asterisks."""
    return _REFERENCE.fullmatch(value) is not None


def has_digit(value: str) -> bool:
    """Prose rarely has digits inside a word of a token's length."""
    return any(each.isdigit() for each in value)


def is_random(value: str) -> bool:
    """True when a string looks drawn by chance: long, mixed, of high entropy."""
    length = len(value)
    if not _RANDOM_LENGTH_MIN <= length <= _RANDOM_LENGTH_MAX or _UUID.fullmatch(value):
        return False
    digits = sum(each.isdigit() for each in value)
    mixed = value != value.lower() and value != value.upper()
    if _READABLE.fullmatch(value):  # a path, a date, a version
        return False
    if digits == length or not (digits >= _DIGITS_MIN or (digits and mixed)):
        return False
    bits = -sum(
        share * log2(share) for share in (value.count(each) / length for each in set(value))
    )
    is_hex = all(each in "0123456789abcdefABCDEF" for each in value)
    return bits >= _HEX_BITS_MIN if is_hex and length >= _HEX_LENGTH_MIN else bits >= _BITS_MIN


def is_assigned_secret(name: str, value: str, *, quoted: bool, tight: bool, after: str) -> bool:
    """True when `name=value` in running text gives a secret; `name` is one by `classify_name`.

    Code assigns calls, names and types to such names far more often than literals, so a bare
    value must look like a literal. `tight`: no space around "="; `after`: the character behind.
    """
    kind, sure = classify_name(name)
    if kind == "pin":
        return is_pin(value.rstrip(".")) and after not in _CALLS
    if is_random(value) or (sure and len(value) > _OTHER_LENGTH_MAX):
        return True
    if not sure or not value or _is_other(name, value, kind):
        return False
    if quoted or "=" in value:
        return True
    value = value.rstrip(":.!?") or value
    if _IDENTIFIERS.fullmatch(value) or after in _CALLS:
        return False
    is_word = "_" not in value and value.casefold() != name.casefold() and after in _ENDS
    return not value.replace("_", "").isalpha() or (tight and (name.isupper() or is_word))


def _is_other(name: str, value: str, kind: str) -> bool:
    """A variable, a type, a flag, punctuation, a count of tokens, the working directory."""
    if is_reference(value) or value.casefold() in _NOT_VALUES:
        return True
    if len(value) <= _DIGITS_MIN and not any(each.isalnum() for each in value):
        return True
    if value.isdecimal():
        return len(value) < _DIGITS_MIN or (kind == "token" and int(value) < _NUMBER_MIN)
    return name.casefold().endswith("pwd") and value.startswith(("/", "~", "."))
