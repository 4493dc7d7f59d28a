"""The gateway on a real socket."""

import asyncio
import json
import logging
import os
import stat
import sys
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.actions import Decision, OutcomeStatus
from core.adapters.system import SystemClock
from core.errors import ConfigError, MaestroError
from core.gateway import server as gateway_server
from core.gateway.http.limits import Limits
from core.gateway.server import GatewayServer
from core.gateway.tokens import token_path
from core.records import TokenKind
from tests.fakes_gateway import Rig, make_rig

AGENT = Path(__file__).parents[3] / "docs" / "example_agent.py"


async def _connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))


async def _hold(remote: httpx.AsyncClient, rig: Rig) -> httpx.Response:
    return await remote.post("/v1/actions?wait=60", json={"kind": "write"}, headers=rig.as_agent)


async def test_the_home_tells_where_it_listens_until_it_stops(rig: Rig, tmp_path: Path) -> None:
    service = GatewayServer(rig.app, home=tmp_path, clock=rig.clock, port=0)
    running = asyncio.get_running_loop().create_task(service.run())
    url = await service.wait_started()
    file = tmp_path / "gateway.json"
    told = json.loads(file.read_text())
    assert told == {
        "url": url,
        "port": int(url.rpartition(":")[2]),
        "pid": os.getpid(),
        "started_at": rig.clock.now().isoformat(),
    }
    assert url.startswith("http://127.0.0.1:")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not file.exists()


async def test_it_can_be_started_again_after_a_stop(rig: Rig, tmp_path: Path) -> None:
    service = GatewayServer(rig.app, home=tmp_path, clock=rig.clock, port=0)
    for _ in range(2):
        running = asyncio.get_running_loop().create_task(service.run())
        url = await service.wait_started()
        async with httpx.AsyncClient(base_url=url) as client:
            assert (await client.get("/readyz")).status_code == 200
        running.cancel()
        await asyncio.wait((running,))


async def test_every_answer_is_dated(remote: httpx.AsyncClient, rig: Rig) -> None:
    for _ in range(2):
        answer = await remote.get("/v1/healthz", headers=rig.as_agent)
        (date,) = answer.headers.get_list("date")
        told = parsedate_to_datetime(date)
        assert abs((told - SystemClock().now()).total_seconds()) < 5


async def test_a_busy_port_is_named_with_what_to_do(
    server: GatewayServer, rig: Rig, tmp_path: Path
) -> None:
    port = int(server.url.rpartition(":")[2])
    second = GatewayServer(rig.app, home=tmp_path / "other", clock=rig.clock, port=port)
    with pytest.raises(ConfigError, match=rf"port {port} of 127\.0\.0\.1 is in use.*--port"):
        await second.run()


async def test_who_waits_for_the_start_is_told_why_there_is_none(
    server: GatewayServer, rig: Rig, tmp_path: Path
) -> None:
    port = int(server.url.rpartition(":")[2])
    for home, wanted in ((tmp_path, port), (tmp_path / "missing", 0)):
        second = GatewayServer(rig.app, home=home, clock=rig.clock, port=wanted)
        running = asyncio.get_running_loop().create_task(second.run())
        with pytest.raises(MaestroError, match=r"in use|No such file") as told:
            await second.wait_started()
        await asyncio.wait((running,))
        assert running.exception() is told.value


async def test_a_port_out_of_reach_is_a_clear_error(rig: Rig, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="port 70000"):
        await GatewayServer(rig.app, home=tmp_path, clock=rig.clock, port=70_000).run()


async def test_many_callers_wait_at_once_and_each_gets_its_own_answer(
    remote: httpx.AsyncClient, rig: Rig
) -> None:
    async def propose(number: int) -> tuple[int, httpx.Response]:
        body = {"kind": "write", "arguments": {"number": number}}
        answer = await remote.post("/v1/actions?wait=60", json=body, headers=rig.as_agent)
        return number, answer

    async with asyncio.TaskGroup() as group:
        callers = [group.create_task(propose(number)) for number in range(40)]
        while rig.gate.waiting < len(callers):
            rig.gate.somebody_waits.clear()
            await rig.gate.somebody_waits.wait()
        await rig.gate.decide_all()
    for caller in callers:
        number, answer = caller.result()
        assert answer.json()["arguments"] == {"number": number}
        assert answer.json()["status"] == "denied"


async def test_a_caller_that_leaves_loses_nothing(remote: httpx.AsyncClient, rig: Rig) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", remote.base_url.port)
    body = b'{"kind":"write","idempotency_key":"k"}'
    head = (
        f"POST /v1/actions?wait=60 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {rig.agent}"
        f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await rig.gate.somebody_waits.wait()
    writer.close()
    await rig.gate.nobody_waits.wait()
    (held,) = await rig.gate.list_approvals()
    await rig.gate.decide_all()
    again = await remote.post(
        "/v1/actions", json={"kind": "write", "idempotency_key": "k"}, headers=rig.as_agent
    )
    assert (again.json()["id"], again.json()["status"]) == (held.id, "denied")
    assert len(rig.gate.records) == 1
    del reader


async def test_stopping_answers_those_who_wait_with_what_is_so_far(
    rig: Rig, tmp_path: Path
) -> None:
    service = GatewayServer(rig.app, home=tmp_path, clock=rig.clock, port=0)
    running = asyncio.get_running_loop().create_task(service.run())
    async with httpx.AsyncClient(base_url=await service.wait_started()) as client:
        waiting = asyncio.get_running_loop().create_task(_hold(client, rig))
        await rig.gate.somebody_waits.wait()
        running.cancel()
        answer = await waiting
    await asyncio.wait((running,))
    assert answer.json()["status"] == "pending"
    assert len(await rig.gate.list_approvals()) == 1


async def test_what_is_no_http_is_told_so(server: GatewayServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.split(":")[2]))
    writer.write(b"\x16\x03\x01 hello\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 400


@pytest.mark.parametrize("start", [b"", b"GET /healthz HTTP/1.1\r\nHost: 127"])
async def test_a_head_that_never_ends_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, server: GatewayServer, start: bytes
) -> None:
    monkeypatch.setattr("core.gateway.server._PATIENCE_S", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.split(":")[2]))
    writer.write(start)
    assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize("limits", [{"body_timeout_s": 0.05}, {"discarded_bytes_max": 1000}])
async def test_the_rest_of_a_refused_body_is_not_read_for_ever(
    tmp_path: Path, limits: dict[str, Any]
) -> None:
    rig = await make_rig(limits=Limits(**limits))
    service = GatewayServer(rig.app, home=tmp_path, clock=rig.clock, port=0)
    running = asyncio.get_running_loop().create_task(service.run())
    reader, writer = await _connect(await service.wait_started())
    writer.write(b"POST /v1/actions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 401")
    writer.write(b"x" * 2000)
    assert b"Unauthorized" in await reader.read()
    writer.close()
    running.cancel()
    await asyncio.wait((running,))


async def test_who_asks_before_it_sends_is_answered_without_its_body(
    server: GatewayServer,
) -> None:
    reader, writer = await _connect(server.url)
    writer.write(
        b"POST /v1/actions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999\r\n"
        b"Expect: 100-continue\r\n\r\n"
    )
    assert (await reader.read()).startswith(b"HTTP/1.1 401")
    writer.close()


async def test_a_flood_of_idle_connections_keeps_nobody_out(
    monkeypatch: pytest.MonkeyPatch, remote: httpx.AsyncClient, rig: Rig, server: GatewayServer
) -> None:
    monkeypatch.setattr("core.gateway.server._connections_max", lambda: 5)
    async with asyncio.TaskGroup() as group:
        held = group.create_task(_hold(remote, rig))
        await rig.gate.somebody_waits.wait()
        flood = [await _connect(server.url) for _ in range(40)]
        async with httpx.AsyncClient(base_url=server.url) as other:
            assert (await other.get("/healthz")).status_code == 200
        assert [await reader.read() for reader, _ in flood[:20]] == [b""] * 20
        await rig.gate.decide_all()
    assert held.result().json()["status"] == "denied"
    for _, writer in flood:
        writer.close()


@pytest.mark.parametrize(
    ("files", "connections"), [(256, 64), (1024, 832), (20_000, 2048), (-1, 2048), (100, 64)]
)
def test_connections_leave_files_for_the_store(
    monkeypatch: pytest.MonkeyPatch, files: int, connections: int
) -> None:
    def limits_of(_kind: int) -> tuple[int, int]:
        return files, files

    monkeypatch.setattr("resource.getrlimit", limits_of)
    assert gateway_server._connections_max() == connections  # pyright: ignore[reportPrivateUsage]


async def test_nothing_is_written_to_the_terminal(
    server: GatewayServer, rig: Rig, capfd: pytest.CaptureFixture[str]
) -> None:
    rig.gate.fail_with = RuntimeError("a defect")
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []
    try:
        async with httpx.AsyncClient(base_url=server.url) as client:
            answer = await client.post("/v1/actions", json={"kind": "read"}, headers=rig.as_agent)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.split(":")[2]))
        writer.write(b"nonsense\r\n\r\n")
        await reader.read()
        writer.close()
    finally:
        root.handlers = handlers
    assert answer.status_code == 500
    assert capfd.readouterr() == ("", "")


async def _run_example(home: Path, *words: str) -> tuple[int | None, str]:
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        AGENT,
        home,
        "say hello",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await running.communicate()
    return running.returncode, out.decode()


async def test_the_example_agent_runs_what_the_operator_let_through(
    server: GatewayServer, remote: httpx.AsyncClient, rig: Rig, tmp_path: Path
) -> None:
    del server
    token_path(tmp_path, TokenKind.AGENT).write_text(rig.agent)
    rig.gate.verdicts["shell.execute"] = Decision.ASK
    async with asyncio.TaskGroup() as group:
        agent = group.create_task(_run_example(tmp_path, "echo", "asked"))
        await rig.gate.somebody_waits.wait()
        (held,) = await rig.gate.list_approvals()
        edit = {"decision": "edit", "arguments": {"command": "echo edited"}}
        await remote.post(f"/v1/approvals/{held.id}", json=edit, headers=rig.as_operator)
    assert agent.result() == (0, "edited\n")
    outcome = rig.gate.records[held.id].outcome
    assert outcome is not None
    assert outcome.status is OutcomeStatus.SUCCEEDED


async def test_the_example_agent_runs_nothing_that_was_denied(
    server: GatewayServer, rig: Rig, tmp_path: Path
) -> None:
    del server
    token_path(tmp_path, TokenKind.AGENT).write_text(rig.agent)
    code, said = await _run_example(tmp_path, "echo", "asked")
    assert (code, said) == (1, "denied: shell.execute is for deny\n")
