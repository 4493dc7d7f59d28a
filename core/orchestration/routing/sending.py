"""How messages come in: one, many at once, durable or not; and requests with their answers."""

import asyncio
import math
from collections.abc import Iterable
from dataclasses import replace

from core.actions import JsonObject
from core.clock import Clock
from core.errors import InvalidAction, MaestroError, MessageUndelivered
from core.fleet import EVERYBODY, Message, MessageState, MessageView
from core.ids import IdSource, MessageId
from core.orchestration.mailbox import Entry
from core.orchestration.routing.board import Board
from core.orchestration.routing.journal import Journal
from core.orchestration.routing.requests import Requests
from core.orchestration.routing.rules import (
    find_fault,
    is_writable,
    lifetime_s,
    make_answer,
    measure_payload,
)
from core.orchestration.routing.views import Views


class Sending:
    """The router's way in. `stirred` is set when its service loop has to look again."""

    def __init__(
        self, board: Board, *, clock: Clock, ids: IdSource, journal: Journal, expiry_s: float
    ) -> None:
        self.stirred = asyncio.Event()
        self.wake_s = math.inf  # when the service loop looks again by itself
        self.requests = Requests()
        self._board = board
        self._clock = clock
        self._now_s = clock.monotonic_s
        self._ids = ids
        self._journal = journal
        self._views = Views(board, clock)
        self._expiry_s = expiry_s

    def send_unusual(self, message: Message) -> None:
        """Without a wait; what the router's own quick way leaves over."""
        if message.durable:
            raise InvalidAction("a durable message has to be written first: send it with send()")
        copies = self._copy(message) if message.to == EVERYBODY else (message,)
        self.launch(self._admit_all(copies))

    async def send_all(self, messages: tuple[Message, ...]) -> list[Entry]:
        """All or none; durable ones are on disk when this returns."""
        entries = self._admit_all(messages)
        if any(message.durable for message in messages):
            try:
                await self._journal.keep([self._views.show(entry) for entry in entries])
            except BaseException:  # cancelled too: the sender is not told that it is sent
                for entry in entries:
                    self._board.withdraw(entry)
                    self._journal.forget_soon(entry.message.id)
                self.stirred.set()
                raise
        self.launch(entries)
        return entries

    async def broadcast(self, message: Message) -> MessageView:
        """One copy for each other agent."""
        fault = find_fault(message)
        if fault:
            raise InvalidAction(fault)
        copies = self._copy(message)
        await self.send_all(copies)
        return MessageView(
            message=message,
            state=MessageState.HANDLED,
            holder=None,
            priority_now=message.priority,
            changed_at=self._clock.now(),
            reason=f"one copy was sent to each of {len(copies)} agents",
        )

    async def ask(self, message: Message, timeout_s: float) -> JsonObject:
        """Send and wait for the answer."""
        if message.to == EVERYBODY:
            raise InvalidAction("everybody cannot be asked: one request has one answer")
        if not message.answer_required:
            message = replace(message, answer_required=True)
        if self.requests.is_open(message.id):
            raise InvalidAction(f"a request with the id {message.id} waits for its answer already")
        answer = self.requests.open(message.id)
        try:
            async with asyncio.timeout(timeout_s):
                await self.send_all((message,))
                return await answer
        except TimeoutError as error:
            whom = message.to or f"any that can {message.capability}"
            raise MessageUndelivered(f"no answer from {whom} within {timeout_s:g} s") from error
        finally:
            self.requests.close(message.id)
            self._take_back(message.id)

    def answer(self, entry: Entry, answer: JsonObject | None) -> None:
        """Hand the answer to a request on to whoever waits, else as a message to its sender."""
        request = entry.message
        asked = self.requests.is_open(request.id)
        if answer is None and not asked:
            return
        try:
            size = measure_payload(answer or {})
            if size > self._board.limits.payload_bytes_max:
                raise InvalidAction(f"it has {size} bytes as JSON")
            if asked:
                self.requests.answer(request.id, answer or {})
            else:
                self._send_answer(entry, answer or {})
        except (ValueError, MaestroError) as error:
            entry.reason = f"handled, but its answer could not be sent: {error}"
            self.requests.refuse(request.id, entry.reason)

    def _send_answer(self, entry: Entry, answer: JsonObject) -> None:
        message = make_answer(
            entry.message,
            answer,
            message_id=MessageId(self._ids.next_id()),
            sender=entry.box.name if entry.box else entry.message.to,
            at=self._clock.now(),
        )
        sent = self.admit(message)
        self.launch([sent])
        if message.durable:
            self._journal.keep_soon(self._views.show(sent))
            self.stirred.set()

    def admit(self, message: Message) -> Entry:
        """Check it and hold a place for it. Raises InvalidAction, Overloaded."""
        size = self._board.check(message)
        life_s = self._expiry_s
        if message.expires_at is not None:
            life_s = lifetime_s(message.expires_at, now=self._clock.now())
        if message.durable and not is_writable(message.payload):
            raise InvalidAction("a durable payload cannot hold NaN or infinity: JSON has neither")
        return self._board.admit(message, size, self._now_s(), life_s)

    def launch(self, entries: Iterable[Entry]) -> None:
        """Give entries that were admitted to their agents."""
        now_s = self._now_s()
        for entry in entries:
            self._board.launch(entry, now_s)
            if entry.deadline_s < self.wake_s:
                self.stirred.set()

    def _admit_all(self, messages: Iterable[Message]) -> list[Entry]:
        entries: list[Entry] = []
        try:
            for message in messages:
                entries.append(self.admit(message))  # noqa: PERF401 - what came so far is undone
        except MaestroError:
            for entry in entries:
                self._board.withdraw(entry)
            raise
        return entries

    def _copy(self, message: Message) -> tuple[Message, ...]:
        return tuple(
            replace(
                message,
                id=MessageId(self._ids.next_id()),
                to=name,
                capability="",
                only_addressee=True,
            )
            for name in self._board.names()
            if name != message.sender
        )

    def _take_back(self, message_id: MessageId) -> None:
        entry = self._board.open.get(message_id)
        if entry is not None and entry.state is not MessageState.IN_WORK:
            self._board.die(entry, "nobody waits for its answer any more", self._now_s())
