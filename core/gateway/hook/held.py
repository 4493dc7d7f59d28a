"""Calls whose caller stopped waiting: the same call, made again, gets the same approval."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.actions import ActionStatus
from core.clock import Clock
from core.errors import ActionConflict, ActionNotFound, PermissionDenied
from core.ids import ActionId, TokenId
from core.ports import ActionGate, Proposal, Ticket
from core.records import ActionRecord, TokenRecord

CALLS_MAX: Final = 1024
RETRY_S_MAX: Final = 900.0  # longer than an approval waits by default, and not much


@dataclass(slots=True)
class Try:
    """One try of a call, and the action that is kept for the next one unless it was `taken`."""

    action_id: ActionId | None
    left_at_s: float
    status: ActionStatus | None = None
    taken: bool = False

    def note(self, ticket: Ticket) -> None:
        """Learn the gate's latest answer."""
        self.action_id, self.status = ticket.id, ticket.status

    async def take(self, claim: Awaitable[bool]) -> None:
        """Have the gate give the allowed action to this call.

        Raises ActionConflict; PermissionDenied for what is allowed no longer, to no try of it.
        """
        try:
            mine = await claim
        except PermissionDenied:
            self.taken = True
            raise
        self.taken = True
        if not mine:
            raise ActionConflict("its approval served another call already: make the call again")


class HeldCalls:
    """Answers nobody took yet, by digest of the call; each is handed out once.

    In memory and bounded: what is dropped only means that an operator is asked again.
    """

    def __init__(self, *, calls_max: int = CALLS_MAX) -> None:
        self._calls_max = calls_max
        self._held: OrderedDict[ActionId, tuple[str, float]] = OrderedDict()

    @contextmanager
    def trying(self, digest: str, clock: Clock) -> Generator[Try]:
        """One try of a call. Whatever ends it, an answer that was not taken is kept."""
        now_s = clock.monotonic_s()
        trial = Try(*(self.take(digest, now_s=now_s) or (None, now_s)))
        try:
            yield trial
        except ActionNotFound:
            trial.taken = True  # nobody will ever get it
            raise
        finally:
            refused = trial.status in (ActionStatus.DENIED, ActionStatus.EXPIRED)
            if trial.action_id is not None and not (trial.taken or refused):
                waits = trial.status is ActionStatus.PENDING
                left_at_s = clock.monotonic_s() if waits else trial.left_at_s
                self.put(digest, trial.action_id, at_s=left_at_s)

    def put(self, digest: str, action_id: ActionId, *, at_s: float) -> None:
        """Keep an unanswered action for the call's next try; `at_s` is monotonic time."""
        self._held[action_id] = (digest, at_s)
        while len(self._held) > self._calls_max:
            self._held.popitem(last=False)

    def take(self, digest: str, *, now_s: float) -> tuple[ActionId, float] | None:
        """Give out the oldest action held for this very call, once, and since when it is held."""
        for action_id, (held, at_s) in self._held.items():
            if held == digest and now_s - at_s <= RETRY_S_MAX:
                del self._held[action_id]
                return action_id, at_s
        return None


def recall_calls(records: Iterable[ActionRecord], *, now: datetime, now_s: float) -> HeldCalls:
    """What nobody had taken when the process before ended: whoever waited for it is gone.

    `now_s` is the same moment as `now` in monotonic time. What is allowed already is kept for as
    long as if its caller had left when it was.
    """
    held = HeldCalls()
    for record in sorted(records, key=lambda each: each.id):
        waits = record.status is ActionStatus.PENDING
        decided_at = now if waits or record.decided_at is None else record.decided_at
        if record.pickup and (waits or record.status is ActionStatus.ALLOWED):
            age_s = max(0.0, (now - decided_at).total_seconds())
            held.put(record.pickup, record.id, at_s=now_s - age_s)
    return held


async def claim(gate: ActionGate, ticket: Ticket, *, key: str | None, token: TokenRecord) -> bool:
    """Take an allowed action for one call. What nobody held is the call's own from the start."""
    if ticket.decided_by is None:
        return True
    return await gate.claim(ticket.id, key=key, token=token)


def digest_call(proposal: Proposal, *, edge: str, token_id: TokenId) -> str:
    """Digest of who calls what where with which arguments: equal only for the same call again."""
    call = [
        edge,
        token_id,
        proposal.agent,
        proposal.session,
        proposal.kind,
        proposal.resource,
        proposal.arguments,
    ]
    text = json.dumps(call, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
