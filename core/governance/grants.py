"""Remembered approvals: in force until they end, shown, revocable."""

import asyncio
from dataclasses import replace
from datetime import datetime

from core.clock import Clock
from core.errors import ActionNotFound, InvalidAction
from core.governance.deadlines import seconds_left, time_at_start
from core.governance.screening.secrets import find_secrets
from core.ids import GrantId, OperatorId
from core.ports import Store
from core.records import AuditDraft, GrantRecord, WriteUnit


class GrantBook:
    """Grants in memory, all of them in the store."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._grants: dict[GrantId, GrantRecord] = {}
        self._revoking = asyncio.Lock()
        self._ending: set[GrantId] = set()  # those whose end is being written
        self._ends_s: dict[GrantId, float] = {}  # a wall clock set back must not lengthen a grant

    async def load(self) -> None:
        """Take what the store knows; uses count from now, also of one kept as it was revoked."""
        now = await time_at_start(self._store, self._clock)
        for grant in await self._store.list_grants():
            self._take(replace(grant, used=0), now)

    def in_force(self) -> tuple[GrantRecord, ...]:
        """Those that may stand in for an operator now."""
        if not self._grants:
            return ()
        now, now_s = self._clock.now(), self._clock.monotonic_s()
        return tuple(
            each
            for each in self._grants.values()
            if _is_in_force(each, now)
            and now_s < self._ends_s[each.id]
            and each.id not in self._ending
        )

    def holds(self, grant: GrantRecord) -> bool:
        """Whether one that was in force a moment ago still is."""
        return any(each.id == grant.id for each in self.in_force())

    def list(self) -> tuple[GrantRecord, ...]:
        """All, newest first."""
        return tuple(sorted(self._grants.values(), key=lambda each: each.id, reverse=True))

    async def make(self, grant: GrantRecord, *, why: str, key: str = "") -> None:
        """Write a grant that no held action brought, with its reason. Raises StorageError."""
        await asyncio.shield(self._make(grant, grant_draft(grant, why=why, key=key)))

    async def _make(self, grant: GrantRecord, draft: AuditDraft) -> None:
        await self._store.commit(WriteUnit(puts=(grant,), audit=(draft,)))
        self.keep(grant)

    def keep(self, grant: GrantRecord) -> None:
        """Take over a grant that has been written durably."""
        self._take(grant, self._clock.now())

    def _take(self, grant: GrantRecord, now: datetime) -> None:
        self._grants[grant.id] = grant
        self._ends_s[grant.id] = self._clock.monotonic_s() + seconds_left(grant, now)

    def count(self, grant: GrantRecord | None) -> None:
        """Count one use; the trail holds each use, this number is only shown."""
        if grant is not None:
            current = self._grants.get(grant.id, grant)
            self._grants[grant.id] = replace(current, used=current.used + 1)

    async def revoke(self, grant_id: GrantId, *, by: OperatorId) -> GrantRecord:
        """End a grant now. Raises ActionNotFound, InvalidAction when it ended before.

        Also when whoever asked goes away: what the store has as revoked must not go on here.
        """
        return await asyncio.shield(self._revoke(grant_id, by))

    async def _revoke(self, grant_id: GrantId, by: OperatorId) -> GrantRecord:
        async with self._revoking:
            grant = self._grants.get(grant_id)
            if grant is None:
                raise ActionNotFound(f"no remembered approval {grant_id!r} is known here")
            now = self._clock.now()
            if not _is_in_force(grant, now):
                raise InvalidAction(f"the remembered approval {grant_id} is no longer in force")
            revoked = replace(grant, revoked_at=now)
            draft = AuditDraft(
                event="grant.revoked", at=now, actor=by, action_id=None, body={"grant": grant_id}
            )
            self._ending.add(grant_id)  # already: no use may stand after this entry in the trail
            try:
                await self._store.commit(WriteUnit(puts=(revoked,), audit=(draft,)))
                self._grants[grant_id] = revoked
            finally:
                self._ending.discard(grant_id)
            return revoked


def _is_in_force(grant: GrantRecord, now: datetime) -> bool:
    return grant.revoked_at is None and grant.created_at <= now < grant.expires_at


def refuse_secret(pattern: str) -> None:
    """Raises InvalidAction for a pattern that holds a secret. The trail must say what a rule fits
    word for word, or nobody could tell later whether the rule was changed: it says no secret.
    """
    found = find_secrets(pattern)
    if found:
        kinds = ", ".join(dict.fromkeys(kind for _, _, kind in found))
        raise InvalidAction(
            f"the pattern holds a secret ({kinds}), and what a rule fits stands in the trail for"
            " good: put * in its place, or approve this once"
        )


def grant_draft(grant: GrantRecord, **more: str) -> AuditDraft:
    """The entry of a remembered approval: all that decides what it lets through, and `more`."""
    return AuditDraft(
        event="grant.created",
        at=grant.created_at,
        actor=grant.created_by,
        action_id=grant.from_action,
        body={
            "grant": grant.id,
            "agent": grant.agent_id,
            "kind": grant.kind,
            "pattern": grant.resource_pattern,
            "arguments_digest": grant.arguments_digest,
            "others_digest": grant.others_digest,
            "expires_at": grant.expires_at.isoformat(),
            "risk_max": grant.risk_max.value,
            **more,
        },
    )
