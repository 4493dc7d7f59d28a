"""Short ways to read what was found."""

from typing import Any

from core.actions import Finding
from core.risk.shell.rules import classify_command


def codes(command: str, **known: Any) -> set[str]:
    """Codes of every finding."""
    return {finding.code for finding in classify_command(command, **known).findings}


def find(command: str, code: str, **known: Any) -> Finding:
    """The first finding with that code."""
    return next(f for f in classify_command(command, **known).findings if f.code == code)
