"""Our own gateway over HTTP, for programs of ours that run beside the console."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx

from core.actions import ActionStatus, Decision, JsonValue, OutcomeStatus
from core.errors import ActionNotFound, MaestroError
from core.gateway.address import not_running, read_address, read_token
from core.ids import ActionId, CorrelationId
from core.ports import Proposal, Ticket

ANSWER_S_MAX: Final = 15.0  # on top of a wait


class GatewayError(MaestroError):
    """The gateway cannot be reached, or refuses; the message says why and what to do."""


class ActionUnknownError(GatewayError, ActionNotFound):
    """The console knows no such action: its store is another than the one that was asked."""


class GatewayClient:
    """Proposes, waits and reports with the home's agent token.

    Address and token are read again for every call, so a console that was restarted is found.
    Every method raises GatewayError, or ConfigError when the home names no gateway.
    """

    def __init__(self, home: Path, http: httpx.AsyncClient) -> None:
        self._home = home
        self._http = http

    @classmethod
    @asynccontextmanager
    async def connect(cls, home: Path) -> AsyncGenerator["GatewayClient"]:
        """A client for the console on `home`; connects when it is first used."""
        # Proxies of the environment have no business between us and our own loopback.
        async with httpx.AsyncClient(timeout=ANSWER_S_MAX, trust_env=False) as http:
            yield cls(home, http)

    async def propose(self, proposal: Proposal) -> Ticket:
        """Judge one action; a held one comes back PENDING at once."""
        body: dict[str, Any] = {
            "agent": proposal.agent,
            "kind": proposal.kind,
            "resource": proposal.resource,
            "arguments": proposal.arguments,
            "purpose": proposal.purpose,
            "untrusted": proposal.untrusted,
            "session": proposal.session,
            "correlation_id": proposal.correlation_id,
            "idempotency_key": proposal.idempotency_key,
        }
        return _read_ticket(await self._call("POST", "/v1/actions", body=body))

    async def wait(self, action_id: ActionId, *, timeout_s: float) -> Ticket:
        """Return when settled or after `timeout_s`."""
        path = f"/v1/actions/{action_id}?wait={timeout_s:g}"
        return _read_ticket(await self._call("GET", path, wait_s=timeout_s))

    async def claim(self, ticket: Ticket) -> bool:
        """Always: only whoever proposed an action here asks for it again, and by its id."""
        del ticket
        return True

    async def report_outcome(
        self, action_id: ActionId, *, status: OutcomeStatus, error: str, result: JsonValue
    ) -> None:
        """Record what came of an allowed action; once."""
        body = {"status": status, "error": error, "result": result}
        await self._call("POST", f"/v1/actions/{action_id}/outcome", body=body)

    async def _call(
        self, method: str, path: str, *, body: JsonValue = None, wait_s: float = 0.0
    ) -> Mapping[str, Any]:
        url = read_address(self._home).url + path
        headers = {"Authorization": f"Bearer {read_token(self._home)}"}
        try:
            response = await self._http.request(
                method, url, json=body, headers=headers, timeout=wait_s + ANSWER_S_MAX
            )
            answer: Any = response.json()
        except httpx.ConnectError:
            raise GatewayError(not_running(self._home)) from None
        except httpx.HTTPError as error:
            raise GatewayError(f"the gateway gave no answer: {error!r}") from None
        except (ValueError, RecursionError) as error:
            raise GatewayError(f"{method} {path}: not JSON: {error}") from None
        if not isinstance(answer, Mapping) or response.is_error:
            detail = _detail(answer) or "no reason given"
            known = response.status_code != HTTPStatus.NOT_FOUND
            refusal = GatewayError if known else ActionUnknownError
            raise refusal(f"the gateway answered {response.status_code}: {detail}")
        return answer  # pyright: ignore[reportUnknownVariableType] - JSON keys are strings


def _detail(answer: Any) -> str:
    try:
        return str(answer["detail"])
    except (TypeError, KeyError, IndexError):
        return ""


def _read_ticket(answer: Mapping[str, Any]) -> Ticket:
    try:
        return Ticket(
            id=ActionId(str(answer["id"])),
            decision=Decision(answer["decision"]),
            status=ActionStatus(answer["status"]),
            reasons=tuple(map(str, answer["reasons"])),
            arguments=dict(answer["arguments"]),
            digest=str(answer["digest"]),
            correlation_id=CorrelationId(str(answer["correlation_id"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise GatewayError(f"the gateway's answer is no ticket: {error}") from None
