"""Trust that somebody writes into a stopped engine's store is found, and never served."""

import shutil
from pathlib import Path

import pytest

from tests.integration.engine.served import archive, run_cli, serving
from tests.integration.engine.test_forged_rights import forge, unfounded_rights


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped home with an agent that gained trust, one that lost it, and one without any."""
    home = tmp_path_factory.mktemp("home")
    (home / "maestro.toml").write_text('[agents.bad]\npack = "payments"\n', "utf-8")
    with serving(home) as served:
        for number in range(3):
            ticket = served.propose(f"ls {number}")
            path = f"/v1/actions/{ticket['id']}/outcome"
            assert served.call("POST", path, {"status": "succeeded"})[0] == 200
        for _ in range(4):  # into quarantine
            much = {"kind": "payment.transfer", "arguments": {"amount": 5_000_000}}
            assert served.propose("", agent="bad", **much)["decision"] == "deny"
        agents = served.call("GET", "/v1/agents", token="operator")[1]["agents"]
        assert next(each for each in agents if each["id"] == "bad")["quarantined"]
        served.propose("ls", agent="new")
    return home


def test_trust_that_nobody_touched_holds_also_when_it_is_archived(
    home: Path, tmp_path: Path
) -> None:
    assert unfounded_rights(home / "maestro.db") == ()
    copy = shutil.copytree(home, tmp_path / "copy")
    archive(copy)
    with serving(copy) as served:
        ticket = served.propose("ls")
        path = f"/v1/actions/{ticket['id']}/outcome"
        assert served.call("POST", path, {"status": "succeeded"})[0] == 200
    assert unfounded_rights(copy / "maestro.db") == ()
    forged = "UPDATE trust SET body = json_set(body, '$.score', 1.0) WHERE id = 'bad'"
    again = forge(copy, tmp_path / "again", forged)
    assert unfounded_rights(again / "maestro.db") == ("trust of bad is not what the trail says",)


@pytest.mark.parametrize(
    ("forged", "told"),
    [
        ("UPDATE trust SET body = json_set(body, '$.score', 0.95) WHERE id = 'coder'", "is not"),
        ("UPDATE trust SET body = json_set(body, '$.start', 0.95) WHERE id = 'bad'", "is not"),
        ("DELETE FROM trust WHERE id = 'bad'", "its record was removed"),
        (
            """INSERT INTO trust (id, body) SELECT 'new', json_set(body, '$.id', 'new')
            FROM trust WHERE id = 'coder'""",
            "no entry",
        ),
    ],
)
def test_forged_trust_is_found_and_not_served(
    home: Path, tmp_path: Path, forged: str, told: str
) -> None:
    copy = forge(home, tmp_path / "copy", forged)
    (found,) = unfounded_rights(copy / "maestro.db", decided=False)
    assert found.startswith("trust of ")
    assert told in found
    refused = run_cli("serve", "--port", "0", home=copy)
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert found in refused.stderr
