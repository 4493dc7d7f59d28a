"""Codex CLI. Authoritative: log `codex.sse_event` of the kind `response.completed`.

Each call ends in two such records and only one has tokens. Numbers and truths may be texts.
`tool_token_count` is the call's total, no part of it.
"""

from typing import Final

from core.telemetry.maps.logs import ended_call, ended_tool, row_id
from core.telemetry.model import (
    AGENT,
    CACHE_READ,
    CACHE_WRITE,
    CALL_ID,
    CONTENT,
    DECIDED_BY,
    DECISION,
    DURATION_MS,
    ERROR,
    EVENT,
    EVENT_KIND,
    FIRST_TOKEN_MS,
    INPUT,
    MCP_SERVER,
    MODEL,
    NOT_NEEDED,
    OK,
    OUTPUT,
    PROVIDER,
    REASONING,
    SESSION,
    STATUS,
    TOOL,
    EmitterMap,
    Fields,
    Found,
    LogRow,
    Reader,
    Table,
    Tokens,
)
from core.telemetry.rules import as_bool, as_float, as_int, http_error, span_ms, start_of
from core.usage import ModelCall

LOGS: Final = Table(
    {
        "event.name": EVENT,
        "event.kind": EVENT_KIND,
        "conversation.id": SESSION,
        "agent_name": AGENT,
        "model": MODEL,
        "slug": NOT_NEEDED,
        "provider_name": PROVIDER,
        "input_token_count": INPUT,
        "output_token_count": OUTPUT,
        "cached_token_count": CACHE_READ,
        "cache_write_token_count": CACHE_WRITE,
        "reasoning_token_count": REASONING,
        "tool_token_count": NOT_NEEDED,
        "duration_ms": DURATION_MS,
        "ttft_ms": FIRST_TOKEN_MS,
        "http.response.status_code": STATUS,
        "error.type": ERROR,
        "tool_name": TOOL,
        "call_id": CALL_ID,
        "mcp_server": MCP_SERVER,
        "success": OK,
        "decision": DECISION,
        "source": DECIDED_BY,
        "attempt": NOT_NEEDED,
        "endpoint": NOT_NEEDED,
        "event.timestamp": NOT_NEEDED,
        "originator": NOT_NEEDED,
        "prompt_length": NOT_NEEDED,
        "tool_result_seq": NOT_NEEDED,
        "tool_namespace": NOT_NEEDED,
        "output_truncated": NOT_NEEDED,
        "mcp_server_origin": NOT_NEEDED,
        "mcp_servers": NOT_NEEDED,
        "approval_policy": NOT_NEEDED,
        "sandbox_policy": NOT_NEEDED,
        "prompt": CONTENT,
        "arguments": CONTENT,
        "output": CONTENT,
        "error.message": CONTENT,
    },
    not_needed=("auth.", "app.", "terminal.", "user.", "config.", "startup.", "reasoning_"),
)
_MAIN: Final = "/root"  # what Codex calls its first agent; others stand below it


def map_log(row: LogRow, reader: Reader) -> Found | None:
    """A model call or a tool use; None for every other record."""
    fields = row.fields
    match row.event:
        case "codex.sse_event":
            ended = fields[EVENT_KIND] == "response.completed" and fields[INPUT] is not None
            return _call(row, reader) if ended else None
        case "codex.api_request":
            return _request(row, reader)
        case "codex.tool_result":
            return _tool(row, reader)
        case "codex.tool_decision":
            return _decision(row, reader)
        case "codex.conversation_starts":
            provider = reader.text(fields[PROVIDER])
            reader.memory.put(f"provider:{reader.key(fields[SESSION])}", provider)
        case _:
            pass
    return None


def _call(row: LogRow, reader: Reader) -> ModelCall:
    fields = row.fields
    session = reader.key(fields[SESSION])
    asked_ns = as_int(reader.memory.get(f"asked:{session}"))
    return ended_call(
        row,
        reader,
        id=row_id(row, reader, session),
        tokens=Tokens(
            as_int(fields[INPUT]),
            as_int(fields[OUTPUT]),
            as_int(fields[CACHE_READ]),
            as_int(fields[CACHE_WRITE]),
        ),
        model=fields[MODEL],
        provider=reader.memory.get(f"provider:{session}"),
        session=session,
        duration_ms=None if asked_ns is None else span_ms(asked_ns * 1_000_000, row.at_ns),
    )


def _request(row: LogRow, reader: Reader) -> ModelCall | None:
    """A request that failed is a failed call; of others, remember when they began."""
    fields = row.fields
    session = reader.key(fields[SESSION])
    error = http_error(fields[STATUS], fields[ERROR])
    if error is None:
        began_ns = start_of(row.at_ns, as_float(fields[DURATION_MS]))
        reader.memory.put(f"asked:{session}", began_ns // 1_000_000)
        return None
    return ended_call(
        row,
        reader,
        id=row_id(row, reader, session),
        tokens=Tokens(None, None, None, None),
        model=fields[MODEL],
        provider=reader.memory.get(f"provider:{session}"),
        session=session,
        error=error,
    )


def _tool(row: LogRow, reader: Reader) -> Found:
    fields = row.fields
    call_id = reader.key(fields[CALL_ID])
    decision = str(reader.memory.get(f"decision:{call_id}") or "").partition(" ")
    ok = as_bool(fields[OK])
    return ended_tool(
        row,
        reader,
        id=call_id or row_id(row, reader, fields[SESSION]),
        tool=fields[TOOL],
        agent=_agent(fields),
        session=fields[SESSION],
        mcp_server=fields[MCP_SERVER],
        ok=ok,
        decision=decision[0],
        decided_by=decision[2],
        error="failed" if ok is False else None,
    )


def _decision(row: LogRow, reader: Reader) -> Found:
    fields = row.fields
    call_id = reader.key(fields[CALL_ID])
    words = [reader.text(fields[each]) or "" for each in (DECISION, DECIDED_BY)]
    reader.memory.put(f"decision:{call_id}", " ".join(words))
    return ended_tool(
        row,
        reader,
        id=call_id or row_id(row, reader, fields[SESSION]),
        tool=fields[TOOL],
        agent=_agent(fields),
        session=fields[SESSION],
        ok=None,
        decision=words[0],
        decided_by=words[1],
    )


def _agent(fields: Fields) -> str | None:
    name = str(fields[AGENT] or _MAIN)
    return None if name == _MAIN else name.removeprefix(f"{_MAIN}/")


MAP: Final = EmitterMap(kind="codex", logs=LOGS, map_log=map_log)
