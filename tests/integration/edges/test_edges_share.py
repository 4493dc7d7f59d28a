"""One agent's token cannot take every place at the edges: an operator is answered all the same."""

import socket
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from core.gateway.http.limits import Limits
from tests.integration.engine.served import Served, serving, wait_until

CONFIG = f"""
[mcp.none]
command = "{sys.executable}"
args = ["-c", "input()"]
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    (home / "maestro.toml").write_text(CONFIG)
    with serving(home) as running:
        yield running


@contextmanager
def knocking(engine: Served, request: str) -> Generator[None]:
    """The same request on more connections than there are places; each but the head stays open."""
    host, _, port = engine.url.removeprefix("http://").partition(":")
    token = (engine.home / "agent.token").read_text().strip()
    head = (
        f"{request} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n"
    )
    body = "Content-Length: 1000\r\n\r\n" if request.startswith("POST") else "\r\n"
    with ExitStack() as stack:
        kept: list[socket.socket] = []
        for _ in range(Limits().in_flight_max + 8):
            kept.append(stack.enter_context(socket.create_connection((host, int(port)))))
            kept[-1].sendall((head + body).encode())
        kept[-1].recv(1)  # the last one is answered: all are heard
        yield


@pytest.mark.parametrize("request_line", ["GET /mcp", "POST /mcp", "POST /hooks/claude-code"])
def test_an_operator_is_answered_while_an_agent_takes_all_it_can(
    engine: Served, request_line: str
) -> None:
    wait_until(lambda: engine.call("POST", "/mcp", {})[0] != 429)
    with knocking(engine, request_line):
        status, answer = engine.call("GET", "/v1/approvals", token="operator")
    assert status == 200, answer


def test_mcp_opens_no_stream(engine: Served) -> None:
    assert engine.call("GET", "/mcp")[0] == 405
    assert engine.call("DELETE", "/mcp")[0] == 405
