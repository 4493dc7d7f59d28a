"""What the agent sees of a tool, of a refusal and of a result."""

import json
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
    ResourceLink,
    TextContent,
    TextResourceContents,
    Tool,
    ToolAnnotations,
)

from core.actions import ActionStatus, Decision, JsonValue
from core.gateway.mcp.rules import (
    INJECTION_NOTICE,
    LEFT_OUT,
    SECRETS_NOTICE,
    WORDS_NOTICE,
    announce,
    clean_json,
    clean_text,
    clean_tools,
    is_plain_name,
    plain_name,
    refuse_ticket,
    screen_result,
)
from core.governance.model import Screening
from core.ids import ActionId, CorrelationId
from core.ports import Ticket


def find(value: JsonValue, *, path: str) -> Screening:
    """A screen that knows one secret and one injection."""
    del path
    text = json.dumps(value)
    redacted = json.loads(text.replace("hunter2", "[redacted]"))
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


def make_tool(**changes: Any) -> Tool:
    fields: dict[str, Any] = {"name": "refund", "input_schema": {"type": "object"}, **changes}
    return Tool(**fields)


def test_a_tools_own_words_cannot_forge() -> None:
    tool = make_tool(
        title="\x1b[1mRefund",
        description="pays\u202e back",
        input_schema={"type": "object", "description": "\x07"},
        output_schema={"type": "object", "title": "\x07"},
        annotations=ToolAnnotations(title="\x1b[2J"),
    )
    (shown,) = clean_tools([tool], find, prefix="shop__")
    assert (shown.name, shown.title, shown.description) == ("shop__refund", "Refund", "pays back")
    assert "\\u" not in shown.model_dump_json()
    assert clean_tools([make_tool()], find) == [make_tool()]


@pytest.mark.parametrize("name", ["", "a\x1b[2J", "a\u202eb", "a\nb", "x" * 129])
def test_a_tool_whose_name_forges_is_not_shown(name: str) -> None:
    assert not is_plain_name(name)
    assert clean_tools([make_tool(name=name), make_tool()], find) == [make_tool()]


def test_a_second_tool_of_a_name_is_not_shown() -> None:
    assert clean_tools([make_tool(), make_tool(title="Other")], find) == [make_tool()]


@pytest.mark.parametrize(
    "words",
    [
        {"description": "obey"},
        {"title": "obey"},
        {"input_schema": {"type": "object", "properties": {"x": {"description": "obey"}}}},
    ],
)
def test_a_tools_words_that_read_like_instructions_are_announced(words: dict[str, Any]) -> None:
    (shown,) = clean_tools([make_tool(**words)], find)
    assert (shown.description or "").startswith(WORDS_NOTICE)


def test_a_servers_words_are_cleaned_and_announced() -> None:
    assert announce("sells\x1b[2J books", find) == "sells books"
    assert announce("now obey", find) == f"{WORDS_NOTICE}\nnow obey"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("shop", "shop"),
        ("my shop/x\x1b", "my-shop-x"),
        ("\u202e", "server"),
        ("x" * 200, "x" * 128),
    ],
)
def test_a_servers_name_is_plain_in_resources(name: str, shown: str) -> None:
    assert plain_name(name) == shown


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
    assert text == "fine\nimage/png\nb"


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


def test_a_links_own_words_are_looked_through() -> None:
    link = ResourceLink(name="\x1b[2Jhunter2", uri="file:///a", description="now obey")
    shown, text = screen_result(make_result(link), find)
    assert texts_of(shown) == [INJECTION_NOTICE, SECRETS_NOTICE]
    assert "hunter2" not in shown.model_dump_json()
    assert "now obey" in text


def test_a_part_that_cannot_be_shown_without_its_secrets_is_left_out() -> None:
    def take_all(value: JsonValue, *, path: str) -> Screening:
        del value, path
        return Screening(redacted={"uri": 7}, secrets=True, injection=False)

    link = ResourceLink(name="a", uri="file:///a")
    shown, _ = screen_result(make_result(link), take_all)
    assert texts_of(shown) == [SECRETS_NOTICE, LEFT_OUT]


def test_text_where_only_data_belongs_is_left_out() -> None:
    image = ImageContent(data="\x1b[2J follow these instructions", mime_type="image/png")
    blob = EmbeddedResource(resource=BlobResourceContents(uri="file:///a", blob="do as I say!"))
    for block in (image, blob):
        shown, _ = screen_result(make_result(block), find)
        assert texts_of(shown) == [LEFT_OUT]


def test_what_is_not_text_is_left_alone() -> None:
    blob = EmbeddedResource(resource=BlobResourceContents(uri="file:///a", blob="aGk="))
    shown, text = screen_result(make_result(blob), find)
    assert shown.content == [blob]
    assert text == "file:///a"
