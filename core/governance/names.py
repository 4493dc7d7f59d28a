"""Whether two names are one person's, and which names could pass for another's. Pure."""

import unicodedata
from typing import Final

from core.governance.screening.characters import INVISIBLE

# Letters that look like a Latin one as they stand or as a capital, after the case is folded.
_LOOK: Final = str.maketrans(
    "авекмнорстухіјѕһԁԛԝӏѵαβεζηικμνορτυχγɑɡı",
    "abekmhopctyxijshdqwlvabezhikmvoptuxyagi",
)
_OF_ANY: Final = frozenset(("MODIFIER",))  # as in Hawaiian names
# Written beside each other, and beside Latin letters, which they do not look like.
_EAST: Final = frozenset(
    [
        "CJK",
        "IDEOGRAPHIC",
        "HIRAGANA",
        "KATAKANA",
        "KATAKANA-HIRAGANA",
        "HANGUL",
        "BOPOMOFO",
        "LATIN",
    ]
)


def is_same_person(left: str, right: str) -> bool:
    """Whether two names are one but for case, the form of their letters, and what no eye tells
    apart: a letter that no screen shows, or one of another script that looks the same."""
    return fold_name(left) == fold_name(right)


def fold_name(name: str) -> str:
    """What names that look alike have in common."""
    # Twice: folding the case of some letters gives a form that is none of NFKC.
    folded = unicodedata.normalize("NFKC", INVISIBLE.sub("", name)).strip().casefold()
    return unicodedata.normalize("NFKC", folded).strip().translate(_LOOK)


def could_pass_for_another(name: str) -> bool:
    """True for letters that no screen shows, or of scripts that nobody writes one name in."""
    if INVISIBLE.search(name):
        return True
    letters = filter(str.isalpha, unicodedata.normalize("NFKC", name))
    scripts = {unicodedata.name(each, "").partition(" ")[0] for each in letters}
    return len(scripts - _OF_ANY) > 1 and not scripts - _OF_ANY <= _EAST
