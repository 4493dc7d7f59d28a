"""What the store says was allowed counts as far as the trail says so, too."""

import json
from typing import Final

from core.actions import ActionStatus
from core.errors import PermissionDenied
from core.governance.rules import is_released
from core.ports import Store
from core.records import ActionRecord, AuditQuery

_ENTRIES_MAX: Final = 1_000  # about one action, newest first


async def require_released(store: Store, record: ActionRecord) -> ActionRecord:
    """The record, once the trail is seen to have allowed exactly what it releases.

    Records stand beside the trail, and whoever can write the store's file can change them there.

    Raises PermissionDenied when an allowed action is not what an entry allowed.
    """
    if record.status is not ActionStatus.ALLOWED:
        return record
    entries = await store.read_audit(AuditQuery(action_id=record.id, limit=_ENTRIES_MAX))
    if not is_released(record, (json.loads(each.text) for each in entries)):
        raise PermissionDenied(
            f"action {record.id} stands as allowed in the store, and no entry of the trail allowed"
            " exactly this: somebody edited the store, or the entry is archived; nothing is"
            " released, propose it again"
        )
    return record
