"""How much money an action moves, read out of its arguments. Pure and exact; raises nothing."""
# ruff: noqa: RUF001 - marks that stand in sums look like others

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from core.actions import Finding, JsonObject, JsonValue, RiskLevel
from core.governance.grounding.request import fold
from core.governance.screening.characters import strip_controls


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LARGEST_MICROS: Final = 2**62  # Cedar's Long ends at 2^63 - 1
_MICROS: Final = 1_000_000
_KEYS: Final = frozenset({"amount", "total", "sum", "price", "value"})
_DEPTH_MAX: Final = 64
_NAME_CHARS_MAX: Final = 200
_TEXT_CHARS_MAX: Final = 100
_DIGITS_MAX: Final = 60
_EXPONENT_DIGITS_MAX: Final = 3

_NUMBER: Final = re.compile(r"\d++(?:(?:[.,'’_]|\s{1,2})\d++)*[.,]?(?:e[+-]?\d++)?")
_PIECE: Final = re.compile(rf"\d{{1,{_DIGITS_MAX}}}")
_MARKS: Final = re.compile(r"['’_\s]+")
_IN_GROUPS: Final = re.compile(  # 1,234,567 or 12,34,567; one mark throughout
    r"\d{1,3}(?P<mark>[., ])\d{3}(?:(?P=mark)\d{3})*"
    r"|\d{1,2}(?P<other>[.,])(?:\d{2}(?P=other))+\d{3}"
)
_GROUP: Final = 3
_SIGNS: Final = "+-−–—"
_CURRENCIES: Final = _words(
    """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd btn bwp
    byn bzd cad cdf chf clf clp cny cop crc cuc cup cve czk djf dkk dop dzd egp ern etb eur fjd
    fkp gbp gel ghs gip gmd gnf gtq gyd hkd hnl hrk htg huf idr ils inr iqd irr isk jmd jod jpy
    kes kgs khr kmf kpw krw kwd kyd kzt lak lbp lkr lrd lsl lyd mad mdl mga mkd mmk mnt mop mru
    mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd
    rub rwf sar sbd scr sdg sek sgd shp sle sll sos srd ssp stn svc syp szl thb tjs tmt tnd top
    try ttd twd tzs uah ugx usd usn uyu uzs ved ves vnd vuv wst xaf xcd xof xpf yer zar zmw zwg
    zwl btc eth usdc usdt dai sol xrp euro euros dollar dollars real reais pound pounds yen peso
    pesos franc francs rupee rupees kr zł kč ft fr rs us
    """
)
_POWERS: Final = {  # of ten; where a word has two meanings, the larger
    **dict.fromkeys(("k", "thousand", "tsd", "mille", "tys"), 3),
    **dict.fromkeys(("lakh", "lakhs"), 5),
    **dict.fromkeys(("m", "mm", "mn", "mi", "mil", "mio", "mln", "million", "millions"), 6),
    **dict.fromkeys(("milhão", "milhões", "millón", "millones", "millionen"), 6),
    **dict.fromkeys(("crore", "crores"), 7),
    **dict.fromkeys(("b", "bn", "mrd", "mld", "bi", "bilhão", "bilhões", "milliarden"), 9),
    **dict.fromkeys(("t", "tn", "trillion", "trillions", "trilhão", "trilhões"), 12),
    **dict.fromkeys(("billion", "billions"), 12),
}


@dataclass(frozen=True, slots=True)
class Amount:
    """The largest sum, in millionths, and what was not understood of it."""

    micros: int
    findings: tuple[Finding, ...] = ()


def read_amount(arguments: JsonObject, *, pays: bool) -> Amount:
    """The largest sum in the arguments; one that cannot be read counts as the largest there is.

    `pays`: the action moves money. Then sums are looked for at any depth, and a sum must be
    nothing but one. Elsewhere a name like "value" may stand for any text, so the numbers in it
    count.
    """
    largest = 0
    for path, value, is_sum in _find_sums(arguments, pays=pays):
        micros = _to_micros(value, exact=pays and is_sum)
        if micros is None:
            return Amount(LARGEST_MICROS, (_not_understood(path),))
        largest = max(largest, micros)
    return Amount(min(LARGEST_MICROS, largest))


def _not_understood(path: str) -> Finding:
    return Finding(
        code="amount-not-understood",
        source="amount",
        level=RiskLevel.HIGH,
        message=f"The sum at {strip_controls(path)} cannot be read as one number, so it counts as"
        " the largest there is.",
        path=path,
    )


def _find_sums(arguments: JsonObject, *, pays: bool) -> Iterator[tuple[str, JsonValue, bool]]:
    """Path and value of each leaf that belongs to a sum, and whether it is named as one."""
    stack: list[tuple[str, JsonValue, bool, bool, int]] = [
        ("arguments", arguments, False, False, 0)
    ]
    while stack:
        path, value, inside, is_sum, depth = stack.pop()
        if isinstance(value, str) or not isinstance(value, Mapping | Sequence):
            if inside:
                yield path, value, is_sum
        elif depth > _DEPTH_MAX:
            yield path, math.nan, True
        elif isinstance(value, Mapping):
            for name, each in value.items():
                named = name.casefold() in _KEYS
                if named or inside or pays:
                    step = f"{path}.{name[:_NAME_CHARS_MAX]}"
                    stack.append((step, each, inside or named, named, depth + 1))
        else:
            stack.extend(
                (f"{path}[{index}]", each, inside, is_sum, depth + 1)
                for index, each in enumerate(value)
            )


def _to_micros(value: JsonValue, *, exact: bool) -> int | None:
    """None for what cannot be read."""
    if isinstance(value, bool):
        return None if exact else 0
    if isinstance(value, int):
        return abs(value) * _MICROS
    if isinstance(value, float):
        return _round_up(Fraction(repr(abs(value)))) if math.isfinite(value) else None
    if not isinstance(value, str) or not value.strip():
        return 0
    return _read_exactly(value) if exact else _read_largest(value)


def _round_up(amount: Fraction) -> int:
    return math.ceil(amount * _MICROS)


def _read_exactly(text: str) -> int | None:
    if len(text) > _TEXT_CHARS_MAX or any(map(_is_odd_number, text)):
        return None
    folded = _fold(text)
    found = _NUMBER.search(folded)
    if found is None:
        return None
    number = _read_number(found[0])
    power = _read_words(folded[: found.start()], folded[found.end() :])
    return None if number is None or power is None else _round_up(number * 10**power)


def _read_largest(text: str) -> int:
    """Of the numbers in a text that need not be a sum."""
    folded = _fold(text)
    largest = 0
    for found in _NUMBER.finditer(folded):
        number = _read_number(found[0])
        if number is None:
            number = Fraction(max(map(int, _PIECE.findall(found[0]))))
        word = re.match(r"\s?([^\W\d_]{1,12})\b", folded[found.end() : found.end() + 20])
        power = _POWERS.get(word[1], 0) if word else 0
        largest = max(largest, _round_up(number * 10**power))
    return largest


def _is_odd_number(char: str) -> bool:
    """A number that is no digit: a power, a fraction, a Roman numeral."""
    return char.isnumeric() and not char.isdecimal()


def _fold(text: str) -> str:
    folded = fold(text)
    if folded.isascii():
        return folded
    return "".join(str(unicodedata.decimal(each, each)) for each in folded)


def _read_words(before: str, after: str) -> int | None:
    """The power of ten that stands beside a number; None for words that are no currency."""
    power = 0
    for word in after.replace(".", " ").split():
        word_power = _POWERS.get(word.strip(_SIGNS), 0)
        if power and word_power:
            return None
        power += word_power
        if not word_power and not _is_currency(word):
            return None
    return power if all(map(_is_currency, before.replace(".", " ").split())) else None


def _is_currency(word: str) -> bool:
    name = word.strip(_SIGNS)
    if name and unicodedata.category(name[-1]) == "Sc":  # "€", "r$", "-us$"
        name = name[:-1]
        return not name or (len(name) <= _GROUP and name.isalpha())
    return not name or name in _CURRENCIES


def _read_number(text: str) -> Fraction | None:
    """Digits in groups, with either mark for decimals; the larger where there are two readings."""
    mantissa, _, exponent = text.partition("e")
    if len(mantissa) > _DIGITS_MAX or len(exponent.lstrip("+-")) > _EXPONENT_DIGITS_MAX:
        return None
    whole, decimals = _split_decimals(_MARKS.sub(" ", mantissa.rstrip(".,")))
    if not whole.isdecimal() and _IN_GROUPS.fullmatch(whole) is None:
        return None
    digits = re.sub(r"\D", "", whole)
    number = Fraction(int(digits + decimals), 10 ** len(decimals))
    return number * Fraction(10) ** int(exponent or 0)


def _split_decimals(number: str) -> tuple[str, str]:
    last = max(number.rfind("."), number.rfind(","))
    if last < 0 or number.count(number[last]) > 1:
        return number, ""
    whole, decimals = number[:last], number[last + 1 :]
    in_one_group = whole.isdecimal() and len(whole) <= _GROUP and not whole.startswith("0")
    if (in_one_group and len(decimals) == _GROUP) or not decimals.isdecimal():
        return number, ""  # "15.000" may be fifteen thousand
    return whole, decimals
