"""What of the messages goes to disk, and what is still to be written there."""

from collections.abc import Sequence

from core.errors import StorageError
from core.fleet import MessageView
from core.fleet_ports import MessageStore
from core.ids import MessageId


class Journal:
    """Writes at once what must be durable before anybody goes on; the rest in one go, soon.

    Without a store nothing outlives the program, and durable messages are refused.
    """

    def __init__(self, store: MessageStore | None) -> None:
        self._store = store
        self._kept: set[MessageId] = set()  # on disk
        self._keep: dict[MessageId, MessageView] = {}
        self._forget: set[MessageId] = set()

    async def load(self) -> tuple[MessageView, ...]:
        """What was on disk, oldest first. Raises StorageError."""
        views = await self._store.load() if self._store else ()
        self._kept.update(view.message.id for view in views)
        return views

    async def keep(self, views: Sequence[MessageView]) -> None:
        """Durable when it returns. Raises StorageError; cancelled, it may be durable or not."""
        if self._store is None:
            raise StorageError("durable messages need a store, and this router has none")
        for view in views:
            self._kept.add(view.message.id)
            self._keep.pop(view.message.id, None)  # older than what is written now
        await self._store.keep(views)

    def keep_soon(self, view: MessageView) -> None:
        """With the next flush."""
        if self._store is not None:
            self._keep[view.message.id] = view

    def forget_soon(self, message_id: MessageId) -> None:
        """With the next flush, where it is on disk at all."""
        self._keep.pop(message_id, None)
        if message_id in self._kept:
            self._forget.add(message_id)

    async def flush(self) -> None:
        """Write what is pending. Raises StorageError: then it is pending still.

        New ones first: an answer is on disk before its request is forgotten.
        """
        if self._store is None:
            return
        keep, forget = dict(self._keep), tuple(self._forget)
        if keep:
            await self._store.keep(tuple(keep.values()))
        for message_id, view in keep.items():
            self._kept.add(message_id)
            now = self._keep.get(message_id)
            if now is view:
                del self._keep[message_id]
            elif now is None and message_id not in forget:
                self._forget.add(message_id)  # given up while it was written
        if forget:
            await self._store.forget(forget)
            self._forget.difference_update(forget)
            self._kept.difference_update(forget)
