"""What each tool's records mean. The tools' own captures are in tests/integration/telemetry."""

from typing import Any

import pytest

from core.telemetry.catalog import classify
from core.usage import ModelCall, ToolUse
from tests.otlp import AT_NS, Value, make_log, make_span
from tests.unit.telemetry.conftest import Desk

CLAUDE = {"service": "claude-code", "scope": "com.anthropic.claude_code.events"}
CODEX = {"service": "codex_exec", "scope": "codex_otel.log_only"}
GEMINI = {"service": "gemini-cli", "scope": "gemini-cli"}


def claude(event: str, sequence: Value = 1, **attributes: Value) -> dict[str, Any]:
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    return make_log(event, {"session.id": "s-9", "event.sequence": sequence, **named})


def test_an_emitter_is_known_by_its_service_then_by_its_scope() -> None:
    known = {
        ("claude-code", ""): "claude-code",
        ("mine", "com.anthropic.claude_code.events"): "claude-code",
        ("codex_exec", "codex_exec"): "codex",
        ("codex_cli_rs", "x"): "codex",
        ("gemini-cli", "gemini-cli"): "gemini-cli",
        ("mine", "openinference.instrumentation.langchain"): "openinference",
        ("mine", "pydantic-ai"): "genai",
        ("", ""): "genai",
    }
    assert {key: classify(*key).kind for key in known} == known


async def test_claude_code_counts_cached_tokens_as_input_and_keeps_its_own_cost(desk: Desk) -> None:
    request = claude(
        "api_request",
        model="claude-sonnet-4-5",
        input_tokens="12",
        output_tokens=30,
        cache_read_tokens=2000,
        cache_creation_tokens=100,
        cost_usd="0.0123",
        duration_ms="1500",
        ttft_ms=400,
        user__email="somebody@example.org",
    )
    await desk.logs(request, **CLAUDE)
    (call,) = await desk.calls()
    assert (call.input_tokens, call.output_tokens, call.cache_read_tokens) == (2112, 30, 2000)
    assert (call.cost_usd_micros, call.cost_basis) == (12_300, "reported")
    assert (call.duration_ms, call.first_token_ms, call.session) == (1500.0, 400.0, "s-9")
    assert (call.agent, call.provider) == ("~claude-code", "anthropic")
    assert "somebody" not in repr(call)


async def test_claude_code_without_a_cost_is_priced_here(desk: Desk) -> None:
    tokens: dict[str, Value] = {"input_tokens": 1000, "output_tokens": 100}
    await desk.logs(claude("api_request", model="claude-sonnet-4-5", **tokens), **CLAUDE)
    (call,) = await desk.calls()
    assert call.cost_usd_micros == 4500
    assert call.cost_basis.startswith("genai-prices ")


async def test_claude_code_names_its_subagents_and_its_failures(desk: Desk) -> None:
    failed = claude(
        "claude_code.api_error", status_code="429", error="quota of Ana", agent__name="x"
    )
    await desk.logs(failed, claude("user_prompt", 2, prompt="hello"), **CLAUDE)
    (call,) = await desk.calls()
    assert (call.agent, call.error, call.cost_usd_micros) == ("~x", "HTTP 429", None)
    assert desk.emitter().totals.failed == 1
    assert desk.emitter().content_dropped == 2


async def test_a_decision_and_its_result_are_one_tool_use(desk: Desk) -> None:
    decided = claude(
        "tool_decision", tool_name="Bash", tool_use_id="t1", decision="accept", source="config"
    )
    result = claude(
        "tool_result", 2, tool_name="Bash", tool_use_id="t1", success="false", duration_ms="12",
        decision_type="accept", decision_source="user_temporary",
    )  # fmt: skip
    refused = claude(
        "tool_decision", 3, tool_name="Write", tool_use_id="t2", decision="reject", source="hook"
    )
    await desk.logs(decided, result, result, refused, **CLAUDE)
    bash, write = await desk.tools()
    assert (bash.ok, bash.decision, bash.decided_by) == (False, "accept", "user_temporary")
    assert (write.ok, write.decision, write.decided_by) == (None, "reject", "hook")
    totals = desk.emitter().totals
    assert (totals.tool_uses, totals.tool_failures) == (2, 1)


def codex(event: str, at_ms: int = 0, **attributes: Value) -> dict[str, Any]:
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    return make_log(
        f"codex.{event}",
        {"conversation.id": "c-1", "model": "gpt-5.2", **named},
        at_ns=AT_NS + at_ms * 1_000_000,
    )


async def test_codex_counts_the_completed_record_that_has_tokens(desk: Desk) -> None:
    await desk.logs(
        codex("conversation_starts", provider_name="OpenAI"),
        codex("api_request", 100, duration_ms="80", http__response__status_code=200),
        codex("sse_event", 110, event__kind="response.output_text.delta"),
        codex("sse_event", 200, event__kind="response.completed", duration_ms="0"),
        codex(
            "sse_event", 220, event__kind="response.completed", input_token_count="4982",
            output_token_count="7", cached_token_count="0", tool_token_count="4989", ttft_ms="4",
        ),
        **CODEX,
    )  # fmt: skip
    (call,) = await desk.calls()
    assert (call.input_tokens, call.output_tokens, call.duration_ms) == (4982, 7, 200.0)
    assert (call.provider, call.session, call.agent) == ("OpenAI", "c-1", "~codex_exec")
    assert call.cost_usd_micros == 8817  # 4982 x 1.75 + 7 x 14, rounded half up


async def test_codex_requests_that_fail_are_failed_calls(desk: Desk) -> None:
    await desk.logs(codex("api_request", 100, http__response__status_code=503), **CODEX)
    (call,) = await desk.calls()
    assert (call.error, call.input_tokens) == ("HTTP 503", None)


async def test_codex_tools_carry_the_decision_told_before(desk: Desk) -> None:
    await desk.logs(
        codex("tool_decision", 1, tool_name="shell", call_id="k", decision="approved", source="x"),
        codex(
            "tool_result", 2, tool_name="shell", call_id="k", success="false", duration_ms="5",
            agent_name="/root/helper", arguments="rm", output="secret", mcp_server="",
        ),
        codex("tool_result", 3, tool_name="plan", success=True, agent_name="/root"),
        **CODEX,
    )  # fmt: skip
    shell, plan = await desk.tools()
    assert (shell.decision, shell.decided_by, shell.ok) == ("approved", "x", False)
    assert (shell.agent, plan.agent) == ("~helper", "~codex_exec")
    assert (shell.mcp_server, shell.error, plan.error) == (None, "failed", None)
    assert desk.emitter().content_dropped == 2


def gemini(event: str, at_ms: Value = 0, **attributes: Value) -> dict[str, Any]:
    named: dict[str, Value] = {"session.id": "g", "prompt_id": "p", **attributes}
    return make_log(f"gemini_cli.{event}", named, at_ns=AT_NS + int(at_ms or 0) * 1_000_000)


async def test_gemini_counts_thoughts_as_output(desk: Desk) -> None:
    tokens: dict[str, Value] = {
        "input_token_count": 100, "output_token_count": 10, "thoughts_token_count": 5,
        "cached_content_token_count": 40, "tool_token_count": 3, "status_code": 200,
    }  # fmt: skip
    await desk.logs(
        gemini("api_response", model="gemini-2.5-pro", duration_ms=70, **tokens), **GEMINI
    )
    (call,) = await desk.calls()
    assert (call.output_tokens, call.reasoning_tokens, call.error) == (15, 5, None)
    assert call.cost_usd_micros == round(60 * 1.25 + 40 * 0.125 + 15 * 10)


async def test_gemini_tells_errors_and_tools(desk: Desk) -> None:
    await desk.logs(
        gemini("api_error", model="m", error="it quotes the prompt"),
        gemini("api_error", 1, model="m", status_code=500, duration_ms=3),
        gemini("tool_call", function_name="read_file", success=False, decision="auto_accept",
               error_type="file_not_found"),
        gemini("tool_call", function_name="ls", success=True, call_id="1"),
        gemini("user_prompt", prompt_length=9),
        **GEMINI,
    )  # fmt: skip
    assert [each.error for each in await desk.calls()] == ["error", "HTTP 500"]
    read, ls = await desk.tools()
    assert (read.error, read.decision, ls.error) == ("file_not_found", "auto_accept", None)


@pytest.mark.parametrize("tool", [CLAUDE, CODEX, GEMINI], ids=lambda each: str(each["service"]))
async def test_what_a_tool_says_again_in_spans_does_not_count(
    desk: Desk, tool: dict[str, str]
) -> None:
    await desk.spans(make_span(), **tool)
    assert await desk.calls() == []
    assert desk.emitter().spans == 1


async def test_a_call_by_the_semantic_conventions(desk: Desk) -> None:
    cached: dict[str, Value] = {"gen_ai.usage.cache_read.input_tokens": 400}
    old: dict[str, Value] = {"gen_ai.provider.name": None, "gen_ai.system": "openai"}
    await desk.spans(make_span(attributes={**cached, **old}))
    (call,) = await desk.calls()
    assert (call.agent, call.session, call.provider) == ("~coder", "s-1", "openai")
    assert (call.input_tokens, call.cache_read_tokens, call.duration_ms) == (1000, 400, 250.0)
    assert call.cost_usd_micros == round(600 * 0.15 + 400 * 0.075 + 100 * 0.6)


async def test_a_reported_cost_wins(desk: Desk) -> None:
    await desk.spans(make_span(attributes={"operation.cost": 0.25}))
    (call,) = await desk.calls()
    assert (call.cost_usd_micros, call.cost_basis) == (250_000, "reported")


async def test_failed_spans_name_the_kind_of_error(desk: Desk) -> None:
    await desk.spans(
        make_span(1, failed=True),
        make_span(2, attributes={"error.type": "timeout"}),
        make_span(3, attributes={"gen_ai.response.time_to_first_chunk": 0.5}),
    )
    calls = await desk.calls()
    assert [each.error for each in calls] == ["error", "timeout", None]
    assert calls[2].first_token_ms == 500.0


async def test_tools_by_the_semantic_conventions(desk: Desk) -> None:
    tool: dict[str, Value] = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "add",
        "gen_ai.tool.call.id": "c",
        "gen_ai.tool.call.arguments": "{}",
    }
    await desk.spans(make_span(attributes=tool, failed=True))
    (use,) = await desk.tools()
    assert isinstance(use, ToolUse)
    assert (use.id, use.tool, use.ok, use.agent) == ("c", "add", False, "~coder")


async def test_openinference_takes_the_agent_from_above(desk: Desk) -> None:
    def row(number: int, parent: int, kind: str, **attributes: Value) -> dict[str, Any]:
        named = {key.replace("__", "."): value for key, value in attributes.items()}
        return {
            **make_span(number, parent=parent, failed=kind == "TOOL"),
            "attributes": [
                {"key": key, "value": {"stringValue": str(value)}}
                for key, value in {"openinference.span.kind": kind, **named}.items()
            ],
        }

    await desk.spans(
        row(3, 2, "LLM", llm__model_name="gpt-4o-mini", llm__token_count__prompt=9,
            llm__token_count__completion=1, input__value="hello", llm__cost__total=0.5),
        row(4, 2, "TOOL", tool__name="add"),
        row(5, 2, "EMBEDDING", embedding__model_name="e"),
        row(2, 1, "CHAIN"),
        row(1, 0, "AGENT", agent__name="Writer"),
        scope="openinference.instrumentation.openai_agents",
    )  # fmt: skip
    (call,) = await desk.calls()
    (use,) = await desk.tools()
    assert isinstance(call, ModelCall)
    assert (call.agent, call.input_tokens, call.cost_basis) == ("~Writer", 9, "reported")
    assert (use.agent, use.tool, use.error) == ("~Writer", "add", "error")
    assert desk.emitter().kind == "openinference"
