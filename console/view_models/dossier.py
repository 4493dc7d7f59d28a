"""One held action, with all that is needed to decide it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Final, NamedTuple

from console.view_models import signs
from console.view_models.arguments import RESOURCE, Marked, argument_lines, mark_findings
from console.view_models.diff import diff_arguments, diff_text, replacements_in
from console.view_models.ink import Line, Span, Spans, Tone, Wrap
from console.view_models.text import (
    count,
    day_and_time,
    duration,
    short_id,
    short_time,
    time_of_day,
    visible,
    visible_spans,
)
from core.actions import Action, ActionStatus, Counsel, Finding, JsonObject, RiskLevel
from core.ids import OperatorId
from core.ports import Dossier
from core.records import ActionRecord, ApprovalRecord, ApprovalStatus, TrustRecord

_LABEL: Final = 10
_RECENT_MAX: Final = 8
_HISTORY_MAX: Final = 3
_EXCERPT_MAX: Final = 200
_SOON_S: Final = 60
_LATER_S: Final = 180


class View(NamedTuple):
    """Who looks, when and where: what words depend on beside the facts."""

    now: datetime
    zone: tzinfo
    operator: OperatorId


def risk_of(dossier: Dossier) -> RiskLevel:
    """The risk it is queued under."""
    return dossier.approval.risk if dossier.approval else dossier.record.verdict.risk


def current_arguments(dossier: Dossier) -> JsonObject:
    """The arguments that would run now: the latest edit, else the original. Not redacted."""
    edited = dossier.approval.arguments_edited if dossier.approval else None
    return dossier.record.action.arguments if edited is None else edited


def dossier_title(dossier: Dossier) -> Spans:
    """Id, risk, agent, what it does to what."""
    action = dossier.record.action
    return (*_who(dossier), Span("  "), *_deed(action))


def card_title(dossier: Dossier, now: datetime) -> Spans:
    """Id, risk, agent, and how long there is to decide."""
    approval = dossier.approval
    if approval is None or approval.status is not ApprovalStatus.PENDING:
        return (*_who(dossier), Span("  settled", Tone.WARN))
    return (*_who(dossier), Span("  "), time_left(approval, now))


def time_left(approval: ApprovalRecord, now: datetime) -> Span:
    """`9m16s left`; louder the less there is."""
    left_s = (approval.expires_at - now).total_seconds()
    if left_s <= 0:
        return Span("expired", Tone.BAD)
    return Span(f"{duration(left_s)} left", urgency(left_s))


def urgency(left_s: float) -> Tone:
    """The tone of a time that runs out."""
    return Tone.BAD if left_s < _SOON_S else Tone.WARN if left_s < _LATER_S else Tone.PLAIN


def _who(dossier: Dossier) -> Spans:
    action = dossier.record.action
    return (
        Span(short_id(action.id), Tone.STRONG),
        Span("  "),
        signs.RISK[risk_of(dossier)],
        Span("  "),
        Span(visible(action.agent_id), Tone.STRONG),
    )


def _deed(action: Action, tone: Tone = Tone.PLAIN) -> Spans:
    return (*visible_spans(action.kind), signs.STEP, *visible_spans(action.resource, tone))


class Card(NamedTuple):
    """One action as it is drawn. Holds no times that pass: it stays true while looked at."""

    action: tuple[Line, ...]  # why it was stopped, what was asked for, what would run
    context: tuple[Line, ...]  # policies, advice, the past, what a decision is bound to

    @property
    def whole(self) -> tuple[Line, ...]:
        """Both, where they stand in one pane."""
        return (*self.action, *self.context)


def make_card(dossier: Dossier, view: View) -> Card:
    """All that is known of one action, in the order an operator asks."""
    record = dossier.record
    marked = mark_findings(
        record.verdict.findings,
        shown=dossier.arguments_shown,
        judged=current_arguments(dossier),
        resource=record.action.resource,
    )
    words = _words(dossier)
    change = _change(dossier)
    action = (
        *_labelled("NOW", _standing(dossier, view)),
        *_labelled("WHY", _why(record, marked)),
        *_labelled("ASKED", [_asked(words)]),
        *_labelled("ACTION", [_action(record, marked)]),
        *_block("CHANGE", change),
        *([Line((Span("ARGUMENTS", Tone.TITLE),))] if change else []),
        *argument_lines(dossier.arguments_shown, marked),
    )
    context = (
        *_labelled("POLICY", _policies(record)),
        *_labelled("COUNSEL", _counsel(record.verdict.counsel)),
        *_labelled("TRUST", _trust(dossier.trust, record.verdict.trust, view)),
        *_labelled("WORDS", _all_words(words)),
        *_labelled("SESSION", _session(dossier, view)),
        *_labelled("BOUND TO", _binding(dossier, view)),
        *_labelled("FOUND BY", _codes(record, marked)),
    )
    return Card(action, context)


def _labelled(label: str, lines: Sequence[Line]) -> Iterator[Line]:
    for number, line in enumerate(lines):
        name = Span(f"{label if number == 0 else '':<{_LABEL}}", Tone.TITLE)
        blank = Span(" " * _LABEL)
        yield line._replace(lead=(name, *line.lead), follow=(blank, *line.follow))


def _block(label: str, lines: Sequence[Line]) -> Iterator[Line]:
    if lines:
        yield Line((Span(label, Tone.TITLE),))
        yield from lines


def _said(text: str, tone: Tone = Tone.PLAIN) -> Line:
    return Line(visible_spans(text, tone))


def _standing(dossier: Dossier, view: View) -> list[Line]:
    """Only what is out of the ordinary: votes, delays, an end."""
    approval, record = dossier.approval, dossier.record
    lines: list[Line] = []
    if record.status is not ActionStatus.PENDING:
        by = f" by {visible(record.decided_by)}" if record.decided_by else ""
        lines.append(_said(f"settled: {record.status.value}{by}. {record.decision_reason}"))
    if approval is None:
        return lines
    if approval.votes_needed > 1:
        lines.append(Line((Span(votes_word(approval, view.operator), Tone.WARN),)))
    if approval.deferred_until is not None:
        until = time_of_day(approval.deferred_until, view.zone)
        lines.append(Line((Span(f"not now: put off until {until}", Tone.WARN),)))
    if approval.arguments_edited is not None:
        lines.append(Line((Span("an operator edited the arguments; see CHANGE", Tone.WARN),)))
    return lines


def votes_word(approval: ApprovalRecord, operator: OperatorId) -> str:
    """`1 of 2 approvals: maria; another operator must approve`."""
    given = f"{len(approval.votes)} of {approval.votes_needed} approvals"
    if not approval.votes:
        return f"{given}: two different operators must approve"
    names = ", ".join(visible(vote.operator) for vote in approval.votes)
    end = "another operator must approve" if voted(approval, operator) else "yours is missing"
    return f"{given}: {names}; {end}"


def voted(approval: ApprovalRecord, operator: OperatorId) -> bool:
    """True when this operator has approved already."""
    return any(vote.operator == operator for vote in approval.votes)


def _why(record: ActionRecord, marked: Marked) -> list[Line]:
    """Reasons, then findings; a reason that a finding says too is said once."""
    verdict = record.verdict
    told = {finding.message for finding in verdict.findings}
    reasons = [_said(reason) for reason in verdict.reasons if reason not in told]
    numbered = zip(verdict.findings, marked.numbers, strict=True)
    return [*reasons, *(_finding(finding, number) for finding, number in numbered)]


def _policies(record: ActionRecord) -> list[Line]:
    """Which policies decided, by their names."""
    names = record.verdict.policies
    return [_said(name) for name in names] or [Line((Span("none named", Tone.DIM),))]


def _codes(record: ActionRecord, marked: Marked) -> list[Line]:
    """Each finding's own name and where it comes from, for whoever tunes policies."""
    return [
        Line(
            visible_spans(f"{finding.code}, {finding.source}", Tone.DIM),
            (Span(f"{_sign(number):<3}", Tone.DIM),),
        )
        for finding, number in zip(record.verdict.findings, marked.numbers, strict=True)
    ]


def _sign(number: int | None) -> str:
    return "·" if number is None else f"!{number}"


def _finding(finding: Finding, number: int | None) -> Line:
    """`!1` stands beside the marked part too; what has no such part says where it lies."""
    where = f" at {visible(finding.path)}" if finding.path and number is None else ""
    return Line(
        body=(
            signs.RISK[finding.level],
            Span(" "),
            *visible_spans(finding.message),
            *((Span(where, Tone.DIM),) if where else ()),
        ),
        lead=(Span(f"{_sign(number):<3}", Tone.BAD if number else Tone.DIM),),
        follow=(Span(" " * 13),),
    )


def _action(record: ActionRecord, marked: Marked) -> Line:
    tone = Tone.MARK if RESOURCE in marked.marks else Tone.STRONG
    return Line(_deed(record.action, tone), wrap=Wrap.CHARACTERS)


def _change(dossier: Dossier) -> tuple[Line, ...]:
    """An operator's edit against the original, or the edit that a file tool asks for."""
    approval = dossier.approval
    if approval is not None and approval.arguments_edited is not None:
        original = dossier.record.action.arguments
        return diff_arguments(_hide(original, dossier), dossier.arguments_shown)
    lines: list[Line] = []
    for each in replacements_in(dossier.arguments_shown):
        if each.where:
            lines.append(Line(visible_spans(each.where, Tone.KEY), wrap=Wrap.CHARACTERS))
        lines.extend(diff_text(each.old, each.new))
    return tuple(lines)


def _hide(original: JsonObject, dossier: Dossier) -> JsonObject:
    """The original with what redaction hides in the edit hidden too: same secret, same words."""
    actual = current_arguments(dossier)
    return {
        key: dossier.arguments_shown[key]
        if key in actual and key in dossier.arguments_shown and actual[key] == value
        else value
        for key, value in original.items()
    }


def _words(dossier: Dossier) -> list[str]:
    """The user's own words, newest first: of this action, else of its session."""
    own = dossier.record.action.purpose
    said = dossier.session.purposes if dossier.session else ()
    return [own, *(each for each in reversed(said) if each != own)] if own else [*reversed(said)]


def _asked(words: Sequence[str]) -> Line:
    """What the user asked for, short enough to stand above the arguments."""
    if not words:
        return Line((Span("the user's words are not known", Tone.WARN),))
    newest = words[0]
    aside = () if _is_short(newest) else (Span("…  whole under WORDS", Tone.DIM),)
    return _quoted(newest.split("\n")[0][:_EXCERPT_MAX], aside)


def _is_short(text: str) -> bool:
    return len(text) <= _EXCERPT_MAX and "\n" not in text


def _quoted(text: str, aside: Spans = ()) -> Line:
    return Line((*visible_spans(text), *aside), (Span("“ ", Tone.DIM),), (Span("  "),))


def _all_words(words: Sequence[str]) -> list[Line]:
    """What ASKED leaves out: long words whole, and earlier ones."""
    left = words[1:] if words and _is_short(words[0]) else words
    return [
        _quoted(part) if number == 0 else Line(visible_spans(part), (Span("  "),), (Span("  "),))
        for each in left
        for number, part in enumerate(each.split("\n"))
    ]


def _counsel(counsel: Counsel | None) -> list[Line]:
    if counsel is None:
        return [Line((signs.NO_SOURCE,))]
    if not counsel.called_for:
        return [Line((Span("not called for", Tone.DIM),))]
    types = ", ".join(map(visible, counsel.types)) or "general"
    sure = f"  confidence {counsel.confidence:.2f}"
    basis = f": {visible(counsel.basis)}" if counsel.basis else ""
    lines = [Line((Span(types, Tone.STRONG), Span(sure + basis, Tone.DIM)))]
    if counsel.professional:
        who = f"consult a professional: {visible(counsel.professional)}"
        lines.append(Line((Span(who, Tone.WARN),)))
    if counsel.advice:
        lines.append(_said(counsel.advice))
    lines.extend(
        Line(visible_spans(question), (Span("? ", Tone.INFO),), (Span("  "),))
        for question in counsel.questions
    )
    return lines


def _trust(trust: TrustRecord | None, at_verdict: float | None, view: View) -> list[Line]:
    if trust is None:
        if at_verdict is None:
            return [Line((signs.NO_SOURCE,))]
        start = Span("  where it starts: nothing has come of its actions yet", Tone.DIM)
        return [Line((Span(f"{at_verdict:.2f}", Tone.STRONG), start))]
    then = "" if at_verdict is None else f", at the verdict {at_verdict:.2f}"
    bars = signs.sparkline(tuple(score for _, score, _ in trust.history))
    lines = [
        Line(
            (
                Span(f"{trust.score:.2f} ", Tone.STRONG),
                Span(f"{bars} ", Tone.INFO),
                Span(f" {trust.clean} clean, {count(trust.violations, 'violation')}"),
                Span(f"  started at {trust.start:.2f}{then}", Tone.DIM),
            )
        )
    ]
    for at, score, reason in reversed(trust.history[-_HISTORY_MAX:]):
        when = f"{short_time(at, view.zone, view.now)} {score:.2f} "
        lines.append(Line((Span(when, Tone.DIM), *visible_spans(reason))))
    return lines


def _session(dossier: Dossier, view: View) -> list[Line]:
    session = dossier.session
    lines: list[Line] = []
    if session is None:
        named = dossier.record.action.session_id
        lines.append(_said(named or "no session named", Tone.PLAIN if named else Tone.DIM))
    else:
        since = time_of_day(session.started_at, view.zone)
        texts = count(len(session.untrusted), "text") + " from tools"
        where = f"  in {visible(session.cwd)}" if session.cwd else ""
        lines.append(Line((Span(f"{visible(session.id)}  since {since}, {texts}{where}"),)))
    shown = dossier.recent[:_RECENT_MAX]
    lines.extend(_recent(each, view) for each in shown)
    if left := len(dossier.recent) - len(shown):
        lines.append(Line((Span(f"and {count(left, 'earlier action')}", Tone.DIM),)))
    return lines


def _recent(record: ActionRecord, view: View) -> Line:
    action = record.action
    status = {
        ActionStatus.ALLOWED: Span("✓ allowed ", Tone.OK),
        ActionStatus.DENIED: Span("✗ denied  ", Tone.BAD),
        ActionStatus.PENDING: Span("? waits   ", Tone.WARN),
        ActionStatus.EXPIRED: Span("✗ expired ", Tone.WARN),
    }[record.status]
    at = Span(f"{short_time(action.proposed_at, view.zone, view.now)} ", Tone.DIM)
    return Line((at, status, *_deed(action)), follow=(Span(" " * 19),))


def _binding(dossier: Dossier, view: View) -> list[Line]:
    record, approval = dossier.record, dossier.approval
    facts = [
        ("digest", approval.digest if approval else record.digest),
        ("id", record.id),
        ("trace", record.action.correlation_id),
        ("proposed", day_and_time(record.action.proposed_at, view.zone)),
    ]
    if approval is not None:
        facts.append(("expires", day_and_time(approval.expires_at, view.zone) + ", then denied"))
    if record.verdict.policy_version:
        facts.append(("policy set", record.verdict.policy_version))
    return [
        Line(
            visible_spans(value),
            (Span(f"{name:<11}", Tone.DIM),),
            (Span(" " * 11),),
            Wrap.CHARACTERS,
        )
        for name, value in facts
    ]
