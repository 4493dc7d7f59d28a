from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from core.actions import JsonObject
from core.commands import AcknowledgeAlert, DiscardMessage, FleetCommand, SilenceAlert
from core.ids import MessageId, OperatorId
from core.measures import Severity
from core.orchestration.desk import DeskMeans, FleetDesk
from core.records import AuditDraft
from tests.unit.monitoring.watching import make_watched
from tests.unit.orchestration.post import make_message

ANA = OperatorId("ana")
SECRET = "ghp_" + "a1B2" * 9
WORDS = f"it sent {SECRET} about"


async def test_what_operators_write_stands_in_the_trail_without_its_secrets() -> None:
    letter, audited = make_message(), list[AuditDraft]()

    async def audit(draft: AuditDraft) -> None:
        audited.append(draft)

    watched = make_watched(audit=audit)
    alert = await watched.alerts.raise_alert(
        "agent:video", agent="video", severity=Severity.WARNING, title="slow"
    )

    def discard(_id: MessageId) -> SimpleNamespace:
        return SimpleNamespace(message=letter)

    router = SimpleNamespace(discard=discard)
    means: Any = SimpleNamespace(
        alerts=watched.alerts, router=router, audit=audit, clock=watched.clock
    )
    desk = FleetDesk(cast("DeskMeans", means))
    until = watched.clock.now() + timedelta(hours=1)
    commands: tuple[FleetCommand, ...] = (
        AcknowledgeAlert(operator=ANA, alert_id=alert.id, note=WORDS),
        SilenceAlert(operator=ANA, alert_id=alert.id, until=until, reason=WORDS),
        DiscardMessage(operator=ANA, message_id=letter.id, reason=WORDS),
    )
    for each in commands:
        await desk.dispatch(each)
    bodies: list[JsonObject] = [each.body for each in audited]
    told = [str(each.get("note", each.get("reason"))) for each in bodies]
    assert told == ["it sent [redacted:github-token] about"] * 3
