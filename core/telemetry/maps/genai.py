"""Spans by the semantic conventions for generative AI: pydantic-ai, OpenTelemetry's own, others.

Authoritative: the client span of a call. The metrics say the same again and are a cross-check.
"""

from typing import Final

from core.telemetry.model import (
    AGENT,
    CACHE_READ,
    CACHE_WRITE,
    CALL_ID,
    CONTENT,
    COST_USD,
    ERROR,
    FIRST_TOKEN_MS,
    INPUT,
    MCP_SERVER,
    MODEL,
    NOT_NEEDED,
    OLD_PROVIDER,
    OPERATION,
    OUTPUT,
    PROVIDER,
    REASONING,
    REQUEST_MODEL,
    RESPONSE_ID,
    SESSION,
    TOOL,
    EmitterMap,
    Fields,
    Found,
    Reader,
    SpanRow,
    Table,
    make_tuple,
)
from core.telemetry.rules import as_int, as_micros, span_ms
from core.usage import ModelCall, ToolUse

_CALLS: Final = frozenset(("chat", "generate_content", "text_completion", "embeddings"))
_RUN: Final = "invoke_agent"
_TOOL: Final = "execute_tool"
# What one instrumentor writes where it does not know the agent.
_NO_NAMES: Final = frozenset((None, "", "OpenAI Agent", "agent"))

SPANS: Final = Table(
    {
        "gen_ai.operation.name": OPERATION,
        "gen_ai.agent.name": AGENT,
        "gen_ai.conversation.id": SESSION,
        "gen_ai.response.model": MODEL,
        "gen_ai.request.model": REQUEST_MODEL,
        "gen_ai.provider.name": PROVIDER,
        "gen_ai.system": OLD_PROVIDER,
        "gen_ai.response.id": RESPONSE_ID,
        "gen_ai.usage.input_tokens": INPUT,
        "gen_ai.usage.prompt_tokens": INPUT,
        "gen_ai.usage.output_tokens": OUTPUT,
        "gen_ai.usage.completion_tokens": OUTPUT,
        "gen_ai.usage.cache_read.input_tokens": CACHE_READ,
        "gen_ai.usage.details.cache_read_tokens": CACHE_READ,
        "gen_ai.usage.cache_creation.input_tokens": CACHE_WRITE,
        "gen_ai.usage.cache_write.input_tokens": CACHE_WRITE,
        "gen_ai.usage.details.cache_write_tokens": CACHE_WRITE,
        "gen_ai.usage.reasoning.output_tokens": REASONING,
        "gen_ai.usage.details.reasoning_tokens": REASONING,
        "operation.cost": COST_USD,
        "gen_ai.response.time_to_first_chunk": FIRST_TOKEN_MS,
        "error.type": ERROR,
        "gen_ai.tool.name": TOOL,
        "gen_ai.tool.call.id": CALL_ID,
        "mcp.server.name": MCP_SERVER,
        "gen_ai.agent.id": NOT_NEEDED,
        "gen_ai.agent.call.id": NOT_NEEDED,
        "gen_ai.agent.version": NOT_NEEDED,
        "gen_ai.output.type": NOT_NEEDED,
        "gen_ai.response.finish_reasons": NOT_NEEDED,
        "gen_ai.tool.type": NOT_NEEDED,
        "model_name": NOT_NEEDED,
        "agent_name": NOT_NEEDED,
        "gen_ai.agent.description": CONTENT,
        "gen_ai.input.messages": CONTENT,
        "gen_ai.output.messages": CONTENT,
        "gen_ai.system_instructions": CONTENT,
        "gen_ai.prompt": CONTENT,
        "gen_ai.completion": CONTENT,
        "gen_ai.tool.definitions": CONTENT,
        "gen_ai.tool.description": CONTENT,
        "model_request_parameters": CONTENT,
        "final_result": CONTENT,
        "all_messages_events": CONTENT,
        "events": CONTENT,
        "tool_arguments": CONTENT,
        "tool_response": CONTENT,
    },
    content=("gen_ai.tool.call.", "gen_ai.prompt.", "gen_ai.completion.", "pydantic_ai."),
    not_needed=(
        "gen_ai.request.",
        "gen_ai.aggregated_usage.",
        "gen_ai.usage.details.",
        "gen_ai.openai.",
        "logfire.",
        "server.",
        "code.",
        "thread.",
        "http.",
        "url.",
        "network.",
    ),
)


def map_span(row: SpanRow, reader: Reader, inherited: str | None) -> Found | None:
    """A model call or a tool use; None for every other span."""
    fields = row.fields
    operation = fields[OPERATION]
    if operation in _CALLS:
        return _call(row, reader, inherited)
    if operation == _TOOL:
        return ToolUse(
            id=reader.key(fields[CALL_ID]) or row.id,
            emitter=reader.emitter,
            agent=reader.agent(_agent(fields, inherited)),
            session=reader.session(fields[SESSION]),
            tool=reader.text(fields[TOOL]) or "unknown",
            mcp_server=reader.text(fields[MCP_SERVER]),
            started_at=reader.at(row.start_ns),
            duration_ms=span_ms(row.start_ns, row.end_ns),
            ok=not row.failed,
            error=_error(row, reader),
        )
    return None


def _call(row: SpanRow, reader: Reader, inherited: str | None) -> ModelCall:
    _, span_id, _, start_ns, end_ns, failed, fields = row
    provider = reader.text(fields[PROVIDER] or fields[OLD_PROVIDER])
    model = reader.text(fields[MODEL] or fields[REQUEST_MODEL])
    started_at = reader.at(start_ns)
    sent, received = as_int(fields[INPUT]), as_int(fields[OUTPUT])
    read, written = as_int(fields[CACHE_READ]), as_int(fields[CACHE_WRITE])
    reported, named, first_s = fields[COST_USD], fields[ERROR], fields[FIRST_TOKEN_MS]
    cost, basis = reader.cost(
        None if reported is None else as_micros(reported),
        provider=provider,
        model=model,
        started_at=started_at,
        tokens=(sent, received, read, written),
    )
    return make_tuple(
        ModelCall,
        (
            span_id,
            reader.emitter,
            reader.agent(_agent(fields, inherited)),
            reader.session(fields[SESSION]),
            model,
            provider,
            started_at,
            span_ms(start_ns, end_ns),
            first_s * 1000 if isinstance(first_s, float) and first_s >= 0 else None,
            sent,
            received,
            read,
            written,
            as_int(fields[REASONING]),
            cost,
            basis,
            _error(row, reader) if failed or named is not None else None,
        ),
    )


def _error(row: SpanRow, reader: Reader) -> str | None:
    named = row.fields[ERROR]
    if named is None and not row.failed:
        return None
    return reader.text(named) or "error"


def _agent(fields: Fields, inherited: str | None) -> str | None:
    own = fields[AGENT]
    return inherited if own in _NO_NAMES else str(own)


def run_name(fields: Fields) -> str | None:
    """The agent whose run this span is."""
    name = fields[AGENT]
    return str(name) if fields[OPERATION] == _RUN and name not in _NO_NAMES else None


def own_name(fields: Fields) -> bool:
    """Whether this span says itself whose it is."""
    return fields[AGENT] not in _NO_NAMES


MAP: Final = EmitterMap(
    kind="genai", spans=SPANS, map_span=map_span, run_name=run_name, own_name=own_name
)
