"""What the operator turns on and off while the console runs."""

from dataclasses import dataclass


@dataclass(slots=True)
class Switches:
    """As they stand now."""

    clock: bool = True
    mouse: bool = True
    debug: bool = False
