"""Tells the engine's own entries from those that somebody wrote into the store."""

from collections.abc import Callable
from typing import Final

from core.audit.rules import GENESIS, chain_hash
from core.ports import Store
from core.records import AuditEntry, AuditHead, AuditQuery

IsSigned = Callable[[bytes, bytes], bool]
"""Whether a signature of this home's key stands in a text, given the hash before it."""

_WRITE_MAX: Final = 100  # entries of one write


class OwnEntries:
    """While the engine runs, the store's file can be edited: each entry may be, a moment ago."""

    def __init__(self, store: Store, is_signed: IsSigned) -> None:
        self._store = store
        self._is_signed = is_signed

    async def hold(self, entry: AuditEntry) -> bool:
        """Whether a signature is over this entry.

        The last entry of each write is signed, so few are read. Raises StorageError.
        """
        query = AuditQuery(after_seq=max(0, entry.seq - 2), ascending=True, limit=_WRITE_MAX)
        last = GENESIS if entry.seq == 1 else None
        for each in await self._store.read_audit(query):
            if last is not None:
                if (each.seq, each.hash) != (last.length + 1, chain_hash(last.hash, each.text)):
                    return False
                if self._is_signed(last.hash.encode(), each.text.encode()):
                    return True
            elif each.seq != entry.seq - 1:  # nothing to hold the entry's own text against
                return False
            last = AuditHead(length=each.seq, hash=each.hash)
        return False
