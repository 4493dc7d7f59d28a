"""What is said when the screen itself fails."""

import logging
from traceback import extract_tb
from typing import Final

_LOG: Final = logging.getLogger("maestro.console")


def tell_failure(error: BaseException | None) -> str:
    """Log where it failed; the sentence for who sat before it."""
    where = extract_tb(error.__traceback__)[-1] if error and error.__traceback__ else None
    place = f"{where.filename}:{where.lineno}" if where else "an unknown place"
    _LOG.error("the screen failed", extra={"error": type(error).__name__, "place": place})
    return (
        f"maestro: the screen failed ({type(error).__name__} at {place}). Nothing was lost:"
        " what waited still waits. Start it again; please report this line."
    )
