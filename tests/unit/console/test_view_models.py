"""Rows and lines say what the records say."""

from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.keymap import KEYMAP, Need, find_row, key_name, reason_disabled, rows_for
from console.projection import Snapshot, fold_all, with_approvals
from console.view_models import audit, header, overview, signs, trace
from console.view_models.approvals import (
    approval_cells,
    group_of,
    matches,
    oldest_age_s,
    settled_words,
)
from console.view_models.dossier import View, dossier_lines, dossier_title, votes_word
from console.view_models.guard import TypeAheadGuard
from console.view_models.ink import Spans, plain_text
from console.view_models.prompt import parse_command
from console.view_models.remember import DURATIONS, patterns_for, rule_words
from console.view_models.summary import SUMMARY_MAX, Brief, summarize
from core.actions import ActionStatus, Counsel, RiskLevel
from core.governance.rules import find_grant, pattern_is_too_wide
from core.ids import ActionId, AgentId, GrantId
from core.ports import Dossier, VerifyReport
from core.records import ApprovalStatus, AuditEntry, GrantRecord, SpanRecord, Vote
from tests.console.day import TRACE, busy_operator, fill_spans, past_events
from tests.console.fakes import MARIA, PAUL, FakeOperator, action_id
from tests.factories import NOW, make_action, make_action_record, make_approval

VIEW = View(NOW, UTC, MARIA)


def said(cells: tuple[Spans, ...]) -> list[str]:
    return [plain_text(cell) for cell in cells]


def text_of(dossier: Dossier, view: View = VIEW) -> str:
    return "\n".join(plain_text((*line.lead, *line.body)) for line in dossier_lines(dossier, view))


# -- the queue --------------------------------------------------------------------------------


def test_a_row_says_who_wants_what_for_how_long() -> None:
    approval = make_approval(
        id=action_id("8f2a1c"), risk=RiskLevel.HIGH, created_at=NOW - timedelta(seconds=100)
    )
    brief = Brief("rm -rf /", ("ask:shell-risk",))
    assert said(approval_cells(approval, brief, NOW)) == [
        "8f2a1c",
        "▰▰▰▱ HIGH",
        "coder",
        "shell.execute \u203a rm -rf /",
        "1m40s",
        "10m00s",
        "ask:shell-risk",
    ]


def test_votes_delays_and_edits_stand_before_the_action() -> None:
    approval = make_approval(
        votes_needed=2,
        votes=(Vote(operator=PAUL, digest="d", at=NOW),),
        deferred_until=NOW + timedelta(minutes=5),
        arguments_edited={"command": "ls"},
    )
    action = said(approval_cells(approval, None, NOW))[3]
    assert action.startswith("1 of 2  not now 5m00s  edited  shell.execute")


def test_an_expired_action_says_so() -> None:
    assert said(approval_cells(make_approval(expires_at=NOW), None, NOW))[5] == "expired"


def test_agents_words_in_a_row_are_harmless() -> None:
    approval = make_approval(agent_id=AgentId("\x1b[31mroot"), resource="a\u202eb")
    row = "".join(said(approval_cells(approval, Brief("x", ("\x07",)), NOW)))
    assert row.isprintable()


@pytest.mark.parametrize(
    ("words", "fits"),
    [
        ("", True),
        ("agent:cod", True),
        ("risk:medium", True),
        ("kind:shell bash", True),
        ("agent:other", False),
        ("rm", True),
        ("ask:shell-risk", True),
        ("nothing-like-it", False),
    ],
)
def test_filters_look_into_fields_and_text(words: str, *, fits: bool) -> None:
    assert matches(make_approval(), Brief("rm x", ("ask:shell-risk",)), words.split()) is fits


def test_a_group_has_one_agent_one_kind_and_the_same_policies() -> None:
    one = make_approval(id=ActionId("1"))
    rows = [
        (one, Brief("", ("p",))),
        (make_approval(id=ActionId("2")), Brief("", ("p",))),
        (make_approval(id=ActionId("3")), Brief("", ("other",))),
        (make_approval(id=ActionId("4"), agent_id=AgentId("b")), Brief("", ("p",))),
        (make_approval(id=ActionId("5"), kind="file.write"), Brief("", ("p",))),
        (make_approval(id=ActionId("6")), None),
    ]
    assert [each.id for each in group_of(one, rows[0][1], rows)] == ["1", "2"]
    assert group_of(one, None, rows) == (one,)


def test_the_oldest_age_is_none_when_nothing_waits() -> None:
    assert oldest_age_s((), NOW) is None
    assert oldest_age_s([make_approval()], NOW + timedelta(seconds=9)) == 9


def test_only_others_decisions_are_told() -> None:
    feed = fold_all(Snapshot(), past_events(FakeOperator())).feed
    assert settled_words(action_id("f00003"), feed, MARIA) == "f00003 waits no more: denied by paul"
    assert settled_words(action_id("f00003"), feed, PAUL) == ""
    assert settled_words(action_id("f00009"), feed, MARIA) == ""


# -- one action in full -----------------------------------------------------------------------


def test_a_dossier_holds_all_that_a_decision_needs() -> None:
    operator = busy_operator()
    text = text_of(operator.dossiers[action_id("8f2a1c")])
    for part in (
        "uploads files to a host",
        "!1",
        "uploads-file",
        "ask:shell-risk, ask:ungrounded-target",
        "set -euo pipefail",
        "systemctl restart shop",
        "Restart the shop after clearing",
        "irreversible, privacy",
        "confidence 0.72",
        "rules: a deletion",
        "? Is files.example-cdn.net yours?",
        "0.74",
        "1 violation",
        "denied: reads a secret file",
        "s-41c7",
        "/srv/shop/.env",
        "sha256:",
        TRACE,
        "then denied",
    ):
        assert part in text
    assert plain_text(dossier_title(operator.dossiers[action_id("8f2a1c")])).startswith("8f2a1c")


def test_a_file_edit_shows_its_change() -> None:
    text = text_of(busy_operator().dossiers[action_id("77be02")])
    assert "CHANGE" in text
    assert "- price = 49.00" in text
    assert "+ price = 54.90" in text


def test_an_operators_edit_is_shown_against_the_original_without_its_secrets() -> None:
    operator = FakeOperator()
    operator.hold("aa0001", arguments={"url": "https://a", "key": "s3cret"})
    operator.change("aa0001", arguments_edited={"url": "https://b", "key": "s3cret"})
    dossier = replace(
        operator.dossiers[action_id("aa0001")],
        arguments_shown={"url": "https://b", "key": "[secret]"},
    )
    text = text_of(dossier)
    assert "- https://a" in text
    assert "+ https://b" in text
    assert "s3cret" not in text
    assert "an operator edited the arguments" in text


def test_what_nobody_measured_has_no_source() -> None:
    text = text_of(busy_operator().dossiers[action_id("b09e41")])
    assert "COUNSEL   no source" in text
    assert "TRUST     no source" in text


def test_counsel_that_is_not_called_for_and_professionals_are_told() -> None:
    operator = FakeOperator()
    operator.hold("aa0001", counsel=Counsel(called_for=False))
    operator.hold("aa0002", counsel=Counsel(called_for=True, professional="legal"), purpose="")
    assert "not called for" in text_of(operator.dossiers[action_id("aa0001")])
    text = text_of(operator.dossiers[action_id("aa0002")])
    assert "consult a professional: legal" in text
    assert "the user's words are not known" in text


def test_two_operators_are_counted_by_name() -> None:
    approval = make_approval(votes_needed=2)
    assert votes_word(approval, MARIA).startswith("0 of 2 approvals: two different")
    one = replace(approval, votes=(Vote(operator=PAUL, digest="d", at=NOW),))
    assert votes_word(one, MARIA) == "1 of 2 approvals: paul; yours is missing"
    assert votes_word(one, PAUL) == "1 of 2 approvals: paul; another operator must approve"


def test_a_settled_action_says_by_whom() -> None:
    operator = FakeOperator()
    operator.hold("aa0001")
    dossier = operator.dossiers[action_id("aa0001")]
    record = replace(
        dossier.record, status=ActionStatus.DENIED, decided_by=PAUL, decision_reason="too wide"
    )
    text = text_of(replace(dossier, record=record, approval=None))
    assert "settled: denied by paul. too wide" in text


def test_long_sessions_count_what_they_leave_out() -> None:
    operator = FakeOperator()
    recent = tuple(make_action_record(status=ActionStatus.PENDING) for _ in range(11))
    operator.hold(
        "aa0001", recent=recent, deferred_until=NOW + timedelta(minutes=5), votes_needed=2
    )
    text = text_of(operator.dossiers[action_id("aa0001")])
    assert "and 3 earlier actions" in text
    assert "not now: put off until 09:05:00" in text
    assert "no session named" in text


@given(st.text(min_size=1, max_size=300))
def test_a_summary_is_one_harmless_line(command: str) -> None:
    for summary in (summarize({"command": command}), summarize({command: [command]})):
        assert summary.isprintable()
        assert len(summary) <= SUMMARY_MAX


def test_the_most_telling_arguments_come_first() -> None:
    assert summarize({"n": 1, "url": "https://a"}) == "https://a  n=1"


# -- rules to remember ------------------------------------------------------------------------


@given(st.text(min_size=1, max_size=40), st.text(max_size=10))
def test_the_first_pattern_fits_this_action_and_no_longer_one(command: str, more: str) -> None:
    action = make_action(arguments={"command": command})
    patterns = patterns_for(action, action.arguments)
    assert not any(map(pattern_is_too_wide, patterns))
    if patterns and not pattern_is_too_wide(command):
        grant = GrantRecord(
            id=GrantId("g"),
            agent_id=action.agent_id,
            kind=action.kind,
            resource_pattern=patterns[0],
            created_by=MARIA,
            created_at=NOW,
            expires_at=NOW + timedelta(hours=1),
            from_action=action.id,
            risk_max=RiskLevel.MEDIUM,
        )
        assert find_grant([grant], action, risk=RiskLevel.LOW, now=NOW) is grant
        other = make_action(arguments={"command": command + "; " + more})
        assert find_grant([grant], other, risk=RiskLevel.LOW, now=NOW) is None


def test_patterns_go_from_narrow_to_wide() -> None:
    shell = make_action(arguments={"command": "git push origin main"})
    assert patterns_for(shell, shell.arguments) == (
        "git push origin main",
        "git push *",
        "git *",
    )
    file = make_action(kind="file.write", resource="/srv/shop/a[1].toml")
    assert patterns_for(file, {}) == ("/srv/shop/a[[]1].toml", "/srv/shop/*")
    assert patterns_for(make_action(kind="tool.call", resource="refunds.create"), {}) == (
        "refunds.create",
    )


def test_a_rule_is_a_sentence() -> None:
    words = rule_words(make_action(), "git *", DURATIONS[1], RiskLevel.MEDIUM)
    assert words.startswith("For 1 hour, coder may do shell.execute on git * without asking")


# -- header, overview -------------------------------------------------------------------------


def parts(snapshot: Snapshot, mode: str = "LIVE") -> list[str]:
    return [
        plain_text(part)
        for part in header.status_parts(snapshot, NOW, mode=mode, gateway="http://127.0.0.1:7717")
    ]


def test_the_header_says_what_must_never_be_out_of_sight() -> None:
    queue = (make_approval(created_at=NOW - timedelta(seconds=100)),)
    assert parts(with_approvals(Snapshot(), queue), "DEMO") == [
        "! 1 approval 1m40s",
        "[DEMO]",
        "? chain unverified",
        "no alerts",
        "127.0.0.1:7717",
    ]


def test_an_empty_queue_differs_from_one_that_was_never_read() -> None:
    assert parts(Snapshot())[0] == "approvals not read"
    assert parts(with_approvals(Snapshot(), ()))[0] == "✓ nothing waits"


def test_the_chain_is_ok_broken_or_unverified() -> None:
    report = VerifyReport(ok=True, entries=9, head="", signed_length=9)
    assert parts(replace(Snapshot(), verified=report))[2] == "✓ chain ok"
    assert parts(replace(Snapshot(), verified=report, audit_broken="x"))[2] == "✗ chain broken"


def test_the_pulse_counts_and_names_what_has_no_source() -> None:
    operator = busy_operator()
    snapshot = fold_all(Snapshot(), past_events(operator))
    lines = [plain_text(line.body) for line in overview.pulse_lines(snapshot, NOW)]
    assert lines[1].split()[:4] == ["✓", "allow", "9", "9"]
    assert "60 entries" in lines[1]
    assert "no source" in plain_text(overview.pulse_lines(Snapshot(), NOW)[1].body)
    report = VerifyReport(ok=True, entries=60, head="", signed_length=56)
    verified = replace(snapshot, verified=report, dropped=3)
    text = "\n".join(plain_text(line.body) for line in overview.pulse_lines(verified, NOW))
    assert "56 of 60 signed" in text
    assert "left out 3 events" in text
    broken = replace(snapshot, audit_broken="entry 4 was cut")
    assert "entry 4 was cut" in plain_text(overview.pulse_lines(broken, NOW)[2].body)


def test_an_agent_row_names_its_state() -> None:
    agents = busy_operator().agents
    assert said(overview.agent_cells(agents[0]))[:3] == ["claude-code", "✓ active", "0.74"]
    assert said(overview.agent_cells(agents[3]))[1] == "✗ quarantine"
    assert said(overview.agent_cells(replace(agents[0], trust=None)))[2] == "no source"


def test_the_feed_tells_judged_settled_and_reported() -> None:
    rows = [said(overview.feed_cells(each, UTC)) for each in past_events(FakeOperator())[-3:]]  # type: ignore[arg-type]
    assert rows[0][1:] == [
        "? ask  ",
        "f00017",
        "claude-code",
        "tool.call \u203a refunds.create  account=DE89 3704 0044",
        "8.8 ms",
    ]
    assert rows[1][1] == "✗ denied"
    assert rows[1][4] == "by paul  leave the upload out"
    assert rows[2][1] == "✗ failed"


def test_a_paused_feed_says_what_it_holds_back() -> None:
    assert "paused, 7 newer" in plain_text(overview.feed_title(9, paused=True, missed=7))


@given(st.lists(st.floats(-2, 3), max_size=40).map(tuple))
def test_a_sparkline_has_a_bar_for_each_share(shares: tuple[float, ...]) -> None:
    assert len(signs.sparkline(shares)) == min(24, len(shares))


# -- audit ------------------------------------------------------------------------------------


def test_an_entry_is_shown_in_the_operators_zone() -> None:
    entry = busy_operator().entries[-1]
    lisbon = timezone(timedelta(hours=1))
    cells = said(audit.entry_cells(entry, lisbon))
    assert cells == [
        "60",
        "11-21 09:59:57",
        "action.outcome",
        "claude-code",
        "? ask shell.execute \u203a systemctl restart shop",
        "00000e",
        entry.hash[:8],
    ]
    text = "\n".join(
        plain_text((*line.lead, *line.body)) for line in audit.entry_lines(entry, lisbon)
    )
    assert entry.hash in text
    assert '"command": "systemctl restart shop"' in text


@pytest.mark.parametrize(
    ("text", "event"),
    [("{", "(not readable)"), ("[1]", "(not an object)"), ('{"at": 3, "event": 4}', "")],
)
def test_a_damaged_entry_still_has_a_row_and_a_page(text: str, event: str) -> None:
    entry = AuditEntry(seq=1, text=text, hash="0" * 64)
    assert said(audit.entry_cells(entry, UTC))[1:3] == ["no time", event]
    assert audit.entry_lines(entry, UTC)


def test_a_time_without_zone_or_form_is_no_time() -> None:
    for at in ("2026-11-21T09:00:00", "yesterday"):
        entry = AuditEntry(seq=1, text=f'{{"at": "{at}"}}', hash="0" * 64)
        assert audit.read_entry(entry).at is None


def test_a_filter_becomes_a_query() -> None:
    query = audit.parse_filter("agent:maria event:approval.decided rm -rf", before_seq=9)
    assert (query.actor, query.event, query.text) == ("maria", "approval.decided", "rm -rf")
    assert query.before_seq == 9
    whole = action_id("8f2a1c")
    assert audit.parse_filter(f"action:{whole}").action_id == whole
    assert audit.parse_filter("action:8f2a1c").text == "8f2a1c"
    assert audit.parse_filter("agent:a agent:b").text == "agent:b"


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


# -- trace ------------------------------------------------------------------------------------


def make_span(name: str, parent: str | None, start_us: int = 0, took_us: int = 10) -> SpanRecord:
    return SpanRecord(
        id=name,
        trace_id=TRACE,
        parent_id=parent,
        action_id=None,
        name=name,
        started_at=NOW + timedelta(microseconds=start_us),
        duration_us=took_us,
        ok=True,
        attributes={},
    )


def test_children_stand_under_their_parents_in_order() -> None:
    operator = FakeOperator()
    fill_spans(operator)
    steps = trace.waterfall(operator.spans[::-1])
    assert [(step.span.name, step.depth) for step in steps][:3] == [
        ("action.propose", 0),
        ("gate.identify", 1),
        ("gate.screen", 1),
    ]
    assert "1 failed" in plain_text(trace.trace_title(steps))
    assert "no spans" in plain_text(trace.trace_title(()))


SPANS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from([*"abcdefx", None]), st.integers(0, 99)),
    max_size=6,
    unique_by=lambda each: each[0],
)


@given(SPANS, st.integers(1, 60))
def test_every_span_is_drawn_once_and_inside(
    rows: list[tuple[str, str | None, int]], width: int
) -> None:
    steps = trace.waterfall([make_span(*row) for row in rows])
    assert sorted(step.span.id for step in steps) == sorted(row[0] for row in rows)
    for step in steps:
        assert len(trace.bar(step, width)) <= width
        assert "█" in trace.bar(step, width)


@pytest.mark.parametrize(
    ("duration", "words"),
    [(640, "640 µs"), (18_240, "18.2 ms"), (1_840_000, "1.84 s"), (186_000_000, "3.1 min")],
)
def test_durations_of_spans_have_units(duration: int, words: str) -> None:
    assert trace.took(duration) == words


# -- keys -------------------------------------------------------------------------------------


def test_no_key_means_two_things_on_one_screen() -> None:
    for screen in ("overview", "approvals", "audit", "trace", "help"):
        keys = [key for row in rows_for(screen) for key in row.keys]
        assert len(keys) == len(set(keys))


def test_no_action_needs_a_chord() -> None:
    keys = [key for row in KEYMAP for key in row.keys]
    assert not any("+" in key or (len(key) == 1 and key.isupper()) for key in keys)


def test_enter_belongs_to_no_decision() -> None:
    assert [row.action for row in KEYMAP if "enter" in row.keys] == ["open"]


def test_the_first_missing_thing_is_the_reason() -> None:
    assert reason_disabled("approve", [Need.LIVE, Need.ROW]) == "nothing is selected"
    assert reason_disabled("approve", []) == ""
    assert reason_disabled("filter", list(Need)) == ""


def test_names_are_those_on_the_keyboard() -> None:
    assert key_name("question_mark") == "?"
    assert find_row("deny").keys == ("d",)


@pytest.mark.parametrize(
    ("text", "name", "argument", "problem"),
    [
        (":audit", "audit", "", ""),
        ("agent coder", "agent", "coder", ""),
        ("ver", "verify", "", ""),
        ("a", "a", "", ":a could be agent, approvals, approve, audit"),
        ("aprove", "aprove", "", "no command :aprove (did you mean :approve?)"),
        ("zzz", "zzz", "", "no command :zzz"),
        ("", "", "", ""),
    ],
)
def test_commands_are_found_by_their_beginning(
    text: str, name: str, argument: str, problem: str
) -> None:
    known = ["agent", "approve", "approvals", "audit", "verify"]
    assert parse_command(text, known) == (name, argument, problem)


def test_keys_count_after_time_to_read() -> None:
    guard = TypeAheadGuard()
    assert not guard.is_open(5)
    guard.arm(5)
    assert not guard.is_open(5.3)
    assert guard.is_open(5.4001)


def test_every_end_of_an_approval_has_a_sign() -> None:
    assert {each.value for each in ApprovalStatus} - {"pending"} == set(signs.SETTLED)
