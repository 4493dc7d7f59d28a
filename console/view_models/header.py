"""The one row on top of every screen."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from console.language import _, numeral
from console.projection import Snapshot
from console.view_models import signs
from console.view_models.approvals import oldest_age_s
from console.view_models.fleet import worst
from console.view_models.ink import Span, Spans, Tone
from console.view_models.text import count, duration, visible
from core.fleet import AgentState
from core.measures import Severity

_MODE_TONES: Final = {
    "LIVE": Tone.OK,
    "ATTACHED": Tone.OK,
    "DEMO": Tone.WARN,
    "READ-ONLY": Tone.WARN,
}


class Around(NamedTuple):
    """What else the header says where there is room; "" and None: not said."""

    fleet: Sequence[AgentState] | None = None
    operator: str = ""
    host: str = ""
    home: str = ""
    clock: str = ""


def crumbs(*names: str, kept: str = "") -> Spans:
    """Where the operator is: maestro, then each name, then what the filter keeps."""
    spans: list[Span] = [Span(" maestro", Tone.TITLE)]
    for name in names:
        spans += [signs.STEP, Span(visible(name), Tone.STRONG)]
    if kept:
        spans += [Span(" "), Span(f" / {visible(kept)} ", Tone.MARK)]
    return tuple(spans)


def status_parts(
    snapshot: Snapshot,
    now: datetime,
    *,
    mode: str,
    gateway: str,
    fleet_alerts: Sequence[Severity] = (),
    stale_s: float | None = None,
    read_only: bool = False,
    around: Around | None = None,
) -> tuple[Spans, ...]:
    """Parts of the header's right side, the least needed last: those are left out first.

    With `stale_s`, the seconds since anything was fresh, nothing is said as if it still held.
    """
    where = Span(gateway.removeprefix("http://") or _("no gateway"), Tone.DIM)
    if stale_s is not None:
        return (
            (_stale(stale_s),),
            (_last_known(snapshot),),
            (_badge(mode, read_only=read_only, tone=Tone.WARN),),
            (where,),
        )
    severities = [*(Severity.CRITICAL for _own in snapshot.alerts), *fleet_alerts]
    alerts = (_alerts_part(severities),)
    return (
        (approvals_part(snapshot, now),),
        *([alerts] if severities else []),
        (_badge(mode, read_only=read_only, tone=_MODE_TONES.get(mode, Tone.WARN)),),
        (_chain_part(snapshot),),
        *([] if severities else [alerts]),
        *_around(around or Around()),
        (where,),
    )


def _badge(mode: str, *, read_only: bool, tone: Tone) -> Span:
    if not read_only:
        return Span(f"[{_(mode)}]", tone)
    return Span(
        _("[READ-ONLY]") if mode == "LIVE" else _("[{mode} READ-ONLY]").format(mode=_(mode)),
        Tone.WARN,
    )


def _around(around: Around) -> Iterator[Spans]:
    """The time, how the fleet is, who looks from where, at what."""
    if around.clock:
        yield (Span(around.clock, Tone.DIM),)
    if around.fleet:
        yield (Span(_("agents "), Tone.DIM), *worst(around.fleet))
    if who := "@".join(filter(None, (around.operator, around.host))):
        yield (Span(visible(who), Tone.DIM),)
    if around.home:
        yield (Span(visible(around.home), Tone.DIM),)


def _stale(stale_s: float) -> Span:
    return Span(_("✗ STALE {duration}").format(duration=duration(stale_s)), Tone.ALARM)


def _last_known(snapshot: Snapshot) -> Span:
    waiting = snapshot.approvals
    if waiting is None:
        return Span(_("approvals not read"), Tone.WARN)
    return Span(
        _("last seen: {approvals}").format(approvals=count(len(waiting), "approval", "approvals")),
        Tone.WARN,
    )


def approvals_part(snapshot: Snapshot, now: datetime) -> Span:
    """How many wait, and for how long."""
    waiting = snapshot.approvals
    if waiting is None:
        return Span(_("approvals not read"), Tone.WARN)
    age_s = oldest_age_s(waiting, now)
    if age_s is None:
        return Span(_("✓ nothing waits"), Tone.OK)
    return Span(f"! {count(len(waiting), 'approval', 'approvals')} {duration(age_s)}", Tone.ALARM)


def _alerts_part(alerts: Sequence[Severity]) -> Span:
    """How many there are, under the sign of the worst."""
    worst_one = next((each for each in signs.SEVERITY if each in alerts), None)
    if worst_one is None:
        return Span(_("no alerts"), Tone.DIM)
    sign = signs.glyph(signs.SEVERITY[worst_one])
    return sign._replace(text=sign.text + count(len(alerts), "alert", "alerts"))


def _chain_part(snapshot: Snapshot) -> Span:
    if snapshot.audit_broken:
        return Span(_("✗ chain broken"), Tone.ALARM)
    if snapshot.verified is None:
        return Span(_("? chain unverified"), Tone.DIM)
    entries = snapshot.verified.entries
    if (snapshot.audit_length or 0) > entries:  # what came since was not looked at
        return Span(_("✓ chain ok to {entries}").format(entries=numeral(entries)), Tone.OK)
    return Span(_("✓ chain ok"), Tone.OK)


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
        Span(
            _("  window {width}x{height}: needs 60x20").format(width=width, height=height),
            Tone.WARN,
        ),
    )
