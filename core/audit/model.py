"""Frozen values of the audit trail: rows, signed checkpoints, what an export selects."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from core.actions import JsonObject
from core.ids import ActionId

Row = tuple[int, bytes, bytes]
"""One stored entry: seq, text as UTF-8, hash in hex digits. Bytes: verification decodes nothing."""

CHECKPOINT_LAG_MAX: Final = 16
"""The daily copy is never more entries ahead of the last checkpoint than these."""


class Checkpoint(NamedTuple):
    """A signed statement: at this moment the trail was `length` long and ended in `head`."""

    n: int  # 1, 2, 3 … without gaps
    length: int
    head: str
    at: str  # ISO 8601, UTC
    kind: str  # "open", "group", "close", "anchor"
    anchor_length: int  # entries up to here may live in the daily files alone; 0 for none
    anchor_head: str
    previous: str  # SHA-256 of the line before, signature and all
    key: str  # id of the signing key: the first 16 hex digits of SHA-256 over the raw public key
    signature: str = ""  # Ed25519, hex


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFilter:
    """Which entries to export; all of what is given must fit. Nothing given: the whole trail."""

    action_id: ActionId | None = None
    agent: str | None = None  # the actor, or the agent that the entry is about
    since: datetime | None = None
    until: datetime | None = None  # exclusive

    @property
    def whole(self) -> bool:
        """True when nothing is left out."""
        return self == ExportFilter()

    def as_json(self) -> JsonObject:
        """For the export's manifest."""
        return {
            "action_id": self.action_id,
            "agent": self.agent,
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
        }
