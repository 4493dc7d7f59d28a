"""What an operator weighs a decision with: policies, counsel, trust, the session, ids."""

from collections.abc import Iterator
from typing import Final

from console.language import _, numeral
from console.view_models import signs
from console.view_models.arguments import Marked
from console.view_models.ink import Line, Span, Spans, Tone, Wrap
from console.view_models.summary import past_summary, shown_text, what_spans
from console.view_models.text import (
    count,
    day_and_time,
    short_time,
    time_of_day,
    whole,
    whole_spans,
)
from console.view_models.view import View
from core.actions import Action, ActionStatus, Counsel, Verdict
from core.ports import Dossier
from core.records import ActionRecord, TrustRecord

RECENT_MAX: Final = 8
_HISTORY_MAX: Final = 3


def said(text: str, tone: Tone = Tone.PLAIN) -> Line:
    """Words from outside, made visible."""
    return Line(whole_spans(text, tone))


def deed(action: Action, tone: Tone = Tone.PLAIN) -> Spans:
    """What is done to what."""
    if not action.resource:
        return whole_spans(action.kind)
    return (*whole_spans(action.kind), signs.STEP, *whole_spans(shown_text(action.resource), tone))


def policy_lines(verdict: Verdict) -> list[Line]:
    """Which policies decided, by their names."""
    names = verdict.policies
    return [said(name) for name in names] or [Line((Span(_("none named"), Tone.DIM),))]


def code_lines(verdict: Verdict, marked: Marked) -> list[Line]:
    """Each finding's own name and where it comes from, for whoever tunes policies."""
    return [
        Line(
            whole_spans(f"{finding.code}, {finding.source}", Tone.DIM),
            (Span(f"{sign_of(number):<3}", Tone.DIM),),
        )
        for finding, number in zip(verdict.findings, marked.numbers, strict=True)
    ]


def sign_of(number: int | None) -> str:
    """`!1` for a finding that is marked, `·` for one that is not."""
    return "·" if number is None else f"!{number}"


def counsel_lines(counsel: Counsel | None) -> list[Line]:
    """What kind of question this is, how sure the counsellor is, what to ask oneself."""
    if counsel is None:
        return [Line((signs.no_source(),))]
    if not counsel.called_for:
        return [Line((Span(_("not called for"), Tone.DIM),))]
    types = ", ".join(map(whole, counsel.types)) or _("general")
    sure = _("  confidence {confidence}").format(confidence=numeral(counsel.confidence, 2))
    basis = f": {whole(counsel.basis)}" if counsel.basis else ""
    lines = [Line((Span(types, Tone.STRONG), Span(sure + basis, Tone.DIM)))]
    if counsel.professional:
        who = _("consult a professional: {professional}").format(
            professional=whole(counsel.professional)
        )
        lines.append(Line((Span(who, Tone.WARN),)))
    if counsel.advice:
        lines.append(said(counsel.advice))
    lines.extend(
        Line(whole_spans(question), (Span("? ", Tone.INFO),), (Span("  "),))
        for question in counsel.questions
    )
    return lines


def trust_lines(trust: TrustRecord | None, at_verdict: float | None, view: View) -> list[Line]:
    """What came of the agent's actions, and how its score moved."""
    if trust is None:
        if at_verdict is None:
            return [Line((signs.no_source(),))]
        start = Span(_("  where it starts: nothing has come of its actions yet"), Tone.DIM)
        return [Line((Span(numeral(at_verdict, 2), Tone.STRONG), start))]
    then = (
        ""
        if at_verdict is None
        else _(", at the verdict {at_verdict}").format(at_verdict=numeral(at_verdict, 2))
    )
    bars = signs.sparkline(tuple(score for _, score, _ in trust.history))
    lines = [
        Line(
            (
                Span(f"{numeral(trust.score, 2)} ", Tone.STRONG),
                Span(f"{bars} ", Tone.INFO),
                Span(
                    _(" {clean} clean, {violations}").format(
                        clean=trust.clean,
                        violations=count(trust.violations, "violation", "violations"),
                    )
                ),
                Span(
                    _("  started at {start}{then}").format(
                        start=numeral(trust.start, 2), then=then
                    ),
                    Tone.DIM,
                ),
            )
        )
    ]
    for at, score, reason in reversed(trust.history[-_HISTORY_MAX:]):
        when = f"{short_time(at, view.zone, view.now)} {numeral(score, 2)} "
        lines.append(Line((Span(when, Tone.DIM), *whole_spans(reason))))
    return lines


def session_lines(dossier: Dossier, view: View) -> list[Line]:
    """The session and its last actions, each in one line."""
    session = dossier.session
    lines: list[Line] = []
    if session is None:
        named = dossier.record.action.session_id
        lines.append(said(named or _("no session named"), Tone.PLAIN if named else Tone.DIM))
        if dossier.session_edited:
            lines.append(
                said(
                    _("somebody edited it in the store, or it is archived: its words do not hold"),
                    Tone.WARN,
                )
            )
    else:
        since = time_of_day(session.started_at, view.zone)
        texts = count(len(session.untrusted), "text", "texts") + _(" from tools")
        where = _("  in {cwd}").format(cwd=whole(session.cwd)) if session.cwd else ""
        lines.append(
            Line(
                (
                    Span(
                        _("{id}  since {since}, {texts}{where}").format(
                            id=whole(session.id), since=since, texts=texts, where=where
                        )
                    ),
                )
            )
        )
    shown = dossier.recent[:RECENT_MAX]
    lines.extend(_recent(each, view) for each in shown)
    if left := len(dossier.recent) - len(shown):
        lines.append(
            Line(
                (
                    Span(
                        _("and {actions}").format(
                            actions=count(left, "earlier action", "earlier actions")
                        ),
                        Tone.DIM,
                    ),
                )
            )
        )
    return lines


def _recent(record: ActionRecord, view: View) -> Line:
    action = record.action
    status = {
        ActionStatus.ALLOWED: Span(_("✓ allowed "), Tone.OK),
        ActionStatus.DENIED: Span(_("✗ denied  "), Tone.BAD),
        ActionStatus.PENDING: Span(_("? waits   "), Tone.WARN),
        ActionStatus.EXPIRED: Span(_("✗ expired "), Tone.WARN),
    }[record.status]
    at = Span(f"{short_time(action.proposed_at, view.zone, view.now)} ", Tone.DIM)
    done = what_spans(action.kind, action.resource, past_summary(record))
    return Line((at, status, *done), wrap=Wrap.CUT)


def _decider(record: ActionRecord, view: View) -> Iterator[tuple[str, str]]:
    """Who decided; while it waits, as whom this console would."""
    waits = record.status is ActionStatus.PENDING
    name = view.operator if waits else record.decided_by
    if name:
        told = _("{operator}, operator").format(operator=name)
        yield _("decide as") if waits else _("decided by"), told


def binding_lines(dossier: Dossier, view: View) -> list[Line]:
    """What a decision is bound to."""
    record, approval = dossier.record, dossier.approval
    facts = [
        (_("digest"), approval.digest if approval else record.digest),
        *_decider(record, view),
        (_("id"), record.id),
        (_("trace"), record.action.correlation_id),
        (_("proposed"), day_and_time(record.action.proposed_at, view.zone)),
    ]
    if approval is not None:
        facts.append(
            (_("expires"), day_and_time(approval.expires_at, view.zone) + _(", then denied"))
        )
    if dossier.verdict.policy_version:
        facts.append((_("policy set"), dossier.verdict.policy_version))
    return [
        Line(
            whole_spans(value),
            (Span(f"{name:<10} ", Tone.DIM),),
            (Span(" " * 11),),
            Wrap.WORDS if " " in value else Wrap.CHARACTERS,
        )
        for name, value in facts
    ]
