"""What the console remembers from one time to the next: where one was, filters, orders, colours."""

import contextlib
import json
import logging
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, cast

STATE_FILE: Final = "state.json"
_BYTES_MAX: Final = 64_000
_MODE: Final = 0o600
_LOG: Final = logging.getLogger("maestro.console")


@dataclass(slots=True)
class Remembered:
    """A layout. `filters` and `orders` by screen; an order is a column's title, `-` if falling."""

    screen: str = "overview"
    theme: str = ""
    language: str = ""
    mouse: bool = True
    clock: bool = True
    filters: dict[str, str] = field(default_factory=dict[str, str])
    orders: dict[str, str] = field(default_factory=dict[str, str])


def read_state(file: Path) -> Remembered:
    """What was kept; what is not there, or damaged, is as if nothing had been."""
    try:
        with file.open("rb") as opened:
            said: object = json.loads(opened.read(_BYTES_MAX))
    except (OSError, ValueError, RecursionError):
        return Remembered()
    known = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    default = Remembered()
    return Remembered(
        screen=_text(known.get("screen"), default.screen),
        theme=_text(known.get("theme"), default.theme),
        language=_text(known.get("language"), default.language),
        mouse=known.get("mouse") is not False,
        clock=known.get("clock") is not False,
        filters=_texts(known.get("filters")),
        orders=_texts(known.get("orders")),
    )


def _text(value: object, default: str) -> str:
    return value if isinstance(value, str) else default


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    pairs = cast("dict[str, object]", value).items()
    return {name: text for name, text in pairs if isinstance(text, str)}


def write_state(file: Path, state: Remembered) -> bool:
    """Keep it, closed to others, whole or not at all; False where that cannot be."""
    text = json.dumps(asdict(state), ensure_ascii=True, indent=1)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text + "\n")
        beside.replace(file)
    except OSError as error:
        _LOG.info("the layout is not kept", extra={"file": str(file), "error": error.strerror})
        return False
    return True
