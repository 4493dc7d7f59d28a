"""A believable hour and day of a fleet's work."""

from collections.abc import Sequence
from typing import Final

from core.fleet import Activity, ActivitySpan, AgentActivity, AgentState
from tests.factories import NOW

SIZES: Final = {ActivitySpan.HOUR: (60, 60), ActivitySpan.DAY: (96, 900)}


def make_activity(span: ActivitySpan, agents: Sequence[AgentState]) -> Activity:
    """The program started a fifth of the way in; the last agent did nothing."""
    spans, each_s = SIZES[span]
    first = int(NOW.timestamp() // each_s) - spans + 1
    return Activity(
        start_s=first * each_s,
        each_s=each_s,
        spans=spans,
        since_s=(first + spans // 5) * each_s + 20.0,
        agents=tuple(_row(at, each, spans) for at, each in enumerate(agents[:-1])),
    )


def _row(number: int, agent: AgentState, spans: int) -> AgentActivity:
    def wave(at: int, high: int) -> int:
        known = at >= spans // 5
        return known * max(0, (at * (number + 3) + number * 7) % (high + number) - number)

    return AgentActivity(
        agent=agent.spec.name,
        origin=agent.origin,
        actions=tuple(wave(at, 9) for at in range(spans)),
        messages=tuple(wave(at, 31) for at in range(spans)),
        errors=tuple(int(at % 17 == 16 and number % 3 == 1) for at in range(spans)),
    )
