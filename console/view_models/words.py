"""What a filter asks of a row."""

from collections.abc import Mapping


def holds_words(words: str, fields: Mapping[str, str], everything: str) -> bool:
    """Whether a row holds every word; `name:word` asks the field of that name, others any text."""
    text = everything.casefold()
    for word in words.casefold().split():
        name, colon, value = word.partition(":")
        asked = fields.get(name) if colon else None
        if (word not in text) if asked is None else (value not in asked.casefold()):
            return False
    return True
