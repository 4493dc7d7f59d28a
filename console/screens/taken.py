"""Decisions that were taken and not sent, as the queue shows them."""

from console.language import _
from console.outbox import Decided
from console.screens.base import Front
from console.view_models.approvals import Unsent, settled_words, unsent_words
from console.view_models.text import short_id
from console.widgets.caption import Caption
from core.ids import ActionId


class Taken(Caption):
    """What can still be taken back, and for how long, in a line."""

    def __init__(self, front: Front) -> None:
        super().__init__(id="unsent")
        self._front = front

    def draw(self) -> None:
        """As it is now."""
        held = [self._as_unsent(each) for each in self._front.outbox.held]
        self.show(unsent_words(held, self._front.view().operator))
        self.display = bool(held)

    def flag(self, action_id: ActionId) -> str:
        """What stands in the row of an action; "" for one that was not decided."""
        outbox = self._front.outbox
        if (decided := outbox.find(action_id)) is not None:
            return self._as_unsent(decided).flag()
        return _("being sent") if action_id in outbox.about else ""

    def _as_unsent(self, decided: Decided) -> Unsent:
        left_s = self._front.outbox.left_s(decided)
        return Unsent(decided.verb, tuple(sorted(decided.ids)), left_s)


def who_settled(front: Front, action_id: ActionId) -> str:
    """Who ended the wait of an action, as far as that was heard."""
    words = settled_words(action_id, front.snapshot.feed)
    return words or _("{action_id} waits no more").format(action_id=short_id(action_id))
