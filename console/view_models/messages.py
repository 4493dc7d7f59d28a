"""Messages between agents as rows, and one message whole."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any, Final

from console.language import N_, _, numeral
from console.view_models import signs
from console.view_models.columns import Column, SortKey
from console.view_models.filters import Filter, Searched
from console.view_models.ink import Line, Span, Spans, Tone, Wrap
from console.view_models.leaves import leaves_of, literal
from console.view_models.summary import beginning_of, summarize
from console.view_models.text import (
    cell_spans,
    day_and_time,
    duration,
    short_time,
    visible,
    visible_spans,
)
from core.actions import JsonObject
from core.fleet import EVERYBODY, Message, MessageState, MessageView
from core.fleet_ports import MessageQuery
from core.governance.screening.rules import screen
from core.ids import AgentId

COLUMNS: Final = (
    Column(title=N_("TIME"), width=11),
    Column(title=N_("STATE"), width=9),
    Column(title=N_("FROM"), width=10, flexible=True, most=12),
    Column(title=N_("TO"), width=10, flexible=True, most=18),
    Column(title=N_("TYPE"), width=16),
    Column(title=N_("PRI"), width=4, right=True, drop=1),
    Column(title=N_("WHAT"), width=11, flexible=True),
)
_KEY: Final = 9
_NAME_MAX: Final = 24
_SHOWN_MAX: Final = 400
_REMEMBERED_MAX: Final = 4000  # characters of a payload

SORTS: Final[Mapping[str, SortKey[MessageView]]] = {
    "TIME": lambda view: view.message.at,
    "STATE": lambda view: view.state.value,
    "FROM": lambda view: view.message.sender,
    "TO": lambda view: addressee(view.message),
    "TYPE": lambda view: view.message.type,
    "PRI": lambda view: view.priority_now,
}


def addressee(message: Message) -> str:
    """Whom it is for, in words."""
    if message.to == EVERYBODY:
        return _("everybody")
    return message.to or _("any: {capability}").format(capability=message.capability or "agent")


def shown_payload(message: Message) -> JsonObject:
    """The payload without the secrets that agents may have put into it."""
    try:
        text = json.dumps(message.payload, default=str)
        return _redacted(text) if len(text) <= _REMEMBERED_MAX else _redacted_long(_Same(message))
    except RecursionError:
        return {"not shown": _("it is nested too deeply")}


class _Same:
    """A message as the key of what is remembered of it: this one, not one that is equal."""

    def __init__(self, message: Message) -> None:
        self.message = message

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.message is other.message

    def __hash__(self) -> int:
        return id(self.message)


@lru_cache(maxsize=4)
def _redacted_long(same: _Same) -> JsonObject:
    return _redact(json.dumps(same.message.payload, default=str))


@lru_cache(maxsize=128)
def _summary(same: _Same) -> str:
    """One line of what a payload says, from no more than its beginning."""
    try:
        beginning = beginning_of(same.message.payload)
        return summarize(_redact(json.dumps(beginning, default=str)))
    except RecursionError:
        return summarize({"not shown": _("it is nested too deeply")})


def _redact(text: str) -> JsonObject:
    found: Any = screen(json.loads(text)).redacted
    return dict(found)


_redacted = lru_cache(maxsize=1024)(_redact)


def query_of(kept: Filter, *, dead_only: bool) -> MessageQuery:
    """What of a filter the port can look for: an agent, a type, the longest word.

    It compares as typed, capitals too; the rest is asked of what it gives back.
    """
    return MessageQuery(
        agent=max(kept.plain("agent"), key=len, default=""),
        type=max(kept.plain("type"), key=len, default=""),
        text=max(kept.plain(), key=len, default=""),
        dead_only=dead_only,
    )


def searched(view: MessageView) -> Searched:
    """What a filter may ask of a message."""
    message = view.message
    agents = f"{message.sender} {message.to} {view.holder or ''}"
    fields = {
        "agent": agents,
        "type": message.type,
        "state": view.state.value,
        "from": message.sender,
        "to": addressee(message),
    }
    payload = json.dumps(shown_payload(message), default=str, ensure_ascii=False)
    everything = (
        f"{message.id} {message.type} {agents} {addressee(message)} {message.correlation_id}"
        f" {view.reason} {view.state.value} {payload}"
    )
    return Searched(fields, everything)


def message_cells(view: MessageView, zone: tzinfo, now: datetime) -> tuple[Spans, ...]:
    """One message, in the order of `COLUMNS`."""
    message = view.message
    raised = view.priority_now > message.priority
    priority = Span(
        f"{view.priority_now}{'↑' if raised else ''}", Tone.WARN if raised else Tone.DIM
    )
    what = cell_spans(view.reason, Tone.WARN) if view.reason else ()
    gap = (Span("  "),) if view.reason else ()
    return (
        (Span(short_time(message.at, zone, now), Tone.DIM),),
        (signs.MESSAGE[view.state],),
        (Span(visible(message.sender)),),
        (Span(visible(addressee(message))),),
        (Span(visible(message.type), Tone.STRONG),),
        (priority,),
        (*what, *gap, Span(_summary(_Same(message)), Tone.DIM)),
    )


def message_lines(view: MessageView, zone: tzinfo, now: datetime) -> tuple[Line, ...]:
    """All of one message; its payload as named values, never as text that could pass for more."""
    message = view.message
    changed = duration((now - view.changed_at).total_seconds())
    facts: list[tuple[str, Spans]] = [
        (
            _("state"),
            (
                signs.MESSAGE[view.state],
                Span(_("  for {changed}").format(changed=changed), Tone.DIM),
            ),
        ),
    ]
    if view.reason:
        facts.append((_("why"), visible_spans(view.reason, Tone.WARN)))
    facts += [
        (_("from"), visible_spans(message.sender)),
        (_("to"), visible_spans(addressee(message))),
        (
            _("holder"),
            visible_spans(view.holder) if view.holder else (Span(_("nobody"), Tone.DIM),),
        ),
        (_("priority"), (Span(_priority(view)),)),
        (_("sent"), (Span(day_and_time(message.at, zone)),)),
    ]
    if message.expires_at is not None and view.state is not MessageState.HANDLED:
        facts.append((_("expires"), (Span(day_and_time(message.expires_at, zone)),)))
    facts += [
        (_("answer"), (Span(_answer(message)),)),
        (_("kept"), (Span(_("durable") if message.durable else _("lost with the process")),)),
        (_("id"), visible_spans(message.id, Tone.DIM)),
        (_("trace"), visible_spans(message.correlation_id, Tone.DIM)),
    ]
    return (
        *(_fact(name, body, _KEY) for name, body in facts),
        Line(),
        Line((Span(_("PAYLOAD"), Tone.TITLE),)),
        *_payload(message),
    )


def _fact(name: str, body: Spans, width: int, wrap: Wrap = Wrap.WORDS) -> Line:
    return Line(body, (Span(f"{name:<{width}}", Tone.KEY),), (Span(" " * width),), wrap)


def _priority(view: MessageView) -> str:
    own = view.message.priority
    if view.priority_now == own:
        return _("{own} of 10").format(own=own)
    return _("{priority_now} of 10, raised from {own} while it waits").format(
        priority_now=view.priority_now, own=own
    )


def _answer(message: Message) -> str:
    if message.answers is not None:
        return _("this answers {answers}").format(answers=visible(message.answers))
    return _("required") if message.answer_required else _("not required")


def _payload(message: Message) -> tuple[Line, ...]:
    if not message.payload:
        return (Line((Span(_("empty"), Tone.DIM),)),)
    leaves = leaves_of(shown_payload(message))
    rows = [
        (visible(leaf.path), leaf.value if isinstance(leaf.value, str) else literal(leaf.value))
        for leaf in leaves[:_SHOWN_MAX]
    ]
    width = min(_NAME_MAX, max(len(name) for name, _ in rows)) + 2
    lines = [_fact(name, visible_spans(value), width, Wrap.CHARACTERS) for name, value in rows]
    if len(leaves) > _SHOWN_MAX:
        lines.append(
            Line(
                (
                    Span(
                        _("{number} more values").format(number=numeral(len(leaves) - _SHOWN_MAX)),
                        Tone.WARN,
                    ),
                )
            )
        )
    return tuple(lines)


def agent_of(view: MessageView) -> AgentId:
    """Whose message it is to deal with."""
    return view.holder or view.message.to or view.message.sender


def messages_title(
    shown: Sequence[MessageView] | None, *, dead_only: bool, missed: int | None, problem: str
) -> Spans:
    """Heading: what is shown, whether it moves. `missed` None: it does."""
    head = Span(_("DEAD LETTERS  ") if dead_only else _("MESSAGES  "), Tone.TITLE)
    if problem:
        return (head, Span("✗ ", Tone.BAD), *visible_spans(problem, Tone.BAD))
    if shown is None:
        return (head, Span(_("not read yet"), Tone.DIM))
    if missed is not None:
        return (
            head,
            Span(
                _("‖ paused, {missed} newer  p goes on").format(missed=numeral(missed)), Tone.WARN
            ),
        )
    other = _("d shows all") if dead_only else _("d shows dead letters only")
    newest = (
        _("{number} newest").format(number=numeral(len(shown)))
        if len(shown) != 1
        else _("1 newest")
    )
    return (
        head,
        Span(_("{newest}  p pauses  {other}").format(newest=newest, other=other), Tone.DIM),
    )
