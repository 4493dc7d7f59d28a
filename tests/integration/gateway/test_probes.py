"""What monitors call, without a token."""

from dataclasses import dataclass

import httpx
import pytest

from core.errors import StorageBusy
from core.gateway.http.context import gateway_of
from tests.fakes_gateway import Rig, make_rig


@dataclass(frozen=True)
class _Counts:
    entries: int = 7
    share: float = 0.5
    label: str = "not a number"


async def test_it_is_alive_and_ready(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await client.get(path)).json() == {"status": "ok"}


async def test_a_store_that_cannot_be_read_is_alive_and_not_ready(
    client: httpx.AsyncClient, rig: Rig
) -> None:
    rig.gate.fail_with = StorageBusy("locked")
    assert (await client.get("/healthz")).status_code == 200
    assert (await client.get("/readyz")).status_code == 503


async def test_a_gateway_that_stops_is_not_ready(client: httpx.AsyncClient, rig: Rig) -> None:
    gateway_of(rig.app).closing.set()
    answer = await client.get("/readyz")
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)


async def test_a_trail_that_cannot_be_kept_is_not_ready_and_said_why() -> None:
    problem = ["the disk is full"]
    rig = await make_rig(trail_problem=lambda: problem[0])
    transport = httpx.ASGITransport(rig.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        assert answer.json()["detail"] == "every action is denied: the disk is full"
        problem[0] = ""
        assert (await client.get("/readyz")).status_code == 200


async def test_a_store_that_cannot_be_written_is_not_ready_and_said_why() -> None:
    async def find_problem() -> str:
        return "cannot write maestro.db"

    rig = await make_rig(store_problem=find_problem)
    transport = httpx.ASGITransport(rig.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "every action is denied: cannot write maestro.db"


async def test_metrics_are_counts_that_name_nobody() -> None:
    rig = await make_rig(statistics={"audit": _Counts, "odd": lambda: None})
    transport = httpx.ASGITransport(rig.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for kind in ("read", "read", "destroy"):
            body = {"kind": kind, "agent": "secret-agent", "resource": "secret-resource"}
            await client.post("/v1/actions", json=body, headers=rig.as_agent)
        await client.get('/no"}where')
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    assert 'maestro_http_requests_total{route="/v1/actions",status="200"} 3' in lines
    assert 'maestro_http_requests_total{route="other",status="404"} 1' in lines
    assert 'maestro_http_tickets_total{decision="allow"} 2' in lines
    assert 'maestro_http_tickets_total{decision="deny"} 1' in lines
    assert "maestro_audit_entries 7" in lines
    assert "maestro_audit_share 0.5" in lines
    assert "secret" not in answer.text
    assert "label" not in answer.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/openapi.json"])
async def test_probes_are_only_read(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
