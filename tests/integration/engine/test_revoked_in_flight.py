"""A token that is revoked while a call under it is under way: over real HTTP."""

import contextlib
import http.client
import json
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from core.gateway.tokens import token_path
from core.records import TokenKind
from tests.integration.engine.served import Served, run_cli, serving, wait_until

PUSH = "docker push registry.shop.example/shop"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    name_console(home, "ana")
    with serving(home) as running:
        yield running


def name_console(home: Path, operator: str) -> None:
    config = f'[console]\noperator = "{operator}"\n'
    (home / "maestro.toml").write_text(config, encoding="utf-8")


def invite(served: Served, name: str) -> str:
    made = run_cli("tokens", "create", "--operator", name, home=served.home)
    return str(json.loads(made.stdout)["secret"])


def revoke(served: Served, name: str) -> None:
    tokens = served.call("GET", "/v1/tokens", token="operator")[1]["tokens"]
    (token_id,) = [each["id"] for each in tokens if each["bound_to"] == name]
    assert served.call("POST", f"/v1/tokens/{token_id}/revoke", token="operator")[0] == 200


@contextlib.contextmanager
def calling(
    served: Served, path: str, body: dict[str, Any], secret: str
) -> Generator[http.client.HTTPConnection]:
    """A POST of which all but the body has arrived."""
    where = urlsplit(served.url).netloc
    with contextlib.closing(http.client.HTTPConnection(where, timeout=30)) as connection:
        connection.putrequest("POST", path)
        connection.putheader("Authorization", f"Bearer {secret}")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(json.dumps(body))))
        connection.endheaders()
        yield connection


def call(served: Served, path: str, body: dict[str, Any], secret: str) -> tuple[int, Any]:
    with calling(served, path, body, secret) as connection:
        return finish(connection, body)


def finish(connection: http.client.HTTPConnection, body: dict[str, Any]) -> tuple[int, Any]:
    connection.send(json.dumps(body).encode())
    answer = connection.getresponse()
    return answer.status, json.load(answer)


def test_a_decision_whose_body_comes_after_its_token_was_revoked_is_none(served: Served) -> None:
    secret, held = invite(served, "bo"), served.propose(PUSH)
    path, yes = f"/v1/approvals/{held['id']}", {"decision": "approve", "digest": held["digest"]}
    with calling(served, path, yes, secret) as connection:
        revoke(served, "bo")
        status, told = finish(connection, yes)
    assert (status, told["status"]) == (401, 401)
    assert served.call("GET", f"/v1/actions/{held['id']}")[1]["status"] == "pending"


def test_an_agent_whose_token_is_revoked_while_it_waits_is_told_nothing(served: Served) -> None:
    label = {"label": "x", "bound_to": "mallory"}
    secret = served.call("POST", "/v1/tokens", label, token="operator")[1]["secret"]
    body = {"kind": "shell.execute", "arguments": {"command": PUSH}}

    def waiting() -> list[Any]:
        held = served.call("GET", "/v1/approvals", token="operator")[1]["approvals"]
        return [each for each in held if each["agent"] == "mallory"]

    with ThreadPoolExecutor() as pool:
        answer = pool.submit(call, served, "/v1/actions?wait=30", body, secret)
        wait_until(waiting)
        revoke(served, "mallory")
        (held,) = waiting()
        yes = {"decision": "approve", "digest": held["digest"]}
        path = f"/v1/approvals/{held['id']}"
        assert served.call("POST", path, yes, token="operator")[0] == 200
        status, told = answer.result()
    assert status == 401
    assert "was revoked" in told["detail"]


def test_consent_of_who_was_sent_away_is_none_of_two(served: Served) -> None:
    secret, held = invite(served, "cy"), served.propose(PUSH, risk="critical")
    path, yes = f"/v1/approvals/{held['id']}", {"decision": "approve", "digest": held["digest"]}
    assert call(served, path, yes, secret)[0] == 200
    revoke(served, "cy")
    status, told = served.call("POST", path, yes, token="operator")
    assert (status, told["status"]) == (200, "pending")
    assert [each["operator"] for each in told["votes"]] == ["ana"]
    assert call(served, path, yes, invite(served, "dee"))[1]["status"] == "approved"
    assert run_cli("audit", "verify", home=served.home).returncode == 0


def test_an_operator_under_a_new_name_is_not_a_second_one(tmp_path: Path) -> None:
    name_console(tmp_path, "ana")
    with serving(tmp_path) as served:
        held = served.propose(PUSH, risk="critical")
        path, yes = f"/v1/approvals/{held['id']}", {"decision": "approve", "digest": held["digest"]}
        assert served.call("POST", path, yes, token="operator")[0] == 200
        old = token_path(tmp_path, TokenKind.OPERATOR).read_text(encoding="ascii").strip()
    name_console(tmp_path, "anna")
    with serving(tmp_path) as served:
        assert call(served, path, yes, old)[0] == 401
        status, told = served.call("POST", path, yes, token="operator")
        assert (status, told["status"]) == (200, "pending")
        assert [each["operator"] for each in told["votes"]] == ["anna"]
        assert run_cli("audit", "verify", home=tmp_path).returncode == 0
