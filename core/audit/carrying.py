"""What entries gave is told anew before they are archived: they leave the store, the right stays.

So a record in force of which no entry tells is forged, also where the trail's beginning is gone.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from core.actions import JsonObject
from core.audit.standing import FINGERPRINT_CHARS, Standing, Told, is_in_force
from core.audit.trust import WITH_TRUST, tell_trust
from core.ids import ActionId, AgentId, OperatorId
from core.records import AuditDraft, GrantRecord, PrincipalRecord, TokenRecord, TrustRecord

_Told = PrincipalRecord | TokenRecord | GrantRecord


def carry_on(
    entries: Iterable[object], standing: Standing, *, at: datetime, by: OperatorId
) -> tuple[AuditDraft, ...]:
    """Entries that tell anew what is in force, for the older ones are about to be archived.

    The standing agrees with `entries`, which are as for `find_unfounded`. Held actions are told as
    the entries tell them: these bind a record that is not in the standing.
    """

    def draft(event: str, body: JsonObject, action_id: ActionId | None = None) -> AuditDraft:
        return AuditDraft(event=event, at=at, actor=by, action_id=action_id, body=body)

    rights: tuple[_Told, ...] = (*standing.principals, *standing.tokens, *standing.grants)
    trust = {each.id: each for each in standing.trust}
    waiting = Told(entries).waiting()
    return (
        *(draft(*_tell_right(each, trust)) for each in rights if is_in_force(each, at)),
        *(draft("approval.carried", body, ActionId(each)) for each, body in waiting.items()),
    )


def _tell_right(record: _Told, trust: Mapping[AgentId, TrustRecord]) -> tuple[str, JsonObject]:
    """All that is compared of it, as the entries that gave it tell it."""
    match record:
        case PrincipalRecord():
            return "agent.carried", {
                "agent": record.id,
                "role": record.role.value,
                "pack": record.pack,
                "permissions": list(record.permissions),
                "quarantined": record.quarantined,
                WITH_TRUST: tell_trust(trust.get(record.id)),
            }
        case TokenRecord():
            return "token.carried", {
                "token": record.id,
                "kind": record.kind.value,
                "bound_to": record.bound_to,
                "fingerprint": record.hash[:FINGERPRINT_CHARS],
            }
        case _:
            return "grant.carried", {
                "grant": record.id,
                "agent": record.agent_id,
                "kind": record.kind,
                "pattern": record.resource_pattern,
                "arguments_digest": record.arguments_digest,
                "others_digest": record.others_digest,
                "risk_max": record.risk_max.value,
                "actor": record.created_by,
                "at": record.created_at.isoformat(),
                "expires_at": record.expires_at.isoformat(),
            }
