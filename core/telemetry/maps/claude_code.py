"""Claude Code. Authoritative: log `claude_code.api_request`, which also says the cost.

Its `input_tokens` leave cached ones out; here they are in, as everywhere else.
"""

from typing import Final

from core.telemetry.maps.logs import ended_call, ended_tool, row_id
from core.telemetry.model import (
    AGENT,
    CACHE_READ,
    CACHE_WRITE,
    CALL_ID,
    CONTENT,
    COST_MICROS,
    COST_USD,
    DECIDED_BY,
    DECISION,
    DURATION_MS,
    ERROR,
    EVENT,
    FIRST_TOKEN_MS,
    INPUT,
    MCP_SERVER,
    MODEL,
    NOT_NEEDED,
    OK,
    OUTPUT,
    PROVIDER,
    RESPONSE_ID,
    SEQUENCE,
    SESSION,
    STATUS,
    TOOL,
    EmitterMap,
    Found,
    LogRow,
    Reader,
    Table,
    Tokens,
)
from core.telemetry.rules import add_up, as_bool, as_int, http_error
from core.usage import ModelCall, ToolUse

LOGS: Final = Table(
    {
        "event.name": EVENT,
        "event.sequence": SEQUENCE,
        "session.id": SESSION,
        "agent.name": AGENT,
        "model": MODEL,
        "gen_ai.system": PROVIDER,
        "request_id": RESPONSE_ID,
        "input_tokens": INPUT,
        "output_tokens": OUTPUT,
        "cache_read_tokens": CACHE_READ,
        "cache_creation_tokens": CACHE_WRITE,
        "cost_usd": COST_USD,
        "cost_usd_micros": COST_MICROS,
        "duration_ms": DURATION_MS,
        "ttft_ms": FIRST_TOKEN_MS,
        "status_code": STATUS,
        "error_type": ERROR,
        "tool_name": TOOL,
        "tool_use_id": CALL_ID,
        "mcp_server.name": MCP_SERVER,
        "mcp_server_name": MCP_SERVER,
        "success": OK,
        "decision": DECISION,
        "decision_type": DECISION,
        "source": DECIDED_BY,
        "decision_source": DECIDED_BY,
        "event.timestamp": NOT_NEEDED,
        "agent_id": NOT_NEEDED,
        "parent_agent_id": NOT_NEEDED,
        "query_source": NOT_NEEDED,
        "skill.name": NOT_NEEDED,
        "plugin.name": NOT_NEEDED,
        "prompt.id": NOT_NEEDED,
        "prompt_length": NOT_NEEDED,
        "attempt": NOT_NEEDED,
        "speed": NOT_NEEDED,
        "effort": NOT_NEEDED,
        "permission_mode": NOT_NEEDED,
        "tool_result_size_bytes": NOT_NEEDED,
        "prompt": CONTENT,
        "error": CONTENT,
        "response": CONTENT,
        "tool_parameters": CONTENT,
        "tool_input": CONTENT,
    },
    not_needed=(
        "user.",
        "organization.",
        "terminal.",
        "app.",
        "cache_creation_",
        "client_",
        "tool_input_",
        "tool_result_",
    ),
)
_PREFIX: Final = "claude_code."
_PROVIDER: Final = "anthropic"


def map_log(row: LogRow, reader: Reader) -> Found | None:
    """A model call or a tool use; None for every other record."""
    match row.event.removeprefix(_PREFIX):
        case "api_request":
            return _call(row, reader, failed=False)
        case "api_error":
            return _call(row, reader, failed=True)
        case "tool_result":
            return _tool(row, reader, ok=as_bool(row.fields[OK]))
        case "tool_decision":
            return _tool(row, reader, ok=None)
        case _:
            return None


def _call(row: LogRow, reader: Reader, *, failed: bool) -> ModelCall:
    fields = row.fields
    read, written = as_int(fields[CACHE_READ]), as_int(fields[CACHE_WRITE])
    session = fields[SESSION]
    error = (http_error(fields[STATUS], fields[ERROR]) or "error") if failed else None
    return ended_call(
        row,
        reader,
        id=reader.key(fields[RESPONSE_ID]) or _id(row, reader),
        tokens=Tokens(
            add_up(as_int(fields[INPUT]), read, written), as_int(fields[OUTPUT]), read, written
        ),
        model=fields[MODEL],
        provider=fields[PROVIDER] or _PROVIDER,
        agent=fields[AGENT],
        session=session,
        error=error,
    )


def _tool(row: LogRow, reader: Reader, *, ok: bool | None) -> ToolUse:
    fields = row.fields
    return ended_tool(
        row,
        reader,
        id=reader.key(fields[CALL_ID]) or _id(row, reader),
        tool=fields[TOOL],
        agent=fields[AGENT],
        session=fields[SESSION],
        mcp_server=fields[MCP_SERVER],
        ok=ok,
        decision=fields[DECISION],
        decided_by=fields[DECIDED_BY],
        error=(reader.text(fields[ERROR]) or "failed") if ok is False else None,
    )


def _id(row: LogRow, reader: Reader) -> str:
    return row_id(row, reader, row.fields[SESSION], row.fields[SEQUENCE])


MAP: Final = EmitterMap(kind="claude-code", logs=LOGS, map_log=map_log)
