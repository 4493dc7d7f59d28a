"""Reports on schedule: written to a folder, the oldest removed."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Final, Literal, Protocol

from core.clock import Clock
from core.errors import MaestroError
from core.measures import Severity
from core.reporting.catalog import make_report
from core.reporting.forms import Form, write_report
from core.reporting.ports import Period, Sources

_LOG: Final = logging.getLogger("maestro.reports")
_LOOK_S_MAX: Final = 60.0  # a clock that is set anew is noticed within a minute
_SPANS: Final = {"day": timedelta(days=1), "week": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One report to be written again and again."""

    name: str
    kind: str
    every: Literal["day", "week"]
    at: time  # of the operator's day; a week's report is written on Mondays
    forms: tuple[Form, ...]
    folder: Path
    keep: int  # newest reports of this plan that stay


class Shelf(Protocol):
    """Where reports are kept; never blocks the loop."""

    async def put(self, folder: Path, stem: str, files: Mapping[str, bytes]) -> None:
        """Write `stem` + ending, private to the owner. Raises StorageError."""
        ...

    async def prune(self, folder: Path, plan: str, keep: int) -> None:
        """Remove all but the newest `keep` reports of a plan. Raises StorageError."""
        ...


class Alerts(Protocol):
    """Where a report that cannot be written is told."""

    async def raise_alert(
        self, cause: str, *, agent: str, severity: Severity, title: str, detail: str = ""
    ) -> object: ...
    async def resolve(self, cause: str) -> object: ...


def next_due(plan: Plan, after: datetime, zone: tzinfo) -> datetime:
    """The first moment after `after` at which the plan's report is due."""
    local = after.astimezone(zone)
    due = datetime.combine(local.date(), plan.at, zone)
    if plan.every == "week":
        due += timedelta(days=-local.weekday())
    while due <= after:
        due = datetime.combine(due.date() + _SPANS[plan.every], plan.at, zone)
    return due.astimezone(after.tzinfo)


class ReportSchedule:
    """Writes what is due. A report that was due while nothing ran is not made up for."""

    name = "reports"

    def __init__(
        self,
        plans: Sequence[Plan],
        *,
        sources: Sources,
        shelf: Shelf,
        alerts: Alerts,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self._plans = plans
        self._sources = sources
        self._shelf = shelf
        self._alerts = alerts
        self._clock = clock
        self._zone = zone

    async def run(self) -> None:
        """Write what becomes due until cancelled."""
        now = self._clock.now()
        due = {plan.name: next_due(plan, now, self._zone) for plan in self._plans}
        while True:
            now = self._clock.now()
            for plan in self._plans:
                if due[plan.name] <= now:
                    await self.write(plan, due[plan.name])
                    due[plan.name] = next_due(plan, self._clock.now(), self._zone)
            wait_s = min(
                ((each - now).total_seconds() for each in due.values()), default=_LOOK_S_MAX
            )
            await self._clock.sleep(min(_LOOK_S_MAX, max(0.01, wait_s)))

    async def write(self, plan: Plan, until: datetime) -> None:
        """Write one plan's report over the span that ends at `until`; a failure is an alert."""
        cause = f"report:{plan.name}"
        try:
            await self._write(plan, until)
        except MaestroError as error:
            _LOG.warning("a report was not written", extra={"plan": plan.name})
            await self._alerts.raise_alert(
                cause,
                agent="system",
                severity=Severity.WARNING,
                title=f"the report {plan.name} could not be written",
                detail=str(error),
            )
        else:
            await self._alerts.resolve(cause)

    async def _write(self, plan: Plan, until: datetime) -> None:
        period = Period(until - _SPANS[plan.every], until)
        report = await make_report(plan.kind, self._sources, period, now=self._clock.now())
        stem = f"{plan.name}-{until.astimezone(self._zone):%Y-%m-%d}"
        for form in plan.forms:
            files = await asyncio.to_thread(write_report, report, form, self._zone)
            await self._shelf.put(plan.folder, stem, files)
        await self._shelf.prune(plan.folder, plan.name, plan.keep)
