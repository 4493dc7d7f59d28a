"""A served engine whose disk or store fails: blocked with a clear message, nothing lost."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from console.__main__ import main
from tests.integration.disks import (
    fill,
    locked_by_another_process,
    read_only_view,
    small_disk,
)
from tests.integration.engine.served import Served, run_cli, serving, start, wait_until

RISKY = "cat ~/.ssh/id_ed25519"


def approve(served: Served, held: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and answer of an operator's approval."""
    body = {"decision": "approve", "digest": held["digest"], "reason": ""}
    return served.call("POST", f"/v1/approvals/{held['id']}", body, token="operator")


def status_of(served: Served, ticket: dict[str, Any]) -> str:
    return str(served.call("GET", f"/v1/actions/{ticket['id']}")[1]["status"])


def propose_until_denied(served: Served) -> tuple[list[dict[str, Any]], str]:
    """Those that were allowed, then the reason of the first denial."""
    allowed: list[dict[str, Any]] = []
    while (ticket := served.propose("ls", purpose="x" * 2000))["decision"] == "allow":
        allowed.append(ticket)
    return allowed, ticket["reasons"][0]


def expect_recovered(served: Served, allowed: list[dict[str, Any]], held: dict[str, Any]) -> None:
    """Everything acknowledged is there, what waited can be decided, and the trail is whole."""
    wait_until(lambda: served.propose("ls")["decision"] == "allow")
    assert {status_of(served, each) for each in allowed} <= {"allowed"}
    assert approve(served, held)[0] == 200
    assert status_of(served, held) == "allowed"
    assert main(["audit", "verify", "--home", str(served.home)]) == 0


def expect_not_ready(served: Served) -> None:
    status, problem = served.call("GET", "/readyz")
    assert (status, "the disk is full" in problem["detail"]) == (503, True)


def test_a_full_disk_blocks_agents_tells_the_operator_and_recovers(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with small_disk(home, "8m"), serving(home) as served:
        held = served.propose(RISKY)
        assert served.call("GET", "/readyz")[0] == 200
        ballast = fill(home)
        expect_not_ready(served)
        allowed, reason = propose_until_denied(served)
        assert "disk is full" in reason
        expect_not_ready(served)
        refused, problem = approve(served, held)
        assert refused == 503
        assert problem["detail"].startswith("the store's disk is full")
        assert status_of(served, held) == "pending"
        ballast.unlink()
        assert served.call("GET", "/readyz")[0] == 200
        expect_recovered(served, allowed, held)


def test_a_lock_held_elsewhere_blocks_agents_tells_the_operator_and_recovers(
    tmp_path: Path,
) -> None:
    (tmp_path / "maestro.toml").write_text("[store]\nbusy_timeout_s = 0.1\n", encoding="utf-8")
    with serving(tmp_path) as served:
        held = served.propose(RISKY)
        with locked_by_another_process(tmp_path / "maestro.db"):
            denied = served.propose("ls")
            assert denied["decision"] == "deny"
            assert "another process holds its lock" in denied["reasons"][0]
            refused, problem = approve(served, held)
            assert refused == 503
            assert "nothing was decided" in problem["detail"]
            assert status_of(served, held) == "pending"
        expect_recovered(served, [], held)
    with locked_by_another_process(tmp_path / "maestro.db"):
        expect_no_start(tmp_path, "another process holds its lock; stop that process or wait")


def test_a_copy_of_the_trail_that_cannot_follow_blocks_and_the_denials_are_audited(
    tmp_path: Path,
) -> None:
    """The folder of the copy and the checkpoints is a disk of its own, and that one is full."""
    (tmp_path / "audit").mkdir(mode=0o700)
    with small_disk(tmp_path / "audit", "128k"), serving(tmp_path) as served:
        held = served.propose(RISKY)
        ballast = fill(tmp_path / "audit")
        allowed, reason = propose_until_denied(served)
        assert "audit failed: the audit files" in reason
        assert "disk is full: make room" in reason
        query = "/v1/audit?limit=1&event=action.judged"
        (entry,) = served.call("GET", query, token="operator")[1]["entries"]
        assert "fail-safe:audit" in entry["text"]
        assert status_of(served, held) == "pending"
        ballast.unlink()
        expect_recovered(served, allowed, held)


def test_a_home_that_cannot_be_written_is_named_at_the_start(tmp_path: Path) -> None:
    home, view = tmp_path / "home", tmp_path / "view"
    with serving(home) as served:
        served.propose("ls")
    with read_only_view(home, at=view):
        expect_no_start(view, "read-only")
        assert main(["audit", "verify", "--home", str(view)]) == 0


def test_no_room_for_a_new_home_is_said(tmp_path: Path) -> None:
    with small_disk(tmp_path / "home", "1m"):
        fill(tmp_path / "home")
        expect_no_start(tmp_path / "home", "no space left")


def test_no_room_at_a_later_start_costs_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with small_disk(home, "4m"):
        with serving(home) as served:
            held = served.propose(RISKY)
        ballast = fill(home)
        expect_no_start(home, "disk is full")
        ballast.unlink()
        with serving(home) as served:
            expect_recovered(served, [], held)


def expect_no_start(home: Path, why: str) -> None:
    """One clear sentence instead."""
    ended = run_cli("serve", "--port", "0", home=home)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1), ended.stderr
    assert why in ended.stderr.lower()


@pytest.fixture
def killed(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A home whose engine was killed, and an action that it acknowledged."""
    process = start(tmp_path)
    served = Served(tmp_path, process)
    held = served.propose(RISKY)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    return tmp_path, held


def test_torn_last_lines_are_mended_noted_and_verified(
    killed: tuple[Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    home, held = killed
    (daily,) = (home / "audit").glob("2*.jsonl")
    for path in (daily, home / "audit" / "checkpoints.jsonl"):
        whole = path.read_bytes()
        path.write_bytes(whole + whole.splitlines(keepends=True)[-1][:40])
    with serving(home) as served:
        assert approve(served, held)[0] == 200
        assert main(["audit", "verify", "--home", str(home)]) == 0
        query = "/v1/audit?event=audit.mended"
        mended = served.call("GET", query, token="operator")[1]["entries"]
    texts = "".join(each["text"] for each in mended)
    assert daily.name in texts
    assert "checkpoints.jsonl" in texts
    capsys.readouterr()


@pytest.mark.parametrize("which", ["checkpoints.jsonl", "[0-9]*.jsonl"])
def test_a_file_of_the_trail_that_is_away_blocks_every_action_until_it_is_back(
    tmp_path: Path, which: str
) -> None:
    home = tmp_path / "home"
    with serving(home) as served:
        assert served.propose("ls")["decision"] == "allow"
        (path,) = (home / "audit").glob(which)
        away = path.rename(tmp_path / "away")
        wait_until(lambda: served.call("GET", "/readyz")[0] == 503)
        tickets = [served.propose("ls") for _ in range(10)]
        assert {each["decision"] for each in tickets} == {"deny"}
        assert f"{path} was removed, replaced or cut while in use" in tickets[-1]["reasons"][0]
        status, problem = served.call("GET", "/readyz")
        assert (status, str(path) in problem["detail"]) == (503, True)
        (alert,) = served.call("GET", "/v1/alerts", token="operator")[1]["alerts"]
        assert (alert["severity"], str(path) in alert["detail"]) == ("critical", True)
        away.rename(path)
        wait_until(lambda: served.propose("ls")["decision"] == "allow")
        assert served.call("GET", "/readyz")[0] == 200
    log = (home / "logs" / "maestro.jsonl").read_text(encoding="utf-8")
    assert "every action is denied: the trail cannot be kept" in log
    assert main(["audit", "verify", "--home", str(home)]) == 0
