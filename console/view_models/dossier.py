"""One held action, with all that is needed to decide it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from console.language import _, pgettext
from console.view_models import signs
from console.view_models.arguments import (
    RESOURCE,
    Marked,
    argument_lines,
    gutter_of,
    mark_findings,
)
from console.view_models.around import (
    Around,
    OnDisk,
    awaited_until,
    blocked_lines,
    count_waiting_too,
    past_lines,
    touched_lines,
)
from console.view_models.diff import diff_arguments, diff_text, replacements_in
from console.view_models.ink import Line, Span, Spans, Tone, Wrap, prose
from console.view_models.running import draw_running
from console.view_models.summary import current_arguments
from console.view_models.text import duration, short_id, time_of_day, whole, whole_spans
from console.view_models.view import View
from console.view_models.weighing import (
    binding_lines,
    code_lines,
    counsel_lines,
    deed,
    policy_lines,
    said,
    session_lines,
    sign_of,
    trust_lines,
)
from core.actions import ActionStatus, Finding, JsonObject, RiskLevel, Verdict
from core.governance.names import is_same_person
from core.governance.shown import show_dossier
from core.ids import OperatorId
from core.ports import Dossier
from core.records import ActionRecord, ApprovalRecord, ApprovalStatus

NOTHING_AROUND: Final = Around()
_LABEL: Final = 10
_EXCERPT_MAX: Final = 200


def risk_of(dossier: Dossier) -> RiskLevel:
    """The risk it is queued under."""
    return dossier.approval.risk if dossier.approval else dossier.verdict.risk


def dossier_title(dossier: Dossier) -> Spans:
    """Id, risk, agent, what it does to what."""
    action = dossier.record.action
    return (*_who(dossier), Span("  "), *deed(action))


def card_title(dossier: Dossier, now: datetime) -> Spans:
    """Id, risk, agent, and how long there is to decide."""
    approval = dossier.approval
    if approval is None or approval.status is not ApprovalStatus.PENDING:
        return (*_who(dossier), Span(_("  settled"), Tone.WARN))
    return (*_who(dossier), Span("  "), time_left(approval, now))


def time_left(approval: ApprovalRecord, now: datetime) -> Span:
    """`9m16s left`; louder the less there is."""
    left_s = (approval.expires_at - now).total_seconds()
    if left_s <= 0:
        return Span(_("expired"), Tone.BAD)
    return Span(_("{duration} left").format(duration=duration(left_s)), signs.urgency(left_s))


def _who(dossier: Dossier) -> Spans:
    action = dossier.record.action
    return (
        Span(short_id(action.id), Tone.STRONG),
        Span("  "),
        signs.RISK[risk_of(dossier)],
        Span("  "),
        Span(whole(action.agent_id), Tone.STRONG),
    )


class Card(NamedTuple):
    """One action as it is drawn. Only WAITING changes while it is looked at."""

    action: tuple[Line, ...]  # why it was stopped, what was asked for, what would run
    before: tuple[Line, ...] = ()  # how the like was decided
    waiting: tuple[Line, ...] = ()  # who waits for the answer
    beside: tuple[Line, ...] = ()  # policies, advice, what a decision is bound to

    @property
    def context(self) -> tuple[Line, ...]:
        """What a decision is weighed with."""
        return (*self.before, *self.waiting, *self.beside)

    @property
    def whole(self) -> tuple[Line, ...]:
        """Both, where they stand in one pane."""
        return (*self.action, *self.context)


def make_card(dossier: Dossier, view: View, around: Around = NOTHING_AROUND) -> Card:
    """All that is known of one action, in the order an operator asks."""
    dossier = show_dossier(dossier)
    record, verdict = dossier.record, dossier.verdict
    marked = mark_findings(
        verdict.findings,
        shown=dossier.arguments_shown,
        judged=current_arguments(dossier),
        resource=record.action.resource,
    )
    words = _words(dossier)
    drawn = [*_change(dossier, around.on_disk), *_running(record, dossier, marked)]
    action = (
        *_labelled(_("NOW"), _standing(dossier, view)),
        *_labelled(pgettext("card", "WHY"), _why(verdict, marked)),
        *_labelled(pgettext("card", "ASKED"), [_asked(words)]),
        *_labelled(_("ACTION"), [_action(record, marked)]),
        *_labelled(
            _("TOUCHES"), [*touched_lines(verdict.facts, of_original=_is_unjudged(dossier))]
        ),
        *drawn,
        *([Line((Span(_("ARGUMENTS"), Tone.TITLE),))] if drawn else []),
        *argument_lines(dossier.arguments_shown, marked),
    )
    beside = (
        *_labelled(_("POLICY"), policy_lines(verdict)),
        *_labelled(_("COUNSEL"), counsel_lines(verdict.counsel)),
        *_labelled(pgettext("card", "TRUST"), trust_lines(dossier.trust, verdict.trust, view)),
        *_labelled(_("WORDS"), _all_words(words)),
        *_labelled(_("SESSION"), session_lines(dossier, view)),
        *_labelled(_("BOUND TO"), binding_lines(dossier, view)),
        *_labelled(_("FOUND BY"), code_lines(verdict, marked)),
    )
    before = tuple(_labelled(_("BEFORE"), [*past_lines(around.past, view)]))
    return Card(action, before, waiting_lines(dossier, (), view), beside)


def waiting_lines(
    dossier: Dossier, waiting: Iterable[ApprovalRecord], view: View
) -> tuple[Line, ...]:
    """Who waits for the answer now; `waiting` is all that is held."""
    held = tuple(waiting)
    others, awaited = count_waiting_too(dossier.record, held), awaited_until(dossier.record, held)
    return tuple(_labelled(_("WAITING"), [*blocked_lines(dossier, others, view, awaited)]))


def _running(record: ActionRecord, dossier: Dossier, marked: Marked) -> Iterator[Line]:
    action = record.action
    drawn = draw_running(action.kind, action.resource, dossier.arguments_shown, marked)
    if drawn is not None:
        yield from _block(drawn.label, drawn.lines)


def _labelled(label: str, lines: Sequence[Line]) -> Iterator[Line]:
    for number, line in enumerate(lines):
        name = Span(f"{label if number == 0 else '':<{_LABEL}}", Tone.TITLE)
        blank = Span(" " * _LABEL)
        yield line._replace(lead=(name, *line.lead), follow=(blank, *line.follow))


def _block(label: str, lines: Sequence[Line]) -> Iterator[Line]:
    if lines:
        yield Line((Span(label, Tone.TITLE),))
        yield from lines


def _standing(dossier: Dossier, view: View) -> list[Line]:
    """Only what is out of the ordinary: votes, delays, an end."""
    approval, record = dossier.approval, dossier.record
    lines: list[Line] = []
    if record.status is not ActionStatus.PENDING:
        by = (
            _(" by {decided_by}").format(decided_by=whole(record.decided_by))
            if record.decided_by
            else ""
        )
        lines.append(
            said(
                _("settled: {value}{by}. {decision_reason}").format(
                    value=_(record.status.value), by=by, decision_reason=record.decision_reason
                )
            )
        )
    if approval is None:
        return lines
    if approval.votes_needed > 1:
        lines.append(Line((Span(votes_word(approval, view.operator), Tone.WARN),)))
        lines += [
            said(f"{vote.operator}: “{vote.reason}”") for vote in approval.votes if vote.reason
        ]
    if approval.deferred_until is not None:
        until = time_of_day(approval.deferred_until, view.zone)
        lines.append(
            Line((Span(_("not now: put off until {until}").format(until=until), Tone.WARN),))
        )
    if approval.arguments_edited is not None:
        lines.append(Line((Span(_edited_words(dossier, approval), Tone.WARN),)))
    return lines


def _is_unjudged(dossier: Dossier) -> bool:
    """Whether an edit has no verdict of its own here: an older engine kept none."""
    held = dossier.approval
    return held is not None and held.arguments_edited is not None and held.verdict_edited is None


def _edited_words(dossier: Dossier, approval: ApprovalRecord) -> str:
    by = whole(approval.edited_by) if approval.edited_by else _("an operator")
    if _is_unjudged(dossier):
        words = _("{by} edited the arguments, see CHANGE; the verdict is that of the original")
    else:
        words = _("{by} edited the arguments, see CHANGE; the verdict is that of the edit")
    return words.format(by=by)


def votes_word(approval: ApprovalRecord, operator: OperatorId) -> str:
    """`1 of 2 approvals: maria; another operator must approve`."""
    given = _("{number} of {votes_needed} approvals").format(
        number=len(approval.votes), votes_needed=approval.votes_needed
    )
    if not approval.votes:
        return _("{given}: two operators must approve; you are {operator}").format(
            given=given, operator=whole(operator)
        )
    names = ", ".join(whole(vote.operator) for vote in approval.votes)
    end = _("another operator must approve") if voted(approval, operator) else _("yours is missing")
    return f"{given}: {names}; {end}"


def voted(approval: ApprovalRecord, operator: OperatorId) -> bool:
    """True when this operator has approved already."""
    return any(is_same_person(vote.operator, operator) for vote in approval.votes)


def _why(verdict: Verdict, marked: Marked) -> list[Line]:
    """Reasons, then findings; a reason that a finding says too is said once."""
    told = {finding.message for finding in verdict.findings}
    reasons = [said(reason) for reason in verdict.reasons if reason not in told]
    numbered = zip(verdict.findings, marked.numbers, strict=True)
    return [*reasons, *(_finding(finding, number) for finding, number in numbered)]


def _finding(finding: Finding, number: int | None) -> Line:
    """`!1` stands beside the marked part too; what has no such part says where it lies."""
    where = (
        _(" at {path}").format(path=whole(finding.path)) if finding.path and number is None else ""
    )
    return Line(
        body=(
            signs.RISK[finding.level],
            Span(" "),
            *whole_spans(finding.message),
            *((Span(where, Tone.DIM),) if where else ()),
        ),
        lead=(Span(f"{sign_of(number):<3}", Tone.BAD if number else Tone.DIM),),
        follow=(Span(" " * 13),),
    )


def _action(record: ActionRecord, marked: Marked) -> Line:
    marks = marked.marks.get(RESOURCE, ())
    sign = Span(gutter_of(mark.number for mark in marks), Tone.BAD)
    what = deed(record.action, Tone.MARK if marks else Tone.STRONG)
    return Line(what, (sign,) if marks else (), wrap=Wrap.CHARACTERS)


def _change(dossier: Dossier, on_disk: OnDisk | None) -> Iterator[Line]:
    """An operator's edit against the original, or the edit that a file tool asks for."""
    if dossier.original_shown is not None:
        changed = diff_arguments(dossier.original_shown, dossier.arguments_shown)
        hidden = [prose(_("none in what is shown; a hidden secret may be another"), Tone.WARN)]
        yield from _block(_("CHANGE"), changed or hidden)
        return
    lines: list[Line] = []
    for each in replacements_in(dossier.arguments_shown):
        if each.where:
            lines.append(Line(whole_spans(each.where, Tone.KEY), wrap=Wrap.CHARACTERS))
        lines.extend(diff_text(each.old, each.new))
    content = content_of(dossier.record.action.kind, dossier.arguments_shown)
    if on_disk is not None and content is not None and not lines:
        lines.append(prose(on_disk.note, Tone.DIM))
        if on_disk.text is not None:
            lines.extend(diff_text(on_disk.text, content))
    yield from _block(_("CHANGE"), lines)


def content_of(kind: str, arguments: JsonObject) -> str | None:
    """The whole content that a file would get; None for what writes no file, or a part of one."""
    content = arguments.get("content")
    return content if kind == "file.write" and isinstance(content, str) else None


def _words(dossier: Dossier) -> list[str]:
    """The user's own words, newest first: of this action, else of its session."""
    own = dossier.record.action.purpose
    said = dossier.session.purposes if dossier.session else ()
    return [own, *(each for each in reversed(said) if each != own)] if own else [*reversed(said)]


def _asked(words: Sequence[str]) -> Line:
    """What the user asked for, short enough to stand above the arguments."""
    if not words:
        return Line((Span(_("the user's words are not known"), Tone.WARN),))
    newest = words[0]
    aside = () if _is_short(newest) else (Span(_("…  whole under WORDS"), Tone.DIM),)
    return _quoted(newest.split("\n")[0][:_EXCERPT_MAX], aside)


def _is_short(text: str) -> bool:
    return len(text) <= _EXCERPT_MAX and "\n" not in text


def _quoted(text: str, aside: Spans = ()) -> Line:
    return Line((*whole_spans(text), *aside), (Span("“ ", Tone.DIM),), (Span("  "),))


def _all_words(words: Sequence[str]) -> list[Line]:
    """What ASKED leaves out: long words whole, and earlier ones."""
    left = words[1:] if words and _is_short(words[0]) else words
    return [
        _quoted(part) if number == 0 else Line(whole_spans(part), (Span("  "),), (Span("  "),))
        for each in left
        for number, part in enumerate(each.split("\n"))
    ]
