"""Pure decisions of the gate: digests, trust, urgency, grants."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from math import log2, sqrt
from typing import Any, Final

import rfc8785

from core.actions import Action, Decision, JsonObject, RiskLevel
from core.digests import sha256_hex
from core.errors import InvalidAction
from core.ids import AgentId
from core.json_text import write_sorted
from core.records import ActionRecord, ApprovalRecord, GrantRecord, TrustRecord
from core.risk.shell.cmdlets import POWERSHELL

HISTORY_MAX: Final = 100
TOLD_WHOLE: Final = frozenset({"shell.execute", "file.read", "file.delete"})
"""Kinds of which the target says what is done, but for what their other arguments change of it. Of
other kinds a rule by its resource fits any arguments: recipients, amounts, contents."""
SAID: Final = frozenset(
    {"comment", "description", "explanation", "justification", "note", "purpose", "reason", "title"}
)
"""Arguments that tell people of an action, and change nothing of what it does."""
_MEASURES: Final = frozenset({"timeout", "timeout_ms", "timeout_s", "offset", "limit"})
# What joins commands, runs one inside another (`=(…)` in Zsh) or leads what it prints elsewhere.
_JOINT: Final = re.compile(r"[;&|<>`\n\r]|[$=]\(")
_JOINT_POWERSHELL: Final = re.compile(r"[;&|<>`\n\r(){}]")  # `git push (Remove-Item x)` runs both
_WAY_UP: Final = re.compile(r"(?:^|(?<=[/\\]))\.\.(?:$|(?=[/\\]))")

# Ten imagined trials, eight of them clean, put the lower bound of a new agent near 0.5.
PRIOR_CLEAN: Final = 8
PRIOR_TRIALS: Final = 10
VIOLATION_WEIGHT: Final = 5  # one violation weighs as many unclean trials
RISE_MAX: Final = 0.02  # a clean outcome lifts trust by at most this
FALL: Final = 0.6  # a violation leaves at most this share of it

_RISK_WEIGHT: Final = {
    RiskLevel.LOW: 1.0,
    RiskLevel.MEDIUM: 2.0,
    RiskLevel.HIGH: 4.0,
    RiskLevel.CRITICAL: 8.0,
}


def digest_action(action: Action, arguments: JsonObject) -> str:
    """Digest of exactly what would run: "sha256:" + SHA-256 of its RFC 8785 form.

    Binds agent, session, kind, resource and arguments.
    Raises: InvalidAction for what RFC 8785 cannot carry (integers beyond 2^53, lone surrogates).
    """
    bound = {
        "agent": action.agent_id,
        "session": action.session_id,
        "kind": action.kind,
        "resource": action.resource,
        "arguments": arguments,
    }
    return _digest(bound)


def is_released(record: ActionRecord, told: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one of the trail's entries about an action, parsed, allowed what the record releases.

    A policy did so as it was judged, or an operator by an approval of this very digest. What was
    withdrawn since is denied for good.
    """
    digest, released = record.digest_released, record.arguments_released
    if released is None or digest != digest_action(record.action, released):
        return False
    entries = tuple(told)
    return any(each["body"].get("digest") == digest and _allows(each) for each in entries) and all(
        each["event"] != "action.withdrawn" for each in entries
    )


def _allows(entry: Mapping[str, Any]) -> bool:
    event, decision = str(entry["event"]), str(entry["body"].get("decision"))
    return event == "approval.approved" or (event == "action.judged" and decision == Decision.ALLOW)


def digest_arguments(arguments: JsonObject) -> str:
    """Digest of arguments alone, whoever calls: "sha256:" + SHA-256 of their RFC 8785 form.

    Raises: InvalidAction as `digest_action`.
    """
    return _digest(arguments)


def _digest(value: JsonObject) -> str:
    try:
        canonical = write_sorted(value, floats=False)
        if canonical is None or not canonical.isascii():  # RFC 8785 has its own order and numbers
            canonical = rfc8785.dumps(value)  # pyright: ignore[reportArgumentType] - Mapping is fine
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise InvalidAction(f"arguments: no canonical JSON form (RFC 8785): {error}") from error
    return "sha256:" + sha256_hex(canonical)


def wilson_lower(successes: int, trials: int, *, z: float = 1.96) -> float:
    """Lower end of the Wilson score interval for a success rate, a share 0..1.

    Two good runs out of two must not outrank 980 out of 1,000. No trials give 0.0.
    Raises: ValueError when `successes` lies outside 0..`trials`.
    Source: E. B. Wilson, JASA 22 (1927), 209-212.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"successes {successes} outside 0..{trials}")
    if trials == 0:
        return 0.0
    share = successes / trials
    centre = share + z * z / (2 * trials)
    spread = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, (centre - spread) / (1 + z * z / trials))


def new_trust(agent_id: AgentId, *, start: float, at: datetime) -> TrustRecord:
    """Trust of an agent that nothing is known of."""
    return TrustRecord(id=agent_id, clean=0, violations=0, score=start, start=start, updated_at=at)


def decay_trust(trust: TrustRecord, at: datetime, *, half_life_days: float) -> float:
    """Score at `at`: the distance from its start halves every `half_life_days`."""
    days = max(0.0, (at - trust.updated_at) / timedelta(days=1))
    return float(trust.start + (trust.score - trust.start) * 0.5 ** (days / half_life_days))


def update_trust(
    trust: TrustRecord, *, clean: bool, why: str, at: datetime, half_life_days: float
) -> TrustRecord:
    """Trust after one clean outcome or one violation.

    Rises by at most `RISE_MAX`, never above the Wilson lower bound of clean outcomes; a violation
    takes it down at once, to at most `FALL` of what it was.
    """
    now = decay_trust(trust, at, half_life_days=half_life_days)
    good = trust.clean + int(clean)
    bad = trust.violations + int(not clean)
    trials = PRIOR_TRIALS + good + bad * VIOLATION_WEIGHT
    bound = wilson_lower(PRIOR_CLEAN + good, trials)
    score = max(now, min(bound, now + RISE_MAX)) if clean else min(bound, now * FALL)
    history = (*trust.history, (at, round(score, 4), why))[-HISTORY_MAX:]
    return replace(trust, clean=good, violations=bad, score=score, updated_at=at, history=history)


def urgency(approval: ApprovalRecord, *, now: datetime, blocked: int) -> float:
    """Rank in the queue: risk x age x what is blocked; a deferred one waits at the end.

    `blocked` is how many held actions the same session or agent waits for, at least 1. It counts
    by its logarithm: who asks for ever more must not stand before everybody else by that.
    """
    age_min = max(0.0, (now - approval.created_at) / timedelta(minutes=1))
    score = _RISK_WEIGHT[approval.risk] * (1.0 + age_min) * (1.0 + log2(max(1, blocked)))
    return -1.0 / score if is_deferred(approval, now) else score


def is_deferred(approval: ApprovalRecord, now: datetime) -> bool:
    """Whether an operator put it off to a time that is still to come."""
    return approval.deferred_until is not None and approval.deferred_until > now


def order_queue(pending: Iterable[ApprovalRecord], *, now: datetime) -> tuple[ApprovalRecord, ...]:
    """What is critical first, then the most urgent; equal ones in the order of their ids."""
    listed = tuple(pending)
    waiting: dict[str, int] = {}
    for each in listed:
        owner = each.session_id or each.agent_id
        waiting[owner] = waiting.get(owner, 0) + 1
    return tuple(
        sorted(
            listed,
            key=lambda each: (
                each.risk is not RiskLevel.CRITICAL or is_deferred(each, now),
                -urgency(each, now=now, blocked=waiting[each.session_id or each.agent_id]),
                each.id,
            ),
        )
    )


def match_target(action: Action, arguments: JsonObject) -> str | None:
    """What a grant's pattern is held against: the command line of a shell, else the resource.

    A command in a list is the line that it makes. None for a shell action without a command that
    can be read: its resource, the shell, says nothing of what it does.
    """
    if action.kind != "shell.execute":
        return action.resource
    command = arguments.get("command")
    if isinstance(command, str):
        return command
    words = command if isinstance(command, Sequence) else ()
    texts = [each for each in words if isinstance(each, str)]
    return shlex.join(texts) if texts and len(texts) == len(words) else None


def fits_pattern(pattern: str, action: Action, arguments: JsonObject) -> bool:
    """Whether a grant's pattern fits what would be done.

    A wildcard stands for arguments, never for a second command or a way out of a folder:
    `git push *` does not fit `git push; curl …`, nor `/srv/shop/*` `/srv/shop/../x`.
    """
    target = match_target(action, arguments)
    if target is None or not fnmatchcase(target, pattern):
        return False
    leaves = _JOINT if action.kind == "shell.execute" else _WAY_UP
    if leaves is _JOINT and action.resource.lower() in POWERSHELL:
        leaves = _JOINT_POWERSHELL
    left = leaves.findall(target)
    return not left or left == leaves.findall(pattern)


def other_arguments(action: Action, arguments: JsonObject) -> JsonObject:
    """What changes the action and its target does not say: variables, folder, shell, input.

    A rule by target fits only actions in which it is the same. Words for people may differ, and
    numbers that say how long to wait or how much to read.
    """
    named = {"command"} if action.kind == "shell.execute" else set[str]()
    return {
        name: value
        for name, value in arguments.items()
        if name not in named
        and not (name in SAID and isinstance(value, str))
        and not (name in _MEASURES and isinstance(value, int | float))
        and (action.kind == "shell.execute" or value != action.resource)
    }


def digest_others(action: Action, arguments: JsonObject) -> str:
    """Digest of `other_arguments`; "" for none, and for a kind whose rules fit any arguments.

    Raises: InvalidAction as `digest_action`.
    """
    if action.kind not in TOLD_WHOLE:
        return ""
    others = other_arguments(action, arguments)
    return digest_arguments(others) if others else ""


def find_grant(
    grants: Iterable[GrantRecord], action: Action, *, risk: RiskLevel, now: datetime
) -> GrantRecord | None:
    """The first grant in force for this action, at no more than the risk it was given for."""
    for grant in grants:
        if (
            grant.revoked_at is None
            and grant.created_at <= now < grant.expires_at
            and grant.agent_id == action.agent_id
            and grant.kind == action.kind
            and risk.rank <= grant.risk_max.rank
            and fits_pattern(grant.resource_pattern, action, action.arguments)
            and _fits_arguments(grant, action)
        ):
            return grant
    return None


def _fits_arguments(grant: GrantRecord, action: Action) -> bool:
    if grant.arguments_digest:
        return grant.arguments_digest == digest_arguments(action.arguments)
    return grant.others_digest == digest_others(action, action.arguments)


def pattern_is_too_wide(pattern: str) -> bool:
    """True for a pattern that names nothing: only wildcards, or fewer than two letters.

    Letters in brackets are a choice, and name nothing.
    """
    named = sum(letter.isalnum() for letter in _outside_brackets(pattern))
    return named < 2  # noqa: PLR2004 - two, as said


def _outside_brackets(pattern: str) -> str:
    """The pattern without its `[…]`, as `fnmatch` reads them: without an end it is no bracket."""
    kept: list[str] = []
    done = 0
    while (start := pattern.find("[", done)) >= 0:
        first = start + (2 if pattern.startswith("!", start + 1) else 1)
        end = pattern.find("]", first + 1)  # the first one may be a `]` itself
        if end < 0:
            break
        kept.append(pattern[done:start])
        done = end + 1
    return "".join((*kept, pattern[done:]))
