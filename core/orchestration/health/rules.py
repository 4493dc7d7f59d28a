"""The status of one agent as a state machine. Pure; BUSY is ONLINE with work in hand."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from core.fleet import AgentStatus

_SAME: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is known of one agent's life. `status` is ONLINE, OFFLINE or ERROR."""

    status: AgentStatus = AgentStatus.OFFLINE
    since: datetime
    why: str = ""  # one sentence; "" while it is online
    heard_at: datetime | None = None
    heard_s: float | None = None  # the same on the monotonic clock, which never steps
    restarts: int = 0
    restarting: bool = False  # OFFLINE until it begins to run


def begin(health: Health, *, at: datetime, at_s: float) -> Health:
    """It runs, for the first time or again. ONLINE, unless it is in ERROR."""
    return hear(replace(health, restarting=False), at=at, at_s=at_s)


def hear(health: Health, *, at: datetime, at_s: float) -> Health:
    """A sign of life. Brings an agent back from silence, neither from a crash nor from ERROR."""
    if health.heard_s is not None and at_s < health.heard_s:
        return health
    heard = replace(health, heard_at=at, heard_s=at_s)
    if health.status is AgentStatus.OFFLINE and not health.restarting:
        return replace(heard, status=AgentStatus.ONLINE, since=at, why="")
    return heard


def is_fresh(health: Health, at: datetime) -> bool:
    """Whether a sign of life at `at` says nothing new: one was heard within the same second."""
    if health.status is not AgentStatus.ONLINE or health.heard_at is None:
        return False
    return abs(at - health.heard_at) < _SAME


def miss(health: Health, *, now: datetime, now_s: float, limit_s: float) -> Health:
    """No sign of life for longer than `limit_s` takes an agent that was online offline."""
    if health.status is not AgentStatus.ONLINE or health.heard_s is None:
        return health
    silent_s = now_s - health.heard_s
    if silent_s <= limit_s:
        return health
    return replace(
        health,
        status=AgentStatus.OFFLINE,
        since=now,
        why=f"no sign of life for {silent_s:.0f} s",
    )


def crash(health: Health, *, at: datetime, why: str, restarting: bool) -> Health:
    """It failed. OFFLINE until its restart is heard of, or ERROR when there will be none."""
    if health.status is AgentStatus.ERROR:
        return health
    status = AgentStatus.OFFLINE if restarting else AgentStatus.ERROR
    changed = status is not health.status
    return replace(
        health,
        status=status,
        since=at if changed else health.since,
        why=f"{why}; restarting" if restarting else why,
        restarts=health.restarts + restarting,
        restarting=restarting,
    )


def start_anew(health: Health, *, at: datetime, why: str) -> Health:
    """An operator has it started again: the only way out of ERROR."""
    since = health.since if health.status is AgentStatus.OFFLINE else at
    return replace(health, status=AgentStatus.OFFLINE, since=since, why=why, restarting=True)
