"""What leaves the engine, or is drawn, holds no secret: neither in arguments nor in other texts."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from core.actions import ActionStatus, Decision, Finding, RiskLevel
from core.commands import EditAction
from core.gateway.http.console_views import open_action, open_approval, open_dossier
from core.gateway.http.views import approval_answer, dossier_answer
from core.governance import served
from core.governance.shown import show_action, show_dossier
from core.ids import OperatorId
from core.ports import Dossier
from core.records import ActionRecord
from tests.factories import make_token
from tests.unit.governance.gatehouse import Gatehouse, ask_until_approved, say
from tests.unit.governance.test_settlement import ask_two

SECRET = "hunter2Xy9abc"
ADDRESS = f"https://ana:{SECRET}@db.example.com/x?api_key={SECRET}"
SHOWN = "https://ana:[redacted:url-password]@db.example.com/x?api_key=[redacted:api-key]"


async def full_of_secrets(*, edited: bool = False) -> Dossier:
    """A held action that has them everywhere, in a session that has another such action."""
    house = Gatehouse(rule=ask_two if edited else ask_until_approved)
    words = f"log in with password={SECRET}"
    await house.gate.add_purpose("s", words, agent="coder", token=make_token())
    call: dict[str, Any] = {"kind": "network.request", "resource": ADDRESS, "session": "s"}
    await house.propose(arguments={"method": "GET"}, purpose=words, **call)
    ticket = await house.propose(arguments={"method": "POST"}, purpose=words, **call)
    if edited:
        operator = OperatorId("ana")
        await house.desk.dispatch(
            EditAction(
                operator=operator,
                action_id=ticket.id,
                digest=ticket.digest,
                arguments={"method": "PUT"},
                reason=words,
            )
        )
    dossier = await house.desk.show_action(ticket.id)
    assert dossier.approval is not None
    told = Finding(
        code="odd",
        source="policy",
        level=RiskLevel.HIGH,
        message=f"{ADDRESS} is odd",
        path=f"arguments[{ADDRESS}]",
        evidence=ADDRESS,
    )
    verdict = replace(
        dossier.record.verdict, reasons=(f"{ADDRESS} is not known",), findings=(told,)
    )
    record = replace(
        dossier.record,
        verdict=verdict,
        status=ActionStatus.DENIED,
        decision_reason=f"no: password={SECRET}",
    )
    approval = replace(dossier.approval, reason=f"no: password={SECRET}")
    return replace(dossier, record=record, approval=approval)


@pytest.mark.parametrize("edited", [False, True])
async def test_no_view_that_leaves_the_engine_holds_a_secret(*, edited: bool) -> None:
    dossier = await full_of_secrets(edited=edited)
    approval = dossier.approval
    assert approval is not None
    views = (
        dossier_answer(dossier),
        approval_answer(approval),
        open_dossier(dossier),
        open_approval(approval),
        open_action(dossier.record),
        show_dossier(dossier),
    )
    assert [each for each in views if SECRET in repr(each)] == []
    assert SECRET in repr(dossier)  # what would run is kept as it is


async def test_a_view_says_all_that_is_no_secret() -> None:
    dossier = await full_of_secrets()
    answer = dossier_answer(dossier)
    assert answer.resource == SHOWN
    assert answer.purpose == "log in with password=[redacted:password]"
    assert answer.reasons == (f"{SHOWN} is not known",)
    assert answer.findings[0].message == f"{SHOWN} is odd"
    assert answer.approval is not None
    assert answer.approval.resource == SHOWN
    assert answer.approval.reason == "no: password=[redacted:password]"
    opened = open_dossier(dossier)
    assert opened.session is not None
    assert opened.session.purposes == ("log in with password=[redacted:password]",)
    assert opened.recent[0].action.resource == SHOWN


async def test_what_is_approved_is_the_action_as_it_would_run() -> None:
    dossier = await full_of_secrets()
    answer, opened = dossier_answer(dossier), open_dossier(dossier)
    assert answer.approval is not None
    assert opened.approval is not None
    digest = dossier.record.digest
    assert (answer.approval.digest, opened.approval.digest, opened.record.digest) == (digest,) * 3


async def test_a_dossier_without_approval_and_session_is_shown_too() -> None:
    house = Gatehouse()
    ticket = await house.propose()
    dossier = replace(await house.desk.show_action(ticket.id), approval=None)
    assert show_dossier(dossier) == dossier


async def test_what_is_shown_of_it_is_told_by_a_digest_of_what_is_shown() -> None:
    house = Gatehouse(rule=lambda _request: say(Decision.ALLOW))
    ticket = await house.propose(resource=ADDRESS, kind="network.request", arguments={})
    shown = await house.desk.show_action(ticket.id)
    action = replace(shown.record.action, resource=SHOWN)
    house.store.rows[ActionRecord, ticket.id] = replace(shown.record, action=action)
    assert (await house.desk.show_action(ticket.id)).shown_digest == shown.shown_digest


async def test_a_very_long_purpose_is_looked_through_beside_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[threading.Thread] = []

    def note(record: ActionRecord) -> ActionRecord:
        threads.append(threading.current_thread())
        return show_action(record)

    monkeypatch.setattr(served, "show_action", note)
    house = Gatehouse()
    for purpose in ("list the files", "list the files " * 10_000):
        ticket = await house.propose(purpose=purpose)
        await house.desk.show_action(ticket.id)
    assert [each is threading.main_thread() for each in threads] == [True, False]
