"""A gate that answers as the test says."""

from core.actions import ActionStatus, Decision, JsonValue
from core.ids import ActionId, CorrelationId
from core.ports import Proposal, Ticket
from core.records import Outcome, TokenRecord


class FakeGate:
    """Keeps what was proposed; held actions are allowed when somebody waits for them."""

    def __init__(self, status: ActionStatus = ActionStatus.ALLOWED) -> None:
        self.status = status
        self.proposals: list[tuple[Proposal, TokenRecord]] = []
        self.waited_s: list[float] = []
        self.outcomes: list[tuple[ActionId, Outcome, JsonValue]] = []

    async def propose(self, proposal: Proposal, *, token: TokenRecord) -> Ticket:
        self.proposals.append((proposal, token))
        return self._ticket(ActionId(f"action-{len(self.proposals)}"), self.status)

    async def wait(self, action_id: ActionId, *, timeout_s: float, token: TokenRecord) -> Ticket:
        assert token is self.proposals[0][1]
        self.waited_s.append(timeout_s)
        return self._ticket(action_id, ActionStatus.ALLOWED)

    async def claim(self, action_id: ActionId, *, key: str | None, token: TokenRecord) -> bool:
        raise AssertionError(action_id, key, token)  # insiders make no next try

    async def hand_out(self, action_id: ActionId, *, token: TokenRecord) -> Ticket:
        raise AssertionError(action_id, token)  # insiders ask for nothing by its id

    async def report_outcome(
        self, action_id: ActionId, outcome: Outcome, *, result: JsonValue, token: TokenRecord
    ) -> None:
        assert token is self.proposals[0][1]
        self.outcomes.append((action_id, outcome, result))

    async def open_session(self, session: str, *, agent: str, cwd: str, token: TokenRecord) -> str:
        raise AssertionError(session, agent, cwd, token)  # insiders have no folder

    async def add_purpose(
        self, session: str, text: str, *, agent: str, token: TokenRecord
    ) -> None: ...
    async def add_untrusted(
        self, session: str, text: str, *, agent: str, token: TokenRecord
    ) -> None: ...
    async def close_session(self, session: str, *, agent: str, token: TokenRecord) -> None: ...

    @staticmethod
    def _ticket(action_id: ActionId, status: ActionStatus) -> Ticket:
        decisions = {ActionStatus.ALLOWED: Decision.ALLOW, ActionStatus.PENDING: Decision.ASK}
        return Ticket(
            id=action_id,
            decision=decisions.get(status, Decision.DENY),
            status=status,
            reasons=(),
            arguments={},
            digest="sha256:0",
            correlation_id=CorrelationId("0" * 32),
        )
