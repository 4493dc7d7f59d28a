"""Messages as the screens show them; made when somebody looks, not on the way."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import islice

from core.clock import Clock
from core.fleet import MessageView
from core.fleet_ports import MessageQuery
from core.ids import AgentId
from core.orchestration.mailbox import Entry
from core.orchestration.routing.board import Board
from core.orchestration.routing.rules import matches


class Views:
    """Reads the board; changes nothing."""

    def __init__(self, board: Board, clock: Clock) -> None:
        self._board = board
        self._clock = clock

    def show(self, entry: Entry) -> MessageView:
        """One message now."""
        now_s = self._clock.monotonic_s()
        return MessageView(
            message=entry.message,
            state=entry.state,
            holder=None if entry.box is None else entry.box.name,
            priority_now=self._board.priority_now(entry, now_s),
            changed_at=self._clock.now() - timedelta(seconds=now_s - entry.changed_s),
            reason=entry.reason,
        )

    def pick(self, entries: Iterable[Entry], query: MessageQuery) -> tuple[MessageView, ...]:
        """Those that the query asks for, in the order given."""
        views = map(self.show, entries)
        return tuple(islice((view for view in views if matches(query, view)), query.limit))

    def mailbox(self, name: AgentId, *, limit: int) -> tuple[MessageView, ...]:
        """What is queued, in the order in which it would be taken. Raises AgentNotFound."""
        items = self._board.box(name).in_order()[:limit]
        return tuple(self.show(item[2]) for item in items)
