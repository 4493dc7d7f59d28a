"""A machine in memory: policies, a log, settings, findings, files that are written."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from console.office import Office
from core.actions import Decision, RiskLevel
from core.errors import MaestroError, PolicyInvalid
from core.ids import ActionId, AgentId, GrantId, OperatorId
from core.office_ports import FindingRow, SettingRow
from core.policy_ports import (
    CaseView,
    ChangeView,
    LibraryView,
    PackView,
    PolicyView,
    ReplayView,
    RuleProposal,
)
from core.records import GrantRecord
from core.reporting.forms import Form
from tests.console.fakes import MARIA, PAUL, action_id
from tests.factories import NOW

_TEXT = """@id("{id}")
@reason("{reason}")
forbid (principal, action, resource)
when {{ context.shell_level > 0 }}
unless {{ context.approved }};"""


def make_policy(pack: str, id_: str, decision: Decision, reason: str, **more: Any) -> PolicyView:
    given: dict[str, Any] = {
        "file": f"/srv/maestro/packs/{pack}/{pack}.cedar",
        "line": 12,
        "text": _TEXT.format(id=id_, reason=reason),
        "second_approver": False,
        "violation": decision is Decision.DENY,
    }
    return PolicyView(pack=pack, id=id_, decision=decision, reason=reason, **{**given, **more})


def make_library() -> LibraryView:
    coding = (
        make_policy("coding-agent", "permit:shell", Decision.ALLOW, "harmless commands may run"),
        make_policy(
            "coding-agent",
            "ask:shell-risk",
            Decision.ASK,
            "the command writes or downloads",
            line=31,
        ),
        make_policy(
            "coding-agent",
            "deny:secret-files",
            Decision.DENY,
            "files that hold secrets are not read",
            line=44,
        ),
    )
    payments = (
        make_policy(
            "payments",
            "ask:large-transfer",
            Decision.ASK,
            "more than 100 is moved: two people must agree",
            second_approver=True,
        ),
        make_policy(
            "payments",
            "quarantine:reads-only",
            Decision.DENY,
            "the agent is in quarantine: it may only read",
            violation=False,
        ),
    )
    agents = (AgentId("claude-code"), AgentId("scraper"))
    return LibraryView(
        version="sha256:6c1b07d2aa10",
        folder="/srv/maestro/packs",
        packs=(
            PackView(
                name="coding-agent",
                description="For agents that write software",
                agents=agents,
                policies=coding,
                cases=33,
            ),
            PackView(
                name="payments",
                description="For agents that move money",
                agents=(),
                policies=payments,
                cases=14,
            ),
        ),
    )


def make_case(name: str, *, passed: bool = True, pack: str = "coding-agent") -> CaseView:
    return CaseView(
        pack=pack,
        name=name,
        kind="shell.execute",
        resource="bash",
        expected=Decision.ASK,
        expected_by="ask:shell-risk",
        got=Decision.ASK if passed else Decision.ALLOW,
        got_by=("ask:shell-risk",) if passed else ("permit:shell",),
        passed=passed,
    )


def make_change(tail: str, now: Decision, **more: Any) -> ChangeView:
    given: dict[str, Any] = {
        "action_id": action_id(tail),
        "agent_id": AgentId("claude-code"),
        "kind": "shell.execute",
        "resource": "bash",
        "at": NOW - timedelta(minutes=7),
        "was": Decision.ASK,
        "now": now,
        "policies": ("permit:shell",),
        "reasons": ("harmless commands may run",),
    }
    return ChangeView(**{**given, **more})


def make_rule(id_: str = "r1", **more: Any) -> RuleProposal:
    given: dict[str, Any] = {
        "id": id_,
        "agent_id": AgentId("claude-code"),
        "kind": "shell.execute",
        "resource_pattern": "npm run build",
        "risk_max": RiskLevel.MEDIUM,
        "approved": 14,
        "asks": 15,
        "operators": (MARIA, PAUL),
        "first_at": NOW - timedelta(days=3),
        "last_at": NOW - timedelta(minutes=20),
        "from_action": action_id("8f2a1c"),
        "lasts_s": 7 * 86_400.0,
    }
    return RuleProposal(**{**given, **more})


class FakePolicies:
    """Answers what it holds; remembers what was asked."""

    def __init__(self) -> None:
        self.held = make_library()
        self.cases: tuple[CaseView, ...] = (
            make_case("a download asks"),
            make_case("rm asks", passed=False),
        )
        self.changes: tuple[ChangeView, ...] = (
            make_change("8f2a1c", Decision.ALLOW),
            make_change(
                "77aa01",
                Decision.DENY,
                agent_id=AgentId("scraper"),
                kind="network.request",
                resource="https://example.org/upload",
                policies=("deny:uploads",),
                reasons=("nothing is uploaded",),
            ),
        )
        self.rules: tuple[RuleProposal, ...] = (make_rule(),)
        self.folders: list[str] = []
        self.accepted: list[tuple[str, OperatorId]] = []
        self.failure: MaestroError | None = None

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure

    async def library(self) -> LibraryView:
        self._check()
        return self.held

    async def run_tests(self) -> tuple[CaseView, ...]:
        self._check()
        return self.cases

    async def replay(self, folder: str = "") -> ReplayView:
        self._check()
        self.folders.append(folder)
        if folder == "/nowhere":
            raise PolicyInvalid("/nowhere: is no folder")
        return ReplayView(
            folder=folder or "/srv/maestro/packs",
            version="sha256:1",
            version_in_force="sha256:2",
            read=1_204,
            unchanged=1_190,
            skipped=12,
            changes=self.changes,
        )

    async def propose_rules(self) -> tuple[RuleProposal, ...]:
        self._check()
        return self.rules

    async def accept(self, proposal_id: str, *, operator: OperatorId, key: str = "") -> GrantRecord:
        del key
        self._check()
        self.accepted.append((proposal_id, operator))
        rule = next(each for each in self.rules if each.id == proposal_id)
        self.rules = tuple(each for each in self.rules if each.id != proposal_id)
        return GrantRecord(
            id=GrantId("00000000000000000000g7a1b2"),
            agent_id=rule.agent_id,
            kind=rule.kind,
            resource_pattern=rule.resource_pattern,
            created_by=operator,
            created_at=NOW,
            expires_at=NOW + timedelta(days=7),
            from_action=ActionId(rule.from_action),
            risk_max=rule.risk_max,
        )


def log_line(event: str, level: str = "info", **more: Any) -> str:
    seconds = more.pop("seconds", 0)
    return json.dumps(
        {
            "at": (NOW - timedelta(seconds=seconds)).isoformat(),
            "level": level,
            "logger": more.pop("logger", "maestro.gateway"),
            "event": event,
            "correlation_id": None,
            **more,
        }
    )


class FakeMachine:
    """What an `Office` offers, in memory."""

    def __init__(self) -> None:
        self.policies = FakePolicies()
        self.lines: tuple[str, ...] = (
            log_line("the gateway listens at http://127.0.0.1:7717", seconds=90),
            log_line("the source backend.p95 does not answer", "warning", seconds=61, tries=3),
            log_line("telemetry cannot be kept: disk full", "error", seconds=40),
            "Traceback (most recent call last):",
            log_line("the source answers again", logger="maestro.monitoring", seconds=8),
        )
        self.settings: tuple[SettingRow, ...] = (
            SettingRow(key="gateway.enabled", value="true", origin="default", default="true"),
            SettingRow(key="gateway.port", value="7800", origin="maestro.toml:3", default="7717"),
            SettingRow(
                key="mcp.files.env.API_TOKEN",
                value="",
                origin="maestro.toml:19",
                default="",
                hidden=True,
            ),
            SettingRow(
                key="console.theme",
                value="maestro-night",
                origin="MAESTRO_CONSOLE__THEME",
                default="",
            ),
        )
        self.findings: tuple[FindingRow, ...] = (
            FindingRow(
                subject="source", name="backend.error_rate", ok=True, said="0.004 (access_log)"
            ),
            FindingRow(
                subject="source",
                name="backend.p95",
                ok=False,
                said="http://127.0.0.1:9090 does not answer: start it, or change url",
            ),
        )
        self.failure: MaestroError | None = None
        self.written: dict[str, bytes] = {}
        self.reports: list[tuple[str, Form, datetime, datetime]] = []

    def office(self, **more: Any) -> Office:
        office = Office(
            policies=self.policies,
            read_log=self.read_log,
            read_settings=self.read_settings,
            examine=self.examine,
            write_report=self.write_report,
            put_files=self.put_files,
        )
        return replace(office, **more)

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure

    async def read_log(self) -> tuple[str, ...]:
        self._check()
        return self.lines

    async def read_settings(self) -> tuple[SettingRow, ...]:
        self._check()
        return self.settings

    async def examine(self) -> tuple[FindingRow, ...]:
        self._check()
        return self.findings

    async def write_report(
        self, kind: str, form: Form, since: datetime, until: datetime
    ) -> tuple[Path, ...]:
        self._check()
        self.reports.append((kind, form, since, until))
        return (Path(f"/home/ana/.maestro/reports/{kind}.{form.value}"),)

    async def put_files(
        self, folder: str, stem: str, files: Mapping[str, bytes]
    ) -> tuple[Path, ...]:
        self._check()
        names = [f"{folder}/{stem}{ending}" for ending in files]
        self.written |= dict(zip(names, files.values(), strict=True))
        return tuple(Path("/home/ana/.maestro") / each for each in names)
