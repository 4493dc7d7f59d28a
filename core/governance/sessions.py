"""Sessions: the user's own words, and the text that tools brought in."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from core.audit.standing import digest_words
from core.errors import PermissionDenied
from core.governance.own_entries import OwnEntries
from core.governance.screening.rules import screen
from core.ids import AgentId, SessionId
from core.ports import Store
from core.records import AuditDraft, AuditQuery, SessionRecord, WriteUnit
from core.turns import Turns

PURPOSES_MAX: Final = 50
UNTRUSTED_MAX: Final = 64
TEXT_MAX: Final = 20_000  # characters kept of one text; targets stand early or are asked about
_CACHED_MAX: Final = 1_000
_OPENED: Final = "session.opened"
_SAID: Final = "session.purpose"
_Changed = tuple[SessionRecord, tuple[AuditDraft, ...]]
_MANY: Final = 100  # entries that only name the session somewhere may stand among its own


class SessionBook:
    """Sessions by id: the newest in memory, all in the store."""

    def __init__(self, store: Store, own: OwnEntries) -> None:
        self._store = store
        self._own = own
        self._cache: OrderedDict[SessionId, SessionRecord] = OrderedDict()
        self._turns = Turns[SessionId]()

    async def find(self, session_id: SessionId | None, *, agent: AgentId) -> SessionRecord | None:
        """The session, or None. Raises PermissionDenied when it is another agent's."""
        if session_id is None:
            return None
        if session_id in self._cache:
            return await self._find(session_id, agent)
        async with self._turns.of(session_id):  # a record read before a write fits no entry after
            return await self._find(session_id, agent)

    async def _find(self, session_id: SessionId, agent: AgentId) -> SessionRecord | None:
        session = self._cache.get(session_id) or await self._load(session_id)
        if session is None:
            return None
        self._keep(session)
        if not _same_family(session.agent_id, agent):
            raise PermissionDenied(f"session {session_id!r} belongs to another agent")
        return session

    async def _load(self, session_id: SessionId) -> SessionRecord | None:
        """The session as the store has it, its folder as far as an entry of the trail binds it.

        Raises PermissionDenied when its words, its folder or its agent were edited.
        """
        session = await self._store.get_session(session_id)
        if session is None:
            return None
        if session.purposes:
            said = await self._find_told(_SAID, session)
            words = digest_words(session.purposes)
            if said is None or said.get("words", words) != words:  # older entries say no more
                raise _edited(session_id, "what its user is said to have said")
        if session.cwd:
            opened = await self._find_told(_OPENED, session)
            if opened is None:  # older versions', archived, or put there: none says which
                return replace(session, cwd="")
            if opened.get("folder_digest") != digest_words((session.cwd,)):
                raise _edited(session_id, "its folder")
        return session

    async def _find_told(self, event: str, session: SessionRecord) -> dict[str, Any] | None:
        """The newest such entry's body, or None. Raises as `_load` when it is another
        agent's, or was edited."""
        named = f'"session":{json.dumps(session.id, ensure_ascii=False)}'
        for limit in (1, _MANY):  # the newest is soon found; for more, all of the trail is read
            query = AuditQuery(event=event, text=named, limit=limit)
            for each in await self._store.read_audit(query):
                told: dict[str, Any] = json.loads(each.text)
                if told["body"].get("session") == session.id:
                    if not await self._own.hold(each):
                        raise _edited(session.id, "an entry of the engine's about it")
                    if not _same_family(told["actor"], session.agent_id):
                        raise _edited(session.id, "its agent")
                    return dict(told["body"])
        return None

    async def open(
        self, session_id: SessionId, *, agent: AgentId, cwd: str, at: datetime
    ) -> SessionRecord:
        """Begin, or go on with a session that is known.

        Its folder stays the first one told: an agent that could move it would say itself what its
        workspace is.
        """

        def begin(known: SessionRecord) -> _Changed:
            session = replace(known, cwd=known.cwd or cwd, ended_at=None)
            return session, () if session.cwd == known.cwd else (_opened_draft(session, at),)

        return await self._change(session_id, begin, agent=agent, at=at)

    async def add_purpose(
        self, session_id: SessionId, text: str, *, agent: AgentId, at: datetime
    ) -> None:
        """Add what the user said; begins the session when it is not known."""

        def add(known: SessionRecord) -> _Changed:
            purposes = (*known.purposes, text[:TEXT_MAX])[-PURPOSES_MAX:]
            said = AuditDraft(
                event=_SAID,
                at=at,
                actor=agent,
                action_id=None,
                body={
                    "session": session_id,
                    "text": screen(text[:TEXT_MAX]).redacted,
                    "words": digest_words(purposes),
                },
            )
            return replace(known, purposes=purposes), (said,)

        await self._change(session_id, add, agent=agent, at=at)

    async def add_untrusted(
        self, session_id: SessionId, text: str, *, agent: AgentId, at: datetime
    ) -> None:
        """Add what a tool returned: never an instruction, only something to recognise again."""

        def add(known: SessionRecord) -> _Changed:
            untrusted = (*known.untrusted, text[:TEXT_MAX])[-UNTRUSTED_MAX:]
            return replace(known, untrusted=untrusted), ()

        await self._change(session_id, add, agent=agent, at=at)

    async def close(self, session_id: SessionId, *, agent: AgentId, at: datetime) -> None:
        """End a session; one that is not known is nobody's loss."""
        if await self.find(session_id, agent=agent) is not None:
            await self._change(
                session_id, lambda known: (replace(known, ended_at=at), ()), agent=agent, at=at
            )

    async def _change(
        self,
        session_id: SessionId,
        change: Callable[[SessionRecord], _Changed],
        *,
        agent: AgentId,
        at: datetime,
    ) -> SessionRecord:
        """Write what `change` makes of the session, or of a new one, and return it.

        What is begun is finished, whoever goes away: else the store knew more than is here.
        """

        async def in_turn() -> SessionRecord:
            async with self._turns.of(session_id):
                known = await self._find(session_id, agent) or SessionRecord(
                    id=session_id, agent_id=agent, purposes=(), untrusted=(), started_at=at
                )
                session, drafts = change(known)
                await self._store.commit(WriteUnit(puts=(session,), audit=drafts))
                self._keep(session)
                return session

        return await asyncio.shield(in_turn())

    def _keep(self, session: SessionRecord) -> None:
        self._cache[session.id] = session
        self._cache.move_to_end(session.id)
        while len(self._cache) > _CACHED_MAX:
            self._cache.popitem(last=False)


def _opened_draft(session: SessionRecord, at: datetime) -> AuditDraft:
    return AuditDraft(
        event=_OPENED,
        at=at,
        actor=session.agent_id,
        action_id=None,
        body={
            "session": session.id,
            "folder": screen(session.cwd).redacted,
            "folder_digest": digest_words((session.cwd,)),
        },
    )


def _edited(session_id: SessionId, what: str) -> PermissionDenied:
    return PermissionDenied(
        f"session {session_id!r}: the trail has not {what}: somebody edited the store, or it is"
        " archived; begin a new session"
    )


def _same_family(owner: AgentId, agent: AgentId) -> bool:
    """A subagent ("claude-code/reviewer") works in its parent's session, and the reverse."""
    return owner.split("/")[0] == agent.split("/")[0]
