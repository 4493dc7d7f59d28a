"""The trail as rows, one entry as lines, and what a filter asks for."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final, NamedTuple, cast

from console.language import N_, _, numeral, pgettext
from console.projection import Snapshot
from console.view_models import signs
from console.view_models.columns import Column, SortKey
from console.view_models.filters import Filter, Searched
from console.view_models.ink import Line, Span, Spans, Tone, Wrap
from console.view_models.summary import what_spans
from console.view_models.text import (
    count,
    day_and_time,
    short_id,
    short_time,
    visible,
    visible_spans,
)
from core.actions import Decision, JsonObject, JsonValue
from core.ids import ActionId
from core.ports import VerifyReport
from core.records import AuditEntry, AuditQuery

COLUMNS: Final = (
    Column(title=N_("SEQ"), width=6, right=True),
    Column(title=N_("TIME"), width=11),
    Column(title=N_("EVENT"), width=17),
    Column(title=N_("ACTOR"), width=11, drop=1),
    Column(title=N_("WHAT"), width=17, flexible=True),
    Column(title=N_("ACTION"), width=6),
    Column(title=N_("HASH"), width=8, drop=2),
)
PAGE: Final = 200
SEARCH_PAGE: Final = 2000  # where most of what is read does not fit
_ID_LENGTH: Final = 26
_SEQ_DIGITS_MAX: Final = 16
_HASH_SHORT: Final = 8
_TOLD_MAX: Final = 200
# What says most of an entry, in this order; the latter only make sense with their names.
_PLAIN: Final = ("status", "error", "reason", "why", "text", "kind", "pattern")
_NAMED: Final = ("agent", "label", "grant", "until", "policy_version")


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
        return EntryFields(None, _("(not readable)"), "", "", None)
    if not isinstance(document, dict):
        return EntryFields(None, _("(not an object)"), "", "", document)
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
    (("denied", "deny", "failed", "broken", "expired", "refused"), Tone.BAD),
    (("held", "deferred", "edited", "quarantined", "mended", "voted"), Tone.WARN),
    (("approved", "released"), Tone.OK),
)


def entry_cells(entry: AuditEntry, zone: tzinfo, now: datetime) -> tuple[Spans, ...]:
    """One entry, in the order of `COLUMNS`."""
    said = read_entry(entry)
    when = short_time(said.at, zone, now) if said.at else _("no time")
    return (
        (Span(numeral(entry.seq), Tone.DIM),),
        (Span(when, Tone.DIM),),
        (Span(visible(said.event), _tone_of(said.event)),),
        (Span(visible(said.actor), Tone.STRONG),),
        _what(said.document, zone, now),
        (Span(short_id(said.action_id)),),
        (Span(entry.hash[:_HASH_SHORT], Tone.DIM),),
    )


def _what(document: JsonValue, zone: tzinfo, now: datetime) -> Spans:
    """What an entry is about, from the few things in its body that say most."""
    body = document.get("body") if isinstance(document, Mapping) else None
    if not isinstance(body, Mapping):
        return ()
    kind, resource = _word(body, "kind"), _word(body, "resource")
    decision = _word(body, "decision")
    if decision in set(Decision) and kind:
        arguments = body.get("arguments")
        command = arguments.get("command") if isinstance(arguments, Mapping) else None
        summary = visible(command[:_TOLD_MAX]) if isinstance(command, str) else ""
        sign = signs.DECISION[Decision(decision)]
        return (Span(f"{sign.text.rstrip()} ", sign.tone), *what_spans(kind, resource, summary))
    deed = what_spans(kind, resource[:_TOLD_MAX], "") if kind and "resource" in body else ()
    named = (name for name in (*_PLAIN, *_NAMED) if not (deed and name == "kind"))
    said = [(name, _word(body, name)[:_TOLD_MAX]) for name in named]
    if until := _time(body.get("until")):
        said = [(name, word) for name, word in said if name != "until"]
        said.append(("until", short_time(until, zone, now)))
    words = [word if name in _PLAIN else f"{name} {word}" for name, word in said if word]
    apart = (Span("  "),) if deed and words else ()
    return (*deed, *apart, *visible_spans("  ".join(words)))


def _tone_of(event: str) -> Tone:
    return next(
        (tone for words, tone in _EVENT_TONES if any(w in event for w in words)), Tone.PLAIN
    )


def entry_lines(entry: AuditEntry, zone: tzinfo) -> tuple[Line, ...]:
    """All of one entry: its place, its hash, its text as indented JSON."""
    said = read_entry(entry)
    head = [
        _fact(_("seq"), numeral(entry.seq)),
        _fact(_("hash"), entry.hash),
        _fact(pgettext("clock", "time"), day_and_time(said.at, zone) if said.at else _("no time")),
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


FIELDS: Final = ("agent", "event", "action", "seq")


class Heads:
    """Event and actor of entries, each parsed once: very many would hold up a sort by them."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[str, str]] = {}
        self._same: dict[tuple[str, str], tuple[str, str]] = {}  # few differ: each is held once

    @property
    def sorts(self) -> Mapping[str, SortKey[AuditEntry]]:
        """Title of a column -> what entries are sorted by."""
        return {
            "SEQ": lambda entry: entry.seq,
            "EVENT": lambda entry: self.of(entry)[0],
            "ACTOR": lambda entry: self.of(entry)[1],
        }

    def read(self, entries: Sequence[AuditEntry]) -> None:
        """Get to know these; those that one meets unread are parsed then."""
        for each in entries:
            self.of(each)

    def of(self, entry: AuditEntry) -> tuple[str, str]:
        """Event and actor."""
        known = self._known.get(entry.seq)
        if known is None:
            said = read_entry(entry)
            known = (said.event, said.actor)
            self._known[entry.seq] = known = self._same.setdefault(known, known)
        return known

    def clear(self) -> None:
        """Other entries are read."""
        self._known.clear()
        self._same.clear()


def query_of(
    kept: Filter, *, before_seq: int | None = None, after_seq: int = 0, limit: int = PAGE
) -> AuditQuery:
    """What of a filter the store looks for: one whole agent, event, action, number, one word.

    It compares as typed, capitals too. What it cannot look for is asked of what it gives back.
    """
    exact = {
        name: next((value for value in kept.plain(name) if _is_exact(name, value)), "")
        for name in FIELDS
    }
    if only := exact["seq"]:
        after_seq = max(after_seq, int(only) - 1)
        before_seq = min(before_seq or int(only) + 1, int(only) + 1)
    words = (*kept.plain(), *(value for value in kept.plain("action") if value != exact["action"]))
    return AuditQuery(
        after_seq=after_seq,
        before_seq=before_seq,
        limit=limit,
        action_id=ActionId(exact["action"]) if exact["action"] else None,
        actor=exact["agent"] or None,
        event=exact["event"] or None,
        text=max(words, key=len, default=""),
    )


def is_left_over(kept: Filter) -> bool:
    """Whether the store cannot answer all of it."""
    asked = query_of(kept)
    given = (asked.action_id, asked.actor, asked.event, asked.text, asked.before_seq)
    return len(kept.terms) > sum(bool(each) for each in given)


def keep(entries: Sequence[AuditEntry], kept: Filter) -> tuple[AuditEntry, ...]:
    """Those that fit all of a filter; an entry is only taken apart where a field is asked for."""
    by_field = any(term.field for term in kept.terms)
    return tuple(each for each in entries if kept.fits(_searched(each, by_field=by_field)))


def _searched(entry: AuditEntry, *, by_field: bool) -> Searched:
    fields: dict[str, str] = {}
    if by_field:
        said = read_entry(entry)
        fields = {"agent": said.actor, "event": said.event, "action": said.action_id}
        fields["seq"] = str(entry.seq)
    return Searched(fields, f"{entry.text} {entry.hash}")


def _is_exact(name: str, value: str) -> bool:
    """Whether the store can look for it as a field, not as a piece of text."""
    if name == "action":
        return len(value) == _ID_LENGTH
    if name == "seq":
        return value.isdecimal() and len(value) < _SEQ_DIGITS_MAX
    return bool(value) and name in {"agent", "event"}


def trail_words(snapshot: Snapshot, *, searched_to: int = 0) -> Spans:
    """Heading of the trail: how long it is, and whether it verifies."""
    length = snapshot.audit_length
    known = _("not read yet") if length is None else count(length, "entry", "entries")
    head: Spans = (Span(_("TRAIL  "), Tone.TITLE), Span(f"{known}  ", Tone.DIM))
    if searched_to:
        head = (
            *head,
            Span(
                _("searched down to {searched_to}  ").format(searched_to=numeral(searched_to)),
                Tone.INFO,
            ),
        )
    report = snapshot.verified
    if snapshot.audit_broken:
        place = (
            ""
            if report is None or report.first_bad is None
            else _(" at {first_bad}").format(first_bad=numeral(report.first_bad))
        )
        return (
            *head,
            Span(_("✗ broken{place}").format(place=place), Tone.ALARM),
            Span(_("  c says more"), Tone.DIM),
        )
    if report is None:
        return (*head, Span(_("? not verified yet"), Tone.WARN), Span(_("  c verifies"), Tone.DIM))
    signed = _(", {signed_length} signed").format(signed_length=numeral(report.signed_length))
    return (
        *head,
        Span(
            _("✓ verified {entries}{signed}").format(
                entries=numeral(report.entries), signed=signed
            ),
            Tone.OK,
        ),
    )


def report_words(report: VerifyReport) -> str:
    """What verifying found, in one sentence."""
    if report.ok:
        return _(
            "The trail verifies: {entries}, {signed_length} of them under a signed checkpoint."
        ).format(
            entries=count(report.entries, "entry", "entries"),
            signed_length=numeral(report.signed_length),
        )
    bad = report.first_bad
    where = (
        ""
        if bad is None
        else _(" First bad entry: {bad} (/ seq:{bad_2} shows it).").format(
            bad=numeral(bad), bad_2=bad
        )
    )
    return _("The trail does not verify: {problem}.{where}").format(
        problem=visible(report.problem).rstrip("."), where=where
    )
