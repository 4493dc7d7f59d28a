"""The trail is readable, also where it is damaged."""

from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest

from console.view_models import audit
from console.view_models.filters import Filter, parse_filter
from console.view_models.ink import Spans, plain_text
from core.ports import VerifyReport
from core.records import AuditEntry
from tests.console.day import busy_operator
from tests.console.fakes import action_id
from tests.factories import NOW


def said(cells: tuple[Spans, ...]) -> list[str]:
    return [plain_text(cell) for cell in cells]


def test_an_entry_is_shown_in_the_operators_zone() -> None:
    entry = busy_operator().entries[-1]
    lisbon = timezone(timedelta(hours=1))
    cells = said(audit.entry_cells(entry, lisbon, NOW))
    assert said(audit.entry_cells(entry, lisbon, NOW + timedelta(days=1)))[1] == "11-21 09:59"
    assert cells == [
        "60",
        "09:59:57",
        "action.outcome",
        "claude-code",
        "succeeded",
        "00000e",
        entry.hash[:8],
    ]
    text = "\n".join(
        plain_text((*line.lead, *line.body)) for line in audit.entry_lines(entry, lisbon)
    )
    assert entry.hash in text
    assert '"status": "succeeded"' in text


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ('{"kind": "file.write", "resource": "/etc/hosts"}', "file.write \u203a /etc/hosts"),
        ('{"kind": "tool.call", "resource": "", "reason": "no"}', "tool.call  no"),
        ('{"reason": ""}', ""),  # of an older version: it does not say, and nothing is made up
        ('{"kind": "agent", "label": "ci"}', "agent  label ci"),
    ],
)
def test_an_answer_says_what_was_answered_where_its_entry_does(body: str, what: str) -> None:
    entry = AuditEntry(
        seq=1, text=f'{{"event": "approval.approved", "body": {body}}}', hash="0" * 64
    )
    assert said(audit.entry_cells(entry, UTC, NOW))[4] == what


@pytest.mark.parametrize(
    ("text", "event"),
    [("{", "(not readable)"), ("[1]", "(not an object)"), ('{"at": 3, "event": 4}', "")],
)
def test_a_damaged_entry_still_has_a_row_and_a_page(text: str, event: str) -> None:
    entry = AuditEntry(seq=1, text=text, hash="0" * 64)
    assert said(audit.entry_cells(entry, UTC, NOW))[1:3] == ["no time", event]
    assert audit.entry_lines(entry, UTC)


def test_entries_are_sorted_by_what_they_say_each_parsed_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entries, read, parsed = busy_operator().entries, audit.read_entry, list[int]()

    def counted(entry: AuditEntry) -> audit.EntryFields:
        parsed.append(entry.seq)
        return read(entry)

    monkeypatch.setattr(audit, "read_entry", counted)
    heads = audit.Heads()
    heads.read(entries[10:])
    told = {title: [*map(by, entries)] for title, by in heads.sorts.items()}
    assert told["SEQ"] == [each.seq for each in entries]
    assert told["EVENT"] == [read(each).event for each in entries]
    assert told["ACTOR"] == [read(each).actor for each in entries]
    assert sorted(parsed) == sorted(each.seq for each in entries)
    heads.clear()
    heads.read(entries)
    assert len(parsed) == 2 * len(entries)


def test_a_time_without_zone_or_form_is_no_time() -> None:
    for at in ("2026-11-21T09:00:00", "yesterday"):
        entry = AuditEntry(seq=1, text=f'{{"at": "{at}"}}', hash="0" * 64)
        assert audit.read_entry(entry).at is None


def asked(words: str) -> Filter:
    return parse_filter(words, audit.FIELDS)


def test_a_filter_becomes_a_query() -> None:
    kept = asked("agent:maria event:approval.decided rm -recursive")
    query = audit.query_of(kept, before_seq=9)
    assert (query.actor, query.event, query.text) == ("maria", "approval.decided", "-recursive")
    assert query.before_seq == 9
    whole = action_id("8f2a1c")
    assert audit.query_of(asked(f"action:{whole}")).action_id == whole
    assert audit.query_of(asked("action:8f2a1c")).text == "8f2a1c"
    assert audit.query_of(asked("agent:a agent:b")).actor == "a"
    only = audit.query_of(asked("seq:7"))
    assert (only.after_seq, only.before_seq) == (6, 8)


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("", False),
        ("agent:maria event:approval.decided rm", False),
        ("seq:7", False),
        ("one two", True),
        ("!one", True),
        ("~one", True),
        ("/one/", True),
        ("agent:/one/", True),
        ("agent:a agent:b", True),
    ],
)
def test_what_the_store_cannot_look_for_is_left_over(words: str, *, left: bool) -> None:
    assert audit.is_left_over(asked(words)) is left


def test_entries_are_kept_by_what_the_store_cannot_look_for() -> None:
    entries = [
        AuditEntry(seq=seq, text=f'{{"actor": "{actor}", "event": "x"}}', hash=f"{seq:064x}")
        for seq, actor in ((1, "maria"), (2, "paul"))
    ]
    assert [each.seq for each in audit.keep(entries, asked("!agent:paul"))] == [1]
    assert [each.seq for each in audit.keep(entries, asked("/pa.l/"))] == [2]


def test_a_report_is_a_sentence() -> None:
    good = VerifyReport(ok=True, entries=60, head="", signed_length=56)
    assert audit.report_words(good) == (
        "The trail verifies: 60 entries, 56 of them under a signed checkpoint."
    )
    bad = replace(good, ok=False, problem="entry 4 was cut", first_bad=4)
    assert audit.report_words(bad).endswith(
        "entry 4 was cut. First bad entry: 4 (/ seq:4 shows it)."
    )
    assert "First bad" not in audit.report_words(replace(bad, first_bad=None))
