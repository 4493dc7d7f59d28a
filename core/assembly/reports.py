"""Reports on schedule, and what all reports are made from."""

from datetime import UTC, tzinfo

from core.adapters.home import is_demo
from core.adapters.report_files import ReportFiles
from core.assembly.foundation import Foundation
from core.assembly.governance import Governance
from core.assembly.orchestrator import Orchestrator
from core.clock import Clock
from core.errors import ConfigError
from core.ids import OperatorId
from core.reporting.catalog import REPORTS
from core.reporting.forms import Form
from core.reporting.ports import Sources
from core.reporting.schedule import Plan, ReportSchedule


def local_zone(clock: Clock) -> tzinfo:
    """The machine's zone now."""
    return clock.now().astimezone().tzinfo or UTC


def report_sources(
    base: Foundation, governance: Governance, orchestrator: Orchestrator, operator: OperatorId
) -> Sources:
    """The running engine's own views."""
    return Sources(
        home=str(base.home),
        ledger=governance.desk,
        fleet=orchestrator.desk,
        made_by=operator,
        demo=is_demo(base.home),
    )


def schedule_reports(
    base: Foundation, sources: Sources, orchestrator: Orchestrator
) -> ReportSchedule:
    """The reports that the settings plan. Raises ConfigError for a kind that there is not."""
    plans: list[Plan] = []
    for name, given in base.settings.reports.items():
        if given.kind not in REPORTS:
            raise ConfigError(
                f"reports.{name}.kind: there is no report {given.kind!r}; there are"
                f" {', '.join(REPORTS)}"
            )
        plans.append(
            Plan(
                name=name,
                kind=given.kind,
                every=given.every,
                at=given.at,
                forms=tuple(map(Form, given.forms)),
                folder=base.home / given.folder.expanduser(),
                keep=given.keep,
            )
        )
    return ReportSchedule(
        plans,
        sources=sources,
        shelf=ReportFiles(),
        alerts=orchestrator.alerts,
        clock=base.clock,
        zone=local_zone(base.clock),
    )
