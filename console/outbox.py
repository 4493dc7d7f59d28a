"""Decisions that were taken and not sent yet: the operator can still take them back.

Nothing here is durable, and that is what makes it safe: a console that ends inside the window has
told nobody anything, the action goes on waiting, and what nobody answers is denied.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from console.bridge import Bridge
from console.language import _
from core.actions import RiskLevel
from core.errors import MaestroError
from core.ids import ActionId

if TYPE_CHECKING:  # not loaded for the first picture
    from core.commands import ApproveAction, DenyAction, EditAction
    from core.records import ApprovalRecord

RECALL_S: Final[Mapping[RiskLevel, float]] = {
    RiskLevel.LOW: 0.0,
    RiskLevel.MEDIUM: 3.0,
    RiskLevel.HIGH: 10.0,
    RiskLevel.CRITICAL: 10.0,
}
_LOOK_S: Final = 0.1
_SENT_MAX: Final = 1_000  # that are remembered as decided here

Deciding: TypeAlias = "ApproveAction | DenyAction | EditAction"


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision: a command for each action that it is about."""

    commands: tuple[Deciding, ...]
    verb: str  # "approve", "deny", "edit"
    done: str  # said once it is carried out
    due_s: float  # of the monotonic clock
    gone: int = 0  # actions that others settled meanwhile

    @property
    def ids(self) -> frozenset[ActionId]:
        """What it is about."""
        return frozenset(each.action_id for each in self.commands)


class Outbox:
    """Holds decisions for their window, then sends each once. `say` tells what came of it."""

    def __init__(
        self,
        bridge: Bridge,
        *,
        recall_s: Mapping[RiskLevel, float] = RECALL_S,
        say: Callable[[str, bool], None],
    ) -> None:
        """`recall_s`: seconds for each risk, 0 sends at once. `say` gets a text, and whether it
        went well.
        """
        self._bridge = bridge
        self._recall_s = recall_s
        self._say = say
        self._held: list[Decided] = []
        self._sending: set[ActionId] = set()
        self._sent: deque[ActionId] = deque(maxlen=_SENT_MAX)
        self._failed: dict[ActionId, str] = {}  # to what was decided and could not be carried out
        self._running = False

    @property
    def held(self) -> Sequence[Decided]:
        """What can still be taken back, oldest first."""
        return self._held

    @property
    def about(self) -> frozenset[ActionId]:
        """The actions that a decision was taken on, sent or not."""
        return frozenset(self._sending).union(*(each.ids for each in self._held))

    def was_decided_here(self, action_id: ActionId) -> bool:
        """Whether this console took a decision about it."""
        return action_id in self.about or action_id in self._sent

    def window_s(self, risk: RiskLevel, left_s: float) -> float:
        """How long a decision is held: never more than half of the time that is left to it."""
        return max(0.0, min(self._recall_s.get(risk, 0.0), left_s / 2))

    def hold(
        self, commands: Iterable[Deciding], *, verb: str, done: str, window_s: float
    ) -> Decided:
        """Keep a decision back; the trail will tell when it was taken."""
        clock = self._bridge.clock
        at = clock.now()
        pressed = tuple(replace(each, pressed_at=at) for each in commands)
        decided = Decided(pressed, verb, done, clock.monotonic_s() + window_s)
        self._held.append(decided)
        return decided

    def failed(self, action_id: ActionId) -> str:
        """The verb of the last decision about an action that still waits, when that failed."""
        return "" if action_id in self.about else self._failed.get(action_id, "")

    def find(self, action_id: ActionId) -> Decided | None:
        """The decision about one action that can still be taken back."""
        return next((each for each in self._held if action_id in each.ids), None)

    def left_s(self, decided: Decided) -> float:
        """How long it can still be taken back."""
        return max(0.0, decided.due_s - self._bridge.clock.monotonic_s())

    def recall(self, action_id: ActionId | None = None) -> Decided | None:
        """Take back the decision about this action, else the last one; None when none is held."""
        found = None if action_id is None else self.find(action_id)
        if found is None and self._held:
            found = self._held[-1]
        if found is not None:
            self._held.remove(found)
        return found

    def forget(self, settled: Callable[[ActionId], bool]) -> tuple[ActionId, ...]:
        """Drop what was settled elsewhere, or expired, inside its window; the ids."""
        self._failed = {each: verb for each, verb in self._failed.items() if not settled(each)}
        gone = tuple(
            each for decided in self._held for each in sorted(decided.ids) if settled(each)
        )
        if gone:
            left = [_without(each, gone) for each in self._held]
            self._held = [each for each in left if each.commands]
        return gone

    async def run(self, changed: Callable[[], None]) -> None:
        """Send what is due until nothing is held. In the pace of the terminal: asyncio's sleep.

        Returns at once while another call is at it.
        """
        if self._running:
            return
        self._running = True
        try:
            await self._run(changed)
        finally:
            self._running = False

    async def _run(self, changed: Callable[[], None]) -> None:
        while self._held:
            now_s = self._bridge.clock.monotonic_s()
            if due := [each for each in self._held if each.due_s <= now_s]:
                await self._send(due)
                changed()
            await asyncio.sleep(_LOOK_S)

    async def send_all(self) -> bool:
        """Send what is held now, without waiting; True when all of it was carried out."""
        return await self._send(list(self._held))

    async def send_now(self, commands: Iterable[Deciding], *, verb: str, done: str) -> bool:
        """Send a decision that has no window; True when it was carried out."""
        return await self._send([Decided(tuple(commands), verb, done, 0.0)])

    async def _send(self, due: Sequence[Decided]) -> bool:
        self._held = [each for each in self._held if each not in due]  # too late to take back
        for each in due:
            self._sending.update(each.ids)
            self._sent.extend(each.ids)
        try:
            results = [await self._send_one(each) for each in due]
        finally:
            self._sending.difference_update(*(each.ids for each in due))
        return all(results)

    async def _send_one(self, decided: Decided) -> bool:
        failures: list[str] = []
        several = len(decided.commands) > 1
        for command in decided.commands:
            try:
                await self._bridge.send(command)
                self._failed.pop(command.action_id, None)
            except MaestroError as error:
                self._failed[command.action_id] = decided.verb
                failures.append(f"{command.action_id[-6:]}: {error}" if several else str(error))
        if len(failures) < len(decided.commands):
            left_out = (
                _("; {number} of them failed").format(number=len(failures)) if failures else ""
            )
            if decided.gone:
                left_out += _("; {number} of them were settled by others").format(
                    number=decided.gone
                )
            self._say(f"✓ {self._what_came_of(decided)}{left_out}", True)  # noqa: FBT003 - it went well
        for failure in failures:
            self._say(failure, False)  # noqa: FBT003 - it did not
        return not failures

    def _what_came_of(self, decided: Decided) -> str:
        """An approval that goes on waiting is one of several, whatever was shown at the key."""
        command, *more = decided.commands
        waiting = () if more else self._bridge.snapshot.approvals or ()
        held = next((each for each in waiting if each.id == command.action_id), None)
        voted = held and any(vote.operator == command.operator for vote in held.votes)
        if held is None or not voted or decided.verb != "approve":
            return decided.done
        return say_votes(held, len(held.votes))


def say_votes(approval: ApprovalRecord, given: int) -> str:
    """`1 of 2 approvals for c41d07`."""
    return _("{given} of {votes_needed} approvals for {id}").format(
        given=given, votes_needed=approval.votes_needed, id=approval.id[-6:]
    )


def _without(decided: Decided, gone: Sequence[ActionId]) -> Decided:
    left = tuple(each for each in decided.commands if each.action_id not in gone)
    more = len(decided.commands) - len(left)
    return replace(decided, commands=left, gone=decided.gone + more)
