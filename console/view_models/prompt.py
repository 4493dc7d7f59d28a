"""What was typed after `:`."""

import difflib
from collections.abc import Iterable
from typing import NamedTuple


class Parsed(NamedTuple):
    """A command's name and what stands after it; `problem` is a sentence, "" when usable."""

    name: str
    argument: str
    problem: str = ""


def parse_command(text: str, known: Iterable[str]) -> Parsed:
    """Find the command; a beginning that fits only one is enough, a typo gets the nearest name."""
    name, _, argument = text.strip().removeprefix(":").partition(" ")
    names = sorted(set(known))
    fitting = [each for each in names if each.startswith(name)] if name else []
    if name in names:
        return Parsed(name, argument.strip())
    if len(fitting) == 1:
        return Parsed(fitting[0], argument.strip())
    if fitting:
        return Parsed(name, "", f":{name} could be {', '.join(fitting)}")
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" (did you mean :{close[0]}?)" if close else ""
    return Parsed(name, "", f"no command :{name}{hint}" if name else "")
