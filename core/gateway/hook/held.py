"""Calls whose caller stopped waiting: the same call, made again, gets the same approval."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from core.ids import ActionId, TokenId
from core.ports import Proposal
from core.records import ActionRecord

CALLS_MAX: Final = 1024
RETRY_S_MAX: Final = 900.0  # longer than an approval waits by default, and not much


class HeldCalls:
    """Answers nobody took yet, by digest of the call; each is handed out once.

    In memory and bounded: what is dropped only means that an operator is asked again.
    """

    def __init__(self, *, calls_max: int = CALLS_MAX) -> None:
        self._calls_max = calls_max
        self._held: OrderedDict[ActionId, tuple[str, float]] = OrderedDict()

    def put(self, digest: str, action_id: ActionId, *, at_s: float) -> None:
        """Keep an unanswered action for the call's next try; `at_s` is monotonic time."""
        self._held[action_id] = (digest, at_s)
        while len(self._held) > self._calls_max:
            self._held.popitem(last=False)

    def take(self, digest: str, *, now_s: float) -> ActionId | None:
        """Give out the oldest action held for this very call, once; None when there is none."""
        while self._held and now_s - next(iter(self._held.values()))[1] > RETRY_S_MAX:
            self._held.popitem(last=False)
        found = next((key for key, (held, _) in self._held.items() if held == digest), None)
        if found is not None:
            del self._held[found]
        return found


def recall_calls(pending: Iterable[ActionRecord], *, key_prefix: str, at_s: float) -> HeldCalls:
    """What still waited when the process before ended: whoever waited with it is gone.

    Only what was pending at the start: of an action decided earlier nobody knows whether its caller
    was told, and an approval serves once. `key_prefix` is that of the idempotency keys of calls
    which come here; `at_s` is monotonic time. Their tokens are not known any more: see
    `digest_call`.
    """
    held = HeldCalls()
    for record in sorted(pending, key=lambda each: each.id):
        if (record.action.idempotency_key or "").startswith(key_prefix):
            held.put(_digest_record(record), record.id, at_s=at_s)
    return held


def _digest_record(record: ActionRecord) -> str:
    action = record.action
    proposal = Proposal(
        agent=action.agent_id,
        kind=action.kind,
        resource=action.resource,
        arguments=action.arguments,
        session=action.session_id,
    )
    return digest_call(proposal, token_id=None)


def digest_call(proposal: Proposal, *, token_id: TokenId | None) -> str:
    """Digest of who calls what with which arguments: equal only for the same call again.

    `token_id` None: of whoever may speak for the agent, which the gate sees to.
    """
    call = [
        token_id,
        proposal.agent,
        proposal.session,
        proposal.kind,
        proposal.resource,
        proposal.arguments,
    ]
    text = json.dumps(call, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
