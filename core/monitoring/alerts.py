"""Alerts: one for each cause, acknowledged, silenced until a time, resolved; kept on disk."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from core.bus import Bus
from core.clock import Clock
from core.errors import AlertNotFound, InvalidAction, Overloaded, StorageError
from core.events import AlertChanged
from core.ids import AlertId, IdSource, OperatorId
from core.measures import Alert, AlertState, Measured, Severity
from core.monitoring.rules import mean_minutes
from core.records import AuditDraft

_LOG: Final = logging.getLogger("maestro.alerts")
_OPEN_MAX: Final = 200  # open alerts of one agent
_RESOLVED_MAX: Final = 1_000  # resolved ones that can be looked at
_RESOLVED_SHOWN: Final = timedelta(days=1)
_SILENCE_MAX: Final = timedelta(days=30)
_RESPONSES_OVER: Final = timedelta(days=30)
_RESPONSES_MAX: Final = 10_000
_COUNTED_EVERY: Final = timedelta(seconds=10)  # mere counts are not written more often
_LOOK_EVERY_S: Final = 60.0
_UNSAVED_MAX: Final = 10_000
_TITLE_MAX: Final = 200
_DETAIL_MAX: Final = 2_000
_RANK: Final = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}

Audit = Callable[[AuditDraft], Awaitable[None]]


class AlertStore(Protocol):
    """Alerts on disk, bounded by age and count."""

    async def keep(self, alerts: Sequence[Alert]) -> None:
        """Insert or replace by id. Raises StorageError."""
        ...

    async def load(self, *, since: datetime) -> tuple[Alert, ...]:
        """Those that are open, and those that have changed since; oldest first."""
        ...


class AlertBook:
    """Every open alert and the resolved ones of the last day.

    A full or broken disk never loses an alert: it is shown, and written once that is possible.
    What an operator does is audited first, and not done when it cannot be.
    """

    name = "alerts"

    def __init__(
        self, *, store: AlertStore, clock: Clock, ids: IdSource, bus: Bus, audit: Audit
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._bus = bus
        self._audit = audit
        self._open: dict[str, Alert] = {}  # by cause
        self._resolved: deque[Alert] = deque(maxlen=_RESOLVED_MAX)
        self._silences: dict[str, tuple[datetime, OperatorId]] = {}  # by cause
        self._responses: deque[tuple[datetime, str, float]] = deque(maxlen=_RESPONSES_MAX)
        self._unsaved: dict[AlertId, Alert] = {}
        self._written: dict[AlertId, datetime] = {}  # of open ones
        self._saving = asyncio.Lock()

    async def load(self) -> None:
        """Take up what the last process left. Raises StorageError."""
        now = self._clock.now()
        for alert in await self._store.load(since=now - _RESPONSES_OVER):
            if alert.state is not AlertState.RESOLVED:
                self._open[alert.cause] = alert
                self._written[alert.id] = now
            elif now - alert.changed_at < _RESOLVED_SHOWN:
                self._resolved.append(alert)
            if alert.silenced_until and alert.silenced_by and alert.silenced_until > now:
                self._silences[alert.cause] = (alert.silenced_until, alert.silenced_by)
            self._note_response(alert)

    async def run(self) -> None:
        """Tell when silences end, write what could not be written, forget what is old."""
        while True:
            await self._tell_ended()
            await self._save()
            now = self._clock.now()
            ends = [(until - now).total_seconds() for until, _ in self._silences.values()]
            await self._clock.sleep(max(0.001, min([_LOOK_EVERY_S, *ends])))

    async def raise_alert(
        self,
        cause: str,
        *,
        agent: str,
        severity: Severity,
        title: str,
        detail: str = "",
        value: float | None = None,
        bound: float | None = None,
    ) -> Alert:
        """Open an alert, or count up the one that this cause has open.

        One that gets worse fires again although it was acknowledged. Raises Overloaded when
        `agent` has too many open.
        """
        now = self._clock.now()
        cause = _clean(cause, _TITLE_MAX)
        known = self._open.get(cause) or self._make(cause, agent, severity, now)
        worse = _RANK[severity] < _RANK[known.severity]
        alert = replace(
            known,
            severity=severity,
            state=AlertState.FIRING if worse else known.state,
            title=_clean(title, _TITLE_MAX),
            detail=_clean(detail, _DETAIL_MAX),
            value=value,
            bound=bound,
            changed_at=now,
            count=known.count + 1,
        )
        told = (alert.severity, alert.state, alert.title) != (
            known.severity,
            known.state,
            known.title,
        )
        await self._keep(alert, told=told)
        return alert

    async def resolve(self, cause: str) -> None:
        """The cause is gone; unknown causes are ignored."""
        alert = self._open.pop(_clean(cause, _TITLE_MAX), None)
        if alert is not None:
            now = self._clock.now()
            alert = replace(alert, state=AlertState.RESOLVED, changed_at=now, resolved_at=now)
            await self._keep(alert)

    async def acknowledge(self, alert_id: AlertId, by: OperatorId, note: str = "") -> Alert:
        """Somebody looks after it; the time until the first time counts as response time.

        Raises AlertNotFound, InvalidAction when it is resolved, StorageError when it cannot be
        audited.
        """
        alert = self._find(alert_id)
        if alert.state is AlertState.RESOLVED:
            raise InvalidAction(f"the alert {alert.title!r} is resolved already")
        await self._audit(self._draft("alert.acknowledged", alert, by, note=note))
        alert = self._find(alert_id)  # it may have changed meanwhile
        first = alert.acknowledged_at is None
        alert = replace(
            alert,
            state=AlertState.ACKNOWLEDGED if alert.resolved_at is None else alert.state,
            acknowledged_by=by,
            acknowledged_at=self._clock.now() if first else alert.acknowledged_at,
            changed_at=self._clock.now(),
        )
        if first:
            self._note_response(alert)
        await self._keep(alert)
        return alert

    async def silence(
        self, alert_id: AlertId, by: OperatorId, until: datetime, reason: str
    ) -> Alert:
        """Do not show this cause until then, at most 30 days; it goes on being measured.

        Raises AlertNotFound, InvalidAction, StorageError when it cannot be audited.
        """
        alert = self._find(alert_id)
        now = self._clock.now()
        if not now < until <= now + _SILENCE_MAX:
            raise InvalidAction("a silence ends in the future, at most 30 days from now")
        draft = self._draft(
            "alert.silenced", alert, by, until=until.isoformat(timespec="seconds"), note=reason
        )
        await self._audit(draft)
        alert = self._find(alert_id)
        self._silences[alert.cause] = (until, by)
        alert = replace(alert, silenced_until=until, silenced_by=by, changed_at=self._clock.now())
        await self._keep(alert)
        return alert

    def open(self, *, resolved: bool = False) -> tuple[Alert, ...]:
        """Open ones, worst and newest first; with `resolved`, then those of the last day."""
        fires = sorted(self._open.values(), key=lambda each: each.opened_at, reverse=True)
        fires.sort(key=lambda each: _RANK[each.severity])
        if not resolved:
            return tuple(fires)
        since = self._clock.now() - _RESOLVED_SHOWN
        past = (each for each in reversed(self._resolved) if each.changed_at > since)
        return (*fires, *past)

    def response_time(self, counts: Callable[[str], bool]) -> Measured:
        """Mean minutes from opening to first acknowledgement over 30 days, for `counts(agent)`."""
        since = self._clock.now() - _RESPONSES_OVER
        minutes = [took for at, agent, took in self._responses if at > since and counts(agent)]
        return mean_minutes(minutes, "alerts acknowledged in 30 days")

    def _make(self, cause: str, agent: str, severity: Severity, now: datetime) -> Alert:
        """An alert that has not been raised yet; a silence of its cause goes on."""
        if sum(each.agent == agent for each in self._open.values()) >= _OPEN_MAX:
            raise Overloaded(
                f"{agent} has {_OPEN_MAX} open alerts; resolve some of them before more are raised"
            )
        until, by = self._silences.get(cause, (None, None))
        return Alert(
            id=AlertId(self._ids.next_id()),
            cause=cause,
            agent=agent,
            severity=severity,
            state=AlertState.FIRING,
            title="",
            opened_at=now,
            changed_at=now,
            silenced_until=until,
            silenced_by=by,
            count=0,
        )

    def _find(self, alert_id: AlertId) -> Alert:
        for alert in (*self._open.values(), *self._resolved):
            if alert.id == alert_id:
                return alert
        raise AlertNotFound(f"no alert {alert_id} is open, or was resolved in the last day")

    def _note_response(self, alert: Alert) -> None:
        if alert.acknowledged_at is not None:
            took_s = (alert.acknowledged_at - alert.opened_at).total_seconds()
            # A clock that was set back between the two must not make a response negative.
            self._responses.append((alert.acknowledged_at, alert.agent, max(0.0, took_s) / 60))

    def _draft(self, event: str, alert: Alert, by: OperatorId, **more: str) -> AuditDraft:
        return AuditDraft(
            event=event,
            at=self._clock.now(),
            actor=by,
            action_id=None,
            body={
                "alert": alert.id,
                "cause": alert.cause,
                "agent": alert.agent,
                "severity": alert.severity.value,
                **more,
            },
        )

    async def _keep(self, alert: Alert, *, told: bool = True) -> None:
        """Put it in its place; tell and write it, a mere count only now and then."""
        now = self._clock.now()
        if alert.state is AlertState.RESOLVED:
            self._written.pop(alert.id, None)
            others = (each for each in self._resolved if each.id != alert.id)
            self._resolved = deque((*others, alert), maxlen=_RESOLVED_MAX)
        else:
            self._open[alert.cause] = alert
        self._unsaved[alert.id] = alert
        while len(self._unsaved) > _UNSAVED_MAX:
            del self._unsaved[next(iter(self._unsaved))]
        if not told and abs(now - self._written.get(alert.id, now)) < _COUNTED_EVERY:
            return
        if alert.state is not AlertState.RESOLVED:
            self._written[alert.id] = now
        await self._tell(alert, now)
        await self._save()

    async def _tell(self, alert: Alert, now: datetime) -> None:
        silenced = alert.silenced_until is not None and alert.silenced_until > now
        await self._bus.publish(
            AlertChanged(
                at=now,
                alert_id=alert.id,
                cause=alert.cause,
                agent=alert.agent,
                severity=alert.severity,
                state=alert.state,
                title=alert.title,
                silenced=silenced,
            )
        )

    async def _tell_ended(self) -> None:
        """Silences whose time has come: what still fires is told again."""
        now = self._clock.now()
        for cause in [each for each, (until, _) in self._silences.items() if until <= now]:
            del self._silences[cause]
            if cause in self._open:
                await self._tell(self._open[cause], now)

    async def _save(self) -> None:
        async with self._saving:
            batch = dict(self._unsaved)
            if not batch:
                return
            try:
                await self._store.keep(tuple(batch.values()))
            except StorageError as error:
                _LOG.warning("alerts wait to be written: %s", error)
                return
            for alert_id, alert in batch.items():
                if self._unsaved.get(alert_id) is alert:
                    del self._unsaved[alert_id]


def _clean(text: str, size_max: int) -> str:
    """Bounded, and Unicode that a file can hold: agents write these texts."""
    return text[:size_max].encode("utf-8", "replace").decode()
