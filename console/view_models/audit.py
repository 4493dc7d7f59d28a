"""The trail as rows, one entry as lines, and what a filter asks for."""

import json
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Final, NamedTuple, cast

from console.view_models.columns import Column
from console.view_models.ink import Line, Span, Spans, Tone, Wrap
from console.view_models.text import count, day_and_time, short_id, visible, visible_spans
from core.actions import JsonObject, JsonValue
from core.ids import ActionId
from core.ports import VerifyReport
from core.records import AuditEntry, AuditQuery

COLUMNS: Final = (
    Column(title="SEQ", width=7, right=True),
    Column(title="TIME", width=19, drop=1),
    Column(title="EVENT", width=20),
    Column(title="ACTOR", width=12, flexible=True),
    Column(title="ACTION", width=6),
    Column(title="HASH", width=8, drop=2),
)
PAGE: Final = 200
_ID_LENGTH: Final = 26
_HASH_SHORT: Final = 8


class EntryFields(NamedTuple):
    """What an entry's canonical text says; "" where it does not say."""

    at: datetime | None
    event: str
    actor: str
    action_id: str
    document: JsonValue  # None when the text is no JSON


def read_entry(entry: AuditEntry) -> EntryFields:
    """Read an entry's text; a damaged one still gives a row."""
    try:
        document = json.loads(entry.text)
    except (json.JSONDecodeError, RecursionError):
        return EntryFields(None, "(not readable)", "", "", None)
    if not isinstance(document, dict):
        return EntryFields(None, "(not an object)", "", "", document)
    said = cast("JsonObject", document)
    return EntryFields(
        _time(said.get("at")),
        _word(said, "event"),
        _word(said, "actor"),
        _word(said, "action_id"),
        said,
    )


def _word(said: JsonObject, name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _time(value: JsonValue) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else None


_EVENT_TONES: Final = (
    (("denied", "deny", "failed", "broken", "expired"), Tone.BAD),
    (("held", "ask", "deferred", "edited"), Tone.WARN),
)


def entry_cells(entry: AuditEntry, zone: tzinfo) -> tuple[Spans, ...]:
    """One entry, in the order of `COLUMNS`."""
    said = read_entry(entry)
    return (
        (Span(f"{entry.seq:,}", Tone.DIM),),
        (Span(day_and_time(said.at, zone) if said.at else "no time", Tone.DIM),),
        (Span(visible(said.event), _tone_of(said.event)),),
        (Span(visible(said.actor), Tone.STRONG),),
        (Span(short_id(said.action_id)),),
        (Span(entry.hash[:_HASH_SHORT], Tone.DIM),),
    )


def _tone_of(event: str) -> Tone:
    return next(
        (tone for words, tone in _EVENT_TONES if any(w in event for w in words)), Tone.PLAIN
    )


def entry_lines(entry: AuditEntry, zone: tzinfo) -> tuple[Line, ...]:
    """All of one entry: its place, its hash, its text as indented JSON."""
    said = read_entry(entry)
    head = [
        _fact("seq", f"{entry.seq:,}"),
        _fact("hash", entry.hash),
        _fact("time", day_and_time(said.at, zone) if said.at else "no time"),
    ]
    if said.document is None:
        body = [Line(visible_spans(entry.text), wrap=Wrap.CHARACTERS)]
    else:
        body = _json_lines(said.document)
    return (*head, Line(), *body)


def _fact(name: str, value: str) -> Line:
    return Line(
        visible_spans(value), (Span(f"{name:<6}", Tone.DIM),), (Span(" " * 6),), Wrap.CHARACTERS
    )


def _json_lines(document: JsonValue) -> list[Line]:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    lines: list[Line] = []
    for row in text.split("\n"):
        indent = len(row) - len(row.lstrip(" "))
        pad = Span(" " * indent)
        name, colon, value = row.strip().partition('": ')
        if colon and name.startswith('"'):
            body = (*visible_spans(f'{name}": ', Tone.KEY), *visible_spans(value))
        else:
            body = visible_spans(row.strip())
        lines.append(Line(body, (pad,), (pad, Span("┆ ", Tone.DIM)), Wrap.CHARACTERS))
    return lines


def parse_filter(text: str, *, before_seq: int | None = None, after_seq: int = 0) -> AuditQuery:
    """`agent:`, `event:`, `action:` and free text as a query for one page, newest first.

    An action's short id, and a second word of one kind, are looked for in the entry's text.
    """
    fields: dict[str, str] = {}
    rest: list[str] = []
    for word in text.split():
        name, colon, value = word.partition(":")
        usable = value and name in {"agent", "event", "action"} and name not in fields
        if colon and usable and (name != "action" or len(value) == _ID_LENGTH):
            fields[name] = value
        else:
            rest.append(value if name == "action" and value else word)
    action = fields.get("action")
    return AuditQuery(
        after_seq=after_seq,
        before_seq=before_seq,
        limit=PAGE,
        action_id=ActionId(action) if action else None,
        actor=fields.get("agent"),
        event=fields.get("event"),
        text=" ".join(rest),
    )


def report_words(report: VerifyReport) -> str:
    """What verifying found, in one sentence."""
    if report.ok:
        return (
            f"The trail verifies: {count(report.entries, 'entry', 'entries')}, "
            f"{report.signed_length:,} of them under a signed checkpoint."
        )
    where = "" if report.first_bad is None else f" First bad entry: {report.first_bad:,}."
    return f"The trail does not verify: {visible(report.problem)}{where}"


def facts_of(document: JsonValue) -> Mapping[str, JsonValue]:
    """The entry's object, or nothing."""
    return document if isinstance(document, Mapping) else {}
