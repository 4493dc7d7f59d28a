"""What the maps of log records share: a call and a tool use, told when they have ended."""

from core.telemetry.model import (
    COST_MICROS,
    COST_USD,
    DURATION_MS,
    FIRST_TOKEN_MS,
    REASONING,
    LogRow,
    Reader,
    Tokens,
    Value,
)
from core.telemetry.rules import as_float, as_int, as_micros, start_of
from core.usage import ModelCall, ToolUse


def ended_call(
    row: LogRow,
    reader: Reader,
    *,
    id: str,  # noqa: A002 - the field's name
    tokens: Tokens,
    model: Value,
    provider: Value = None,
    agent: Value = None,
    session: Value,
    duration_ms: float | None = None,
    error: str | None = None,
) -> ModelCall:
    """The call that this record tells the end of. A duration in the record itself wins."""
    fields = row.fields
    own_ms = as_float(fields[DURATION_MS])
    duration_ms = duration_ms if own_ms is None else own_ms
    started_at = reader.at(start_of(row.at_ns, duration_ms))
    shown_model, shown_provider = reader.text(model), reader.text(provider)
    reported = as_int(fields[COST_MICROS])
    cost, basis = reader.cost(
        as_micros(fields[COST_USD]) if reported is None else reported,
        provider=shown_provider,
        model=shown_model,
        started_at=started_at,
        tokens=tokens,
    )
    return ModelCall(
        id=id,
        emitter=reader.emitter,
        agent=reader.agent(agent),
        session=reader.session(session),
        model=shown_model,
        provider=shown_provider,
        started_at=started_at,
        duration_ms=duration_ms,
        first_token_ms=as_float(fields[FIRST_TOKEN_MS]),
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=tokens.cache_write,
        reasoning_tokens=as_int(fields[REASONING]),
        cost_usd_micros=cost,
        cost_basis=basis,
        error=error,
    )


def ended_tool(
    row: LogRow,
    reader: Reader,
    *,
    id: str,  # noqa: A002 - the field's name
    tool: Value,
    agent: Value = None,
    session: Value,
    mcp_server: Value = None,
    ok: bool | None,
    decision: Value = None,
    decided_by: Value = None,
    error: str | None = None,
) -> ToolUse:
    """The tool use that this record tells the end of, or the decision about."""
    duration_ms = as_float(row.fields[DURATION_MS])
    return ToolUse(
        id=id,
        emitter=reader.emitter,
        agent=reader.agent(agent),
        session=reader.session(session),
        tool=reader.text(tool) or "unknown",
        mcp_server=reader.text(mcp_server),
        started_at=reader.at(start_of(row.at_ns, duration_ms)),
        duration_ms=duration_ms,
        ok=ok,
        decision=reader.text(decision),
        decided_by=reader.text(decided_by),
        error=error,
    )


def row_id(row: LogRow, reader: Reader, *parts: Value) -> str:
    """An id for a record that has none: its time and what tells it from others of that time."""
    return ":".join([str(row.at_ns), *(reader.key(each) or "" for each in parts)])
