"""Whatever happens to agents and to the program, every message is delivered once or reported.

A state machine plays senders, slow and crashing agents, restarts, expiry, and crashes of the whole
program, and keeps its own book of what became of each message.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.errors import InvalidAction, Overloaded
from core.fleet import EVERYBODY, Message, MessageState, MessageView
from core.ids import AgentId, MessageId
from tests.unit.orchestration.post import EVERYTHING, Post, limits, make_message, make_spec, settle

AGENTS = {"a": ("x",), "b": ("x", "y"), "c": ("y",), "d": ()}
CAPACITY = 2
NAMES = st.sampled_from(sorted(AGENTS))
OPEN_MAX = 40


class Delivery(RuleBasedStateMachine):
    """The book: `open` may still be taken, `work` was taken, the rest is settled."""

    task: asyncio.Task[None]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.post = Post()
        self.open: dict[MessageId, Message] = {}
        self.work: dict[MessageId, tuple[str, Message]] = {}
        self.ever_taken: set[MessageId] = set()
        self.dead: set[MessageId] = set()
        self.handled = 0
        self.born = 0  # since this router started
        self.accepting: dict[str, bool] = {}
        self._boot()

    def teardown(self) -> None:
        self.task.cancel()
        self._run(asyncio.wait([self.task]))
        self.loop.close()

    def _run(self, awaited: Any) -> Any:
        async def all_of_it() -> Any:
            result = await awaited
            await settle()
            return result

        result = self.loop.run_until_complete(all_of_it())
        for notice in self.post.died:
            self.open.pop(notice.message_id, None)
            self.work.pop(notice.message_id, None)
            self.dead.add(notice.message_id)
        self.post.died.clear()
        return result

    def _boot(self) -> None:
        async def boot() -> None:
            self.post.start(limits=limits(open_max=OPEN_MAX))
            await self.post.router.restore()
            for name, capabilities in AGENTS.items():
                self.post.router.register(make_spec(name, *capabilities, capacity=CAPACITY))
            self.task = asyncio.ensure_future(self.post.router.run())

        self.handled = 0
        self.accepting = dict.fromkeys(AGENTS, True)
        self._run(boot())
        self.born = self.post.router.statistics().sent

    def _tell(self, call: Any, *arguments: Any) -> Any:
        async def told() -> Any:
            return call(*arguments)

        return self._run(told())

    @rule(
        to=st.sampled_from([*sorted(AGENTS), "", "nobody"]),
        capability=st.sampled_from(["", "x", "y", "z"]),
        priority=st.integers(1, 10),
        durable=st.booleans(),
        life_s=st.sampled_from([None, None, 40, -1]),
    )
    def send(
        self, *, to: str, capability: str, priority: int, durable: bool, life_s: int | None
    ) -> None:
        now = self.post.clock.now()
        expires_at = None if life_s is None else now + timedelta(seconds=life_s)
        message = make_message(
            sender=AgentId("a"),
            to=AgentId(to),
            capability=capability,
            priority=priority,
            durable=durable,
            expires_at=expires_at,
        )
        if not (to or capability):
            with pytest.raises(InvalidAction):
                self._run(self.post.router.send(message))
            return
        try:
            self.open[message.id] = message
            self._run(self.post.router.send(message))
        except Overloaded:
            del self.open[message.id]
        else:
            self.born += 1

    @rule(to=NAMES, priorities=st.lists(st.integers(1, 10), min_size=5, max_size=9))
    def flood(self, to: str, priorities: list[int]) -> None:
        for priority in priorities:
            self.send(to=to, capability="", priority=priority, durable=False, life_s=None)

    @rule(durable=st.booleans())
    def broadcast(self, *, durable: bool) -> None:
        known = {view.message.id for view in self.post.router.views(EVERYTHING)}
        message = make_message(sender=AgentId("a"), to=EVERYBODY, durable=durable)
        try:
            self._run(self.post.router.send(message))
        except Overloaded:
            assert known == {view.message.id for view in self.post.router.views(EVERYTHING)}
            return
        views = self.post.router.views(EVERYTHING)
        copies = [view.message for view in views if view.message.id not in known]
        assert sorted(each.to for each in copies) == sorted(set(AGENTS) - {"a"})
        self.open.update((each.id, each) for each in copies)
        self.born += len(copies)

    @rule(name=NAMES)
    def take(self, name: str) -> None:
        queued = self.post.router.mailbox(AgentId(name))
        if not queued:
            assert self._tell(self.post.router.take_nowait, AgentId(name)) is None
            return
        message = self._run(self.post.router.take(AgentId(name)))
        assert message.id not in self.ever_taken, "nothing is delivered twice"
        assert_first(message, queued)
        if message.only_addressee:
            assert message.to == name
        self.ever_taken.add(message.id)
        self.work[message.id] = (name, self.open.pop(message.id))

    @precondition(lambda self: self.work)
    @rule(data=st.data(), well=st.booleans())
    def finish(self, *, data: st.DataObject, well: bool) -> None:
        message_id = data.draw(st.sampled_from(sorted(self.work)))
        _, message = self.work[message_id]
        if well:
            del self.work[message_id]
            self.handled += 1
            self._tell(self.post.router.done, message)
        else:
            self._tell(self.post.router.failed, message, "it broke")
            assert message_id in self.dead

    @rule(name=NAMES)
    def crash(self, name: str) -> None:
        def crash() -> None:
            self.post.router.set_accepting(AgentId(name), False, "it crashed")  # noqa: FBT003
            self.post.router.abandon(AgentId(name), "it crashed")
            self.post.router.release(AgentId(name), "it crashed")

        self.accepting[name] = False
        self._tell(crash)
        assert not [each for each, _ in self.work.values() if each == name]

    @rule(name=NAMES)
    def pause(self, name: str) -> None:
        self.accepting[name] = False
        self._tell(self.post.router.set_accepting, AgentId(name), False, "paused")  # noqa: FBT003

    @rule(name=NAMES)
    def come_back(self, name: str) -> None:
        self.accepting[name] = True
        self._tell(self.post.router.set_accepting, AgentId(name), True)  # noqa: FBT003

    @rule(name=NAMES)
    def replace_agent(self, name: str) -> None:
        def replace() -> None:
            self.post.router.unregister(AgentId(name))
            self.post.router.register(make_spec(name, *AGENTS[name], capacity=CAPACITY))

        self.accepting[name] = True
        self._tell(replace)

    @rule(seconds=st.sampled_from([0.5, 35, 200, 301]))
    def wait(self, seconds: float) -> None:
        self.post.clock.advance(seconds)
        self._run(asyncio.sleep(0))

    @precondition(lambda self: self.post.router.dead_letters())
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        letters = self.post.router.dead_letters()
        letter = data.draw(st.sampled_from(letters)).message
        try:
            view = self._run(self.post.router.resend(letter.id, "ana"))
        except Overloaded:
            assert letter.id in ids(self.post.router.dead_letters())
            return
        assert view.message.id not in self.ever_taken
        assert view.message.payload == letter.payload
        assert letter.id not in ids(self.post.router.dead_letters())
        self.open[view.message.id] = view.message
        self.born += 1

    @precondition(lambda self: self.post.router.dead_letters())
    @rule()
    def discard(self) -> None:
        letter = self.post.router.dead_letters()[0].message
        self._tell(self.post.router.discard, letter.id)
        assert letter.id not in ids(self.post.router.dead_letters())

    @rule()
    def kill_the_program(self) -> None:
        """What is durable and was not taken is there again; what was taken is dead."""
        letters = set(ids(self.post.router.dead_letters()))
        taken = {each for each, (_, message) in self.work.items() if message.durable}
        self.task.cancel()
        self.loop.run_until_complete(asyncio.wait([self.task]))
        self.open = {each: message for each, message in self.open.items() if message.durable}
        self.work.clear()
        self.post.died.clear()
        self.post.store.writes = 0
        self._boot()
        assert letters | taken <= set(ids(self.post.router.dead_letters()))

    @invariant()
    def each_message_is_in_one_place(self) -> None:
        counts = self.post.router.statistics()
        parts = counts.waiting + counts.queued + counts.in_work + counts.handled + counts.dead
        assert parts == counts.sent == self.born
        assert counts.waiting + counts.queued == len(self.open)
        assert counts.in_work == len(self.work)
        assert counts.handled == self.handled
        views = {view.message.id: view for view in self.post.router.views(EVERYTHING)}
        assert all(views[each].state in ("waiting", "queued") for each in self.open)
        assert all(views[each].state == "in work" for each in self.work)
        assert max(Counter(ids(views.values())).values(), default=1) == 1
        assert counts.queued == sum(len(self.post.router.mailbox(AgentId(n))) for n in AGENTS)

    @invariant()
    def nobody_holds_more_than_the_cut_off_lets_in(self) -> None:
        assert all(self.post.router.load(AgentId(name)) <= 1 for name in AGENTS)

    @invariant()
    def nothing_waits_that_somebody_could_take(self) -> None:
        for view in self.post.router.views(EVERYTHING):
            if view.state is MessageState.WAITING:
                takers = [name for name in AGENTS if self._could_take(name, view.message)]
                assert takers == [], view

    def _could_take(self, name: str, message: Message) -> bool:
        if not self.accepting[name] or self.post.router.load(AgentId(name)) > 0.85:
            return False
        if message.to == name:
            return True
        if message.only_addressee or name == message.sender:
            return False
        able = {message.capability} if message.capability else set(AGENTS.get(message.to, ()))
        return bool(able & set(AGENTS[name]))


def ids(views: Iterable[MessageView]) -> list[MessageId]:
    return [view.message.id for view in views]


def assert_first(message: Message, queued: tuple[MessageView, ...]) -> None:
    """It had the highest priority of all, and came first among those like it."""
    taken = next(view for view in queued if view.message.id == message.id)
    assert taken.priority_now == max(view.priority_now for view in queued)
    alike = [
        view.message.id
        for view in queued
        if view.message.priority == message.priority and not view.reason
    ]
    if not taken.reason:
        assert message.id == min(alike)


Delivery.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestDelivery = Delivery.TestCase
