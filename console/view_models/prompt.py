"""What was typed after `:`."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Final, NamedTuple

from console.language import _

FITTING_MAX: Final = 40


class Parsed(NamedTuple):
    """A command's name and what stands after it; `problem` is a sentence, "" when usable."""

    name: str
    argument: str
    problem: str = ""


def parse_command(text: str, known: Iterable[str]) -> Parsed:
    """Find the command; a beginning that fits only one is enough, a typo gets the nearest name."""
    name, _blank, argument = text.strip().removeprefix(":").partition(" ")
    names = sorted(set(known))
    name = name if name in names else name.lower()
    fitting = [each for each in names if each.startswith(name)] if name else []
    if name in names:
        return Parsed(name, argument.strip())
    if len(fitting) == 1:
        return Parsed(fitting[0], argument.strip())
    if fitting:
        return Parsed(
            name, "", _(":{name} could be {fitting}").format(name=name, fitting=", ".join(fitting))
        )
    close = difflib.get_close_matches(name, names, n=1)
    near = _(" (did you mean :{close}?)").format(close=close[0]) if close else ""
    hint = near or _(": ? lists them all")
    return Parsed(
        name, "", _("no command :{name}{hint}").format(name=name, hint=hint) if name else ""
    )


def complete(
    text: str, names: Iterable[str], arguments: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Whole lines that what was typed could become; `arguments`: what may stand after a name."""
    name, blank, argument = text.removeprefix(":").partition(" ")
    if not blank:
        return tuple(sorted({each for each in names if each.startswith(name)}))[:FITTING_MAX]
    fitting = [each for each in arguments.get(name, ()) if each.startswith(argument)]
    within = [each for each in arguments.get(name, ()) if argument in each and each not in fitting]
    return tuple(f"{name} {each}" for each in dict.fromkeys([*fitting, *within]))[:FITTING_MAX]


def longer(text: str, fitting: Sequence[str]) -> str:
    """As far as all that fits agrees; the first of them when that is no further."""
    if not fitting:
        return text
    first, last = min(fitting), max(fitting)  # what these two share, all do
    same = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    )
    shared = first[:same]
    return shared if len(shared) > len(text) and shared.startswith(text) else fitting[0]
