"""What stands around an action: decisions on its like, who waits, the file it would change."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from console.language import N_, _, numeral
from console.view_models.ink import Line, Span, Tone, prose
from console.view_models.text import count, short_time, time_of_day, whole
from console.view_models.view import View
from core.actions import ActionStatus, JsonObject
from core.ports import Dossier
from core.records import ActionRecord, ApprovalRecord

_MICROS: Final = 1_000_000
_UNREAD: Final = frozenset({"too-long", "too-deep", "unparseable", "no-command"})  # findings


class Precedents(NamedTuple):
    """How earlier actions of the same agent, kind and policies were answered."""

    approved: int
    denied: int
    expired: int
    looked: int  # at how many that were asked about, of this agent
    last: ActionRecord | None = None


class OnDisk(NamedTuple):
    """The file that would be written, as it is on this machine; `text` None when not compared."""

    text: str | None
    note: str


class Around(NamedTuple):
    """Read beside the dossier; None for what was not, or could not be read."""

    past: Precedents | None = None
    on_disk: OnDisk | None = None


def find_precedents(record: ActionRecord, past: Sequence[ActionRecord]) -> Precedents:
    """Among an agent's past actions that were asked about, those like this one."""
    like = [each for each in past if _is_like(each, record)]
    tally = {status: sum(each.status is status for each in like) for status in ActionStatus}
    settled = [each for each in like if each.decided_at is not None]
    return Precedents(
        approved=tally[ActionStatus.ALLOWED],
        denied=tally[ActionStatus.DENIED],
        expired=tally[ActionStatus.EXPIRED],
        looked=len(past),
        last=max(settled, key=_when, default=None),
    )


def _is_like(one: ActionRecord, other: ActionRecord) -> bool:
    return (
        one.id != other.id
        and one.status is not ActionStatus.PENDING
        and one.action.agent_id == other.action.agent_id
        and one.action.kind == other.action.kind
        and one.verdict.policies == other.verdict.policies
    )


def _when(record: ActionRecord) -> datetime:
    return record.decided_at or record.action.proposed_at


def past_lines(past: Precedents | None, view: View) -> Iterable[Line]:
    """`9 approved, 2 denied; last approved 08:12:04 by maria`."""
    if past is None:
        yield prose(_("not read"), Tone.DIM)
        return
    if not (past.approved or past.denied or past.expired):
        yield prose(_("nothing like it was decided before"), Tone.WARN)
        return
    line = [
        Span(
            _("✓ {approved} approved").format(approved=past.approved),
            Tone.OK if past.approved else Tone.DIM,
        ),
        Span(
            _("  ✗ {denied} denied").format(denied=past.denied),
            Tone.BAD if past.denied else Tone.DIM,
        ),
    ]
    if past.expired:
        line.append(Span(_("  {expired} expired").format(expired=past.expired), Tone.WARN))
    if past.last is not None:
        last = past.last
        by = (
            _(" by {decided_by}").format(decided_by=whole(last.decided_by))
            if last.decided_by
            else ""
        )
        verb = {ActionStatus.ALLOWED: _("approved")}.get(last.status, _(last.status.value))
        when = short_time(_when(last), view.zone, view.now)
        line.append(Span(_("; last {verb} {when}{by}").format(verb=verb, when=when, by=by)))
    yield Line(tuple(line))
    of = _("same agent, kind and policies, of the last {actions} asked about").format(
        actions=count(past.looked, "action", "actions")
    )
    yield prose(of, Tone.DIM)


def awaited_until(record: ActionRecord, waiting: Iterable[ApprovalRecord]) -> datetime | None:
    """Until when a caller waits for this very action now; None when none is known to."""
    return next((each.awaited_until for each in waiting if each.id == record.id), None)


def count_waiting_too(record: ActionRecord, waiting: Iterable[ApprovalRecord]) -> int:
    """How many other held actions the same session waits for."""
    session = record.action.session_id
    if session is None:
        return 0
    return sum(each.session_id == session and each.id != record.id for each in waiting)


def blocked_lines(
    dossier: Dossier, waiting_too: int, view: View, awaited: datetime | None = None
) -> Iterable[Line]:
    """Who waits for the answer, and until when; `awaited` is of a caller that is there now."""
    deadline, approval = dossier.record.action.deadline, dossier.approval
    yield _caller_line(deadline, awaited, view)
    if approval is not None:
        yield prose(
            _("held until {time_of_day}, then denied").format(
                time_of_day=time_of_day(approval.expires_at, view.zone)
            )
        )
    if waiting_too:
        more = _("{actions} of this session waits too").format(
            actions=count(waiting_too, "other action", "other actions")
        )
        yield prose(more.replace("actions of this session waits", "actions of this session wait"))


def _caller_line(deadline: datetime | None, awaited: datetime | None, view: View) -> Line:
    """Of one that waits here, until when, be it the first or a later try; else what the first
    said: whether that is still there, nobody here can know.
    """
    if awaited is not None:
        # Some edges wait piece by piece; the first caller said how long in all.
        until = time_of_day(max(awaited, deadline or awaited), view.zone)
        return prose(_("a caller waits until {until}").format(until=until))
    if deadline is None:
        return prose(_("the caller does not say how long it waits"), Tone.DIM)
    until = time_of_day(deadline, view.zone)
    if deadline > view.now:
        return prose(_("the caller said that it waits until {until}").format(until=until))
    gone = _("the caller gave up at {until}: an approval serves its next try").format(until=until)
    return prose(gone, Tone.WARN)


def touched_lines(facts: JsonObject, *, of_original: bool) -> Iterable[Line]:
    """What it bears on, as recorded when it was judged: nothing here is estimated."""
    if not facts:
        yield prose(_("not recorded"), Tone.DIM)
        return
    found = list(_found(facts))
    codes = facts.get("finding_codes")
    unread = isinstance(codes, Sequence) and not _UNREAD.isdisjoint(map(str, codes))
    if unread:
        yield prose(_("not known: it could not be read whole"), Tone.WARN)
    if not found and not unread:
        yield prose(_("no sign of anything beyond this workspace"), Tone.DIM)
    elif found:
        spans = [span for each in found for span in (Span("   "), each)][1:]
        yield Line(tuple(spans))
    if of_original:
        yield prose(_("as found in the original, before the edit"), Tone.WARN)


def _found(facts: JsonObject) -> Iterable[Span]:
    if facts.get("irreversible"):
        yield Span(_("✗ cannot be undone"), Tone.BAD)
    people, amount = facts.get("people_affected"), facts.get("amount_micros")
    if isinstance(people, int) and people:
        yield Span(f"! {count(people, 'person', 'people')}", Tone.WARN)
    if isinstance(amount, int) and amount:
        yield Span(_("! moves {amount}").format(amount=numeral(amount / _MICROS, 2)), Tone.WARN)
    for name, words in _SIGNS:
        if facts.get(name):
            yield Span(f"! {_(words)}", Tone.WARN)
    if facts.get("tainted"):
        yield Span(_("✗ a target only tools named"), Tone.BAD)
    elif facts.get("grounded") is False:
        yield Span(_("! a target the user did not name"), Tone.WARN)
    if facts.get("read_only"):
        yield Span(_("✓ only reads"), Tone.OK)


_SIGNS: Final = (
    ("external", N_("leaves this machine")),
    ("outside_workspace", N_("outside the workspace")),
    ("special_category", N_("health, belief or the like")),
    ("secrets", N_("a secret in it")),
    ("injection", N_("looks like an injection")),
    ("quarantined", N_("agent in quarantine")),
)
