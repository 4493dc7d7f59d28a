"""Reads what stands around an action: the past, the file it would change."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from console.screens.base import Front
from console.view_models.around import Around, Precedents, find_precedents
from console.view_models.dossier import (
    Card,
    content_of,
    make_card,
    waiting_lines,
)
from console.view_models.summary import current_arguments
from console.workspace import read_on_disk
from core.actions import Decision, JsonValue
from core.errors import MaestroError
from core.ports import Dossier
from core.records import ActionQuery, ActionRecord

_PAST_MAX: Final = 50  # actions of one agent that were asked about
_AT_ONCE_MAX: Final = 4_000  # characters; drawing more would hold up the loop that serves agents


async def read_card(front: Front, dossier: Dossier) -> Card:
    """The card of an action and what stands around it. A short one is made at once: handing it to
    a thread would cost more, and have it drawn a frame later than the cursor.
    """
    around = await _read_around(front, dossier)
    if around.on_disk is None and _is_short(dossier):
        return make_card(dossier, front.view(), around)
    return await asyncio.to_thread(make_card, dossier, front.view(), around)


def _is_short(dossier: Dossier) -> bool:
    action, verdict = dossier.record.action, dossier.verdict
    purposes = () if dossier.session is None else dossier.session.purposes
    texts = (action.resource, action.purpose, *verdict.reasons, *purposes)
    room = _left(dossier.arguments_shown, _AT_ONCE_MAX - sum(map(len, texts)))
    room = _left(dossier.original_shown, room)
    if any(_left(_told_of(each), _AT_ONCE_MAX) <= 0 for each in dossier.recent):
        return False  # they are redacted for their lines
    return _left(current_arguments(dossier), _left(verdict.facts, room)) > 0


def _told_of(record: ActionRecord) -> JsonValue:
    action = record.action
    return [action.resource, action.purpose, action.arguments, *record.verdict.reasons]


def _left(value: JsonValue | Mapping[str, JsonValue], room: int) -> int:
    """What is left of `room` characters after those of `value`; 0 and less: it does not fit."""
    if room <= 0 or not isinstance(value, (str, Mapping, Sequence)):
        return room - 1
    if isinstance(value, str):
        return room - len(value)
    for key, each in value.items() if isinstance(value, Mapping) else enumerate(value):
        room = _left(each, room - len(str(key)))
        if room <= 0:
            break
    return room


async def _read_around(front: Front, dossier: Dossier) -> Around:
    """What can be told beside the dossier; what cannot be read is left out: the card says so."""
    record = replace(dossier.record, verdict=dossier.verdict)  # the like of what would run
    asked = ActionQuery(agent_id=record.action.agent_id, decision=Decision.ASK, limit=_PAST_MAX)
    past: Precedents | None = None
    with contextlib.suppress(MaestroError):
        past = find_precedents(record, await front.bridge.list_actions(asked))
    # Attached, the agents' files are on another machine.
    writes = content_of(record.action.kind, dossier.arguments_shown) is not None
    here = writes and front.mode != "ATTACHED"
    on_disk = await asyncio.to_thread(read_on_disk, dossier) if here else None
    return Around(past, on_disk)


class LookedAt:
    """The card in sight. Its lines are made anew only when WAITING says something else: a pane
    knows by the tuple that it has nothing to draw.
    """

    def __init__(self) -> None:
        self.put(Card(()))

    def put(self, card: Card) -> None:
        """Another one."""
        self.action, self.whole, self.context = card.action, card.whole, card.context
        self._card = card

    def tell_waiting(self, front: Front, dossier: Dossier) -> None:
        """Who waits for the answer now."""
        lines = waiting_lines(dossier, front.snapshot.approvals or (), front.view())
        if lines != self._card.waiting:
            self.put(self._card._replace(waiting=lines))
