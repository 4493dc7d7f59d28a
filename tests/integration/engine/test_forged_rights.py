"""Rights that somebody writes into a stopped engine's store are found, and never served."""

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from core.adapters.sqlite.migrations import LEDGER_STEPS
from core.adapters.sqlite.standing import open_snapshot
from tests.integration.engine.served import Served, run_cli, serving

_REMEMBER = {"resource_pattern": "docker push *", "duration_s": 900}
_DECIDER = (
    "UPDATE approvals SET body = json_set(body, '$.settled_by', 'mallory')"
    " WHERE status = 'approved'"
)
_VOTE = (
    "UPDATE approvals SET body = json_insert(body, '$.votes[#]',"
    " json_set(json_extract(body, '$.votes[0]'), '$.operator', 'bo'))"
    " WHERE status = 'pending'"
)
_HIDDEN_VOTE = (  # of two fields of one name SQLite reads the first, and Python the last
    "UPDATE approvals SET body = '{\"votes\":[],' || substr(json_set(body, '$.votes[0].operator',"
    " 'bo'), 2) WHERE status = 'pending'"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which somebody has a right of each kind; its engine has stopped."""
    home = tmp_path_factory.mktemp("home")
    with serving(home) as served:
        _approve(served, "docker push shop", remember=_REMEMBER)
        _approve(served, "docker push blog")
        held = served.propose("npm publish", risk="critical")
        assert held["decision"] == "ask"
        vote = {"decision": "approve", "digest": held["digest"]}
        path = f"/v1/approvals/{held['id']}"
        assert served.call("POST", path, vote, token="operator")[1]["status"] == "pending"
        denied = served.propose("npm publish", risk="high")
        vote = {"decision": "deny", "reason": "not that one"}
        path = f"/v1/approvals/{denied['id']}"
        assert served.call("POST", path, vote, token="operator")[0] == 200
    return home


def _approve(served: Served, command: str, **more: object) -> None:
    held = served.propose(command)
    if held["decision"] == "ask":
        answer = {"decision": "approve", "digest": held["digest"], **more}
        path = f"/v1/approvals/{held['id']}"
        assert served.call("POST", path, answer, token="operator")[0] == 200


def test_a_home_that_nobody_touched_holds_and_is_served(home: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(home, tmp_path / "copy")
    assert run_cli("audit", "verify", home=copy).returncode == 0
    with serving(copy) as served:
        assert served.propose("docker push other")["decision"] == "allow"


@pytest.mark.parametrize(
    ("forged", "told"),
    [
        ("UPDATE grants SET body = replace(body, 'docker push *', '*')", "its pattern"),
        ('UPDATE grants SET body = replace(body, \'"expires_at":"2\', \'"expires_at":"3\')', "end"),
        ("UPDATE grants SET id = id || '0', body = replace(body, id, id || '0')", "no entry"),
        (
            "UPDATE principals SET body = json_insert(body, '$.permissions[#]', 'move_money')",
            "its permissions",
        ),
        ("UPDATE tokens SET body = json_set(body, '$.hash', 'ab')", "its secret"),
        ("UPDATE tokens SET body = json_set(body, '$.kind', 'operator')", "its kind"),
        (_VOTE, "its approvers"),
        (_HIDDEN_VOTE, "its approvers"),
        (
            "UPDATE approvals SET body = replace(body, '\"approved\"', '\"pending\"')",
            "its decision",
        ),
        ("UPDATE grants SET body = '{}'", "cannot be read"),
    ],
)
def test_a_forged_right_is_found(home: Path, tmp_path: Path, forged: str, told: str) -> None:
    store = forge(home, tmp_path / "copy", forged) / "maestro.db"
    assert any(told in each for each in unfounded_rights(store))
    assert any(told in each for each in unfounded_rights(store, decided=False))


def test_a_forged_answer_is_found_by_verify_and_does_nothing(home: Path, tmp_path: Path) -> None:
    """A start does not read approvals that do not wait: nothing is done by their word."""
    forged = """UPDATE approvals SET body = json_set(body, '$.status', 'approved', '$.votes',
        json('[{"operator":"ana","digest":"d","at":"2026-11-21T09:00:00Z","shown_digest":"",
        "key":""}]'), '$.settled_by', 'ana') WHERE status = 'denied'"""
    copy = forge(home, tmp_path / "copy", forged)
    assert unfounded_rights(copy / "maestro.db", decided=False) == ()
    assert any("its decision" in each for each in unfounded_rights(copy / "maestro.db"))
    with contextlib.closing(sqlite3.connect(copy / "maestro.db")) as db:
        ((action, digest),) = db.execute(
            "SELECT id, json_extract(body, '$.digest') FROM approvals WHERE status = 'approved'"
            " AND json_extract(body, '$.reason') = 'not that one'"
        )
    with serving(copy) as served:
        assert served.call("GET", f"/v1/actions/{action}")[1]["decision"] == "deny"
        answer = {"decision": "approve", "digest": digest}
        path = f"/v1/approvals/{action}"
        assert served.call("POST", path, answer, token="operator")[0] == 409
        assert served.propose("npm publish", risk="high")["decision"] == "ask"
    assert run_cli("audit", "verify", home=copy).returncode == 1


def test_who_decided_is_held_against_the_trail_by_verify(home: Path, tmp_path: Path) -> None:
    store = forge(home, tmp_path / "copy", _DECIDER) / "maestro.db"
    assert any("its decider" in each for each in unfounded_rights(store))
    assert unfounded_rights(store, decided=False) == ()


def test_a_store_with_a_forged_right_is_not_served(home: Path, tmp_path: Path) -> None:
    forged = "UPDATE grants SET body = replace(body, 'docker push *', '*')"
    copy = forge(home, tmp_path / "copy", forged)
    verified = run_cli("audit", "verify", home=copy)
    assert (verified.returncode, verified.stderr) == (1, "")
    assert verified.stdout.startswith("BROKEN: remembered approval ")
    refused = run_cli("serve", "--port", "0", home=copy)
    assert refused.returncode == 1
    assert "its pattern is not what the trail says" in refused.stderr
    assert "Traceback" not in refused.stderr


_UNINDEX = """DROP INDEX audit_by_event; CREATE INDEX audit_by_event
    ON audit (json_extract(text, '$.event')) WHERE json_extract(text, '$.event') NOT LIKE 'grant.%'
    AND json_extract(text, '$.event') <> 'action.judged';"""
_TRUE = LEDGER_STEPS[-1][-1].replace("'", "''")  # as the migration wrote it
_HIDE = f"""PRAGMA writable_schema = ON;
    UPDATE sqlite_master SET sql = '{_TRUE}' WHERE name = 'audit_by_event';"""  # noqa: S608
_WIDEN = "UPDATE grants SET body = replace(body, 'docker push *', '*');"
_TWO_FACED = """ALTER TABLE grants RENAME TO true_grants; CREATE VIEW grants AS
    SELECT id, CASE (SELECT query_only FROM pragma_query_only) WHEN 1
    THEN replace(body, 'docker push *', '*') ELSE body END AS body FROM true_grants;"""


@pytest.mark.parametrize(
    ("change", "verified", "served"),
    [
        ("DROP INDEX audit_by_event;" + _WIDEN, "lacks index audit_by_event", "lacks index"),
        (_UNINDEX + _WIDEN, "audit_by_event of the store is not", "is not as Maestro makes it"),
        (_UNINDEX + _HIDE + _WIDEN, "missing from index", "its pattern"),
        (_TWO_FACED, "the store", "grants"),
        ("CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM tokens; END;", "foreign", "t"),
        ("UPDATE audit SET text = text || ' ' WHERE seq = 2", "entry 2", "entry 2"),
        ("DELETE FROM audit WHERE seq = 3", "entry 3", "entry 3"),
        ("DELETE FROM audit WHERE seq = 1", "from 1 to 1", "from 1 to 1"),
    ],
)
def test_what_would_hide_a_forged_right_is_found_and_not_served(
    home: Path, tmp_path: Path, change: str, verified: str, served: str
) -> None:
    copy = shutil.copytree(home, tmp_path / "copy")
    with contextlib.closing(sqlite3.connect(copy / "maestro.db")) as db:
        db.executescript(change)
    found = run_cli("audit", "verify", home=copy)
    assert found.returncode == 1
    assert verified in found.stdout
    refused = run_cli("serve", "--port", "0", home=copy)
    assert refused.returncode == 1
    assert served in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("forged", "told"),
    [
        ("DELETE FROM approvals WHERE status = 'approved'", "its record was removed"),
        (
            "UPDATE approvals SET body = json_set(body, '$.reason', 'x') WHERE status = 'denied'",
            "its record",
        ),
        (
            """INSERT INTO sessions (id, body) VALUES ('s', '{"id":"s","agent_id":"coder",
            "purposes":["x"],"untrusted":[],"started_at":"2026-11-21T09:00:00Z"}')""",
            "no entry",
        ),
    ],
)
def test_what_lasts_beside_the_trail_is_held_against_it(
    home: Path, tmp_path: Path, forged: str, told: str
) -> None:
    store = forge(home, tmp_path / "copy", forged) / "maestro.db"
    assert any(told in each for each in unfounded_rights(store))


def unfounded_rights(store: Path, *, decided: bool = True) -> tuple[str, ...]:
    """What stands beside the trail without an entry."""
    with open_snapshot(store) as ledger:
        assert list(ledger.rows())
        return ledger.find_problems(decided=decided)


def forge(home: Path, copy: Path, change: str) -> Path:
    """A copy of the home in which somebody changed the store."""
    shutil.copytree(home, copy)
    with contextlib.closing(sqlite3.connect(copy / "maestro.db")) as db, db:
        assert db.execute(change).rowcount > 0
    return copy
