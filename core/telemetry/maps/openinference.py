"""Spans by OpenInference. Authoritative: spans of the kind LLM; the agent's name stands above."""

from typing import Final

from core.telemetry.model import (
    AGENT,
    CACHE_READ,
    CACHE_WRITE,
    CALL_ID,
    CONTENT,
    COST_USD,
    ERROR,
    INPUT,
    MODEL,
    NOT_NEEDED,
    OPERATION,
    OUTPUT,
    PROVIDER,
    REASONING,
    REQUEST_MODEL,
    SESSION,
    TOOL,
    EmitterMap,
    Fields,
    Found,
    Reader,
    SpanRow,
    Table,
    Tokens,
)
from core.telemetry.rules import as_int, as_micros, span_ms
from core.usage import ModelCall, ToolUse

SPANS: Final = Table(
    {
        "openinference.span.kind": OPERATION,
        "agent.name": AGENT,
        "session.id": SESSION,
        "llm.model_name": MODEL,
        "embedding.model_name": REQUEST_MODEL,
        "llm.system": PROVIDER,
        "llm.provider": PROVIDER,
        "llm.token_count.prompt": INPUT,
        "llm.token_count.completion": OUTPUT,
        "llm.token_count.prompt_details.cache_read": CACHE_READ,
        "llm.token_count.prompt_details.cache_write": CACHE_WRITE,
        "llm.token_count.completion_details.reasoning": REASONING,
        "llm.cost.total": COST_USD,
        "tool.name": TOOL,
        "tool_call.id": CALL_ID,
        "tool.id": CALL_ID,
        "error.type": ERROR,
        "graph.node.id": NOT_NEEDED,
        "graph.node.name": NOT_NEEDED,
        "graph.node.parent_id": NOT_NEEDED,
        "user.id": NOT_NEEDED,
        "llm.finish_reason": NOT_NEEDED,
        "llm.token_count.total": NOT_NEEDED,
        "tool.description": CONTENT,
        "tool.parameters": CONTENT,
        "tool.json_schema": CONTENT,
        "llm.invocation_parameters": CONTENT,
        "metadata": CONTENT,
    },
    content=(
        "input.",
        "output.",
        "llm.input_messages.",
        "llm.output_messages.",
        "llm.prompts.",
        "llm.choices.",
        "llm.tools.",
        "llm.prompt_template.",
        "embedding.",
        "retrieval.",
        "reranker.",
        "document.",
    ),
    not_needed=("llm.cost.", "llm.token_count.", "tag.", "server."),
)


def map_span(row: SpanRow, reader: Reader, inherited: str | None) -> Found | None:
    """A model call or a tool use; None for every other span."""
    fields = row.fields
    kind = fields[OPERATION]
    if kind == "LLM" or (kind == "EMBEDDING" and fields[INPUT] is not None):
        return _call(row, reader, inherited)
    if kind == "TOOL":
        return ToolUse(
            id=reader.key(fields[CALL_ID]) or row.id,
            emitter=reader.emitter,
            agent=reader.agent(fields[AGENT] or inherited),
            session=reader.session(fields[SESSION]),
            tool=reader.text(fields[TOOL]) or "unknown",
            mcp_server=None,
            started_at=reader.at(row.start_ns),
            duration_ms=span_ms(row.start_ns, row.end_ns),
            ok=not row.failed,
            error=_error(row, reader),
        )
    return None


def _call(row: SpanRow, reader: Reader, inherited: str | None) -> ModelCall:
    fields = row.fields
    provider = reader.text(fields[PROVIDER])
    model = reader.text(fields[MODEL] or fields[REQUEST_MODEL])
    started_at = reader.at(row.start_ns)
    tokens = Tokens(
        as_int(fields[INPUT]),
        as_int(fields[OUTPUT]),
        as_int(fields[CACHE_READ]),
        as_int(fields[CACHE_WRITE]),
    )
    cost, basis = reader.cost(
        as_micros(fields[COST_USD]),
        provider=provider,
        model=model,
        started_at=started_at,
        tokens=tokens,
    )
    return ModelCall(
        id=row.id,
        emitter=reader.emitter,
        agent=reader.agent(fields[AGENT] or inherited),
        session=reader.session(fields[SESSION]),
        model=model,
        provider=provider,
        started_at=started_at,
        duration_ms=span_ms(row.start_ns, row.end_ns),
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=tokens.cache_write,
        reasoning_tokens=as_int(fields[REASONING]),
        cost_usd_micros=cost,
        cost_basis=basis,
        error=_error(row, reader),
    )


def _error(row: SpanRow, reader: Reader) -> str | None:
    if not row.failed:
        return None
    return reader.text(row.fields[ERROR]) or "error"


def run_name(fields: Fields) -> str | None:
    """The agent whose run this span is; the root of a workflow is one without a name."""
    name = fields[AGENT]
    return str(name) if fields[OPERATION] == "AGENT" and name else None


def own_name(fields: Fields) -> bool:
    """Whether this span says itself whose it is."""
    return bool(fields[AGENT])


MAP: Final = EmitterMap(
    kind="openinference", spans=SPANS, map_span=map_span, run_name=run_name, own_name=own_name
)
