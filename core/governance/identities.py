"""Who acts: principals with a role and the least permissions, and their trust."""

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from core.audit.trust import WITH_TRUST, tell_trust
from core.errors import ActionConflict, ConfigError, InvalidAction, PermissionDenied
from core.governance.insiders import INSIDE, PACK, insider_role, is_reserved
from core.governance.policies.catalog import find_permission_problems
from core.governance.rules import decay_trust, new_trust, update_trust
from core.ids import AgentId, OperatorId
from core.ports import Store
from core.records import (
    AuditDraft,
    PrincipalRecord,
    Record,
    Role,
    TokenRecord,
    TrustRecord,
    WriteUnit,
)
from core.settings import AgentSettings, GovernanceSettings
from core.turns import Turns

_NAME: Final = re.compile(r"[\w.@/:+-]{1,128}", re.ASCII)
_SEEN_EVERY: Final = timedelta(minutes=1)

PackPermissions = Callable[[str, Role], tuple[str, ...]]
"""Default permissions of a role in a pack; raises KeyError for a pack that is not loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A principal, and what must be written with its action because of it."""

    principal: PrincipalRecord
    trust_now: float  # 0..1, decayed to this moment
    new: bool
    puts: tuple[Record, ...] = ()
    drafts: tuple[AuditDraft, ...] = ()


class Conduct(NamedTuple):
    """What to write after it; the entry that tells of it must tell the trust as well."""

    trust: TrustRecord
    puts: tuple[Record, ...]
    drafts: tuple[AuditDraft, ...]


class PrincipalBook:
    """Principals and trust in memory; what changes is written with the action that changed it."""

    def __init__(
        self,
        *,
        settings: GovernanceSettings,
        agents: dict[str, AgentSettings],
        permissions_of: PackPermissions,
    ) -> None:
        """Raises ConfigError for a configured permission that agents cannot have."""
        for name, agent in agents.items():
            for problem in find_permission_problems(Role.AGENT, agent.permissions or ()):
                raise ConfigError(f"[agents.{name}] permissions: {problem}")
        self._settings = settings
        self._agents = agents
        self._permissions_of = permissions_of
        self._principals: dict[AgentId, PrincipalRecord] = {}
        self._trust: dict[AgentId, TrustRecord] = {}
        self._turns = Turns[AgentId]()

    async def load(self, store: Store, *, at: datetime) -> None:
        """Take what the store knows, with the pack and the permissions that the settings give now.

        Raises StorageError also when a change of those cannot be written: then nothing may run by
        the old ones.
        """
        self._principals = {each.id: each for each in await store.list_principals()}
        self._trust = {each.id: each for each in await store.list_trust()}
        changes = [self._configured(each) for each in self._principals.values()]
        puts = tuple(each for each in changes if each != self._principals[each.id])
        if puts:
            drafts = tuple(_configured_draft(each, at) for each in puts)
            await store.commit(WriteUnit(puts=puts, audit=drafts))
            self.accept(*puts)

    def turn(self, agent_id: AgentId) -> AbstractAsyncContextManager[None]:
        """Within, rights and trust of one agent are read, written and taken over by nobody else.

        A copy that is written after somebody else's would take back a quarantine or a violation.
        """
        return self._turns.of(agent_id)

    def renew(self, admission: Admission) -> Admission:
        """The admission with the principal as it is by now."""
        current = self._principals.get(admission.principal.id)
        if current is None:
            return admission
        puts: tuple[Record, ...] = ()
        if admission.puts:
            seen = max(current.last_seen, admission.principal.last_seen)
            current = replace(current, last_seen=seen)
            puts = (current,)
        return replace(admission, principal=current, new=False, puts=puts, drafts=())

    def fell_since(self, admission: Admission) -> bool:
        """Whether the agent was put into quarantine after it was admitted."""
        current = self._principals.get(admission.principal.id)
        return current is not None and current.quarantined > admission.principal.quarantined

    def admit(self, name: str, *, token: TokenRecord, at: datetime) -> Admission:
        """Identify an agent, registering it at first contact where the settings allow that.

        Raises: InvalidAction for a name that is none; PermissionDenied when the token belongs to
        another agent or unknown agents are refused.
        """
        agent_id = AgentId(name)
        known = self._principals.get(agent_id)
        if known is None and not _NAME.fullmatch(name):
            raise InvalidAction(
                "agent: give a name of 1 to 128 letters, digits or any of . _ @ / : + -"
            )
        if token.bound_to is not None and token.bound_to != name:
            raise PermissionDenied(
                f"agent {name!r}: this token is bound to {token.bound_to!r}; use its own token"
            )
        if (insider_role(name) is None) if token is INSIDE else is_reserved(name):
            raise PermissionDenied(
                f"agent {name!r}: maestro, operator and names under them, in any case, belong to"
                " the program itself; use another name"
            )
        now = self.trust_now(agent_id, at)
        if known is None:
            return self._register(agent_id, now, token=token, at=at)
        if at - known.last_seen >= _SEEN_EVERY:
            seen = replace(known, last_seen=at)
            return Admission(principal=seen, trust_now=now, new=False, puts=(seen,))
        return Admission(principal=known, trust_now=now, new=False)

    def accept(self, *records: Record) -> None:
        """Take over what has been written durably."""
        of_agents = [each for each in records if isinstance(each, PrincipalRecord)]
        of_trust = [each for each in records if isinstance(each, TrustRecord)]
        self._principals.update({each.id: each for each in of_agents})
        self._trust.update({each.id: each for each in of_trust})

    def find(self, agent_id: AgentId) -> PrincipalRecord | None:
        """One principal, or None."""
        return self._principals.get(agent_id)

    def find_trust(self, agent_id: AgentId) -> TrustRecord | None:
        """Trust of one agent, or None when nothing is known."""
        return self._trust.get(agent_id)

    def trust_now(self, agent_id: AgentId, at: datetime) -> float:
        """Trust of one agent, 0..1, decayed to `at`."""
        trust = self._trust.get(agent_id)
        if trust is None:
            return self._settings.trust_start
        return decay_trust(trust, at, half_life_days=self._settings.trust_half_life_days)

    def list(self) -> tuple[PrincipalRecord, ...]:
        """All principals by name."""
        return tuple(sorted(self._principals.values(), key=lambda each: each.id))

    def judge_conduct(self, agent_id: AgentId, *, clean: bool, why: str, at: datetime) -> Conduct:
        """What to write after one clean outcome or one violation; quarantines under the floor."""
        start = self._settings.trust_start
        after = update_trust(
            self._trust.get(agent_id) or new_trust(agent_id, start=start, at=at),
            clean=clean,
            why=why,
            at=at,
            half_life_days=self._settings.trust_half_life_days,
        )
        principal = self._principals.get(agent_id)
        if principal is None or principal.quarantined or after.score >= self._settings.trust_floor:
            return Conduct(after, (after,), ())
        puts, drafts = self._quarantine(
            principal, quarantined=True, by="trust", why=why, at=at, trust=after
        )
        return Conduct(after, puts, drafts)

    def set_quarantine(
        self, agent_id: AgentId, *, quarantined: bool, by: OperatorId, why: str, at: datetime
    ) -> tuple[tuple[Record, ...], tuple[AuditDraft, ...]]:
        """What to write when an operator quarantines or releases.

        Raises KeyError when unknown, ActionConflict when there is nothing to release.
        """
        principal = self._principals[agent_id]
        if not quarantined and not principal.quarantined:  # else it would only gain trust
            raise ActionConflict(f"agent {agent_id!r} is not in quarantine: nothing to release")
        trust = self._trust.get(agent_id)
        if trust is not None and not quarantined:
            # Released by a person: start anew, or the next small fault would lock it up again.
            start = max(trust.start, trust.score)
            note = (at, start, f"released by {by}")
            trust = replace(
                trust, score=start, updated_at=at, history=(*trust.history, note)[-100:]
            )
        return self._quarantine(
            principal, quarantined=quarantined, by=by, why=why, at=at, trust=trust
        )

    def _quarantine(
        self,
        principal: PrincipalRecord,
        *,
        quarantined: bool,
        by: str,
        why: str,
        at: datetime,
        trust: TrustRecord | None,
    ) -> tuple[tuple[Record, ...], tuple[AuditDraft, ...]]:
        changed = replace(principal, quarantined=quarantined)
        draft = AuditDraft(
            event="agent.quarantined" if quarantined else "agent.released",
            at=at,
            actor=by,
            action_id=None,
            body={
                "agent": principal.id,
                "why": why,
                "trust": round(trust.score, 4) if trust else None,
                WITH_TRUST: tell_trust(trust),
            },
        )
        return ((changed, trust) if trust else (changed,)), (draft,)

    def _register(
        self, agent_id: AgentId, trust: float, *, token: TokenRecord, at: datetime
    ) -> Admission:
        configured = self._agents.get(agent_id)
        inside = insider_role(agent_id)
        if configured is None and inside is None and self._settings.unknown_agents == "refuse":
            raise PermissionDenied(
                f"agent {agent_id!r} is not known and unknown agents are refused; add"
                f" [agents.{agent_id}] to maestro.toml"
            )
        principal = self._configured(
            PrincipalRecord(
                id=agent_id,
                role=inside or Role.AGENT,
                permissions=(),
                pack="",
                first_seen=at,
                last_seen=at,
                registered_by=token.id,
            )
        )
        draft = AuditDraft(
            event="agent.registered",
            at=at,
            actor=agent_id,
            action_id=None,
            body={
                "agent": agent_id,
                "role": principal.role.value,
                "pack": principal.pack,
                "permissions": list(principal.permissions),
                "token": token.id,
                WITH_TRUST: None,
            },
        )
        return Admission(
            principal=principal,
            trust_now=trust,
            new=True,
            puts=(principal,),
            drafts=(draft,),
        )

    def _configured(self, principal: PrincipalRecord) -> PrincipalRecord:
        """The principal with the pack and the permissions that the settings give it."""
        configured = self._agents.get(principal.id) or AgentSettings()
        inside = insider_role(principal.id) is not None
        pack = configured.pack or (PACK if inside else self._settings.default_pack)
        granted = configured.permissions
        if granted is None:
            granted = self._permissions_of(pack, principal.role)
        return replace(principal, pack=pack, permissions=granted)


def _configured_draft(principal: PrincipalRecord, at: datetime) -> AuditDraft:
    return AuditDraft(
        event="agent.configured",
        at=at,
        actor="maestro",
        action_id=None,
        body={
            "agent": principal.id,
            "pack": principal.pack,
            "permissions": list(principal.permissions),
        },
    )
