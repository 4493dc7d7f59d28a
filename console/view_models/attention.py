"""When to ring: once for what newly needs a person, less at night."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time
from typing import TYPE_CHECKING, Final, NamedTuple

from console.view_models.fleet import firing
from console.view_models.text import count
from core.actions import RiskLevel
from core.measures import Alert, Severity

if TYPE_CHECKING:  # not loaded for the first picture
    from core.records import ApprovalRecord

GAP_S: Final = 5.0  # a flood rings once in this time
_QUIET: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class Quiet(NamedTuple):
    """Hours in which only what is critical rings; they may go over midnight."""

    start: time
    end: time

    def holds(self, now: time) -> bool:
        """Whether `now` lies in them; the end does not."""
        if self.start <= self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end


def parse_quiet(text: str) -> Quiet | None:
    """`22:00-07:00`; None for anything else."""
    found = _QUIET.fullmatch(text.strip())
    if found is None:
        return None
    start_h, start_m, end_h, end_m = map(int, found.groups())
    return Quiet(time(start_h, start_m), time(end_h, end_m))


class Call(NamedTuple):
    """What is said to whoever is not looking. No agent's words are in it."""

    words: str
    critical: bool


class Attention:
    """Knows what it has rung for."""

    def __init__(self, quiet: Quiet | None = None) -> None:
        self._quiet = quiet
        self._known: frozenset[str] = frozenset()
        self._approvals: set[str] = set()  # new, and not rung for yet
        self._alerts: set[str] = set()
        self._critical: set[str] = set()
        self._rang_s: float | None = None

    def notice(
        self,
        approvals: Sequence[ApprovalRecord],
        alerts: Sequence[Alert],
        *,
        now: datetime,
        now_s: float,
    ) -> Call | None:
        """What to ring for now, if anything. `now` is in the operator's zone, `now_s` monotonic.

        What settles before it was rung for is not rung for.
        """
        waiting = {f"approval {each.id}": each for each in approvals}
        worst = {
            f"alert {each.id}" for each in firing(alerts, now) if each.severity is Severity.CRITICAL
        }
        here = frozenset(waiting) | worst
        fresh = here - self._known
        self._known = here
        self._approvals = (self._approvals | (fresh & set(waiting))) & set(waiting)
        self._alerts = (self._alerts | (fresh & worst)) & worst
        self._critical = self._alerts | {
            each for each in self._approvals if waiting[each].risk is RiskLevel.CRITICAL
        }
        return self._ring(now, now_s)

    def _ring(self, now: datetime, now_s: float) -> Call | None:
        if not (self._approvals or self._alerts):
            return None
        if self._rang_s is not None and now_s - self._rang_s < GAP_S:
            return None
        critical = bool(self._critical)
        told = [
            words
            for each, words in (
                (self._approvals, count(len(self._approvals), "new approval", "new approvals")),
                (self._alerts, count(len(self._alerts), "critical alert", "critical alerts")),
            )
            if each
        ]
        self._approvals, self._alerts = set(), set()
        if self._quiet is not None and self._quiet.holds(now.time()) and not critical:
            return None
        self._rang_s = now_s
        return Call(", ".join(told), critical)
