"""How much each agent did, minute by minute, for as long as a screen shows; in memory, bounded."""

from array import array
from collections import OrderedDict
from datetime import datetime
from enum import IntEnum
from typing import Final

from core.actions import OutcomeStatus
from core.clock import Clock
from core.events import ActionJudged, CoreEvent, OutcomeReported
from core.fleet import (
    Activity,
    ActivitySpan,
    AgentActivity,
    AgentOrigin,
)
from core.governance.insiders import hosted_name, hosted_principal, insider_role
from core.ids import AgentId

AGENTS_MAX: Final = 1_000
_HEARD_MAX: Final = 256  # counted together: one at a time each takes several times as long
_SPANS: Final = {ActivitySpan.HOUR: (60, 60), ActivitySpan.DAY: (96, 900)}  # how many, seconds


class _Kind(IntEnum):
    """What is counted."""

    ACTION = 0
    MESSAGE = 1
    ERROR = 2


class _Ring:
    """Counts of the newest spans of time; those that time has passed over are overwritten."""

    __slots__ = ("_counts", "_each_s", "_newest", "_spans")

    def __init__(self, spans: int, each_s: int) -> None:
        self._spans = spans
        self._each_s = each_s
        self._counts = tuple(array("I", [0]) * spans for _ in _Kind)
        self._newest = 0  # number of the newest span that anything fell into

    def add(self, kind: _Kind, at_s: float) -> None:
        """Count one; what is older than the ring is too late."""
        number = int(at_s // self._each_s)
        if number > self._newest:
            for passed in range(max(self._newest + 1, number - self._spans + 1), number + 1):
                for counts in self._counts:
                    counts[passed % self._spans] = 0
            self._newest = number
        elif number <= self._newest - self._spans:
            return
        self._counts[kind][number % self._spans] += 1

    def read(self, first: int) -> tuple[tuple[int, ...], ...]:
        """The counts of each kind from the span of this number on."""
        known = range(self._newest - self._spans + 1, self._newest + 1)
        numbers = range(first, first + self._spans)
        return tuple(
            tuple(counts[each % self._spans] if each in known else 0 for each in numbers)
            for counts in self._counts
        )


class ActivityBook:
    """Counts by agent what it hears and is told, since the start of this program.

    Of more agents than AGENTS_MAX, those that did something last are kept.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since_s = clock.now().timestamp()
        self._rings: OrderedDict[AgentId, dict[ActivitySpan, _Ring]] = OrderedDict()
        self._heard: list[tuple[AgentId, _Kind, datetime]] = []  # not counted yet

    def hear(self, event: CoreEvent) -> None:
        """For the bus: actions, and those that failed."""
        match event:
            case ActionJudged():
                self._hear(event.agent_id, _Kind.ACTION, event.at)
            case OutcomeReported() if event.status is OutcomeStatus.FAILED:
                self._hear(event.agent_id, _Kind.ERROR, event.at)
            case _:
                return

    def handled(self, agent: AgentId) -> None:
        """A hosted agent handled a message."""
        self._hear(hosted_principal(agent), _Kind.MESSAGE, self._clock.now())

    def failed(self, agent: AgentId) -> None:
        """A hosted agent failed: at a message, or at its own work."""
        self._hear(hosted_principal(agent), _Kind.ERROR, self._clock.now())

    def _hear(self, principal: AgentId, kind: _Kind, at: datetime) -> None:
        self._heard.append((principal, kind, at))
        if len(self._heard) >= _HEARD_MAX:
            self._settle()

    def _settle(self) -> None:
        for heard in self._heard:
            self._count(*heard)
        self._heard.clear()

    def _count(self, principal: AgentId, kind: _Kind, at: datetime) -> None:
        rings = self._rings.get(principal)
        if rings is None:
            if insider_role(principal) is not None and hosted_name(principal) is None:
                return  # operators' keys and the orchestrator itself are no agents of the fleet
            rings = {span: _Ring(*size) for span, size in _SPANS.items()}
            self._rings[principal] = rings
            if len(self._rings) > AGENTS_MAX:
                self._rings.popitem(last=False)
        else:
            self._rings.move_to_end(principal)
        at_s = at.timestamp()
        for ring in rings.values():
            ring.add(kind, at_s)

    def tell(self, span: ActivitySpan) -> Activity:
        """Everybody's counts up to now, whoever did something last first."""
        self._settle()
        spans, each_s = _SPANS[span]
        first = int(self._clock.now().timestamp() // each_s) - spans + 1
        return Activity(
            start_s=first * each_s,
            each_s=each_s,
            spans=spans,
            since_s=self._since_s,
            agents=tuple(
                _row(principal, rings[span].read(first))
                for principal, rings in reversed(self._rings.items())
            ),
        )


def _row(principal: AgentId, counts: tuple[tuple[int, ...], ...]) -> AgentActivity:
    hosted = hosted_name(principal)
    actions, messages, errors = counts
    return AgentActivity(
        agent=principal if hosted is None else hosted,
        origin=AgentOrigin.OUTSIDE if hosted is None else AgentOrigin.HOSTED,
        actions=actions,
        messages=messages,
        errors=errors,
    )
