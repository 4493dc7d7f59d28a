"""What every request works with; kept in the application's state."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request

from core.clock import Clock
from core.errors import PermissionDenied, Unauthenticated
from core.fleet_ports import FleetPort
from core.gateway.http.limits import Limits, RateLimit, Slots
from core.gateway.http.tape import Tape
from core.gateway.tokens import TokenBook
from core.ids import IdSource
from core.office_ports import OfficeDoor
from core.policy_ports import PolicyPort
from core.ports import ActionGate, OperatorPort
from core.records import TokenKind, TokenRecord

Statistics = Mapping[str, Callable[[], object]]
"""Name of a service -> what gives its counts, as a dataclass of numbers."""


FindProblem = Callable[[], Awaitable[str]]


async def find_none() -> str:
    """No problem."""
    return ""


@dataclass(slots=True)
class Counts:
    """What happened at the edge since the start."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter[tuple[str, int]])
    decisions: Counter[str] = field(default_factory=Counter[str])
    in_flight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The gateway's parts. `closing` is set when it stops: long waits and streams end then.

    `trail_problem` says why every action is denied; "" while the trail's files can be written.
    `store_problem` says the same of the store. `fleet` and `policies` are None when this
    engine hosts none, or consoles see nothing of it.
    """

    gate: ActionGate
    operator: OperatorPort
    tokens: TokenBook
    tape: Tape
    ids: IdSource
    clock: Clock
    limits: Limits
    rate: RateLimit
    uploads: Slots
    waits: Slots
    streams: Slots
    statistics: Statistics
    fleet: FleetPort | None = None
    policies: PolicyPort | None = None
    trail_problem: Callable[[], str] = lambda: ""
    store_problem: FindProblem = find_none
    office: OfficeDoor = field(default_factory=OfficeDoor)
    counts: Counts = field(default_factory=Counts)
    closing: asyncio.Event = field(default_factory=asyncio.Event)


def gateway_of(app: Starlette) -> Gateway:
    """Return the parts that `make_app` put into the application."""
    gateway = app.state.gateway
    if not isinstance(gateway, Gateway):
        raise TypeError("not an application of core.gateway.http.app.make_app")
    return gateway


async def authenticate(request: Request, kind: TokenKind | None = None) -> TokenRecord:
    """Verify a request's bearer token and spend one of its rate.

    Args:
        kind: The kind of token that the call needs; None takes either.

    Raises: Unauthenticated, Overloaded, PermissionDenied (the other kind of token).
    """
    gateway = gateway_of(request.app)
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise Unauthenticated(
            "send Authorization: Bearer TOKEN; the tokens stand in agent.token and operator.token"
            " in the console's home"
        )
    token = gateway.tokens.verify(secret.strip())
    gateway.rate.spend(token.id)
    if kind is not None and token.kind is not kind:
        raise PermissionDenied(
            f"token {token.label!r} is for an {token.kind}: {request.method} {request.url.path}"
            f" needs an {kind} token"
        )
    return token
