"""What an operator approved, asked for by its id after something has changed: over real HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.engine.served import Served, serving


def approved(served: Served, **proposal: str) -> str:
    held = served.propose("git push --force", **proposal)
    answer = {"decision": "approve", "digest": held["digest"]}
    status, told = served.call("POST", f"/v1/approvals/{held['id']}", answer, token="operator")
    assert status == 200, told
    return str(held["id"])


def quarantine(served: Served, *, quarantined: bool = True) -> None:
    command = {"command": "quarantine", "agent": "coder", "quarantined": quarantined}
    body = {**command, "reason": "odd", "key": "Q"}
    status, told = served.call("POST", "/v1/console/commands", body, token="operator")
    assert status == 200, told


def events_of(served: Served, action: str) -> list[str]:
    page = served.call("GET", f"/v1/audit?action_id={action}", token="operator")[1]
    return [str(json.loads(each["text"])["event"]) for each in page["entries"]]


def fetch(served: Served, action: str) -> Any:
    status, told = served.call("GET", f"/v1/actions/{action}")
    assert status == 200, told
    return told


@pytest.mark.parametrize("again", ["by its id", "by its key"])
def test_a_quarantine_stops_what_was_approved_and_not_fetched(tmp_path: Path, again: str) -> None:
    with serving(tmp_path) as served:
        action = approved(served, idempotency_key="k")
        quarantine(served)
        if again == "by its id":
            told = fetch(served, action)
        else:
            told = served.propose("git push --force", idempotency_key="k")
        assert (told["id"], told["decision"], told["status"]) == (action, "deny", "denied")
        assert "no longer allowed when it was fetched" in told["reasons"][0]
        quarantine(served, quarantined=False)
        assert fetch(served, action)["decision"] == "deny"  # for good
        assert "action.withdrawn" in events_of(served, action)


def test_what_was_fetched_in_time_stays_as_it_was_told(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        action = approved(served)
        assert fetch(served, action)["decision"] == "allow"
        quarantine(served)
        assert fetch(served, action)["decision"] == "allow"
        outcome = {"status": "succeeded"}
        status, told = served.call("POST", f"/v1/actions/{action}/outcome", outcome)
        assert status == 200, told
        assert events_of(served, action).count("action.claimed") == 1
