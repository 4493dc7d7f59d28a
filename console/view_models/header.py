"""The one row on top of every screen."""

from datetime import datetime
from typing import Final

from console.projection import Snapshot
from console.view_models import signs
from console.view_models.approvals import oldest_age_s
from console.view_models.ink import Span, Spans, Tone
from console.view_models.text import count, duration, visible

_MODE_TONES: Final = {
    "LIVE": Tone.OK,
    "ATTACHED": Tone.OK,
    "DEMO": Tone.WARN,
    "READ-ONLY": Tone.WARN,
}


def crumbs(*names: str) -> Spans:
    """Where the operator is: maestro, then each name."""
    spans: list[Span] = [Span(" maestro", Tone.TITLE)]
    for name in names:
        spans += [signs.STEP, Span(visible(name), Tone.STRONG)]
    return tuple(spans)


def status_parts(
    snapshot: Snapshot,
    now: datetime,
    *,
    mode: str,
    gateway: str,
    fleet_alerts: int = 0,
    stale_s: float | None = None,
) -> tuple[Spans, ...]:
    """Parts of the header's right side, the least needed last: those are left out first.

    With `stale_s`, the seconds since anything was fresh, nothing is said as if it still held.
    """
    where = Span(gateway.removeprefix("http://") or "no gateway", Tone.DIM)
    if stale_s is not None:
        return (
            (_stale(stale_s),),
            (_last_known(snapshot),),
            (Span(f"[{mode}]", Tone.WARN),),
            (where,),
        )
    number = len(snapshot.alerts) + fleet_alerts
    alerts = (_alerts_part(number),)
    return (
        (approvals_part(snapshot, now),),
        *([alerts] if number else []),
        (Span(f"[{mode}]", _MODE_TONES.get(mode, Tone.WARN)),),
        (_chain_part(snapshot),),
        *([] if number else [alerts]),
        (where,),
    )


def _stale(stale_s: float) -> Span:
    return Span(f"✗ STALE {duration(stale_s)}", Tone.ALARM)


def _last_known(snapshot: Snapshot) -> Span:
    waiting = snapshot.approvals
    if waiting is None:
        return Span("approvals not read", Tone.WARN)
    return Span(f"last seen: {count(len(waiting), 'approval')}", Tone.WARN)


def approvals_part(snapshot: Snapshot, now: datetime) -> Span:
    """How many wait, and for how long."""
    waiting = snapshot.approvals
    if waiting is None:
        return Span("approvals not read", Tone.WARN)
    age_s = oldest_age_s(waiting, now)
    if age_s is None:
        return Span("✓ nothing waits", Tone.OK)
    return Span(f"! {count(len(waiting), 'approval')} {duration(age_s)}", Tone.ALARM)


def _alerts_part(alerts: int) -> Span:
    if not alerts:
        return Span("no alerts", Tone.DIM)
    return Span(f"✗ {count(alerts, 'alert')}", Tone.BAD)


def _chain_part(snapshot: Snapshot) -> Span:
    if snapshot.audit_broken:
        return Span("✗ chain broken", Tone.ALARM)
    if snapshot.verified is None:
        return Span("? chain unverified", Tone.DIM)
    return Span("✓ chain ok", Tone.OK)


def too_small(
    snapshot: Snapshot, now: datetime, size: tuple[int, int], *, stale_s: float | None = None
) -> Spans:
    """What a window says that cannot show a screen: still what waits."""
    width, height = size
    told: Spans = (approvals_part(snapshot, now),)
    if stale_s is not None:
        told = (_stale(stale_s), Span(" "), _last_known(snapshot))
    return (
        *told,
        Span(f"  window {width}x{height}: needs 60x20", Tone.WARN),
    )
