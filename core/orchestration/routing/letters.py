"""The newest messages, and the dead letters; both bounded by count and by bytes."""

from collections import OrderedDict, deque
from collections.abc import Iterator

from core.errors import MessageNotFound
from core.ids import MessageId
from core.orchestration.mailbox import Entry


class DeadLetters:
    """By message id, oldest first; what is over a bound falls off at the old end."""

    def __init__(self, *, count_max: int, bytes_max: int) -> None:
        self._entries: OrderedDict[MessageId, Entry] = OrderedDict()
        self._bytes = 0
        self._count_max = count_max
        self._bytes_max = bytes_max

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, message_id: MessageId) -> bool:
        return message_id in self._entries

    def newest_first(self) -> Iterator[Entry]:
        """All of them."""
        return reversed(self._entries.values())

    def add(self, entry: Entry) -> list[Entry]:
        """Keep; returns what fell off for it."""
        self._entries[entry.message.id] = entry
        self._bytes += entry.size
        fallen: list[Entry] = []
        while len(self._entries) > self._count_max or self._bytes > self._bytes_max:
            _, old = self._entries.popitem(last=False)
            self._bytes -= old.size
            fallen.append(old)
        return fallen

    def get(self, message_id: MessageId) -> Entry:
        """Raises MessageNotFound."""
        entry = self._entries.get(message_id)
        if entry is None:
            raise MessageNotFound(f"there is no dead letter {message_id}")
        return entry

    def pop(self, message_id: MessageId) -> Entry:
        """Take off the list. Raises MessageNotFound."""
        entry = self.get(message_id)
        del self._entries[message_id]
        self._bytes -= entry.size
        return entry


class Recent:
    """The newest messages, whatever became of them."""

    def __init__(self, *, count_max: int, bytes_max: int) -> None:
        self._entries: deque[Entry] = deque(maxlen=count_max)
        self._bytes_max = bytes_max
        self._added = 0  # bytes since the last look: never less than what is kept

    def newest_first(self) -> Iterator[Entry]:
        """All of them."""
        return reversed(self._entries)

    def add(self, entry: Entry) -> None:
        """Keep, and let go of the oldest where a bound asks for it."""
        self._entries.append(entry)
        self._added += entry.size
        if self._added > self._bytes_max:
            self._look()

    def _look(self) -> None:
        kept = sum(entry.size for entry in self._entries)
        while kept > self._bytes_max // 2:  # half: the next look is not at the next message
            kept -= self._entries.popleft().size
        self._added = kept
