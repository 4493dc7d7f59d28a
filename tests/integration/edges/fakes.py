"""A gate that honours `ActionGate`, behind the real gateway on a real loopback socket."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute

from core.actions import ActionStatus, Decision, JsonObject, JsonValue
from core.adapters.home import hold_home
from core.adapters.system import SystemClock
from core.bus import Bus
from core.errors import ActionNotFound, InvalidAction, PermissionDenied
from core.gateway.http.app import make_app
from core.gateway.http.limits import Limits
from core.gateway.server import GatewayServer
from core.gateway.tokens import TokenBook
from core.ids import ActionId, CorrelationId
from core.ports import Proposal, Ticket
from core.records import Outcome, TokenRecord
from tests.factories import make_token
from tests.fakes import FakeIds

TOKEN = "agent-secret-token"
STATUS = {
    Decision.ALLOW: ActionStatus.ALLOWED,
    Decision.DENY: ActionStatus.DENIED,
    Decision.ASK: ActionStatus.PENDING,
}


@dataclass
class FakeGate:
    """Judges by `rules` (resource -> decision; else ASK) and waits for `decide`."""

    rules: dict[str, Decision] = field(default_factory=dict[str, Decision])
    proposals: list[Proposal] = field(default_factory=list[Proposal])
    outcomes: dict[ActionId, tuple[Outcome, JsonValue]] = field(
        default_factory=dict[ActionId, tuple[Outcome, JsonValue]]
    )
    sessions: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    failure: Exception | None = None
    _tickets: dict[ActionId, Ticket] = field(default_factory=dict[ActionId, Ticket])
    _by_key: dict[str, ActionId] = field(default_factory=dict[str, ActionId])
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

    async def claim(self, action_id: ActionId, *, key: str | None, token: TokenRecord) -> bool:
        raise AssertionError(action_id, key, token)  # nobody decided

    async def hand_out(self, action_id: ActionId, *, token: TokenRecord) -> Ticket:
        raise AssertionError(action_id, token)  # nobody decided

    async def report_outcome(
        self, action_id: ActionId, outcome: Outcome, *, result: JsonValue, token: TokenRecord
    ) -> None:
        del token
        if action_id in self.outcomes:
            raise InvalidAction("this action's outcome is known already")
        self.outcomes[action_id] = (outcome, result)
        # A key stands for one run.
        self._by_key = {key: each for key, each in self._by_key.items() if each != action_id}

    async def open_session(self, session: str, *, agent: str, cwd: str, token: TokenRecord) -> str:
        del token
        self.sessions.append(("open", session, agent, cwd))
        return cwd

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


@asynccontextmanager
async def serving(
    gate: FakeGate,
    home: Path,
    routes: Sequence[BaseRoute] = (),
    *,
    token: TokenRecord | None = None,
    limits: Limits | None = None,
) -> AsyncGenerator[str]:
    """The real gateway over `gate` on a free loopback port; yields its URL.

    Leaves in `home` what a running console leaves there.
    """
    nothing: Any = None
    clock = SystemClock()
    record = replace(token or make_token(), hash=hashlib.sha256(TOKEN.encode()).hexdigest())
    tokens = TokenBook([record], store=nothing, clock=clock, ids=FakeIds())
    app = make_app(
        gate=gate,
        operator=nothing,
        tokens=tokens,
        bus=Bus(),
        ids=FakeIds(),
        clock=clock,
        limits=limits,
        extra_routes=routes,
    )
    (home / "agent.token").write_text(TOKEN + "\n")
    server = GatewayServer(app, home=home, clock=clock, port=0)
    with hold_home(home):
        task = asyncio.create_task(server.run())
        try:
            yield await server.wait_started()
        finally:
            task.cancel()
            await asyncio.wait([task])
