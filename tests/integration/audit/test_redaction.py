"""Secrets never reach the trail: what is hashed, copied, signed and exported is redacted before."""

from pathlib import Path

from core.actions import Decision
from core.assembly.foundation import verify_trail
from core.bootstrap import run_engine
from core.ports import Proposal
from core.records import AuditQuery, TokenKind, TokenRecord
from core.settings import GatewaySettings, Settings
from tests.factories import make_token

SECRETS = ("AKIA" + "IOSFODNN7EXAMPL2", "hunter2-is-my-real-password")


async def test_a_secret_is_redacted_before_it_is_hashed(tmp_path: Path) -> None:
    settings = Settings(gateway=GatewaySettings(enabled=False))
    token: TokenRecord = make_token(kind=TokenKind.AGENT)
    async with run_engine(tmp_path, settings) as engine:
        ticket = await engine.gate.propose(
            Proposal(
                agent="coder",
                kind="shell.execute",
                resource="bash",
                arguments={
                    "command": f"aws configure set aws_access_key_id {SECRETS[0]}",
                    "password": SECRETS[1],
                },
                purpose=f"log in with {SECRETS[0]}",
            ),
            token=token,
        )
        assert ticket.decision in Decision
        entries = await engine.desk.read_audit(AuditQuery(event="action.judged"))
        assert "[redacted:" in entries[0].text
    audited = [path.read_bytes() for path in (tmp_path / "audit").iterdir()]
    texts = [*audited, *(each.text.encode() for each in entries)]
    assert [secret for secret in SECRETS if any(secret.encode() in text for text in texts)] == []
    assert b"[redacted:" in b"".join(audited)
    assert verify_trail(tmp_path).ok


async def test_no_finding_quotes_a_secret(tmp_path: Path) -> None:
    secret = "ghp_" + "a1B2" * 9
    settings = Settings(gateway=GatewaySettings(enabled=False))
    async with run_engine(tmp_path, settings) as engine:
        ticket = await engine.gate.propose(
            Proposal(
                agent="coder",
                kind="shell.execute",
                resource="bash",
                arguments={"command": f"git push --force https://{secret}@example.com/shop main"},
                purpose="push it",
            ),
            token=make_token(kind=TokenKind.AGENT),
        )
        verdict = (await engine.desk.show_action(ticket.id)).record.verdict
        entries = await engine.desk.read_audit(AuditQuery())
    assert any("[redacted:" in finding.evidence for finding in verdict.findings)
    assert secret not in repr((verdict.findings, verdict.reasons, ticket.reasons))
    assert secret not in "".join(entry.text for entry in entries)
