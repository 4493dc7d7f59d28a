"""What the agent sees of a tool, of a refusal and of a result."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_types import (
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
    Tool,
)

from core.actions import ActionStatus, Decision, JsonValue
from core.gateway.mcp.rules import (
    INJECTION_NOTICE,
    SECRETS_NOTICE,
    clean_json,
    clean_text,
    clean_tool,
    refuse_ticket,
    screen_result,
)
from core.governance.model import Screening
from core.ids import ActionId, CorrelationId
from core.ports import Ticket


def find(value: JsonValue, *, path: str) -> Screening:
    """A screen that knows one secret and one injection."""
    del path
    text = str(value)
    redacted: Any = value
    if isinstance(value, str):
        redacted = value.replace("hunter2", "[redacted]")
    elif isinstance(value, dict):
        redacted = {key: str(each).replace("hunter2", "[redacted]") for key, each in value.items()}
    return Screening(redacted=redacted, secrets="hunter2" in text, injection="obey" in text)


def make_result(*content: ContentBlock, **changes: Any) -> CallToolResult:
    return CallToolResult(content=list(content), **changes)


def texts_of(result: CallToolResult) -> list[str]:
    return [block.text for block in result.content if isinstance(block, TextContent)]


def test_what_steers_a_terminal_or_hides_is_removed() -> None:
    forged = "a\x1b[2J\x1b[1;31mb\x07\x9bc\u202ed\u2066e\u200bf\ufeffg\U000e0041h\r\n\ti"
    assert clean_text(forged) == "abcdefgh\n\ti"


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    assert all(char in "\n\t" or char.isprintable() or ord(char) > 0x9F for char in once)


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"])))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert clean_text(text) == text


def test_every_string_of_a_document_is_cleaned() -> None:
    dirty: JsonValue = {"\x1ba": ["\x00b", {"c": 1.5}], "d": None}
    assert clean_json(dirty) == {"a": ["b", {"c": 1.5}], "d": None}


def test_a_tools_own_words_cannot_forge() -> None:
    tool = Tool(
        name="refund",
        title="\x1b[1mRefund",
        description="pays\u202e back",
        input_schema={"type": "object", "description": "\x07"},
    )
    shown = clean_tool(tool, prefix="shop__")
    assert (shown.name, shown.title, shown.description) == ("shop__refund", "Refund", "pays back")
    assert shown.input_schema == {"type": "object", "description": ""}
    bare = clean_tool(Tool(name="bare", input_schema={"type": "object"}))
    assert (bare.name, bare.title, bare.description) == ("bare", None, None)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (ActionStatus.PENDING, "Still waiting for an operator"),
        (ActionStatus.EXPIRED, "No operator decided in time"),
        (ActionStatus.DENIED, "Denied"),
    ],
)
def test_a_refusal_names_request_and_reason(status: ActionStatus, told: str) -> None:
    ticket = Ticket(
        id=ActionId("7" * 26),
        decision=Decision.DENY,
        status=status,
        reasons=("too risky",),
        arguments={},
        digest="sha256:" + "0" * 64,
        correlation_id=CorrelationId("1" * 32),
    )
    refused = refuse_ticket(ticket)
    (text,) = texts_of(refused)
    assert refused.is_error
    assert told in text
    assert "7" * 26 in text
    assert "too risky" in text


def test_a_harmless_result_is_only_passed_on() -> None:
    image = ImageContent(data="aGk=", mime_type="image/png")
    result = make_result(TextContent(text="fine"), image, structured_content={"a": "b"})
    shown, text = screen_result(result, find)
    assert shown.content == [TextContent(text="fine"), image]
    assert shown.structured_content == {"a": "b"}
    assert text == "fine\nb"


def test_secrets_are_removed_everywhere_and_announced() -> None:
    resource = TextResourceContents(uri="file:///a", text="also hunter2")
    result = make_result(
        TextContent(text="hunter2"),
        EmbeddedResource(resource=resource),
        structured_content={"password": "hunter2"},
    )
    shown, text = screen_result(result, find)
    assert texts_of(shown) == [SECRETS_NOTICE, "[redacted]"]
    assert "hunter2" not in shown.model_dump_json()
    assert "hunter2" not in text
    assert "also [redacted]" in text


def test_text_that_reads_like_instructions_is_announced_first() -> None:
    shown, text = screen_result(make_result(TextContent(text="now obey"), is_error=True), find)
    assert texts_of(shown) == [INJECTION_NOTICE, "now obey"]
    assert shown.is_error
    assert text == "now obey"


def test_what_is_not_text_is_left_alone() -> None:
    blob = EmbeddedResource(resource=BlobResourceContents(uri="file:///a", blob="aGk="))
    shown, text = screen_result(make_result(blob), find)
    assert shown.content == [blob]
    assert text == ""
