"""What holds for any action: grounding never raises, and doubt only grows with tool text."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.governance.grounding.request import fold, normal_number, read_request
from core.governance.grounding.rules import ground_action, needs_operator
from tests.factories import make_action

_WORDS = (
    "send the a to add delete file email channel user all bob@x.com www.a.com http://b.org/x?y "
    "5 random please visit 'post' do tasks websites posted . Bob Amy $5 DE89370400440532013000"
)
WORDS = st.sampled_from(_WORDS.split())
TEXTS = st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=12).map(" ".join))
KEYS = st.one_of(
    st.sampled_from(["to", "url", "file_id", "user", "path", "amount", "password", "body", "sql"]),
    st.text(max_size=8),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=10,
)
TOOLS = st.one_of(
    st.sampled_from(["send_email", "get_webpage", "delete_file", "add_user_to_channel", "x"]),
    st.text(max_size=20),
)
ACTIONS = st.fixed_dictionaries(
    {
        "kind": st.one_of(
            st.sampled_from(
                ["tool.call", "mcp.call", "file.write", "network.request", "message.send"]
            ),
            st.text(max_size=12),
        ),
        "resource": TOOLS,
        "arguments": st.dictionaries(KEYS, JSON, max_size=4),
        "purpose": TEXTS,
    }
)


@given(ACTIONS, st.lists(TEXTS, max_size=3))
@settings(deadline=None)
def test_any_action_gets_an_answer_that_agrees_with_itself(
    given_action: dict[str, Any], untrusted: list[str]
) -> None:
    action = make_action(**given_action)
    grounding = ground_action(action, untrusted=untrusted)
    assert grounding == ground_action(action, untrusted=untrusted)
    if needs_operator(grounding, purpose_known=True):
        assert grounding.findings
        assert not grounding.read_only
    assert all(f.message[0] in "'TW" and f.evidence.isprintable() for f in grounding.findings)


@given(ACTIONS, st.lists(TEXTS, max_size=3), st.lists(TEXTS, max_size=3))
@settings(deadline=None)
def test_more_tool_text_never_takes_an_ask_away(
    given_action: dict[str, Any], some: list[str], more: list[str]
) -> None:
    action = make_action(**given_action)
    before = needs_operator(ground_action(action, untrusted=some), purpose_known=True)
    after = ground_action(action, untrusted=[*more, *some])
    assert needs_operator(after, purpose_known=True) or not before


@given(st.text(max_size=200))
def test_folding_twice_changes_nothing_that_ascii_shows(text: str) -> None:
    ascii_part = text.encode("ascii", "ignore").decode()
    assert fold(fold(ascii_part)) == fold(ascii_part) == ascii_part.lower()


@given(st.text(max_size=200))
def test_reading_any_request_is_possible(text: str) -> None:
    assert read_request(text).joined.startswith(" ")


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_a_number_reads_the_same_however_it_is_written(number: Any) -> None:
    written = {f"{number}", f"{number:,}", f"0{number}", f"{number}0"}
    assert len({normal_number(text) for text in written}) == 1
