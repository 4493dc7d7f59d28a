"""Rights outlive the archiving of the entries that gave them, and are still held against it."""

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from core.audit.files import AuditFiles
from core.audit.home import find_anchor
from core.errors import AuditChainBroken
from tests.integration.engine.served import archive, run_cli, serving
from tests.integration.engine.test_forged_rights import forge, unfounded_rights

_REMEMBER = {"resource_pattern": "docker push *", "duration_s": 900}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped home with an agent, a remembered approval, a token that was revoked and a held
    action, all archived.
    """
    home = tmp_path_factory.mktemp("home")
    with serving(home) as served:
        status, made = served.call("POST", "/v1/tokens", {"label": "old"}, token="operator")
        path = f"/v1/tokens/{made['token']['id']}/revoke"
        assert (status, served.call("POST", path, {}, token="operator")[0]) == (200, 200)
        held = served.propose("docker push shop")
        answer = {"decision": "approve", "digest": held["digest"], "remember": _REMEMBER}
        path = f"/v1/approvals/{held['id']}"
        assert served.call("POST", path, answer, token="operator")[0] == 200
        assert served.propose("npm publish", risk="critical")["decision"] == "ask"
    archive(home)
    return home


def test_what_was_given_before_still_holds(home: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(home, tmp_path / "copy")
    assert run_cli("audit", "verify", home=copy).returncode == 0
    with serving(copy) as served:
        assert served.propose("docker push other")["decision"] == "allow"
        (held,) = served.call("GET", "/v1/approvals", token="operator")[1]["approvals"]
        answer = {"decision": "deny", "reason": "no"}
        path = f"/v1/approvals/{held['id']}"
        assert served.call("POST", path, answer, token="operator")[0] == 200
    assert run_cli("audit", "verify", home=copy).returncode == 0


@pytest.mark.parametrize(
    ("forged", "told"),
    [
        (
            """INSERT INTO grants (id, body) SELECT id || '0',
            replace(replace(body, id, id || '0'), 'docker push *', 'rm *') FROM grants""",
            "no entry",
        ),
        ("UPDATE grants SET body = replace(body, 'docker push *', 'rm *')", "its pattern"),
        (
            """INSERT INTO tokens (id, body) SELECT id || '0', json_set(body, '$.id', id || '0',
            '$.kind', 'operator') FROM tokens LIMIT 1""",
            "no entry",
        ),
        (
            "UPDATE principals SET body = json_insert(body, '$.permissions[#]', 'move_money')",
            "its permissions",
        ),
        ("UPDATE approvals SET body = json_set(body, '$.resource', 'x')", "its record"),
    ],
)
def test_a_right_without_an_entry_is_forged(
    home: Path, tmp_path: Path, forged: str, told: str
) -> None:
    store = forge(home, tmp_path / "copy", forged) / "maestro.db"
    assert any(told in each for each in unfounded_rights(store))


def test_nothing_is_archived_while_a_forged_right_stands(home: Path, tmp_path: Path) -> None:
    """It would be told anew, and look as if it had been given."""
    forged = "UPDATE grants SET body = replace(body, 'docker push *', 'rm *')"
    copy = forge(home, tmp_path / "copy", forged)
    with pytest.raises(AuditChainBroken, match="nothing was archived: remembered approval"):
        archive(copy)
    with contextlib.closing(sqlite3.connect(copy / "maestro.db")) as db:
        events = db.execute("SELECT count(*) FROM audit WHERE text LIKE '%audit.archived%'")
        assert events.fetchone() == (1,)


def test_no_entry_is_taken_before_the_first_one_that_the_archive_left(
    home: Path, tmp_path: Path
) -> None:
    """Its hash is known, as the next one is chained to it: so any text could stand beside it."""
    copy = shutil.copytree(home, tmp_path / "copy")
    with contextlib.closing(sqlite3.connect(copy / "maestro.db")) as db:
        (first,) = db.execute("SELECT min(seq) FROM audit").fetchone()
        last = find_anchor(AuditFiles(copy).checkpoints, first - 1)
        text = '{"action_id":null,"body":{},"event":"grant.created","seq":1,"v":1}'
        db.execute("INSERT INTO audit VALUES (?, ?, ?)", (last.length, text, last.hash))
        db.commit()
    refused = run_cli("serve", "--port", "0", home=copy)
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert f"audit entry {first - 1} does not follow" in refused.stderr
