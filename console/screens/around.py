"""Reads what stands around an action: the past, who else waits, the file it would change."""

import asyncio
import contextlib
from typing import Final

from console.screens.base import Front
from console.view_models.around import Around, Precedents, find_precedents
from console.workspace import read_on_disk
from core.actions import Decision
from core.errors import MaestroError
from core.ports import Dossier
from core.records import ActionQuery

_PAST_MAX: Final = 50  # actions of one agent that were asked about


async def read_around(front: Front, dossier: Dossier) -> Around:
    """What can be told beside the dossier; what cannot be read is left out: the card says so."""
    record = dossier.record
    asked = ActionQuery(agent_id=record.action.agent_id, decision=Decision.ASK, limit=_PAST_MAX)
    past: Precedents | None = None
    with contextlib.suppress(MaestroError):
        past = find_precedents(record, await front.bridge.list_actions(asked))
    # Attached, the agents' files are on another machine.
    here = front.mode != "ATTACHED"
    on_disk = await asyncio.to_thread(read_on_disk, dossier) if here else None
    return Around(past, _waiting_too(front, dossier), on_disk)


def _waiting_too(front: Front, dossier: Dossier) -> int:
    """How many other held actions the same session waits for."""
    session, own = dossier.record.action.session_id, dossier.record.id
    if session is None:
        return 0
    waiting = front.snapshot.approvals or ()
    return sum(each.session_id == session and each.id != own for each in waiting)
