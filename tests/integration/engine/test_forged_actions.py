"""What was allowed is told after a restart; what somebody wrote into the store as allowed never."""

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.integration.engine.served import Served, serving
from tests.integration.engine.test_forged_rights import forge

_ALLOWED = "json_set(body, '$.status', 'allowed')"
_RELEASED = (
    "json_set(body, '$.status', 'allowed', '$.digest_released', json_extract(body, '$.digest'),"
    " '$.arguments_released', json_extract(body, '$.action.arguments'))"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an action of each end; its engine has stopped."""
    home = tmp_path_factory.mktemp("home")
    with serving(home) as served:
        served.propose("ls", idempotency_key="plain")
        served.propose("npm publish", idempotency_key="held")
        _answer(served, "docker push a", "approved", decision="approve")
        _answer(served, "docker push b", "edited", decision="edit", arguments={"command": "ls b"})
        _answer(served, "docker push c", "denied", decision="deny", reason="no")
    return home


def _answer(served: Served, command: str, key: str, **answer: object) -> None:
    held = served.propose(command, idempotency_key=key)
    assert held["decision"] == "ask"
    given = answer if "reason" in answer else {"digest": held["digest"], **answer}
    status, told = served.call("POST", f"/v1/approvals/{held['id']}", given, token="operator")
    assert status == 200, told


@pytest.mark.parametrize(
    ("key", "command", "released"),
    [
        ("plain", "ls", "ls"),
        ("approved", "docker push a", "docker push a"),
        ("edited", "docker push b", "ls b"),
    ],
)
def test_what_was_allowed_is_told_after_a_restart(
    home: Path, tmp_path: Path, key: str, command: str, released: str
) -> None:
    with serving(shutil.copytree(home, tmp_path / "copy")) as served:
        again = served.propose(command, idempotency_key=key)
        assert (again["decision"], again["arguments"]) == ("allow", {"command": released})
        assert served.call("GET", f"/v1/actions/{again['id']}")[1]["decision"] == "allow"


@pytest.mark.parametrize(
    ("key", "command", "change"),
    [
        ("denied", "docker push c", _RELEASED),
        ("approved", "docker push a", "replace(body, 'push a', 'push x')"),
        ("approved", "docker push a", "json_set(body, '$.arguments_released.command', 'ls')"),
        ("edited", "docker push b", _RELEASED),
    ],
)
def test_what_the_trail_did_not_allow_is_not_released(
    home: Path, tmp_path: Path, key: str, command: str, change: str
) -> None:
    forged = f"UPDATE actions SET body = {change} WHERE idempotency_key = '{key}'"  # noqa: S608
    copy = forge(home, tmp_path / "copy", forged)
    with contextlib.closing(sqlite3.connect(copy / "maestro.db")) as db:
        (action,) = db.execute(
            "SELECT id FROM actions WHERE idempotency_key = ?", (key,)
        ).fetchone()
    with serving(copy) as served:
        status, told = served.call("GET", f"/v1/actions/{action}")
        assert status == 403
        assert "no entry of the trail allowed exactly this" in told["detail"]
        outcome = {"status": "succeeded"}
        assert served.call("POST", f"/v1/actions/{action}/outcome", outcome)[0] == 403
        proposal = {"agent": "coder", "kind": "shell.execute", "idempotency_key": key}
        again = {**proposal, "arguments": {"command": command}}
        assert served.call("POST", "/v1/actions", again)[0] == 403
        kept = served.call("GET", "/v1/audit?event=action.refused", token="operator")[1]
        assert [json.loads(each["text"])["action_id"] for each in kept["entries"]] == [action]


@pytest.mark.parametrize("change", [_ALLOWED, _RELEASED, "replace(body, 'publish', 'view')"])
def test_what_waits_is_denied_when_somebody_edited_it(
    home: Path, tmp_path: Path, change: str
) -> None:
    forged = f"UPDATE actions SET body = {change} WHERE idempotency_key = 'held'"  # noqa: S608
    copy = forge(home, tmp_path / "copy", forged)
    with serving(copy) as served:
        assert served.call("GET", "/v1/approvals", token="operator")[1]["approvals"] == []
        again = served.propose("npm publish", idempotency_key="held")
        assert again["decision"] == "ask"
        kept = served.call("GET", "/v1/audit?event=action.refused", token="operator")[1]
        (entry,) = kept["entries"]
        action = json.loads(entry["text"])["action_id"]
        denied = served.call("GET", f"/v1/actions/{action}")[1]
        assert denied["decision"] == "deny"
        assert "somebody edited the store" in denied["reasons"][0]
