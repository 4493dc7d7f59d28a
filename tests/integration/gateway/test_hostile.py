"""Whatever comes over the wire to a whole engine: a clear 4xx, nothing lost, and it serves on."""

import json
import socket
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.engine.served import Served, run_cli, serving

SECRET = "ghp_" + "a1B2c3D4e5F6" * 3
ESCAPES = "\x1b[2J\x1b]0;owned\x07\u202egnp\x9b31m\x00"
OK = b'{"kind":"read"}'


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("home")) as served:
        yield served


def _request(engine: Served, *, head: bytes = b"", length: int | None, body: bytes = b"") -> bytes:
    token = (engine.home / "agent.token").read_bytes().strip()
    lines = [
        b"POST /v1/actions HTTP/1.1",
        b"Host: 127.0.0.1",
        b"Authorization: Bearer " + token,
        b"Content-Type: application/json",
        b"Connection: close",
        *([b"Content-Length: %d" % length] if length is not None else []),
        *([head] if head else []),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _send(engine: Served, parts: Iterable[bytes]) -> tuple[int, dict[str, Any]]:
    """Write as far as the server reads, then read its whole answer."""
    with socket.create_connection(("127.0.0.1", int(engine.url.rpartition(":")[2]))) as wire:
        wire.settimeout(30)
        for part in parts:
            wire.sendall(part)
        answer = b"".join(iter(lambda: wire.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert body.isascii()
    assert b"\x1b" not in answer
    return int(head.split()[1]), json.loads(body)


def _count(engine: Served) -> int:
    _, page = engine.call("GET", "/v1/audit?limit=1", token="operator")
    seq: int = page["entries"][0]["seq"]
    return seq


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        (b"", b"", 400),
        (b"", b"{", 400),
        (b"", b'{"kind":"read","kind":"write"}', 400),
        (b"", b'{"kind":"read","arguments":{"a":1,"a":2}}', 400),
        (b"", b'{"kind":"read","arguments":{"n":NaN}}', 400),
        (b"", b'{"kind":"read","arguments":{"n":Infinity}}', 400),
        (b"", b'{"kind":"read","arguments":{"n":' + b"9" * 100_000 + b"}}", 422),
        (b"", b'{"kind":"read","arguments":{"n":1e999}}', 422),
        (b"", b'{"kind":"read","arguments":{"s":"\\ud800"}}', 422),
        (b"", b'{"kind":"read","arguments":{"s":"\xff"}}', 400),
        (b"", b'{"kind":"read","arguments":{"s":"\x1b[2J"}}', 400),
        (b"", b'{"kind":"read","arguments":' + b"[" * 300_000 + b"]" * 300_000 + b"}", 400),
        (b"", b'{"kind":"read","arguments":{"' + b"n" * 5000 + b'":1}}', 422),
        (b"", b'{"kind":"read","surprise":1}', 422),
        (b"", b'{"kind":"read","resource":"\\u001b[31m"}', 422),
        (b"", b'{"kind":"read","resource":"a\\u200bb"}', 422),
        (b"", b'{"kind":"read","session":"' + SECRET.encode() + b'"}', 422),
        (b"", b'{"kind":"' + SECRET.encode() + b'"}', 422),
        (b"Content-Encoding: gzip", b"\x1f\x8b", 415),
        (b"Content-Type: text/plain", OK, 400),
        (b"Authorization: Bearer other", OK, 400),
        (b"Idempotency-Key: a\r\nIdempotency-Key: b", OK, 400),
        (b"Origin: http://127.0.0.1\r\nOrigin: http://evil.example", OK, 400),
        (b"Origin: https://127.0.0.1", OK, 403),
        (b"Transfer-Encoding: chunked", b"0\r\n\r\n", 400),
        (b"X-Long: " + b"x" * 20_000, OK, 431),
        (b"X-Nul: \x00", OK, 400),
    ],
)
def test_a_hostile_request_is_refused_and_leaves_no_trace(
    engine: Served, head: bytes, body: bytes, status: int
) -> None:
    before = _count(engine)
    code, problem = _send(engine, [_request(engine, head=head, length=len(body), body=body)])
    assert (code, problem["status"]) == (status, status)
    assert SECRET not in json.dumps(problem)
    assert _count(engine) == before


@pytest.mark.parametrize("declared", [True, False])
def test_a_hundred_megabytes_are_refused_and_the_engine_serves_on(
    engine: Served, *, declared: bool
) -> None:
    megabyte = b" " * 1_000_000
    head = b"" if declared else b"Transfer-Encoding: chunked"
    chunk = megabyte if declared else b"%x\r\n" % len(megabyte) + megabyte + b"\r\n"
    start = _request(engine, head=head, length=100_000_000 if declared else None)
    code, problem = _send(engine, [start, *[chunk] * 100, b"" if declared else b"0\r\n\r\n"])
    assert (code, "1000000 bytes" in problem["detail"]) == (413, True)
    assert engine.propose("ls")["decision"] in {"allow", "ask"}


def test_escapes_in_arguments_are_data_and_reach_no_terminal(engine: Served) -> None:
    body = {
        "kind": "tool.call",
        "resource": "send",
        "arguments": {"text": ESCAPES, f"k{ESCAPES}": [ESCAPES]},
        "purpose": ESCAPES,
    }
    status, ticket = engine.call("POST", "/v1/actions", body)
    assert (status, ticket["status"]) == (200, "pending")
    assert ticket["arguments"] == body["arguments"]
    for command in (["approvals", "list"], ["approvals", "show", ticket["id"]], ["audit", "tail"]):
        shown = run_cli(*command, home=engine.home).stdout
        assert shown.replace("\n", "").isprintable()
    _, dossier = engine.call("GET", f"/v1/approvals/{ticket['id']}", token="operator")
    codes = {each["code"] for each in dossier["findings"]}
    assert {"terminal-escape", "bidi-control", "control-characters"} <= codes


def test_one_key_is_one_action_however_often_it_is_sent_at_once(engine: Served) -> None:
    body = {"kind": "write.it", "arguments": {"n": 1}, "idempotency_key": "many"}
    with ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(engine.call, "POST", "/v1/actions", body) for _ in range(32)]
    answers = [call.result() for call in calls]
    assert {status for status, _ in answers} == {200}
    assert len({ticket["id"] for _, ticket in answers}) == 1


def test_a_key_stands_for_one_call_alone(engine: Served) -> None:
    body = {"kind": "write.it", "arguments": {"n": 1}, "idempotency_key": "once"}
    _, first = engine.call("POST", "/v1/actions", body)
    for change in ({"arguments": {"n": 2}}, {"kind": "write.other"}, {"resource": "x"}):
        status, problem = engine.call("POST", "/v1/actions", {**body, **change})
        assert (status, "stands for another action" in problem["detail"]) == (409, True)
    assert engine.call("POST", "/v1/actions", body)[1]["id"] == first["id"]


def test_no_secret_in_any_field_reaches_trail_logs_or_the_other_side(engine: Served) -> None:
    body = {
        "kind": "tool.call",
        "resource": f"https://host/{SECRET}",
        "arguments": {"text": SECRET, SECRET: ["elsewhere"]},
        "purpose": f"do it with {SECRET}",
        "untrusted": [SECRET],
    }
    _, ticket = engine.call("POST", "/v1/actions", body)
    path = f"/v1/approvals/{ticket['id']}"
    edit = {"decision": "edit", "arguments": {"text": SECRET}, "reason": f"with {SECRET}"}
    status, _ = engine.call("POST", path, edit, token="operator")
    assert status == 200
    outcome = {
        "status": "succeeded",
        "error": SECRET,
        "usage": {"note": SECRET},
        "result": {"x": SECRET},
    }
    status, _ = engine.call("POST", f"/v1/actions/{ticket['id']}/outcome", outcome)
    assert status == 200
    for call in ("/v1/audit?limit=1000", f"/v1/traces/{ticket['id']}", "/v1/agents"):
        assert SECRET not in json.dumps(engine.call("GET", call, token="operator"))
    files = [*engine.home.glob("audit/*"), *engine.home.glob("logs/*")]
    assert files
    assert all(SECRET.encode() not in file.read_bytes() for file in files if file.is_file())


def test_after_all_this_the_trail_verifies(engine: Served) -> None:
    assert engine.call("GET", "/readyz") == (200, {"status": "ok"})
    assert run_cli("audit", "verify", home=engine.home).returncode == 0
