"""A gate that honours `ActionGate`, and the HTTP form of it, on a real loopback socket."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from core.actions import ActionStatus, Decision, JsonObject, JsonValue, OutcomeStatus
from core.errors import (
    ActionNotFound,
    InvalidAction,
    MaestroError,
    PermissionDenied,
    Unauthenticated,
)
from core.ids import ActionId, CorrelationId
from core.ports import Proposal, Ticket
from core.records import Outcome, TokenRecord
from tests.factories import NOW, make_token

TOKEN = "agent-secret-token"  # noqa: S105 - made up
STATUS = {
    Decision.ALLOW: ActionStatus.ALLOWED,
    Decision.DENY: ActionStatus.DENIED,
    Decision.ASK: ActionStatus.PENDING,
}


@dataclass
class FakeGate:
    """Judges by `rules` (resource -> decision; else ASK) and waits for `decide`."""

    rules: dict[str, Decision] = field(default_factory=dict)
    proposals: list[Proposal] = field(default_factory=list)
    outcomes: dict[ActionId, tuple[Outcome, JsonValue]] = field(default_factory=dict)
    sessions: list[tuple[str, ...]] = field(default_factory=list)
    failure: Exception | None = None
    _tickets: dict[ActionId, Ticket] = field(default_factory=dict)
    _by_key: dict[str, ActionId] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _waiting: int = 0

    async def propose(self, proposal: Proposal, *, token: TokenRecord) -> Ticket:
        if self.failure is not None:
            raise self.failure
        if token.bound_to is not None and token.bound_to != proposal.agent:
            raise PermissionDenied(f"this token speaks for {token.bound_to!r} only")
        known = self._by_key.get(proposal.idempotency_key or "")
        if known is not None:
            return self._tickets[known]
        decision = self.rules.get(proposal.resource, Decision.ASK)
        self.proposals.append(proposal)
        action_id = ActionId(f"{len(self.proposals):026d}")
        self._tickets[action_id] = Ticket(
            id=action_id,
            decision=decision,
            status=STATUS[decision],
            reasons=(f"the rule for {proposal.resource} says {decision}",),
            arguments=proposal.arguments,
            digest="sha256:" + "0" * 64,
            correlation_id=CorrelationId(proposal.correlation_id or "1" * 32),
        )
        if proposal.idempotency_key:
            self._by_key[proposal.idempotency_key] = action_id
        async with self._changed:
            self._changed.notify_all()
        return self._tickets[action_id]

    async def wait(self, action_id: ActionId, *, timeout_s: float, token: TokenRecord) -> Ticket:
        del token
        if action_id not in self._tickets:
            raise ActionNotFound(f"no action {action_id}")
        self._waiting += 1
        try:
            async with self._changed, asyncio.timeout(timeout_s):
                self._changed.notify_all()
                await self._changed.wait_for(lambda: not self._is_pending(action_id))
        except TimeoutError:
            pass
        finally:
            self._waiting -= 1
        async with self._changed:
            self._changed.notify_all()
        return self._tickets[action_id]

    async def report_outcome(
        self, action_id: ActionId, outcome: Outcome, *, result: JsonValue, token: TokenRecord
    ) -> None:
        del token
        if action_id in self.outcomes:
            raise InvalidAction("this action's outcome is known already")
        self.outcomes[action_id] = (outcome, result)

    async def open_session(self, session: str, *, agent: str, cwd: str, token: TokenRecord) -> None:
        del token
        self.sessions.append(("open", session, agent, cwd))

    async def add_purpose(self, session: str, text: str, *, agent: str, token: TokenRecord) -> None:
        del token
        self.sessions.append(("purpose", session, agent, text))

    async def add_untrusted(
        self, session: str, text: str, *, agent: str, token: TokenRecord
    ) -> None:
        del token
        self.sessions.append(("untrusted", session, agent, text))

    async def close_session(self, session: str, *, agent: str, token: TokenRecord) -> None:
        del token
        self.sessions.append(("close", session, agent))

    # What an operator does, and what a test waits for.

    async def decide(
        self,
        action_id: ActionId,
        status: ActionStatus,
        *,
        reason: str = "the operator said so",
        arguments: JsonObject | None = None,
    ) -> None:
        ticket = self._tickets[action_id]
        decision = Decision.ALLOW if status is ActionStatus.ALLOWED else Decision.DENY
        self._tickets[action_id] = replace(
            ticket,
            status=status,
            decision=decision,
            reasons=(reason,),
            arguments=ticket.arguments if arguments is None else arguments,
        )
        async with self._changed:
            self._changed.notify_all()

    async def wait_held(self, count: int = 1) -> ActionId:
        """Return the newest pending action once `count` actions were proposed and one waits."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._tickets) >= count and self._waiting > 0)
        return max(key for key in self._tickets if self._is_pending(key))

    async def wait_nobody_waits(self) -> None:
        """Return once no caller waits any more."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._waiting == 0)

    def _is_pending(self, action_id: ActionId) -> bool:
        return self._tickets[action_id].status is ActionStatus.PENDING


async def authenticate(request: Request) -> TokenRecord:
    """Know one token only."""
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        raise Unauthenticated("this needs a bearer token")
    return make_token()


def action_routes(gate: FakeGate) -> list[Route]:
    """`/v1/actions` as `interfaces` says, over the gate."""

    async def propose(request: Request) -> Response:
        token = await authenticate(request)
        body: dict[str, Any] = await request.json()
        body.pop("risk", None)
        wait_s = float(request.query_params.get("wait", 0))
        body["untrusted"] = tuple(body.pop("untrusted", ()))
        ticket = await gate.propose(Proposal(**body), token=token)
        if wait_s:
            ticket = await gate.wait(ticket.id, timeout_s=wait_s, token=token)
        return _show(ticket)

    async def look(request: Request) -> Response:
        token = await authenticate(request)
        wait_s = float(request.query_params.get("wait", 0))
        action_id = ActionId(request.path_params["id"])
        return _show(await gate.wait(action_id, timeout_s=wait_s, token=token))

    async def report(request: Request) -> Response:
        token = await authenticate(request)
        body: dict[str, Any] = await request.json()
        outcome = Outcome(
            status=OutcomeStatus(body["status"]), error=body.get("error", ""), reported_at=NOW
        )
        action_id = ActionId(request.path_params["id"])
        await gate.report_outcome(action_id, outcome, result=body.get("result"), token=token)
        return Response(status_code=204)

    return [
        Route("/v1/actions", propose, methods=["POST"]),
        Route("/v1/actions/{id}", look, methods=["GET"]),
        Route("/v1/actions/{id}/outcome", report, methods=["POST"]),
    ]


def _show(ticket: Ticket) -> Response:
    return JSONResponse(
        {
            "id": ticket.id,
            "decision": ticket.decision,
            "status": ticket.status,
            "reasons": ticket.reasons,
            "arguments": ticket.arguments,
            "digest": ticket.digest,
            "correlation_id": ticket.correlation_id,
        }
    )


async def answer_error(_request: Request, error: Exception) -> Response:
    """Problem details, as the gateway's own app answers."""
    status = 401 if isinstance(error, Unauthenticated) else 422
    body = {"type": "about:blank", "status": status, "detail": str(error)}
    return JSONResponse(body, status, media_type="application/problem+json")


@asynccontextmanager
async def serving(routes: Sequence[BaseRoute], home: Path) -> AsyncIterator[str]:
    """Serve `routes` on a free loopback port and write the home's files; yields the base URL."""
    handlers: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
        MaestroError: answer_error
    }
    app = Starlette(routes=list(routes), exception_handlers=handlers)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    started = asyncio.Event()
    startup = server.startup

    async def tell_startup(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        started.set()

    server.startup = tell_startup  # type: ignore[method-assign]
    write_home(home, port)
    task = asyncio.create_task(server.serve([listener]))
    try:
        await started.wait()
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = server.force_exit = True
        await task
        listener.close()


def write_home(home: Path, port: int) -> None:
    """What a running console leaves in its home."""
    (home / "gateway.json").write_text(json.dumps({"host": "127.0.0.1", "port": port}))
    (home / "agent.token").write_text(TOKEN + "\n")
