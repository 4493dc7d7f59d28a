"""An agent's proposals: put before the gate once, followed until their outcome is known."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Final

from core.actions import ActionStatus, OutcomeStatus
from core.agents.ports import FindAction, WhyNot
from core.agents.watch import COOL_DOWN, Asked, Wish, may_propose
from core.errors import MaestroError
from core.fleet_ports import AgentContext
from core.ids import ActionId
from core.measures import Severity
from core.records import ActionRecord

_KEPT_MAX: Final = 200


class Proposer:
    """Remembers what was asked, so that nobody is asked the same twice."""

    def __init__(
        self, *, find_action: FindAction, why_not: WhyNot, cool_down: timedelta = COOL_DOWN
    ) -> None:
        self._find_action = find_action
        self._why_not = why_not
        self._cool_down = cool_down
        self._asked: dict[str, Asked] = {}
        self._one_at_a_time = asyncio.Lock()  # messages and own work come at the same time

    def lines(self) -> tuple[str, ...]:
        """What was asked and what came of it, newest last."""
        return tuple(f"{key}: {each.said}" for key, each in self._asked.items())

    async def propose(self, context: AgentContext, wish: Wish) -> str:
        """Ask for it; "" when the same was asked already, else one sentence of what came of it.

        What nobody here can carry out is not asked for: the operator gets an alert with the reason.
        """
        async with self._one_at_a_time:
            await self._follow_up(context)
            if not may_propose(
                self._asked, wish, now=context.clock.now(), cool_down=self._cool_down
            ):
                return ""
            asked = await self._ask(context, wish)
            self._asked.pop(wish.key, None)
            self._asked[wish.key] = asked
            if len(self._asked) > _KEPT_MAX:
                del self._asked[next(iter(self._asked))]
            return f"{wish.key}: {asked.said}"

    async def follow_up(self, context: AgentContext) -> None:
        """Look where the open ones stand; a remedy that failed raises an alert."""
        async with self._one_at_a_time:
            await self._follow_up(context)

    async def _ask(self, context: AgentContext, wish: Wish) -> Asked:
        why_not = self._why_not(wish.kind, wish.resource)
        if why_not:
            await context.raise_alert(
                _cause(wish),
                severity=Severity.WARNING,
                title=f"{wish.key} is called for, and nothing here can do it",
                detail=f"{wish.purpose} {why_not}",
            )
            return _refused(wish, context, why_not)
        try:
            ticket = await context.propose(
                wish.kind, wish.resource, wish.arguments, purpose=wish.purpose
            )
        except MaestroError as error:
            return _refused(wish, context, str(error))
        return Asked(
            wish=wish,
            action_id=ticket.id,
            at=context.clock.now(),
            status=ticket.status,
            done=ticket.status in {ActionStatus.DENIED, ActionStatus.EXPIRED},
            said=_say_status(ticket.status, "; ".join(ticket.reasons)),
        )

    async def _follow_up(self, context: AgentContext) -> None:
        for key, asked in tuple(self._asked.items()):
            if asked.done or asked.action_id is None:
                await self._forget_old(context, asked)
                continue
            found = await self._look(asked, asked.action_id)
            self._asked[key] = found
            if found.done:
                await _tell_outcome(context, found)

    async def _forget_old(self, context: AgentContext, asked: Asked) -> None:
        """Whatever is still called for was asked again by now, and is young again."""
        if context.clock.now() - asked.at >= 2 * self._cool_down:
            del self._asked[asked.wish.key]
            await context.resolve_alert(_cause(asked.wish))

    async def _look(self, asked: Asked, action_id: ActionId) -> Asked:
        record = await self._find_action(action_id)
        if record is None:
            return replace(
                asked, status=ActionStatus.EXPIRED, done=True, said="nobody knows it any more"
            )
        said = _say(record)
        done = record.outcome is not None or record.status in {
            ActionStatus.DENIED,
            ActionStatus.EXPIRED,
        }
        return replace(asked, status=record.status, done=done, said=said)


def _refused(wish: Wish, context: AgentContext, why: str) -> Asked:
    return Asked(
        wish=wish,
        action_id=None,
        at=context.clock.now(),
        status=ActionStatus.DENIED,
        done=True,
        said=f"not proposed: {why}",
    )


def _say(record: ActionRecord) -> str:
    if record.outcome is not None:
        error = f": {record.outcome.error}" if record.outcome.error else ""
        return f"{record.outcome.status.value}{error}"
    return _say_status(record.status, record.decision_reason)


def _say_status(status: ActionStatus, reason: str) -> str:
    return f"{status.value}: {reason}" if reason else status.value


def _cause(wish: Wish) -> str:
    return f"action:{wish.key}"


async def _tell_outcome(context: AgentContext, asked: Asked) -> None:
    if asked.status is not ActionStatus.ALLOWED:
        return
    if asked.said == OutcomeStatus.SUCCEEDED.value:
        await context.resolve_alert(_cause(asked.wish))
        return
    await context.raise_alert(
        _cause(asked.wish),
        severity=Severity.WARNING,
        title=f"{asked.wish.key} was allowed and did not work",
        detail=f"{asked.said}. It was asked for because {asked.wish.purpose}",
    )
