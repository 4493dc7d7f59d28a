"""Remembered approvals: what they let through, until when, how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Final

from console.language import N_, _, numeral
from console.view_models import signs
from console.view_models.columns import Column, SortKey
from console.view_models.ink import Line, Span, Spans, Tone, Wrap, prose
from console.view_models.text import count, day_and_time, duration, short_id, visible, visible_spans

if TYPE_CHECKING:  # not loaded for the first picture
    from core.records import GrantRecord

COLUMNS: Final = (
    Column(title=N_("STATE"), width=9),
    Column(title=N_("AGENT"), width=11),
    Column(title=N_("KIND"), width=13, flexible=True, most=16, drop=1),
    Column(title=N_("FITS"), width=18, flexible=True),
    Column(title=N_("UP TO"), width=9),
    Column(title=N_("USED"), width=5, right=True),
    Column(title=N_("LEFT"), width=6, right=True),
)


SORTS: Final[Mapping[str, SortKey[GrantRecord]]] = {
    "AGENT": lambda rule: rule.agent_id,
    "KIND": lambda rule: rule.kind,
    "FITS": lambda rule: rule.resource_pattern,
    "USED": lambda rule: rule.used,
    "LEFT": lambda rule: rule.expires_at,
}


def is_in_force(rule: GrantRecord, now: datetime) -> bool:
    """Whether it lets anything through now."""
    return rule.revoked_at is None and now < rule.expires_at


def in_force_first(rules: Sequence[GrantRecord], now: datetime) -> tuple[GrantRecord, ...]:
    """Those in force by their end, then the others, newest first."""
    live = [each for each in rules if is_in_force(each, now)]
    ended = [each for each in rules if not is_in_force(each, now)]
    return (*sorted(live, key=lambda each: (each.expires_at, each.id)), *ended)


def rule_cells(rule: GrantRecord, now: datetime) -> tuple[Spans, ...]:
    """One rule, in the order of `COLUMNS`."""
    live = is_in_force(rule, now)
    tone = Tone.PLAIN if live else Tone.DIM
    left = duration((rule.expires_at - now).total_seconds()) if live else "-"
    return (
        (_state(rule, now),),
        (Span(visible(rule.agent_id), tone),),
        (Span(visible(rule.kind), tone),),
        (Span(visible(fits_words(rule)), Tone.STRONG if live else Tone.DIM),),
        (signs.RISK[rule.risk_max],),
        (Span(numeral(rule.used), tone),),
        (Span(left, tone),),
    )


def fits_words(rule: GrantRecord) -> str:
    """What it fits, in one line."""
    if rule.others_digest:
        return f"{rule.resource_pattern} · {_('with the same other arguments')}"
    if not rule.arguments_digest:
        return rule.resource_pattern
    return f"{rule.resource_pattern} · {_('these arguments alone')}"


def _state(rule: GrantRecord, now: datetime) -> Span:
    if rule.revoked_at is not None:
        return Span(_("✗ revoked"), Tone.DIM)
    return Span(_("✓ holds"), Tone.OK) if now < rule.expires_at else Span(_("· ended"), Tone.DIM)


def rules_title(rules: Sequence[GrantRecord] | None, now: datetime) -> Spans:
    """How many hold now."""
    words = _("not read yet")
    if rules is not None:
        live = sum(is_in_force(each, now) for each in rules)
        words = _("{rules} in force, {number} ended").format(
            rules=count(live, "rule", "rules"), number=numeral(len(rules) - live)
        )
    return (Span(_("STANDING RULES  "), Tone.TITLE), Span(words, Tone.DIM))


def rule_lines(rule: GrantRecord, zone: tzinfo) -> tuple[Line, ...]:
    """All of one rule."""
    facts = [
        (_("agent"), rule.agent_id),
        (_("kind"), rule.kind),
        (_("fits"), fits_words(rule)),
        (_("up to"), _("{value} risk").format(value=_(rule.risk_max.value))),
        # Counted in memory: each use is on the trail, but nobody counts them again at a start.
        (_("used"), f"{count(rule.used, 'time', 'times')} {_('since start')}"),
        (
            _("from"),
            _("{day_and_time} by {created_by}").format(
                day_and_time=day_and_time(rule.created_at, zone), created_by=rule.created_by
            ),
        ),
        (_("until"), day_and_time(rule.expires_at, zone)),
        (_("made of"), _("action {from_action}").format(from_action=short_id(rule.from_action))),
        (_("id"), rule.id),
    ]
    if rule.revoked_at is not None:
        facts.append((_("revoked"), day_and_time(rule.revoked_at, zone)))
    return tuple(
        Line(
            visible_spans(value),
            (Span(f"{name:<9}", Tone.KEY),),
            (Span(" " * 9),),
            Wrap.CHARACTERS,
        )
        for name, value in facts
    )


def no_rules() -> tuple[Line, ...]:
    """What an operator reads who has none."""
    return (
        prose(_("No rule: every action that policy asks about comes to you.")),
        prose(_("In approvals, r makes one: this agent, this kind, what it fits, until when.")),
    )
