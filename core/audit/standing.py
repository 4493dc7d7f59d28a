"""Who may do what, as the store says it, held against what the trail says of it. Pure.

The trail alone cannot be forged: a right that stands in another table counts as far as an entry
gave it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, cast

from core.actions import Decision, JsonObject
from core.audit.trust import WITH_TRUST, trust_differs
from core.codec import digest_record
from core.digests import sha256_hex
from core.records import (
    ApprovalRecord,
    ApprovalStatus,
    GrantRecord,
    PrincipalRecord,
    SessionRecord,
    TokenRecord,
    TrustRecord,
)

Right = PrincipalRecord | TokenRecord | GrantRecord | ApprovalRecord | SessionRecord | TrustRecord
"""A record that lets somebody do something."""

FINGERPRINT_CHARS: Final = 32  # of a token's hash; the trail names the token by them
_QUARANTINED: Final = "agent.quarantined"
_JUDGED: Final = "action.judged"
_OPENED: Final = "session.opened"
_SAID: Final = "session.purpose"
_ARCHIVED: Final = "audit.archived"
_STATUS: Final = {
    "approval.approved": ApprovalStatus.APPROVED,
    "approval.carried": ApprovalStatus.PENDING,
    "approval.deferred": ApprovalStatus.PENDING,
    "approval.denied": ApprovalStatus.DENIED,
    "approval.expired": ApprovalStatus.EXPIRED,
    "approval.voted": ApprovalStatus.PENDING,
    _JUDGED: ApprovalStatus.PENDING,
}
"""What an approval is after each of its entries."""
STANDING_EVENTS: Final = (
    *_STATUS,
    _OPENED,
    _SAID,
    _QUARANTINED,
    _ARCHIVED,
    "agent.carried",
    "agent.configured",
    "agent.registered",
    "agent.released",
    "grant.carried",
    "grant.created",
    "grant.revoked",
    "token.carried",
    "token.created",
    "token.revoked",
)
"""Events that give or take a right. Of `action.judged` those do that hold an action."""
_EVENT: Final = b'"event":"'
_EVENTS: Final = frozenset(each.encode() for each in STANDING_EVENTS)
_COMMON: Final = _JUDGED.encode()
_HELD: Final = b'"decision":"ask"'
_CONSENTS: Final = (  # have all votes
    "approval.approved",
    "approval.carried",
    "approval.deferred",
    "approval.voted",
)
_DECISIONS: Final = ("approval.approved", "approval.denied")  # of whoever is named as actor
_BOUND: Final = ("digest", "votes", "approval_digest", "record_digest")
_KEPT: Final = ("event", "actor", *_BOUND)  # there may be very many


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Every record of a store that gives somebody a right."""

    principals: tuple[PrincipalRecord, ...] = ()
    tokens: tuple[TokenRecord, ...] = ()
    grants: tuple[GrantRecord, ...] = ()
    approvals: tuple[ApprovalRecord, ...] = ()
    sessions: tuple[SessionRecord, ...] = ()
    trust: tuple[TrustRecord, ...] = ()


def gives_right(text: bytes) -> bool:
    """Whether an entry's text, as it was sealed, may be needed by `find_unfounded`.

    Nothing is parsed here: all entries of a trail pass.
    """
    begin = text.rfind(_EVENT) + len(_EVENT)  # only numbers and a signature stand after it
    event = text[begin : text.find(b'"', begin)]
    return event in _EVENTS and (event != _COMMON or _HELD in text)


def digest_words(words: Sequence[str]) -> str:
    """Of all that a user said in a session; the trail has the words without their secrets."""
    return "sha256:" + sha256_hex(json.dumps(list(words)).encode())


def find_unfounded(
    entries: Iterable[object],
    standing: Standing,
    *,
    trust: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    whole: bool = True,
    decided: bool = False,
) -> tuple[str, ...]:
    """One sentence for each record that says something else than the trail.

    `entries` are those that `gives_right` names, parsed, in their order. Without `whole` the
    trail's beginning is archived, and a record that has no entry may have had one: but none that
    gave a right by then, where the archive carried these on. With `decided` the standing holds
    all approvals, so that one of which only an entry tells was removed. `trust` is what the newest
    entry that tells an agent's trust says of it.
    """
    told = Told(entries)

    def may_be_older(record: Right) -> bool:
        if whole or told.carried_at is None:
            return not whole
        # A start is given no decided approval but one that the queue would take for a waiting one.
        used = not decided and isinstance(record, ApprovalRecord)
        return not used and not is_in_force(record, told.carried_at)

    lost = told.votes.keys() - {each.id for each in standing.approvals} if decided else set[str]()
    spoken = (each for each in standing.sessions if each.purposes)
    opened = (each for each in standing.sessions if each.id in told.folders)  # else it counts not
    found = (
        *_each(standing.principals, "agent", told.agents, _principal_differs, may_be_older),
        *_each(standing.tokens, "token", told.tokens, _token_differs, may_be_older),
        *_each(standing.grants, "remembered approval", told.grants, _grant_differs, may_be_older),
        *_each(standing.approvals, "approval of", told.votes, _approval_differs, may_be_older),
        *_each(spoken, "session", told.words, _session_differs, may_be_older),
        *_each(opened, "session", told.folders, _folder_differs, may_be_older),
        *_distrusted(standing.trust, trust, told.agents, may_be_older),
        *_lost(told.agents, {each.id for each in standing.principals}),
        *(
            f"approval of {each} stands in the trail, its record was removed"
            for each in sorted(lost)
        ),
    )
    return tuple(found)


def describe_unfounded(problems: tuple[str, ...]) -> str:
    """All of them in one sentence for the operator: the first, and how many more."""
    first, *others = problems
    more = f" (and {len(others)} more)" if others else ""
    return (
        f"{first}{more}: somebody edited the store; put back a backup of it, or remove that record"
    )


def is_in_force(record: Right, at: datetime) -> bool:
    """Whether anything can be done by it at that moment or later.

    Not by a session: the gate looks for its entry, and refuses one of which it finds none.
    """
    match record:
        case PrincipalRecord() | TrustRecord():
            return True
        case TokenRecord():
            return record.revoked_at is None
        case GrantRecord():
            return record.revoked_at is None and _is_after(record.expires_at, at)
        case ApprovalRecord():
            return record.status is ApprovalStatus.PENDING
        case _:  # a session
            return False


class Told:
    """What the entries say, each by the id of what it is about."""

    def __init__(self, entries: Iterable[object]) -> None:
        self.carried_at: datetime | None = None  # when an archive last told anew what is in force
        self.agents: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.grants: dict[str, dict[str, Any]] = {}
        self.votes: dict[str, dict[str, Any]] = {}
        self.words: dict[str, dict[str, Any]] = {}
        self.folders: dict[str, dict[str, Any]] = {}
        for entry in entries:
            self.take(entry)

    def waiting(self) -> dict[str, JsonObject]:
        """What binds each approval that is not decided."""
        return {
            each: {"votes": [], **{name: told[name] for name in _BOUND if told[name] is not None}}
            for each, told in self.votes.items()
            if _STATUS[told["event"]] is ApprovalStatus.PENDING
        }

    def take(self, entry: object) -> None:
        """One entry; what is none is left to the verification of the trail."""
        if isinstance(entry, dict):
            told = cast("dict[str, Any]", entry)
            event, body = told.get("event"), told.get("body")
            if isinstance(event, str) and isinstance(body, dict):
                said = {name: told.get(name) for name in ("actor", "at", "event")}
                of_entry = cast("dict[str, Any]", body)
                # What was carried on was given earlier, and by somebody else.
                carried = event.endswith(".carried")
                self._take(event, {**said, **of_entry} if carried else {**of_entry, **said}, told)

    def _take(self, event: str, body: dict[str, Any], entry: Mapping[str, Any]) -> None:
        kind, _, change = event.partition(".")
        if event in _STATUS:
            if event != _JUDGED or body.get("decision") == Decision.ASK:
                self.votes[str(entry.get("action_id"))] = {name: body.get(name) for name in _KEPT}
        elif kind == "session":
            told, name = (
                (self.words, "words") if event == _SAID else (self.folders, "folder_digest")
            )
            told[str(body.get("session"))] = {name: body.get(name)}
        elif event == _ARCHIVED:  # older versions carried nothing on
            self.carried_at = _moment(body.get("at")) if "carried" in body else None
        elif kind in {"agent", "grant", "token"}:
            known = {"agent": self.agents, "grant": self.grants, "token": self.tokens}[kind]
            name = str(body.get(kind))
            if change in {"carried", "created", "registered"}:
                known[name] = body
            elif name in known and change == "configured":
                known[name].update(pack=body.get("pack"), permissions=body.get("permissions"))
            elif name in known:
                known[name][change] = True
                if change == "released":
                    known[name]["quarantined"] = False


def _each(
    records: Iterable[Any],
    what: str,
    told: Mapping[str, Mapping[str, Any]],
    differs: Callable[[Any, Mapping[str, Any]], str],
    may_be_older: Callable[[Any], bool],
) -> Iterator[str]:
    for record in records:
        entry = told.get(record.id)
        if entry is None:
            if not may_be_older(record):
                yield f"{what} {record.id} stands in the store, no entry of the trail made it"
        elif field := differs(record, entry):
            yield f"{what} {record.id}: its {field} is not what the trail says"


def _distrusted(
    records: Iterable[TrustRecord],
    trust: Mapping[str, Mapping[str, Any]],
    agents: Mapping[str, Mapping[str, Any]],
    may_be_older: Callable[[Any], bool],
) -> Iterator[str]:
    left = set(trust)
    for record in records:
        left.discard(record.id)
        if told := trust.get(record.id):
            if trust_differs(record, told):
                yield f"trust of {record.id} is not what the trail says"
        # What older versions wrote of an agent says nothing of its trust.
        elif WITH_TRUST in agents[record.id] if record.id in agents else not may_be_older(record):
            yield f"trust of {record.id} stands in the store, no entry of the trail made it"
    for name in sorted(left):
        yield f"trust of {name} stands in the trail, its record was removed"


def _lost(agents: Mapping[str, Mapping[str, Any]], known: set[str]) -> Iterator[str]:
    """A quarantined agent without a record would be let in as a new one."""
    for name, told in agents.items():
        if told.get("quarantined") is True and name not in known:
            yield f"agent {name} is quarantined by the trail, its record was removed"


def _principal_differs(record: PrincipalRecord, told: Mapping[str, Any]) -> str:
    return _first_difference(
        ("role", record.role.value, told.get("role")),
        ("pack", record.pack, told.get("pack")),
        ("permissions", list(record.permissions), told.get("permissions")),
        ("quarantine", record.quarantined, told.get("quarantined", False)),
    )


def _token_differs(record: TokenRecord, told: Mapping[str, Any]) -> str:
    mark = record.hash[:FINGERPRINT_CHARS]
    return _first_difference(
        ("kind", record.kind.value, told.get("kind")),
        ("owner", record.bound_to, told.get("bound_to")),
        ("secret", mark, told.get("fingerprint", mark)),  # which early entries do not name
        ("end", record.revoked_at is not None, told.get("revoked", False)),
    )


def _grant_differs(record: GrantRecord, told: Mapping[str, Any]) -> str:
    return _first_difference(
        ("agent", record.agent_id, told.get("agent")),
        ("kind", record.kind, told.get("kind")),
        ("pattern", record.resource_pattern, told.get("pattern")),
        ("arguments", record.arguments_digest, told.get("arguments_digest", "")),
        ("other arguments", record.others_digest, told.get("others_digest", "")),
        ("highest risk", record.risk_max.value, told.get("risk_max")),
        ("maker", record.created_by, told.get("actor")),
        ("beginning", record.created_at, _moment(told.get("at"))),
        ("end", record.expires_at, _moment(told.get("expires_at"))),
        ("revocation", record.revoked_at is not None, told.get("revoked", False)),
    )


def _approval_differs(record: ApprovalRecord, told: Mapping[str, Any]) -> str:
    event = told["event"]
    voters = [vote.operator for vote in record.votes]
    bound = told["approval_digest"]  # which entries of older versions do not have
    return _first_difference(
        ("digest", record.digest, told["digest"]),
        ("approvers", voters, _voters(told) if event in _CONSENTS else voters),
        ("decision", record.status, _STATUS[event]),
        ("decider", record.settled_by, told["actor"] if event in _DECISIONS else None),
        ("record", bound and digest_record(record), bound),
    )


def _session_differs(record: SessionRecord, told: Mapping[str, Any]) -> str:
    told_words = told["words"]  # which entries of older versions do not have
    return _first_difference(("words", told_words and digest_words(record.purposes), told_words))


def _folder_differs(record: SessionRecord, told: Mapping[str, Any]) -> str:
    return _first_difference(("folder", digest_words((record.cwd,)), told["folder_digest"]))


def _voters(told: Mapping[str, Any]) -> object:
    try:
        return [vote["operator"] for vote in told["votes"]]
    except (KeyError, TypeError):
        return None


def _first_difference(*pairs: tuple[str, object, object]) -> str:
    return next((name for name, kept, told in pairs if kept != told), "")


def _is_after(moment: datetime, other: datetime) -> bool:
    try:
        return moment > other
    except TypeError:  # an edited store can hold a time without its zone, or none
        return True


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
