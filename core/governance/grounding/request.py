"""The user's request, read once: words, addresses, hosts, numbers, operations asked for."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from core.governance.grounding.vocabulary import (
    COUNTS,
    FAMILIES,
    IRREGULAR,
    NOUN_VERBS,
    PASSIVE_LEADS,
    PHRASES,
    READING_VERBS,
    REFUSALS,
    VERB_LEADS,
)
from core.governance.grounding.vocabulary_pt import LEADS, TELLING_FORMS, VERB_FORMS
from core.governance.grounding.vocabulary_pt import REFUSALS as REFUSALS_PT

PURPOSE_CHARS_MAX: Final = 20_000
_GAP_CHARS: Final = 3  # between a full stop and the next sentence
_CODE_CHARS_MAX: Final = 64
_PASSIVE_REACH: Final = 3  # "needs to be sent": how far before a participle its auxiliary stands

INVISIBLE: Final = re.compile(  # characters that print as nothing, or turn what follows around
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
EMAIL: Final = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
URL: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,15}://|www\.)[^\s<>\"'`|{}()\[\]]{1,2000}"
    r"|(?<![\w@.-])(?:[\w-]{1,63}\.){1,6}"
    r"(?:com|net|org|io|ai|dev|app|co|info|biz|me|xyz|top|ru|cn|uk|de|fr|nl|ch|eu|us|ly|link|site"
    r"|online|shop|cloud|tech|edu|gov|in|br|jp"
    r"|internal|corp|lan|intranet|example)\b(?![\w@-]|\.\w)(?:[:/?#][^\s<>\"'`|{}()\[\]]{0,2000})?",
    re.IGNORECASE,
)
ACCOUNT: Final = re.compile(
    r"(?<![^\W_])(?:0x[0-9a-f]{40}|[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?)"
    r"(?![^\W_])",
    re.IGNORECASE,
)
_ACCOUNT_DIGITS_MIN: Final = 8
_NUMBER: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")
_RUN_ON: Final = re.compile(r"(?<=[a-z])\.(?=[A-Z][a-z])")  # "…at www.site.com.They said"
_HYPHENED: Final = re.compile(r"\b(e|check|re)-(mail|up|run|order)")  # written either way
_WORD: Final = re.compile(r"[^\W_]+")
_CAPITALISED: Final = re.compile(r"(?<![^\W_])[^\W\d_a-z][^\W_]*")
_TOKEN: Final = re.compile(r"[^\W_]+|[.!?;:,()\n]")
_CURRENCY: Final = re.compile(r"[$€£¥]\s?\d|\d\s?[$€£¥]")
_PHRASES: Final = tuple((re.compile(phrase), verb) for phrase, verb in PHRASES.items())
_QUOTED: Final = re.compile(r"(?<!\w)(?:'[^'\n]{1,200}'|\"[^\"\n]{1,400}\")(?!\w)")
_HOST: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?(?://)?(?:[^/?#@\\]*@)?([^/?#@:\\]+)")
_DELEGATION: Final = re.compile(
    r"\b(?:do|perform|complete|execute|carry out|follow|handle|take care of|work through|finish|"
    r"act on)\b(?:(?!\bfollowing\b)[^.!?\n]){0,60}?"
    r"\b(?:actions?|tasks?|todos?|to-dos?|instructions?|steps|items|requests?)\b"
)
_LINK_NOUN: Final = r"(?:web ?sites?|web ?pages?|pages?|sites?|links?|urls?|articles?|blogs?)"
_OPEN_READING: Final = re.compile(
    rf"\b{_LINK_NOUN}\b(?:[\s'\"]+\w+){{0,4}}?[\s'\"]+(?:posted|shared|linked|mentioned|sent|listed"
    r"|found|described|referenced|given|contained|attached|included)\b"
    r"|\b(?:search|browse|surf|look|research|google)\b[^.!?\n]{0,40}"
    r"\b(?:web|internet|online|docs|documentation)\b"
)


def fold(text: str) -> str:
    """NFKC and case folding, without invisible format characters."""
    if text.isascii():
        return text.lower()
    return INVISIBLE.sub("", unicodedata.normalize("NFKC", text).casefold())


def split_words(folded: str) -> list[str]:
    """Words of a folded text; "_" and punctuation part them."""
    return _WORD.findall(folded)


def read_host(url: str) -> str:
    """Host of a folded URL, without "www."; "" when there is none."""
    found = _HOST.match(url.strip())
    return found[1].removeprefix("www.").rstrip(".") if found else ""


def is_account(text: str) -> bool:
    """Whether the whole text is an IBAN or a wallet address."""
    digits = sum(char.isdigit() for char in text)
    return digits >= _ACCOUNT_DIGITS_MIN and ACCOUNT.fullmatch(text) is not None


def normal_number(text: str) -> str:
    """'1,200.50' and '1200.5' read the same."""
    whole, _, part = text.replace(",", "").partition(".")
    part = part.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{part}" if part else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked, ready to be looked up in."""

    text: str  # as written, capped
    folded: str
    joined: str  # " word word … ": a name stands in it between spaces
    words: frozenset[str]
    names: frozenset[str]  # folded words that were written with a capital
    emails: frozenset[str]
    hosts: frozenset[str]
    numbers: frozenset[str]
    counts: frozenset[str]  # those that were written as words
    verbs: frozenset[str]  # base forms, where they ask for something
    delegates: bool  # "do the tasks in …": leaves the operations to another text
    opens_links: bool  # "the articles posted in …", "search the web": any page may be read

    def has_phrase(self, words: list[str]) -> bool:
        """Whether these words stand in the request side by side, in this order."""
        return bool(words) and f" {' '.join(words)} " in self.joined

    def has_code(self, folded: str) -> bool:
        """Whether an account, phone or key stands in the request, whatever parts its groups."""
        if len(folded) > _CODE_CHARS_MAX:
            return False
        pattern = r"[\s().-]{0,2}".join(map(re.escape, "".join(split_words(folded))))
        return bool(pattern) and bool(re.search(rf"(?<![^\W_]){pattern}(?![^\W_])", self.folded))


def read_request(purpose: str) -> Request:
    """Read a request; of a very long one, its end."""
    text = purpose[-PURPOSE_CHARS_MAX:]
    folded = _HYPHENED.sub(r"\1\2", fold(_RUN_ON.sub(". ", text)))
    words = split_words(folded)
    emails = frozenset(found.rstrip(".-_") for found in EMAIL.findall(folded))
    without_emails = EMAIL.sub(" ", folded)
    return Request(
        text=text,
        folded=folded,
        joined=f" {' '.join(words)} ",
        words=frozenset([*words, *(["money"] if _CURRENCY.search(folded) else [])]),
        names=_read_names(text),
        emails=emails,
        hosts=frozenset(
            read_host(found[0].rstrip(".,;:!?")) for found in URL.finditer(without_emails)
        ),
        numbers=frozenset(normal_number(found) for found in _NUMBER.findall(folded)),
        counts=frozenset(COUNTS[word] for word in words if word in COUNTS),
        verbs=read_verbs(_QUOTED.sub(" ", folded)),
        delegates=_DELEGATION.search(folded) is not None,
        opens_links=_OPEN_READING.search(folded) is not None,
    )


def _read_names(text: str) -> frozenset[str]:
    """Capitalised words, but for a verb that opens a sentence: "Send …" names nobody."""
    names: set[str] = set()
    for found in _CAPITALISED.finditer(text):
        word = fold(found[0])
        before = text[max(0, found.start() - _GAP_CHARS) : found.start()]
        opens = before.rstrip()[-1:] in {"", *".!?:"}
        if not (opens and word in _PLAIN):
            names.add(word)
    return frozenset(names)


def _forms(verb: str) -> tuple[set[str], set[str]]:
    stem = verb.removesuffix("e")
    doubled = verb + verb[-1]
    return (
        {verb + "ing", stem + "ing", doubled + "ing"},
        {verb + "ed", stem + "ed", doubled + "ed", verb.removesuffix("y") + "ied"},
    )


def _form_tables() -> tuple[dict[str, str], dict[str, str]]:
    plain: dict[str, str] = dict(VERB_FORMS)
    passive: dict[str, str] = dict(IRREGULAR)
    for family in FAMILIES:
        for verb in family.request_verbs:
            running, done = _forms(verb)
            if verb not in NOUN_VERBS:
                plain |= dict.fromkeys(running, verb)
            passive |= dict.fromkeys(done, verb)
            plain[verb] = verb
    return plain | {verb: verb for verb in READING_VERBS}, passive


_PLAIN, _PASSIVE = _form_tables()
_LED: Final = NOUN_VERBS | TELLING_FORMS
_LEADS: Final = VERB_LEADS | LEADS
_REFUSALS: Final = REFUSALS | REFUSALS_PT
_JOIN_REFUSED: Final = frozenset({"or", "nor", "ou", "nem"})
_AFTER_REFUSAL: Final = frozenset({"to", "of", "de"})  # "careful not to send", "instead of sending"
_REFUSED_BEFORE: Final = frozenset({"not", "never", "instead", "vez", "pare"})
_WHOLLY: Final = frozenset(  # after a refused verb: the refusal is of all that was asked before
    {"anything", "any", "it", "them", "that", "this", "these", "those", "yet", "now", "after",
     "nada", "isso", "isto", "ainda", "mais"}
)  # fmt: skip


def read_verbs(folded: str) -> frozenset[str]:
    """Base forms of the verbs that ask: imperatives, infinitives, "needs to be sent".

    What a line asks for, a later line can take back: "do not send anything", "stop deleting!".
    """
    verbs = {verb for phrase, verb in _PHRASES if phrase.search(folded)}
    for line in folded.split("\n"):
        asked, taken_back = _read_line(_TOKEN.findall(line))
        verbs = (verbs - taken_back) | asked
    return frozenset(verbs)


def _read_line(tokens: list[str]) -> tuple[set[str], set[str]]:
    """The verbs that a line asks for, and those that it takes back as a whole."""
    asked: set[str] = set()
    taken_back: set[str] = set()
    refused: int | None = None  # the last one that is not to be done
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else "."
        leads = before in _LEADS or not before[0].isalnum() or before.isdigit()
        if token in _PLAIN and _is_refused(tokens, index, refused):
            refused = index
            after = tokens[index + 1] if index + 1 < len(tokens) else "."
            if after in _WHOLLY or not after[0].isalnum():
                taken_back.add(_PLAIN[token])
        elif token in _PLAIN and (token not in _LED or leads):
            asked.add(_PLAIN[token])
        reach = tokens[max(0, index - _PASSIVE_REACH) : index]
        if token in _PASSIVE and _is_due(reach):
            asked.add(_PASSIVE[token])
    return asked, taken_back


def _is_due(before: list[str]) -> bool:
    """Whether a participle after these words is to be done: "needs to be", not "must not be"."""
    return bool(PASSIVE_LEADS.intersection(before)) and _REFUSALS.isdisjoint(before)


def _is_refused(tokens: list[str], index: int, refused: int | None) -> bool:
    """Whether the verb there is one not to do: "do not delete", "without sending or posting"."""
    before, last = ["", "", *tokens[max(0, index - 2) : index]][-2:]
    if last in _JOIN_REFUSED:
        return refused == index - 2
    return last in _REFUSALS or (last in _AFTER_REFUSAL and before in _REFUSED_BEFORE)
