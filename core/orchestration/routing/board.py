"""Where every open message is. Decides at once and never waits; the service gives it its life."""

from collections.abc import Callable
from typing import Final

import orjson

from core.errors import AgentNotFound, InvalidAction, Overloaded
from core.fleet import EVERYBODY, AgentSpec, Message, MessageState
from core.ids import AgentId, MessageId
from core.orchestration.balance import Pool, standing
from core.orchestration.mailbox import Entry, Item, Mailbox
from core.orchestration.order import raise_priority
from core.orchestration.routing.due import Due
from core.orchestration.routing.letters import Recent
from core.orchestration.routing.model import RouterLimits, RouterStatistics
from core.orchestration.routing.rules import (
    able_by,
    explain_wait,
    find_fault,
    measure_payload,
    shorten,
)
from core.orchestration.routing.waiting import WaitingRoom

_HANDLED: Final = MessageState.HANDLED


class Board:
    """Agents, mailboxes, the waiting room, and what is due when. For the event loop's thread."""

    def __init__(self, limits: RouterLimits, *, on_death: Callable[[Entry], None]) -> None:
        self.limits = limits
        self._payload_bytes_max = limits.payload_bytes_max
        self._open_max = limits.open_max
        self._open_bytes_max = limits.open_bytes_max
        self.boxes: dict[str, Mailbox] = {}
        self.open: dict[MessageId, Entry] = {}
        self.open_bytes = 0
        self.room = WaitingRoom(window=limits.open_max, age_s=limits.age_s)
        self.due = Due()
        self.recent = Recent(count_max=limits.recent_max, bytes_max=limits.recent_bytes_max)
        self.sent = 0
        self.handled = 0
        self.dead = 0
        self.rerouted = 0
        self.raised = 0
        self._pools: dict[str, Pool[Mailbox]] = {}
        self._on_death = on_death

    # Agents

    def box(self, name: str) -> Mailbox:
        """Raises AgentNotFound."""
        box = self.boxes.get(name)
        if box is None:
            raise AgentNotFound(f"the router knows no agent {name}")
        return box

    def names(self) -> tuple[AgentId, ...]:
        """Of all agents."""
        return tuple(box.name for box in self.boxes.values())

    def register(self, spec: AgentSpec, *, accepting: bool, now_s: float) -> None:
        """Give an agent its mailbox, and whatever has waited for it. Raises InvalidAction."""
        if not spec.name or spec.name == EVERYBODY or spec.name in self.boxes:
            raise InvalidAction(
                f"an agent cannot be registered as {spec.name!r}: taken, or no name"
            )
        if spec.capacity < 1:
            raise InvalidAction(f"the capacity of {spec.name} is {spec.capacity}, not at least 1")
        box = Mailbox(spec, age_s=self.limits.age_s, accepting=accepting)
        self.boxes[spec.name] = box
        for capability in box.capabilities:
            self._pools.setdefault(capability, Pool()).add(box)
        box.pools = tuple(self._pools[each] for each in box.capabilities)
        for entry in self.room.waiting_for(spec.name):  # now it is known who else is able
            self.room.leave(entry, now_s)
            self.place(entry, now_s)
        self.serve(box, now_s)

    def unregister(self, name: AgentId, now_s: float) -> None:
        """Take an agent out; what it has in work dies. Raises AgentNotFound."""
        why = f"{name} was taken out of the fleet"
        self.set_accepting(name, accepting=False, why=why, now_s=now_s)
        self.abandon(name, why, now_s)
        self.release(name, why, now_s)  # while it is known still what it was able to do
        box = self.boxes.pop(name)
        for capability, pool in zip(box.capabilities, box.pools, strict=True):
            pool.remove(name)
            if not pool:
                del self._pools[capability]
        box.close()

    def set_accepting(self, name: AgentId, *, accepting: bool, why: str, now_s: float) -> None:
        """Whether new messages may come. Raises AgentNotFound."""
        box = self.box(name)
        box.accepting = accepting
        box.why = why
        box.touch()
        self.serve(box, now_s)

    def release(self, name: AgentId, why: str, now_s: float) -> None:
        """Send on what is queued: to able others, else it waits. Raises AgentNotFound."""
        for entry in self.box(name).empty(now_s):
            entry.reason = why
            self.place(entry, now_s)

    def abandon(self, name: AgentId, why: str, now_s: float) -> None:
        """Whatever this agent has in work dies: nobody knows how far it came."""
        for entry in [each for each in self.open.values() if each.state is MessageState.IN_WORK]:
            if entry.box is not None and entry.box.name == name:
                self.die(entry, why, now_s)

    # Messages

    def check(self, message: Message) -> int:
        """Bytes of the payload. Raises InvalidAction, Overloaded."""
        fault = find_fault(message)
        if fault:
            raise InvalidAction(fault)
        try:
            size = len(orjson.dumps(message.payload))
        except TypeError:  # frozen mappings, large integers, text that is not Unicode: or no JSON
            size = self._measure(message)
        if size > self._payload_bytes_max:
            raise InvalidAction(
                f"the payload has {size} bytes as JSON; at most {self._payload_bytes_max} are"
                " allowed: send a reference instead"
            )
        if message.id in self.open:
            raise InvalidAction(f"a message with the id {message.id} is on its way already")
        if len(self.open) >= self._open_max:
            raise Overloaded(f"the router holds {len(self.open)} messages; try again in a moment")
        if self.open_bytes + size > self._open_bytes_max:
            raise Overloaded(f"the router holds {self.open_bytes} bytes; try again in a moment")
        return size

    def _measure(self, message: Message) -> int:
        try:
            return measure_payload(message.payload)
        except ValueError as error:
            raise InvalidAction(str(error)) from error

    def admit(self, message: Message, size: int, now_s: float, lifetime_s: float) -> Entry:
        """Make the message known. It is nowhere yet: `launch` it, or `withdraw` it."""
        entry = Entry(message, size, now_s, now_s + lifetime_s)
        self.open[message.id] = entry
        self.open_bytes += size
        return entry

    def withdraw(self, entry: Entry) -> None:
        """It is not sent after all."""
        del self.open[entry.message.id]
        self.open_bytes -= entry.size

    def launch(self, entry: Entry, now_s: float) -> None:
        """It is sent: place it, and watch its time."""
        self.sent += 1
        self.recent.add(entry)
        if entry.deadline_s <= now_s:
            self.room.enter(entry, (), now_s)
            self.die(entry, "it had expired before it was sent", now_s)
            return
        self.place(entry, now_s)
        self.due.watch(entry)

    def send(self, message: Message, now_s: float, lifetime_s: float) -> float:
        """`admit` and `launch` in one for messages with the usual time to live.

        Returns the deadline. Raises InvalidAction, Overloaded.
        """
        size = self.check(message)
        deadline_s = now_s + lifetime_s
        entry = Entry(message, size, now_s, deadline_s)
        self.open[message.id] = entry
        self.open_bytes += size
        self.sent += 1
        self.recent.add(entry)
        box = self.boxes.get(message.to)
        if box is not None and box.accepting and box.held <= box.cut:
            box.push(entry, now_s)
        else:
            self._place_elsewhere(entry, box, now_s)
        self.due.watch_usual(entry)
        return deadline_s

    def place(self, entry: Entry, now_s: float) -> None:
        """Into a mailbox, or the waiting room."""
        box = self.boxes.get(entry.message.to)
        if box is not None and box.accepting and box.held <= box.cut:
            box.push(entry, now_s)
        else:
            self._place_elsewhere(entry, box, now_s)

    def _place_elsewhere(self, entry: Entry, addressee: Mailbox | None, now_s: float) -> None:
        message = entry.message
        able = able_by(message, addressee.capabilities if addressee else None)
        other = self._pick(entry, able)
        if other is not None and other.held <= other.cut:
            if message.to:
                self.rerouted += 1
                entry.reason = f"sent on from {message.to} to {other.name}"
            other.push(entry, now_s)
            return
        overloaded = other is not None or (addressee is not None and addressee.accepting)
        if overloaded and not entry.raised:
            entry.raised = True
            entry.priority = raise_priority(entry.priority)
            self.raised += 1
        entry.reason = explain_wait(
            message,
            known=addressee is not None,
            why=addressee.why if addressee else "",
            overloaded=overloaded,
        )
        self.room.enter(entry, able, now_s)

    def _pick(self, entry: Entry, able: tuple[str, ...]) -> Mailbox | None:
        without = (entry.message.sender, entry.message.to)
        pools = (self._pools.get(each) for each in able)
        picked = (pool.pick(without=without) for pool in pools if pool is not None)
        return min((each for each in picked if each is not None), key=standing, default=None)

    def serve(self, box: Mailbox, now_s: float) -> None:
        """Give an agent that has room what has waited for it."""
        while self.room.topics and box.accepting and box.held <= box.cut:
            entry = self.room.find(box)
            if entry is None:
                return
            self.room.leave(entry, now_s)
            if entry.message.to and entry.message.to != box.name:
                self.rerouted += 1
                entry.reason = f"sent on from {entry.message.to} to {box.name}"
            box.push(entry, now_s)

    def handle(self, entry: Entry, now_s: float) -> None:
        """It was in work, and is handled; final."""
        self.handled += 1
        del self.open[entry.message.id]
        self.open_bytes -= entry.size
        entry.state = _HANDLED
        entry.changed_s = now_s
        box = entry.box
        if box is None:
            return
        box.held -= 1
        if box.settled:
            box.touch()
        if self.room.topics:
            self.serve(box, now_s)

    def die(self, entry: Entry, reason: str, now_s: float) -> None:
        """It could not be delivered or handled; final, and told."""
        self.dead += 1
        entry.reason = shorten(reason)
        if entry.state is MessageState.WAITING:
            self.room.leave(entry, now_s)
        del self.open[entry.message.id]
        self.open_bytes -= entry.size
        entry.state = MessageState.DEAD
        entry.changed_s = now_s
        box = entry.box
        if box is not None:
            box.leave(entry, now_s)
            self.serve(box, now_s)
        self._on_death(entry)

    def put_back(self, item: Item) -> None:
        """It was taken, and not handed over."""
        entry = item[2]
        if entry.box is not None:
            entry.box.put_back(item)
            self.due.watch(entry)

    # Time

    def expire(self, now_s: float, *, at_most: int) -> None:
        """Give up whatever was not taken in its time; the rest of many the next time."""
        for _ in range(at_most):
            entry = self.due.first()
            if entry is None or entry.deadline_s > now_s:
                return
            where = entry.reason
            if entry.box is not None:
                where = f"{entry.box.name} had not taken it from its mailbox"
            self.die(entry, f"it expired: {where}", now_s)

    def priority_now(self, entry: Entry, now_s: float) -> int:
        """What the entry's priority has risen to."""
        where = entry.box if entry.box is not None else self.room
        return where.priority_now(entry, now_s)

    def statistics(self) -> RouterStatistics:
        """Counts; the service adds its own."""
        boxes = self.boxes.values()
        return RouterStatistics(
            sent=self.sent,
            waiting=len(self.room.topics),
            queued=sum(box.queued for box in boxes),
            in_work=sum(box.in_work for box in boxes),
            handled=self.handled,
            dead=self.dead,
            rerouted=self.rerouted,
            raised=self.raised,
        )
