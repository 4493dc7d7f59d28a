"""The language of the screens: messages out of a catalogue, numbers, money and dates by locale.

What is kept or handed on stays English: the trail, files, logs, what commands print. Nothing here
reads the environment; `use` is called by what starts a console, once or again while it runs.
"""

import gettext
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ENGLISH: Final = "en"
LANGUAGES: Final[Mapping[str, str]] = {ENGLISH: "English", "pt_BR": "português do Brasil"}
LOCALES: Final = Path(__file__).parent / "locale"
DOMAIN: Final = "maestro"
_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
_FIELDS: Final = {
    "dd": "%d", "d": "%d", "MM": "%m", "M": "%m", "y": "%Y", "HH": "%H", "mm": "%M", "ss": "%S",
}  # fmt: skip
_FIELD: Final = re.compile(r"([a-zA-Z])\1*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A catalogue with the forms of its locale; as it stands, English with ISO dates."""

    code: str = ENGLISH
    catalogue: gettext.NullTranslations
    signs: Mapping[int, str] | None = None  # of English numbers -> of this locale's
    dollar: str = "$"
    date: str = "%Y-%m-%d"
    day: str = "%m-%d"
    time: str = "%H:%M:%S"
    minute: str = "%H:%M"


_ENGLISH: Final = Language(catalogue=gettext.NullTranslations())
_in_use: list[Language] = [_ENGLISH]


def use(code: str) -> None:
    """Speak this language from now on; one that there is not is English."""
    if code != in_use():
        put_on(_load(code) if code in LANGUAGES and code != ENGLISH else _ENGLISH)


def put_on(language: Language) -> None:
    """The same, with a language in hand."""
    _in_use[0] = language


def in_use() -> str:
    """The code of the language that is spoken."""
    return _in_use[0].code


def find_language(environ: Mapping[str, str]) -> str:
    """The language of the terminal, from the variables that say it; English where it is no other.

    `pt`, `pt_PT` and such find the Portuguese there is.
    """
    said = next((environ[name] for name in _VARIABLES if environ.get(name)), "")
    return match_language(said)


def match_language(said: str) -> str:
    """The code of what a person or a locale calls a language; English where it is none of ours."""
    name = said.partition(".")[0].partition("@")[0].replace("-", "_").casefold()
    first = name.partition("_")[0]
    for code in LANGUAGES:
        if name == code.casefold():
            return code
    return next((code for code in LANGUAGES if code.partition("_")[0] == first), ENGLISH)


def _load(code: str) -> Language:
    # English never pays for loading it.
    from babel import Locale  # noqa: PLC0415
    from babel.numbers import get_currency_symbol, get_decimal_symbol, get_group_symbol  # noqa: PLC0415

    locale = Locale.parse(code)
    times = locale.time_formats
    return Language(
        code=code,
        catalogue=gettext.translation(DOMAIN, LOCALES, [code]),
        signs={ord(","): get_group_symbol(locale), ord("."): get_decimal_symbol(locale)},
        dollar=f"{get_currency_symbol('USD', locale)} ",
        date=_strftime(locale.date_formats["short"].pattern),
        day=_strftime(locale.datetime_skeletons["MMdd"].pattern),
        time=_strftime(times["medium"].pattern),
        minute=_strftime(times["short"].pattern),
    )


def _strftime(pattern: str) -> str:
    """A numeric pattern of the locale data, as `strftime` takes it: it is drawn by the thousand."""
    return _FIELD.sub(lambda found: _FIELDS[found[0]], pattern)


def _(message: str) -> str:
    """The message in the language in use."""
    return _in_use[0].catalogue.gettext(message) if message else ""


def ngettext(one: str, many: str, number: int) -> str:
    """The form of the message for so many."""
    return _in_use[0].catalogue.ngettext(one, many, number)


def pgettext(context: str, message: str) -> str:
    """The message as it is said in a context: one English word may be two elsewhere."""
    return _in_use[0].catalogue.pgettext(context, message)


def npgettext(context: str, one: str, many: str, number: int) -> str:
    """The form for so many, as it is said in a context."""
    return _in_use[0].catalogue.npgettext(context, one, many, number)


def N_(message: str) -> str:  # noqa: N802 - the name that extraction knows
    """Marks a message that is translated where it is drawn."""
    return message


def by_locale(digits: str) -> str:
    """A number written the English way, `1,204.5`, with the signs of the language."""
    signs = _in_use[0].signs
    return digits if signs is None else digits.translate(signs)


def numeral(value: float, digits: int = 0) -> str:
    """`1,204` with so many digits after the sign that parts them off."""
    return by_locale(f"{value:,.{digits}f}" if digits else f"{value:,}")


def dollars(digits: str) -> str:
    """An amount of dollars, its number written the English way."""
    return _in_use[0].dollar + by_locale(digits)


def date_form() -> str:
    """How a day with its year is written, for `strftime`."""
    return _in_use[0].date


def day_form() -> str:
    """How a day of this year is written."""
    return _in_use[0].day


def time_form() -> str:
    """How the time is written, to the second."""
    return _in_use[0].time


def minute_form() -> str:
    """How the time is written, to the minute."""
    return _in_use[0].minute
