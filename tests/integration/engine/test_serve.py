"""The whole engine in a process of its own, over real HTTP and real files."""

import json
import os
import signal
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.__main__ import main
from tests.integration.engine.served import Served, run_cli, serving, start

RISKY = "cat ~/.ssh/id_ed25519"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("home")) as running:
        yield running


def test_every_file_of_the_home_is_closed_to_others(served: Served) -> None:
    open_ones = [
        str(path) for path in served.home.rglob("*") if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert open_ones == []


def test_a_harmless_command_is_allowed_and_a_risky_one_waits(served: Served) -> None:
    assert served.propose("ls -la", purpose="look around")["decision"] == "allow"
    held = served.propose(RISKY, purpose="look around")
    assert (held["decision"], held["status"]) == ("ask", "pending")
    status, listed = served.call("GET", "/v1/approvals", token="operator")
    assert status == 200
    assert held["id"] in [each["id"] for each in listed["approvals"]]


def test_an_agent_cannot_decide_and_an_operator_cannot_propose(served: Served) -> None:
    held = served.propose(RISKY)
    body = {"decision": "approve", "digest": held["digest"], "reason": ""}
    assert served.call("POST", f"/v1/approvals/{held['id']}", body)[0] == 403
    proposal = {"kind": "shell.execute", "arguments": {"command": "ls"}}
    assert served.call("POST", "/v1/actions", proposal, token="operator")[0] == 403


def test_decisions_from_the_command_line_reach_the_agent(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(served.home)
    first, second = served.propose(RISKY), served.propose(RISKY)
    assert main(["approvals", "list", "--home", home]) == 0
    assert first["id"] in capsys.readouterr().out
    assert main(["approvals", "show", first["id"], "--home", home]) == 0
    shown = capsys.readouterr().out
    assert f'\n    "command": "{RISKY}"' in shown
    assert main(["approvals", "show", first["id"], "--json", "--home", home]) == 0
    on_one_line = capsys.readouterr().out
    assert len(on_one_line.splitlines()) == 1
    assert json.loads(on_one_line) == json.loads(shown)
    assert main(["approvals", "approve", first["id"], "--home", home]) == 0
    assert main(["approvals", "deny", second["id"], "--reason", "not ours", "--home", home]) == 0
    assert served.call("GET", f"/v1/actions/{first['id']}")[1]["status"] == "allowed"
    denied = served.call("GET", f"/v1/actions/{second['id']}")[1]
    assert denied["status"] == "denied"
    assert denied["reasons"][0] == "not ours"
    capsys.readouterr()
    assert main(["approvals", "approve", first["id"], "--home", home]) == 1
    assert "already approved" in capsys.readouterr().err


def test_the_trail_verifies_while_the_engine_runs_and_can_be_read(
    served: Served, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    served.propose("ls")
    home = str(served.home)
    assert main(["audit", "verify", "--home", home]) == 0
    assert "ok:" in capsys.readouterr().out
    assert main(["audit", "tail", "-n", "2", "--json", "--home", home]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["entry"]["event"] == "action.judged"
    target = tmp_path / "trail.jsonl"
    assert main(["audit", "export", str(target), "--home", home]) == 0
    capsys.readouterr()
    assert main(["audit", "verify", "--export", str(target), "--home", home]) == 0


def test_tokens_are_made_rotated_and_revoked(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(served.home)
    assert main(["tokens", "create", "--label", "ci", "--home", home]) == 0
    made = json.loads(capsys.readouterr().out)
    assert main(["tokens", "rotate", made["token"]["id"], "--home", home]) == 0
    fresh = json.loads(capsys.readouterr().out)
    assert fresh["secret"] != made["secret"]
    assert main(["tokens", "revoke", fresh["token"]["id"], "--home", home]) == 0
    assert main(["tokens", "list", "--home", home]) == 0
    assert "ci" in capsys.readouterr().out


def test_the_trace_of_an_action_shows_every_step(served: Served) -> None:
    held = served.propose(RISKY)
    body = {"decision": "approve", "digest": held["digest"], "reason": "fine"}
    assert served.call("POST", f"/v1/approvals/{held['id']}", body, token="operator")[0] == 200
    wanted = {"gate", "screening", "judge", "counsel", "commit", "wait", "decision"}
    answer = served.call("GET", f"/v1/traces/{held['id']}", token="operator")[1]
    assert wanted <= {span["name"] for span in answer["spans"]}


def test_a_second_process_is_told_who_hosts_the_home(served: Served) -> None:
    second = run_cli("serve", home=served.home)
    assert second.returncode == 1
    assert f"hosted by process {served.process.pid}" in second.stderr
    assert served.url in second.stderr
    assert "Traceback" not in second.stderr


def test_policies_can_be_checked_tested_and_replayed(
    served: Served, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    served.propose("ls")
    home = str(served.home)
    assert main(["policy", "check", "--home", home]) == 0
    assert main(["policy", "test", "--home", home]) == 0
    assert "cases passed" in capsys.readouterr().out
    assert main(["policy", "replay", "--pack", "lockdown", "--home", home]) == 0
    assert "-> deny" in capsys.readouterr().out
    assert main(["policy", "replay", "--pack", "lockdown", "--json", "--home", home]) == 0
    assert json.loads(capsys.readouterr().out)["changes"]
    broken = tmp_path / "mine"
    broken.mkdir()
    (broken / "pack.toml").write_text("description = 3\n", encoding="utf-8")
    assert main(["policy", "check", str(tmp_path), "--home", home]) == 1


def test_the_doctor_finds_a_healthy_home_healthy(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--home", str(served.home)]) == 0
    assert "nothing to do" in capsys.readouterr().out
    (served.home / "loose").write_text("x", encoding="utf-8")
    (served.home / "loose").chmod(0o644)
    assert main(["doctor", "--home", str(served.home)]) == 1
    assert "chmod" in capsys.readouterr().out
    (served.home / "loose").unlink()


def test_init_writes_a_file_that_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(tmp_path / "home")
    assert main(["init", "--home", home]) == 0
    assert main(["init", "--home", home]) == 1
    assert "--force" in capsys.readouterr().err
    assert main(["doctor", "--home", home]) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["approvals", "list"], 1, "not running"),
        (["audit", "verify"], 1, "no trail"),
        (["policy", "replay"], 1, "no store"),
        (["audit", "nonsense"], 2, "nonsense"),
        (["approvals", "deny", "x"], 2, "reason"),
        (["audit", "verify", "--expect-length", "3"], 2, "together"),
        ([], 2, "terminal"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    arguments: list[str], code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--home", str(tmp_path)]) == code
    assert said in capsys.readouterr().err.lower()


def test_a_broken_configuration_stops_the_start_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "maestro.toml").write_text("[gateway]\nprot = 1\n", encoding="utf-8")
    ended = run_cli("serve", home=tmp_path)
    assert ended.returncode == 1
    assert "did you mean 'port'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_nothing_acknowledged_is_lost_to_a_kill(tmp_path: Path) -> None:
    process = start(tmp_path)
    served = Served(tmp_path, process)
    held = served.propose(RISKY)
    allowed = served.propose("ls")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    with serving(tmp_path) as again:
        assert again.call("GET", f"/v1/actions/{allowed['id']}")[1]["status"] == "allowed"
        body = {"decision": "approve", "digest": held["digest"], "reason": ""}
        path = f"/v1/approvals/{held['id']}"
        assert again.call("POST", path, body, token="operator")[0] == 200
        assert again.call("POST", path, body, token="operator")[0] == 409
        assert main(["audit", "verify", "--home", str(tmp_path)]) == 0


def test_a_cut_trail_is_found_and_stops_the_next_start(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        for _ in range(3):
            served.propose("ls")
    with sqlite3.connect(tmp_path / "maestro.db") as db:
        db.execute("DELETE FROM audit WHERE seq > (SELECT max(seq) - 2 FROM audit)")
    db.close()
    ended = run_cli("audit", "verify", home=tmp_path)
    assert ended.returncode == 1
    assert "BROKEN" in ended.stdout
    stopped = run_cli("serve", home=tmp_path)
    assert stopped.returncode == 1
    assert "Traceback" not in stopped.stderr
