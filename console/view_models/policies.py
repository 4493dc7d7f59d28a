"""Packs, their tests, the past under others, rules that decisions bear out."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final

from console.language import N_, _, numeral, pgettext
from console.view_models import signs
from console.view_models.columns import Column, SortKey
from console.view_models.facts import fact
from console.view_models.filters import Searched
from console.view_models.ink import Line, Span, Spans, Tone, Wrap, prose
from console.view_models.text import (
    cell_spans,
    count,
    day_and_time,
    short_id,
    short_time,
    visible,
)
from console.view_models.text import visible_spans as spans
from core.actions import Decision
from core.policy_ports import (
    CaseView,
    ChangeView,
    LibraryView,
    PackView,
    PolicyView,
    ReplayView,
    RuleProposal,
)

_ORDER: Final = tuple(Decision)

POLICY_COLUMNS: Final = (
    Column(title=N_("PACK"), width=13),
    Column(title=N_("SAYS"), width=7),
    Column(title=N_("POLICY"), width=26, flexible=True),
    Column(title=N_("REASON"), width=52, drop=2),
    Column(title=N_("WHERE"), width=24, drop=1),
)
CASE_COLUMNS: Final = (
    Column(title=N_("RESULT"), width=8),
    Column(title=N_("PACK"), width=13),
    Column(title=N_("CASE"), width=20, flexible=True),
    Column(title=N_("EXPECTED"), width=8),
    Column(title=N_("GOT"), width=8),
)
CHANGE_COLUMNS: Final = (
    Column(title=N_("WAS"), width=7),
    Column(title=N_("WOULD BE"), width=8),
    Column(title=N_("AGENT"), width=12),
    Column(title=N_("KIND"), width=14, flexible=True, most=16, drop=1),
    Column(title=N_("RESOURCE"), width=12, flexible=True),
    Column(title=N_("WHEN"), width=11, drop=2),
)
PROPOSAL_COLUMNS: Final = (
    Column(title=N_("SAVES"), width=6, right=True),
    Column(title=N_("AGENT"), width=13),
    Column(title=N_("KIND"), width=13, flexible=True, most=16, drop=1),
    Column(title=N_("FITS EXACTLY"), width=18, flexible=True),
    Column(title=N_("UP TO"), width=9),
    Column(title=N_("APPROVED"), width=8, right=True),
    Column(title=N_("LAST"), width=11, drop=2),
)
POLICY_SORTS: Final[Mapping[str, SortKey[PolicyView]]] = {
    "PACK": lambda each: each.pack,
    "SAYS": lambda each: _ORDER.index(each.decision),
    "POLICY": lambda each: each.id,
}
CASE_SORTS: Final[Mapping[str, SortKey[CaseView]]] = {
    "RESULT": lambda each: each.passed,
    "PACK": lambda each: each.pack,
}
CHANGE_SORTS: Final[Mapping[str, SortKey[ChangeView]]] = {
    "WOULD BE": lambda each: _ORDER.index(each.now),
    "AGENT": lambda each: each.agent_id,
    "WHEN": lambda each: each.at,
}
PROPOSAL_SORTS: Final[Mapping[str, SortKey[RuleProposal]]] = {
    "SAVES": lambda each: each.asks,
    "AGENT": lambda each: each.agent_id,
    "LAST": lambda each: each.last_at,
}


def place_of(policy: PolicyView) -> str:
    """`guardrails.cedar:12`."""
    return f"{policy.file.rsplit('/', 1)[-1]}:{policy.line}"


# -- packs --------------------------------------------------------------------------------


def policy_searched(policy: PolicyView) -> Searched:
    """What a filter may ask of it."""
    asked = {"pack": policy.pack, "says": policy.decision.value, "policy": policy.id}
    return Searched(asked, f"{' '.join(asked.values())} {policy.reason} {policy.file}")


def policy_cells(policy: PolicyView) -> tuple[Spans, ...]:
    """One policy, in the order of `POLICY_COLUMNS`."""
    return (
        cell_spans(policy.pack),
        (signs.DECISION[policy.decision],),
        cell_spans(policy.id, Tone.STRONG),
        cell_spans(policy.reason, Tone.DIM),
        cell_spans(place_of(policy), Tone.DIM),
    )


def policies_title(library: LibraryView, shown: int) -> Spans:
    """How many, and which version."""
    total = sum(len(each.policies) for each in library.packs)
    number = (
        _("{shown} of {total}").format(shown=shown, total=total) if shown < total else f"{total}"
    )
    words = _("  in {packs}  version {version}").format(
        packs=count(len(library.packs), "pack", "packs"), version=library.version[-8:]
    )
    return (Span(_("POLICIES  "), Tone.TITLE), Span(number), Span(words, Tone.DIM))


def policy_lines(policy: PolicyView, pack: PackView) -> tuple[Line, ...]:
    """One policy, and the pack that it stands in."""
    says: Spans = (signs.DECISION[policy.decision],)
    if policy.second_approver:
        says = (*says, Span(_("two people must consent"), Tone.WARN))
    if policy.decision is Decision.DENY and not policy.violation:
        says = (*says, Span(_("costs no trust"), Tone.DIM))
    judged = ", ".join(pack.agents)
    return (
        fact(_("says"), says),
        fact(_("because"), policy.reason, Wrap.WORDS),
        fact(_("where"), f"{policy.file}:{policy.line}"),
        fact(_("pack"), f"{pack.name}: {pack.description}", Wrap.WORDS),
        fact(_("judges"), judged or (Span(_("no agent now"), Tone.DIM),)),
        fact(_("tests"), count(pack.cases, "case", "cases") + _(" of its own")),
        Line(),
        *(Line(spans(each, Tone.INFO), wrap=Wrap.CHARACTERS) for each in policy.text.splitlines()),
    )


# -- tests --------------------------------------------------------------------------------


def case_searched(case: CaseView) -> Searched:
    """What a filter may ask of it."""
    asked = {"pack": case.pack, "result": "passed" if case.passed else "failed"}
    everything = f"{' '.join(asked.values())} {case.name} {case.kind} {case.resource}"
    return Searched(asked, f"{everything} {case.expected_by} {' '.join(case.got_by)}")


def failed_first(cases: Sequence[CaseView]) -> tuple[CaseView, ...]:
    """What needs a look stands first."""
    return tuple(sorted(cases, key=lambda each: each.passed))


def case_cells(case: CaseView) -> tuple[Spans, ...]:
    """One case, in the order of `CASE_COLUMNS`."""
    result = Span(_("✓ passed"), Tone.OK) if case.passed else Span(_("✗ FAILED"), Tone.BAD)
    return (
        (result,),
        cell_spans(case.pack),
        cell_spans(case.name, Tone.STRONG),
        (signs.DECISION[case.expected],),
        (signs.DECISION[case.got],),
    )


def cases_title(cases: Sequence[CaseView], shown: int) -> Spans:
    """How many passed."""
    passed = sum(each.passed for each in cases)
    failed = len(cases) - passed
    kept = _("  {shown} shown").format(shown=shown) if shown < len(cases) else ""
    return (
        Span(_("POLICY TESTS  "), Tone.TITLE),
        Span(_("✓ {passed} passed").format(passed=numeral(passed)), Tone.OK),
        Span(
            _("  ✗ {failed} failed").format(failed=numeral(failed))
            if failed
            else _("  none failed"),
            Tone.BAD if failed else Tone.DIM,
        ),
        Span(kept, Tone.DIM),
    )


def case_lines(case: CaseView) -> tuple[Line, ...]:
    """One case whole."""
    by = ", ".join(case.got_by)
    return (
        fact(
            _("expected"),
            (
                signs.DECISION[case.expected],
                *spans(_(" by {expected_by}").format(expected_by=case.expected_by)),
            ),
        ),
        fact(_("got"), (signs.DECISION[case.got], *spans(_(" by {by}").format(by=by)))),
        fact(_("kind"), case.kind),
        fact(_("resource"), case.resource),
        fact(_("pack"), case.pack),
    )


# -- replay -------------------------------------------------------------------------------


def change_searched(change: ChangeView) -> Searched:
    """What a filter may ask of it."""
    asked = {
        "agent": change.agent_id,
        "kind": change.kind,
        "was": change.was.value,
        "now": change.now.value,
    }
    everything = f"{' '.join(asked.values())} {change.resource} {' '.join(change.policies)}"
    return Searched(asked, everything)


def change_cells(change: ChangeView, zone: tzinfo, now: datetime) -> tuple[Spans, ...]:
    """One change, in the order of `CHANGE_COLUMNS`."""
    return (
        (signs.DECISION[change.was],),
        (signs.DECISION[change.now],),
        cell_spans(change.agent_id),
        cell_spans(change.kind),
        cell_spans(change.resource, Tone.STRONG),
        (Span(short_time(change.at, zone, now), Tone.DIM),),
    )


def replay_title(report: ReplayView, shown: int) -> Spans:
    """What would change, by what it would become."""
    parts = [Span(_("WHAT IF  "), Tone.TITLE)]
    for decision in (Decision.ALLOW, Decision.ASK, Decision.DENY):
        number = sum(each.now is decision for each in report.changes)
        if not number:
            continue
        sign = signs.DECISION[decision]
        words = _("{text} {number} more  ").format(text=sign.text.rstrip(), number=numeral(number))
        parts.append(Span(words, sign.tone))
    kept = _("{shown} shown  ").format(shown=shown) if shown < len(report.changes) else ""
    words = _("{kept}{unchanged} the same").format(kept=kept, unchanged=numeral(report.unchanged))
    skipped = (
        _(", {skipped} skipped").format(skipped=numeral(report.skipped)) if report.skipped else ""
    )
    return (*parts, Span(words + skipped, Tone.DIM))


def replay_place(report: ReplayView) -> str:
    """Which packs the past was held against."""
    where = visible(report.folder) or _("the shipped packs")
    same = report.version == report.version_in_force
    return f"{where}: {_('the same as in force') if same else _('other than in force')}"


def change_lines(change: ChangeView, report: ReplayView, zone: tzinfo) -> tuple[Line, ...]:
    """One change whole."""
    would = (
        signs.DECISION[change.now],
        *spans(_(" by {policies}").format(policies=", ".join(change.policies))),
    )
    return (
        fact(_("was"), (signs.DECISION[change.was],)),
        fact(_("would be"), would),
        *(fact(_("because"), each, Wrap.WORDS) for each in change.reasons),
        fact(_("agent"), change.agent_id),
        fact(_("action"), f"{change.kind} {change.resource}"),
        fact(_("when"), day_and_time(change.at, zone)),
        fact(_("id"), change.action_id),
        fact(_("packs"), replay_place(report)),
        fact(
            pgettext("replay", "looked at"),
            count(report.read, "recorded action", "recorded actions"),
        ),
    )


# -- proposed rules -----------------------------------------------------------------------

HOW_PROPOSED: Final = N_(
    "Proposed is only what operators approved at least five times exactly as"
    " it stood, and nobody ever denied or edited: commands, file reads and"
    " file removals, where the target says all. Never what was critical or"
    " needed two people."
)


def proposal_searched(proposal: RuleProposal) -> Searched:
    """What a filter may ask of it."""
    asked = {"agent": proposal.agent_id, "kind": proposal.kind}
    return Searched(asked, f"{' '.join(asked.values())} {proposal.resource_pattern}")


def proposal_cells(proposal: RuleProposal, zone: tzinfo, now: datetime) -> tuple[Spans, ...]:
    """One proposal, in the order of `PROPOSAL_COLUMNS`."""
    return (
        (Span(numeral(proposal.asks), Tone.OK),),
        cell_spans(proposal.agent_id),
        cell_spans(proposal.kind),
        cell_spans(proposal.resource_pattern, Tone.STRONG),
        (signs.RISK[proposal.risk_max],),
        (Span(numeral(proposal.approved)),),
        (Span(short_time(proposal.last_at, zone, now), Tone.DIM),),
    )


def proposals_title(proposals: Sequence[RuleProposal], shown: int) -> Spans:
    """How many, and what all of them would have saved."""
    saved = sum(each.asks for each in proposals)
    kept = _("{shown} of ").format(shown=shown) if shown < len(proposals) else ""
    words = _("{kept}{rules}, would have saved {questions}").format(
        kept=kept,
        rules=count(len(proposals), "rule", "rules"),
        questions=count(saved, "question", "questions"),
    )
    return (Span(_("PROPOSED RULES  "), Tone.TITLE), Span(words, Tone.DIM))


def proposal_lines(
    proposal: RuleProposal, zone: tzinfo, *, show: Callable[[str], Spans] = spans
) -> tuple[Line, ...]:
    """One proposal: what it rests on, what it would do. `show` makes text from outside safe."""
    days = round(proposal.lasts_s / 86400)
    beside = f" · {_('with the same other arguments')}" if proposal.others_digest else ""
    return (
        fact(
            _("would have"),
            _("saved {questions}, passed nothing denied").format(
                questions=count(proposal.asks, "question", "questions")
            ),
        ),
        fact(_("agent"), show(proposal.agent_id)),
        fact(_("kind"), show(proposal.kind)),
        fact(_("fits"), (*show(proposal.resource_pattern), Span(beside))),
        fact(_("up to"), _("{value} risk").format(value=_(proposal.risk_max.value))),
        fact(_("lasts"), count(days, "day", "days") + _(" from when you accept it")),
        fact(
            _("approved"),
            _("{times} by {operators}").format(
                times=count(proposal.approved, "time", "times"),
                operators=", ".join(proposal.operators),
            ),
        ),
        fact(_("first"), day_and_time(proposal.first_at, zone)),
        fact(
            _("last"), f"{day_and_time(proposal.last_at, zone)}, {short_id(proposal.from_action)}"
        ),
        Line(),
        prose(_(HOW_PROPOSED), Tone.DIM),
    )
