"""What a filter asks of a row."""

from collections.abc import Mapping

from console.view_models.filters import Searched, parse_filter


def holds_words(words: str, fields: Mapping[str, str], everything: str) -> bool:
    """Whether a row is as every word of a filter asks."""
    return parse_filter(words, fields).fits(Searched(fields, everything))
