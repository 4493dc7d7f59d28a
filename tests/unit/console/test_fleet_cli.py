"""`maestro agents|metrics|alerts|messages` against a real gateway over a fleet in memory."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from console.cli.app import run
from core.adapters.home import hold_home
from core.commands import ControlAgent, DiscardMessage, SilenceAlert
from core.fleet import FleetHealth
from core.gateway.server import GatewayServer
from core.gateway.tokens import token_path
from core.records import TokenKind
from tests.fake_fleet import FakeFleet
from tests.fakes_gateway import make_rig
from tests.fleet_day import identifier, make_agent

Capture = pytest.CaptureFixture[str]
Maestro = Callable[..., Any]


@pytest.fixture
def fleet() -> FakeFleet:
    return FakeFleet()


@pytest.fixture
async def home(fleet: FakeFleet, tmp_path: Path) -> AsyncIterator[Path]:
    """Of a console that runs."""
    rig = await make_rig(fleet=fleet)
    token_path(tmp_path, TokenKind.OPERATOR).write_text(rig.operator, encoding="ascii")
    server = GatewayServer(rig.app, home=tmp_path, clock=rig.clock, port=0)
    with hold_home(tmp_path):
        running = asyncio.get_running_loop().create_task(server.run())
        async with asyncio.timeout(10):
            await server.wait_started()
        yield tmp_path
        running.cancel()
        await asyncio.wait((running,))


@pytest.fixture
def maestro(home: Path, capsys: Capture) -> Maestro:
    """Runs one command line; gives its exit code, and what it printed."""

    async def call(*arguments: str) -> tuple[int, str]:
        code = await asyncio.to_thread(run, [*arguments, "--home", str(home)])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return call


async def test_agents_are_listed_with_what_is_measured(maestro: Maestro) -> None:
    code, out = await maestro("agents")
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert code == 0
    assert "error" in lines["video"]
    assert "failed 5 times" in lines["video"]
    assert "online, paused" in lines["data"]
    assert "8.1%" in lines["ai"]
    assert "$0.74" in lines["ai"]
    assert "outside" in lines["codex"]


async def test_degradation_comes_first(maestro: Maestro, fleet: FakeFleet) -> None:
    fleet.state = FleetHealth(degraded=True, reason="the router failed")
    _, out = await maestro("agents")
    assert out.startswith("DEGRADED: the router failed; risky actions are blocked\n")


async def test_a_name_shows_one_agent_and_json_all_of_it(maestro: Maestro) -> None:
    code, out = await maestro("agents", "backend")
    assert code == 0
    assert "needed by   frontend, data, mobile" in out
    assert "metric api_throughput: 1,204/s (fresh)" in out
    assert "metric database_query_optimization_score: no source (no source)" in out
    code, out = await maestro("agents", "backend", "--json")
    assert json.loads(out)["agent"]["degraded_by"] == ["video"]
    code, out = await maestro("agents", "--json")
    assert len([json.loads(line) for line in out.splitlines()]) == 13


async def test_an_unknown_agent_is_one_sentence_and_exit_1(maestro: Maestro) -> None:
    assert await maestro("agents", "nobody") == (
        1,
        "maestro: no agent 'nobody' is in the fleet\n",
    )


@pytest.mark.parametrize("change", ["pause", "resume", "drain", "restart"])
async def test_an_agent_is_steered_with_a_reason(
    maestro: Maestro, fleet: FakeFleet, change: str
) -> None:
    code, out = await maestro("agents", change, "ai", "--reason", "too slow")
    assert (code, out) == (0, f"ai: {change} is done\n")
    command = fleet.commands[0]
    assert isinstance(command, ControlAgent)
    assert (command.change, command.reason, command.operator) == (change, "too slow", "ana")
    assert (await maestro("agents", change, "ai"))[0] == 2


async def test_hostile_names_and_notes_steer_no_terminal(
    maestro: Maestro, fleet: FakeFleet
) -> None:
    fleet.agents = [make_agent("evil\x1b[2J", note="\x1b]0;owned\x07\u202etxt")]
    _, out = await maestro("agents")
    assert "evil\\x1b[2J" in out
    assert "\x1b" not in out
    assert "\u202e" not in out


async def test_metrics_never_show_a_value_that_nobody_measured(maestro: Maestro) -> None:
    code, out = await maestro("metrics")
    rows = out.splitlines()[1:]
    assert (code, len(rows)) == (0, 54)
    assert sum("  no source" in row for row in rows) == 46  # one is bound and waits
    assert any("backend.api_response_time_p95" in row and "612 ms" in row for row in rows)


async def test_one_metric_is_shown_over_the_last_hour(maestro: Maestro) -> None:
    _, out = await maestro("metrics", "backend.api_response_time_p95")
    assert "last hour" in out
    assert "between 4" in out
    _, out = await maestro("metrics", "backend.api_response_time_p95", "--json")
    assert len(json.loads(out)["points"]) > 100
    _, out = await maestro("metrics", "ai.cost_per_video")
    assert "nothing measured" in out
    code, out = await maestro("metrics", "no.metric")
    assert (code, out) == (1, "maestro: no metric of this name is in the catalogue\n")


async def test_alerts_are_listed_acknowledged_and_silenced(
    maestro: Maestro, fleet: FakeFleet
) -> None:
    _, out = await maestro("alerts")
    assert out.splitlines()[1].split()[1:3] == ["critical", "firing"]
    assert "resolved" not in out
    assert "resolved" in (await maestro("alerts", "--resolved"))[1]
    alert = identifier("a00002")
    assert await maestro("alerts", "ack", alert) == (0, "alert a00002 is acknowledged\n")
    _, out = await maestro("alerts", "silence", alert, "--for", "8h", "--reason", "known", "--json")
    assert json.loads(out) == {"sentence": "alert a00002 is silenced"}
    silenced = fleet.commands[-1]
    assert isinstance(silenced, SilenceAlert)
    assert (await maestro("alerts", "silence", alert, "--for", "9h", "--reason", "x"))[0] == 2
    fleet.open_alerts = []
    assert await maestro("alerts") == (0, "no alert is open\n")


async def test_dead_letters_are_listed_sent_again_and_discarded(
    maestro: Maestro, fleet: FakeFleet
) -> None:
    _, out = await maestro("messages", "--dead")
    assert len(out.splitlines()) == 3
    assert "any: forecast" in out
    assert len((await maestro("messages", "--json"))[1].splitlines()) == 9
    assert (await maestro("messages", "resend", identifier("m00005")))[0] == 0
    dead = identifier("m00001")
    assert (await maestro("messages", "discard", dead))[0] == 2
    code, _ = await maestro("messages", "discard", dead, "--reason", "late")
    assert code == 0
    assert isinstance(fleet.commands[-1], DiscardMessage)
    assert await maestro("messages", "--dead") == (0, "no dead letter\n")
    code, out = await maestro("messages", "resend", dead)
    assert code == 1
    assert "no dead letter" in out


@pytest.mark.parametrize("command", ["agents", "metrics", "alerts", "messages"])
def test_without_a_running_console_it_says_so(
    command: str, tmp_path: Path, capsys: Capture
) -> None:
    assert run([command, "--home", str(tmp_path)]) == 1
    assert "is not running" in capsys.readouterr().err


def test_a_home_before_the_command_counts_for_it(tmp_path: Path, capsys: Capture) -> None:
    line = ["agents", "--home", str(tmp_path / "here"), "pause", "ai", "--reason", "x"]
    assert run(line) == 1
    assert "here" in capsys.readouterr().err
