"""The message router: every message goes from its sender to one agent through here.

A message is delivered once or reported undelivered: it is waiting, queued, in work, handled or
dead, and in one of these alone. Once an agent has taken it, it is never given to another.
"""

import asyncio
import math
from collections import deque
from dataclasses import replace
from typing import Final

from core.actions import JsonObject
from core.bus import Bus
from core.clock import Clock
from core.errors import MaestroError
from core.events import MessageDied
from core.fleet import EVERYBODY, AgentSpec, Message, MessageState, MessageView
from core.fleet_ports import MessageQuery, MessageStore
from core.ids import AgentId, IdSource, MessageId
from core.orchestration.mailbox import Entry
from core.orchestration.routing.board import Board
from core.orchestration.routing.journal import Journal
from core.orchestration.routing.letters import DeadLetters
from core.orchestration.routing.model import RouterLimits, RouterStatistics
from core.orchestration.routing.rules import is_writable, lifetime_s, measure_payload
from core.orchestration.routing.sending import Sending
from core.orchestration.routing.views import Views

_IN_WORK: Final = MessageState.IN_WORK  # looking up an enumeration's member takes its time
_RETRY_S: Final = 1.0  # after the store could not be written
_EXPIRED_AT_ONCE: Final = 200  # then the event loop gets its turn


class Router:
    """Takes messages from everybody and keeps them until an agent takes them.

    All methods belong to one event loop. `run` is its service loop: without it messages are routed
    still, but none expires, and nothing is told on the bus.
    """

    name = "router"

    def __init__(
        self,
        *,
        clock: Clock,
        ids: IdSource,
        bus: Bus,
        store: MessageStore | None = None,
        expiry_s: float = 300.0,
        limits: RouterLimits | None = None,
    ) -> None:
        limits = limits or RouterLimits()
        self._clock = clock
        self._now_s = clock.monotonic_s
        self._ids = ids
        self._bus = bus
        self._expiry_s = expiry_s
        self._board = board = Board(limits, on_death=self._bury)
        self._boxes = board.boxes
        self._views = Views(board, clock)
        self._journal = Journal(store)
        self._sending = Sending(
            board, clock=clock, ids=ids, journal=self._journal, expiry_s=expiry_s
        )
        self._dead = DeadLetters(count_max=limits.dead_max, bytes_max=limits.recent_bytes_max)
        self._notices: deque[MessageDied] = deque(maxlen=limits.dead_max)
        self._late = 0
        self._trouble = ""

    # Agents

    def register(self, spec: AgentSpec, *, accepting: bool = True) -> None:
        """Give an agent a mailbox, and what has waited for it. Raises InvalidAction."""
        self._board.register(spec, accepting=accepting, now_s=self._now_s())

    def unregister(self, name: AgentId) -> None:
        """Take an agent out: its mailbox is sent on, what it has in work dies, its takers get
        AgentNotFound. Raises AgentNotFound."""
        self._board.unregister(name, self._now_s())

    def set_accepting(self, name: AgentId, accepting: bool, why: str = "") -> None:  # noqa: FBT001
        """Whether it is sent new messages; its mailbox stays as it is. Raises AgentNotFound."""
        self._board.set_accepting(name, accepting=accepting, why=why, now_s=self._now_s())

    def release(self, name: AgentId, why: str) -> None:
        """Send on what is queued for an agent that went away: to able others, else it waits.

        Call `set_accepting(name, False)` before, or it is given back. Raises AgentNotFound.
        """
        self._board.release(name, why, self._now_s())

    def abandon(self, name: AgentId, why: str) -> None:
        """The agent crashed: all that it has in work dies, for it may have run."""
        self._board.abandon(name, why, self._now_s())

    def load(self, name: AgentId) -> float:
        """Messages queued and in work as a share of its capacity. Raises AgentNotFound."""
        box = self._board.box(name)
        return min(1.0, box.held / box.capacity)

    # Sending

    def send_nowait(self, message: Message) -> None:
        """Send what need not be durable; the quick way. Raises InvalidAction, Overloaded."""
        if message.durable or message.to == EVERYBODY or message.expires_at is not None:
            self._sending.send_unusual(message)
            return
        deadline_s = self._board.send(message, self._now_s(), self._expiry_s)
        if deadline_s < self._sending.wake_s:
            self._sending.stirred.set()

    async def send(self, message: Message) -> MessageView:
        """Send; a durable message is on disk when this returns.

        Raises InvalidAction, Overloaded; StorageError when a durable one cannot be written: then
        it is not sent.
        """
        if message.to == EVERYBODY:
            return await self._sending.broadcast(message)
        return self._views.show((await self._sending.send_all((message,)))[0])

    async def broadcast(self, message: Message) -> MessageView:
        """One copy for each other agent, each with an id of its own; all of them, or none.

        The view is of the message itself, which goes nowhere: its reason tells how many copies.
        Raises what `send` raises.
        """
        return await self._sending.broadcast(replace(message, to=EVERYBODY))

    async def ask(self, message: Message, timeout_s: float) -> JsonObject:
        """Send and wait for the answer; {} when the agent had nothing to say.

        Raises MessageUndelivered when the message dies or no answer comes in time (then it is taken
        back, unless it is in work already), and what `send` raises.
        """
        return await self._sending.ask(message, timeout_s)

    # Taking

    async def take(self, name: AgentId) -> Message:
        """Wait for the first message of this mailbox. From now on it is in work.

        Raises AgentNotFound, also when the agent is unregistered meanwhile; StorageError when a
        durable message cannot be marked as taken: it stays in the mailbox.
        """
        box = self._board.box(name)
        while True:
            item = box.pop(self._now_s())
            if item is None:
                await box.wait()
                continue
            entry = item[2]
            if not entry.message.durable:
                return entry.message
            try:
                # Before the agent sees it: after a crash nobody could tell whether it ran.
                await self._journal.keep([self._views.show(entry)])
            except BaseException:
                if entry.state is MessageState.IN_WORK:
                    self._board.put_back(item)
                    self._journal.keep_soon(self._views.show(entry))
                    self._sending.stirred.set()
                raise
            if entry.state is MessageState.IN_WORK:  # else it was given up while it was written
                return entry.message

    def take_nowait(self, name: AgentId) -> Message | None:
        """The first message, or None: there is none, or the first one is durable and has to be
        taken with `take`. Raises AgentNotFound."""
        box = self._boxes.get(name) or self._board.box(name)
        item = box.pop(self._now_s(), durable=False)
        return None if item is None else item[2].message

    def done(self, message: Message, answer: JsonObject | None = None) -> None:
        """It was handled. The answer goes to whoever asks, or as a message to the sender.

        A message that was given up before stays dead; the report is counted as late.
        """
        entry = self._board.open.get(message.id)
        if entry is None or entry.state is not _IN_WORK:
            self._late += 1
            return
        self._board.handle(entry, self._now_s())
        if entry.message.answer_required:
            self._sending.answer(entry, answer)
        if entry.message.durable:
            self._journal.forget_soon(message.id)
            self._sending.stirred.set()

    def failed(self, message: Message, why: str) -> None:
        """It could not be handled: it goes to the dead letters and is not tried again."""
        entry = self._board.open.get(message.id)
        if entry is None or entry.state is not MessageState.IN_WORK:
            self._late += 1
            return
        self._board.die(entry, why, self._now_s())

    # Dead letters

    def dead_letters(self) -> tuple[MessageView, ...]:
        """Newest first."""
        return tuple(map(self._views.show, self._dead.newest_first()))

    async def resend(self, message_id: MessageId, by: str) -> MessageView:
        """Send a dead letter's content again, as a new message; the letter leaves the list.

        Raises MessageNotFound, and what `send` raises: then the letter stays.
        """
        letter = self._dead.get(message_id)
        fresh = replace(
            letter.message,
            id=MessageId(self._ids.next_id()),
            at=self._clock.now(),
            expires_at=None,
        )
        self._dead.pop(message_id)  # before the wait: nobody else may send it again meanwhile
        try:
            (entry,) = await self._sending.send_all((fresh,))
        except BaseException:
            self._dead.add(letter)
            raise
        self._journal.forget_soon(message_id)
        self._sending.stirred.set()
        letter.reason = f"{letter.reason}; sent again by {by} as {fresh.id}"
        return self._views.show(entry)

    def discard(self, message_id: MessageId) -> MessageView:
        """Take a dead letter off the list, for good. Raises MessageNotFound."""
        letter = self._dead.pop(message_id)
        self._journal.forget_soon(message_id)
        self._sending.stirred.set()
        return self._views.show(letter)

    def _bury(self, entry: Entry) -> None:
        message = entry.message
        self._sending.requests.refuse(message.id, f"undelivered: {entry.reason}")
        self._notices.append(
            MessageDied(
                at=self._clock.now(), message_id=message.id, to=message.to, reason=entry.reason
            )
        )
        if message.durable or is_writable(message.payload):
            self._journal.keep_soon(self._views.show(entry))
        for fallen in self._dead.add(entry):
            self._journal.forget_soon(fallen.message.id)
        self._sending.stirred.set()

    # What is seen

    def views(self, query: MessageQuery) -> tuple[MessageView, ...]:
        """Newest first, among the newest messages and the dead letters."""
        if query.dead_only:
            return self._views.pick(self._dead.newest_first(), query)
        return self._views.pick(self._board.recent.newest_first(), query)

    def mailbox(self, name: AgentId, *, limit: int = 50) -> tuple[MessageView, ...]:
        """What is queued, in the order in which it would be taken. Raises AgentNotFound."""
        return self._views.mailbox(name, limit=limit)

    def statistics(self) -> RouterStatistics:
        """Counts since the start."""
        counts = self._board.statistics()
        return replace(counts, letters=len(self._dead), late=self._late, trouble=self._trouble)

    # Life

    async def restore(self) -> None:
        """Take up what an earlier run of the program left on disk; once, at the start.

        What was in work then is dead, for it may have run. Time in which the program did not run
        counts only for messages that name the time of their end. Raises StorageError.
        """
        now_s = self._now_s()
        for view in await self._journal.load():
            message = view.message
            if message.id in self._board.open or message.id in self._dead:
                continue
            life_s = self._expiry_s
            if message.expires_at is not None:
                life_s = lifetime_s(message.expires_at, now=self._clock.now())
            size = measure_payload(message.payload)
            if view.state in (MessageState.WAITING, MessageState.QUEUED):
                self._board.launch(self._board.admit(message, size, now_s, life_s), now_s)
                continue
            entry = Entry(message, size, now_s, now_s + life_s)
            entry.state = MessageState.DEAD
            if view.state is MessageState.DEAD:
                entry.reason = view.reason
                self._dead.add(entry)
            else:
                entry.reason = "it was in work when the program ended: it may have run"
                self._bury(entry)
        self._sending.stirred.set()

    async def run(self) -> None:
        """Expire, write, tell; between that, sleep until something is due or happens."""
        while True:
            self._sending.stirred.clear()
            self._board.expire(self._now_s(), at_most=_EXPIRED_AT_ONCE)
            await self._flush()
            while self._notices:
                await self._bus.publish(self._notices.popleft())
            await self._nap()

    async def _flush(self) -> None:
        try:
            await self._journal.flush()
            self._trouble = ""
        except MaestroError as error:  # it is pending still, and tried again soon
            self._trouble = str(error)

    async def _nap(self) -> None:
        first = self._board.due.first()
        now_s = self._now_s()
        wake_s = math.inf if first is None else first.deadline_s
        if self._trouble:
            wake_s = min(wake_s, now_s + _RETRY_S)
        self._sending.wake_s = wake_s
        if wake_s == math.inf:
            await self._sending.stirred.wait()
        elif wake_s <= now_s:
            await asyncio.sleep(0)
        else:
            async with asyncio.TaskGroup() as naps:
                sleep = naps.create_task(self._clock.sleep(wake_s - now_s))
                stir = naps.create_task(self._sending.stirred.wait())
                await asyncio.wait((sleep, stir), return_when=asyncio.FIRST_COMPLETED)
                sleep.cancel()
                stir.cancel()
