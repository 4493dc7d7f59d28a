"""`try-it`: an agent in this program that asks for one harmless thing, so that a newcomer sees how
an action is held, decided, carried out and written down. Gate, queue and trail are the real ones.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from console.language import _
from core.actions import ActionStatus, JsonObject, OutcomeStatus
from core.clock import Clock
from core.ids import AgentId
from core.ports import ActionGate, Proposal, Ticket
from core.records import Outcome, TokenKind

if TYPE_CHECKING:  # the screen is drawn before the engine is loaded
    from core.gateway.tokens import TokenBook

TRY_IT: Final = AgentId("try-it")
_KIND: Final = "try-it.list_folder"  # no policy knows it, and what no policy knows is asked about
_PURPOSE: Final = "Show a newcomer how an action is held, decided and written down."
_WAIT_S: Final = 60.0


class Trial(Protocol):
    """Something that a newcomer can try."""

    async def run(self, asked: Callable[[Ticket], None]) -> str:
        """Propose, tell `asked` the first answer, finish; one sentence of what came of it.

        Raises a MaestroError.
        """
        ...


class TryIt:
    """Asks to list an empty folder of its own. It does nothing else, whatever it is told to."""

    def __init__(self, gate: ActionGate, tokens: "TokenBook", clock: Clock, home: Path) -> None:
        self._gate = gate
        self._tokens = tokens
        self._clock = clock
        self._folder = home / TRY_IT

    async def run(self, asked: Callable[[Ticket], None]) -> str:
        """Propose, wait for the decision, list the folder, and report. See `Trial`."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        # A token of its own, so that the trail names it like any agent; it ends with the action.
        token, _secret = await self._tokens.make(TokenKind.AGENT, TRY_IT, bound_to=TRY_IT)
        try:
            ticket = await self._gate.propose(self._proposal(), token=token)
            asked(ticket)
            while ticket.status is ActionStatus.PENDING:
                ticket = await self._gate.wait(ticket.id, timeout_s=_WAIT_S, token=token)
            if ticket.status is not ActionStatus.ALLOWED:
                return _("{try_it} was told no ({value}), and has done nothing.").format(
                    try_it=TRY_IT, value=_(ticket.status.value)
                )
            outcome, result = await self._carry_out(ticket.arguments)
            await self._gate.report_outcome(ticket.id, outcome, result=result, token=token)
            return _("{try_it} reports: {result}.").format(try_it=TRY_IT, result=result)
        finally:
            await self._tokens.revoke(token.id)

    async def _carry_out(self, arguments: JsonObject) -> tuple[Outcome, str]:
        if dict(arguments) != dict(self._arguments()):
            return self._failed("not run: it lists its own folder and nothing else")
        try:
            names = await asyncio.to_thread(lambda: [each.name for each in self._folder.iterdir()])
        except OSError as error:
            return self._failed(f"the folder cannot be listed: {error.strerror}")
        # It goes into the trail, which is English.
        words = f"the folder holds {len(names)} names" if names else "the folder is empty"
        return Outcome(status=OutcomeStatus.SUCCEEDED, reported_at=self._clock.now()), words

    def _failed(self, words: str) -> tuple[Outcome, str]:
        now = self._clock.now()
        return Outcome(status=OutcomeStatus.FAILED, error=words, reported_at=now), words

    def _proposal(self) -> Proposal:
        return Proposal(
            agent=TRY_IT,
            kind=_KIND,
            resource=str(self._folder),
            arguments=self._arguments(),
            purpose=_PURPOSE,
        )

    def _arguments(self) -> JsonObject:
        return {"folder": str(self._folder), "effect": "lists the names in this folder"}
