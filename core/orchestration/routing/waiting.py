"""The waiting room: messages that nobody can take now, found again by who could."""

from heapq import heappush

from core.fleet import MessageState
from core.ids import AgentId
from core.orchestration.mailbox import Entry, Item, Mailbox, Ticks, compact, drop_stale

_Topic = tuple[str, str]


class WaitingRoom(Ticks):
    """Each message waits under its addressee's name and each capability that would do."""

    def __init__(self, *, window: int, age_s: float) -> None:
        super().__init__(window, age_s)
        self.lanes: dict[_Topic, list[Item]] = {}  # only those in which somebody waits
        self.topics: dict[Entry, tuple[_Topic, ...]] = {}  # of all that wait

    def enter(self, entry: Entry, able_by: tuple[str, ...], now_s: float) -> None:
        """Wait for the addressee, or for any agent with one of these capabilities."""
        to = entry.message.to
        topics = (*((("agent", to),) if to else ()), *(("can", each) for each in able_by))
        entry.box = None
        entry.state = MessageState.WAITING
        entry.changed_s = now_s
        item = self.stamp(entry, now_s)
        self.topics[entry] = topics
        for topic in topics:
            lane = self.lanes.setdefault(topic, [])
            heappush(lane, item)
            compact(lane, len(self.topics))

    def leave(self, entry: Entry, now_s: float) -> None:
        """Wait no longer; the entry keeps the priority that it has risen to."""
        entry.priority = self.priority_now(entry, now_s)
        entry.place = None
        for topic in self.topics.pop(entry):
            if drop_stale(self.lanes[topic]) is None:
                del self.lanes[topic]

    def find(self, box: Mailbox) -> Entry | None:
        """The first that this agent could take; it stays here until `leave`."""
        best = self._first(("agent", box.name), box)
        for capability in box.capabilities:
            item = self._first(("can", capability), box)
            if item is not None and (best is None or item < best):
                best = item
        return None if best is None else best[2]

    def waiting_for(self, name: AgentId) -> list[Entry]:
        """Those addressed to this agent, in their order."""
        lane = self.lanes.get(("agent", name), [])
        return [item[2] for item in sorted(item for item in lane if item[2].place is item)]

    def _first(self, topic: _Topic, box: Mailbox) -> Item | None:
        """Skips what the agent itself has sent to whom it may concern."""
        lane = self.lanes.get(topic)
        if lane is None:
            return None
        first = drop_stale(lane)
        if first is None or may_take(box, first[2]):
            return first
        others = (item for item in lane if item[2].place is item and may_take(box, item[2]))
        return min(others, default=None)


def may_take(box: Mailbox, entry: Entry) -> bool:
    """False for the sender, unless it writes to itself: nobody stands in for whom he asks."""
    return entry.message.sender != box.name or entry.message.to == box.name
