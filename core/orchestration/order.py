"""The order of messages, with ageing so that none starves. Pure.

Each heap of messages (an agent's mailbox, the waiting room) counts what comes in; the count is a
message's tick. The smallest rank = tick - priority x window goes first: highest priority first,
first in first out within one, and whoever came `window` ticks before another makes up for one step
of priority. So a message of priority 1 lets less than 9 x window later ones pass, whatever comes.

The window is never smaller than what the heap can hold: messages that are there together after a
burst go strictly by priority. Ticks also go on by themselves, one window in each `age_s`, so that a
message rises in a quiet hour too.
"""

from typing import Final

from core.fleet import PRIORITY_MAX

WINDOW_MIN: Final = 100
RAISE_STEPS: Final = 2


def raise_priority(priority: int) -> int:
    """What a message waits with when all that are able have too much to do."""
    return min(PRIORITY_MAX, priority + RAISE_STEPS)


def aged_priority(priority: int, *, ticks: float, window: int) -> int:
    """What the priority has become after `ticks`, at most 10."""
    return min(PRIORITY_MAX, priority + int(ticks / window))
