"""The table of reports: a later engine adds its own row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.errors import ConfigError
from core.reporting.kinds.approvals import build_approvals
from core.reporting.kinds.audit import build_audit
from core.reporting.kinds.operations import build_operations
from core.reporting.model import Report
from core.reporting.ports import Build, Period, Sources


@dataclass(frozen=True, slots=True)
class ReportKind:
    """One kind of report."""

    title: str
    about: str  # one sentence for the list
    build: Build
    needs_engine: bool = False


REPORTS: Final[Mapping[str, ReportKind]] = {
    "approvals": ReportKind(
        "Approvals", "Who decided what, how fast, what came of it", build_approvals
    ),
    "audit": ReportKind("Audit evidence", "The trail verified, and its entries", build_audit),
    "operations": ReportKind(
        "Operations", "Agents, metrics, alerts, model use", build_operations, needs_engine=True
    ),
}


async def make_report(name: str, sources: Sources, period: Period, *, now: datetime) -> Report:
    """Build one report. Raises ConfigError for an unknown name, and what its kind raises."""
    kind = REPORTS.get(name)
    if kind is None:
        raise ConfigError(f"no report {name!r}; there are {', '.join(REPORTS)}")
    return Report(
        name=name,
        title=kind.title,
        home=sources.home,
        made_at=now,
        since=period.since,
        until=period.until,
        sections=await kind.build(sources, period),
        demo=sources.demo,
    )
