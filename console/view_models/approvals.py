"""The queue of held actions as rows; filters; groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING, Final, NamedTuple

from console.language import N_, _
from console.projection import FeedEvent
from console.view_models import signs
from console.view_models.columns import Column, SortKey
from console.view_models.filters import Searched
from console.view_models.ink import Line, Span, Spans, Tone, plain_text, prose
from console.view_models.summary import Brief, what_spans
from console.view_models.text import count, duration, short_id, visible
from core.actions import RiskLevel
from core.ids import ActionId, OperatorId

if TYPE_CHECKING:  # not loaded for the first picture
    from core.events import ActionSettled
    from core.records import ApprovalRecord

COLUMNS: Final = (
    Column(title=N_("ID"), width=6),
    Column(title=N_("RISK"), width=9),
    Column(title=N_("AGENT"), width=11, drop=1),
    Column(title=N_("ACTION"), width=34, flexible=True),
    Column(title=N_("AGE"), width=6, right=True, drop=2),
    Column(title=N_("EXPIRES"), width=7, right=True),
    Column(title=N_("POLICY"), width=22, drop=3),
)
_RISKS: Final = tuple(RiskLevel)
SORTS: Final[Mapping[str, SortKey[ApprovalRecord]]] = {
    "RISK": lambda approval: _RISKS.index(approval.risk),
    "AGENT": lambda approval: approval.agent_id,
    "ACTION": lambda approval: f"{approval.kind} {approval.resource}",
    "AGE": lambda approval: -approval.created_at.timestamp(),
    "EXPIRES": lambda approval: approval.expires_at,
}
_LONELY: Final = frozenset({RiskLevel.HIGH, RiskLevel.CRITICAL})


def needs_typing(risk: RiskLevel) -> bool:
    """HIGH and CRITICAL are approved one at a time, by typing a part of the id."""
    return risk in _LONELY


def approval_cells(
    approval: ApprovalRecord,
    brief: Brief | None,
    now: datetime,
    *,
    unsent: str = "",
    failed: str = "",
    room: int = 0,
) -> tuple[Spans, ...]:
    """One row, in the order of `COLUMNS`; `unsent` is a decision that was not sent yet, `failed`
    the verb of one that could not be carried out, `room` how many cells ACTION has, where known.
    """
    age = duration((now - approval.created_at).total_seconds())
    policies = ", ".join(map(visible, brief.policies)) if brief else "…"
    tone = Tone.DIM if unsent or _is_deferred(approval, now) else Tone.PLAIN
    flags = (Span(f"{unsent}  ", Tone.WARN),) if unsent else _flags(approval, now)
    if failed:
        flags = (Span(_("✗ {verb} failed  ").format(verb=_(failed)), Tone.BAD), *flags)
    return (
        (Span(short_id(approval.id), Tone.STRONG),),
        (signs.RISK[approval.risk],),
        (Span(visible(approval.agent_id), tone),),
        (*flags, *_what(approval, brief, tone, room - len(plain_text(flags)))),
        (Span(age, tone),),
        (_expiry(approval, now),),
        (Span(policies, Tone.DIM),),
    )


def _flags(approval: ApprovalRecord, now: datetime) -> Spans:
    flags: list[Span] = []
    if approval.votes_needed > 1:
        flags.append(
            Span(
                _("{number} of {votes_needed}  ").format(
                    number=len(approval.votes), votes_needed=approval.votes_needed
                ),
                Tone.WARN,
            )
        )
    if approval.deferred_until is not None and _is_deferred(approval, now):
        back = duration((approval.deferred_until - now).total_seconds())
        flags.append(Span(_("not now {back}  ").format(back=back), Tone.WARN))
    if approval.arguments_edited is not None:
        flags.append(Span(_("edited  "), Tone.WARN))
    return tuple(flags)


def _what(approval: ApprovalRecord, brief: Brief | None, tone: Tone, room: int) -> Spans:
    if brief is None:
        return what_spans(approval.kind, approval.resource, "", tone)
    kind = (Span(visible(approval.kind)), signs.STEP)
    summary = brief.fit(room - len(plain_text(kind))) if room > 0 else brief.summary
    return what_spans(approval.kind, approval.resource, summary, tone)


def _is_deferred(approval: ApprovalRecord, now: datetime) -> bool:
    return approval.deferred_until is not None and approval.deferred_until > now


def _expiry(approval: ApprovalRecord, now: datetime) -> Span:
    left_s = (approval.expires_at - now).total_seconds()
    if left_s <= 0:
        return Span(_("expired"), Tone.BAD)
    return Span(duration(left_s), signs.urgency(left_s))


class Unsent(NamedTuple):
    """A decision that can still be taken back."""

    verb: str
    ids: tuple[ActionId, ...]
    left_s: float

    def flag(self) -> str:
        """What stands in the rows that it is about."""
        return _("{verb} in {duration}").format(
            verb=_(self.verb), duration=duration(ceil(self.left_s))
        )


def unsent_words(held: Sequence[Unsent], operator: OperatorId) -> Spans:
    """Who decided what last, and how long it can be taken back: the agent does not know yet."""
    if not held:
        return ()
    newest = held[-1]
    others = _(" (and {number} before it)").format(number=len(held) - 1) if len(held) > 1 else ""
    verb = {"approve": _("approves"), "deny": _("denies"), "edit": _("edits")}[newest.verb]
    one = len(newest.ids) == 1
    what = short_id(newest.ids[0]) if one else count(len(newest.ids), "action", "actions")
    return (
        Span(_("u"), Tone.KEY),
        Span(
            _(" takes back: {operator} {verb} {what}{others}").format(
                operator=visible(operator), verb=verb, what=what, others=others
            ),
            Tone.STRONG,
        ),
        Span(_(" in {duration}").format(duration=duration(ceil(newest.left_s))), Tone.WARN),
        Span(_(", the agent is not told yet"), Tone.DIM),
    )


def oldest_age_s(approvals: Iterable[ApprovalRecord], now: datetime) -> float | None:
    """Age of the one that waits longest; None when none waits."""
    oldest = min((each.created_at for each in approvals), default=None)
    return None if oldest is None else (now - oldest).total_seconds()


def newest_settled(feed: Sequence[FeedEvent]) -> ActionSettled | None:
    """What was settled last; None when nothing was."""
    if not feed:
        return None
    from core.events import ActionSettled  # noqa: PLC0415 - not for the first picture

    return next((each for each in reversed(feed) if isinstance(each, ActionSettled)), None)


def settled_words(
    action_id: ActionId, feed: Iterable[FeedEvent], *, besides: OperatorId | None = None
) -> str:
    """Who settled an action; "" when nobody did, or the one operator who knows already."""
    from core.events import ActionSettled  # noqa: PLC0415 - not for the first picture

    for event in feed:
        if isinstance(event, ActionSettled) and event.action_id == action_id:
            if besides is not None and event.by == besides:
                return ""
            by = _(" by {by}").format(by=visible(event.by)) if event.by else ""
            return _("{action_id} waits no more: {status}{by}").format(
                action_id=short_id(action_id), status=_(visible(event.status)), by=by
            )
    return ""


def searched(approval: ApprovalRecord, brief: Brief | None) -> Searched:
    """What a filter may ask of a held action; its summary only once it was read."""
    policies = " ".join(brief.policies) if brief else ""
    summary = brief.summary if brief else ""
    fields = {"agent": approval.agent_id, "risk": approval.risk.value, "kind": approval.kind}
    everything = f"{approval.id} {' '.join(fields.values())} {approval.resource} {summary}"
    return Searched({**fields, "policy": policies}, f"{everything} {policies}")


def group_of(
    chosen: ApprovalRecord,
    brief: Brief | None,
    others: Iterable[tuple[ApprovalRecord, Brief | None]],
) -> tuple[ApprovalRecord, ...]:
    """All that wait with the same agent, kind and policies as `chosen`, which comes first.

    Those whose policies are not known are never in a group.
    """
    if brief is None:
        return (chosen,)
    same = [
        other
        for other, its in others
        if other.id != chosen.id
        and its is not None
        and its.policies == brief.policies
        and (other.agent_id, other.kind) == (chosen.agent_id, chosen.kind)
    ]
    return (chosen, *same)


def nothing_waits(*, filtered: bool) -> tuple[Line, ...]:
    """What the pane of an action says when there is none, and what can be done instead."""
    if filtered:
        return (prose(_("No held action fits the filter. Esc clears it, / changes it.")),)
    rows = (
        ("", _("Actions that need you appear here by themselves; the header counts them.")),
        ("9", _("the trail of what was decided")),
        ("s", _("standing rules: what you remembered; look at them, end them")),
        ("?", _("every key")),
    )
    return tuple(
        prose(text, lead=f"{key:<4}" if key else "", lead_tone=Tone.KEY) for key, text in rows
    )
