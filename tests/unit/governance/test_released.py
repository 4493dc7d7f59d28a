"""What stands as allowed in the store is told only as far as the trail says so."""

from dataclasses import replace

import pytest

from core.actions import ActionStatus, OutcomeStatus
from core.errors import PermissionDenied
from core.records import Outcome, WriteUnit
from tests.factories import NOW, make_token
from tests.unit.governance.gatehouse import Gatehouse


async def test_an_action_that_only_the_store_calls_allowed_is_refused() -> None:
    house = Gatehouse()
    held = await house.propose(idempotency_key="k")
    record = await house.store.get_action(held.id)
    assert record is not None
    forged = replace(
        record,
        status=ActionStatus.ALLOWED,
        arguments_released=record.action.arguments,
        digest_released=record.digest,
    )
    await house.store.commit(WriteUnit(puts=(forged,)))  # as an editor does: without an entry
    with pytest.raises(PermissionDenied, match="no entry of the trail allowed"):
        await house.gate.wait(held.id, timeout_s=0, token=make_token())
    with pytest.raises(PermissionDenied, match="no entry of the trail allowed"):
        await house.propose(idempotency_key="k")
    outcome = Outcome(status=OutcomeStatus.SUCCEEDED, reported_at=NOW)
    with pytest.raises(PermissionDenied, match="no entry of the trail allowed"):
        await house.gate.report_outcome(held.id, outcome, result=None, token=make_token())
    with pytest.raises(PermissionDenied, match="no entry of the trail allowed"):
        await house.gate.claim(held.id, key="k", token=make_token())
