"""Gemini CLI. Authoritative: log `gemini_cli.api_response`.

The same tokens come five times: span, this log, a generic log and two metrics. Thoughts are billed
as output and not in `output_token_count`; here they are, as everywhere else.
"""

from typing import Final

from core.telemetry.maps.logs import ended_call, ended_tool, row_id
from core.telemetry.model import (
    CACHE_READ,
    CALL_ID,
    CONTENT,
    DECISION,
    DURATION_MS,
    ERROR,
    EVENT,
    INPUT,
    MCP_SERVER,
    MODEL,
    NOT_NEEDED,
    OK,
    OUTPUT,
    REASONING,
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
        "session.id": SESSION,
        "prompt_id": SEQUENCE,
        "model": MODEL,
        "model_name": MODEL,
        "input_token_count": INPUT,
        "output_token_count": OUTPUT,
        "cached_content_token_count": CACHE_READ,
        "thoughts_token_count": REASONING,
        "duration_ms": DURATION_MS,
        "status_code": STATUS,
        "http.status_code": NOT_NEEDED,
        "error_type": ERROR,
        "error.type": ERROR,
        "function_name": TOOL,
        "call_id": CALL_ID,
        "mcp_server_name": MCP_SERVER,
        "success": OK,
        "decision": DECISION,
        "tool_token_count": NOT_NEEDED,
        "total_token_count": NOT_NEEDED,
        "event.timestamp": NOT_NEEDED,
        "finish_reasons": NOT_NEEDED,
        "role": NOT_NEEDED,
        "tool_type": NOT_NEEDED,
        "content_length": NOT_NEEDED,
        "prompt_length": NOT_NEEDED,
        "interactive": NOT_NEEDED,
        "auth_type": NOT_NEEDED,
        "extension_name": NOT_NEEDED,
        "extension_id": NOT_NEEDED,
        "start_time": NOT_NEEDED,
        "end_time": NOT_NEEDED,
        "prompt": CONTENT,
        "request_text": CONTENT,
        "response_text": CONTENT,
        "function_args": CONTENT,
        "error": CONTENT,
        "error.message": CONTENT,
        "reasoning": CONTENT,
        "gen_ai.system_instructions": CONTENT,
        "gen_ai.input.messages": CONTENT,
        "gen_ai.output.messages": CONTENT,
    },
    not_needed=("gen_ai.", "server.", "user.", "installation."),
)


def map_log(row: LogRow, reader: Reader) -> Found | None:
    """A model call or a tool use; None for every other record."""
    match row.event:
        case "gemini_cli.api_response" | "gemini_cli.api_error":
            return _call(row, reader, failed=row.event == "gemini_cli.api_error")
        case "gemini_cli.tool_call":
            return _tool(row, reader)
        case _:
            return None


def _call(row: LogRow, reader: Reader, *, failed: bool) -> ModelCall:
    fields = row.fields
    error = http_error(fields[STATUS], fields[ERROR])
    thoughts = as_int(fields[REASONING])
    return ended_call(
        row,
        reader,
        id=row_id(row, reader, fields[SEQUENCE], fields[INPUT], fields[OUTPUT]),
        tokens=Tokens(
            as_int(fields[INPUT]),
            add_up(as_int(fields[OUTPUT]), thoughts),
            as_int(fields[CACHE_READ]),
            None,
        ),
        model=fields[MODEL],
        session=fields[SESSION],
        error=(error or "error") if failed else error,
    )


def _tool(row: LogRow, reader: Reader) -> ToolUse:
    fields = row.fields
    ok = as_bool(fields[OK])
    error = reader.text(fields[ERROR])
    return ended_tool(
        row,
        reader,
        id=reader.key(fields[CALL_ID]) or row_id(row, reader, fields[SEQUENCE], fields[TOOL]),
        tool=fields[TOOL],
        session=fields[SESSION],
        mcp_server=fields[MCP_SERVER],
        ok=ok,
        decision=fields[DECISION],
        error=(error or "failed") if ok is False else None,
    )


MAP: Final = EmitterMap(kind="gemini-cli", logs=LOGS, map_log=map_log)
