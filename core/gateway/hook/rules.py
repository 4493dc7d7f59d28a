"""Hook event -> proposal, ticket -> hook answer. Used by the HTTP form, and so by the command."""

import posixpath
import re
import string
from collections.abc import Mapping
from typing import Final

from core.actions import ActionStatus, Decision, JsonObject, JsonValue, OutcomeStatus
from core.errors import InvalidAction
from core.gateway import patterns
from core.gateway.hook.answers import PRE_TOOL_USE, RETRY_ADVICE, deny_call, is_session_step
from core.gateway.hook.model import (
    EventIgnored,
    HookEvent,
    PromptSubmitted,
    SessionEnded,
    SessionStarted,
    ToolFinished,
    ToolProposed,
)
from core.ports import Proposal, Ticket

AGENT: Final = "claude-code"
SHELL_TOOLS: Final = frozenset({"Bash", "PowerShell"})
# What these carry is later put to the agent as if a user had said it, so it would count as the
# purpose. No policy describes the kind, which means that an operator sees every one of them.
SCHEDULING_TOOLS: Final = frozenset({"CronCreate", "RemoteTrigger", "ScheduleWakeup"})
# tool -> (kind, the input that names what is acted upon)
TOOLS: Final[Mapping[str, tuple[str, str]]] = {
    "Write": ("file.write", "file_path"),
    "Edit": ("file.write", "file_path"),
    "MultiEdit": ("file.write", "file_path"),
    "NotebookEdit": ("file.write", "notebook_path"),
    "Read": ("file.read", "file_path"),
    "NotebookRead": ("file.read", "notebook_path"),
    "Glob": ("file.read", "path"),
    "Grep": ("file.read", "path"),
    "LS": ("file.read", "path"),
    "LSP": ("file.read", "filePath"),  # asks a language server about a place in a file
    "WebFetch": ("network.request", "url"),
    "WebSearch": ("network.request", "query"),
}
_SEARCHES: Final = frozenset({"Glob", "Grep", "LS"})  # without a path they look where the call runs
_WANTED: Final = {"Glob": "pattern", "Grep": "glob"}  # which files of the folder
# Names under which the gate knows the folder of a command.
_FOLDERS: Final = ("cwd", "workdir", "working_dir", "working_directory")
_TRIMMED: Final = "\ufeff" + string.whitespace  # what clients take off a path before they use it
_PLAIN: Final = re.compile(patterns.PLAIN)
_ID: Final = re.compile(patterns.KEY)
_MCP_TOOL: Final = re.compile(r"mcp__(.+?)__(.+)", re.DOTALL)
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9._:-]+")
_AGENT_TYPE_CHARS_MAX: Final = 64


def read_event(document: JsonValue) -> HookEvent:
    """Read one hook input as Claude Code sends it.

    Raises: InvalidAction when it is no hook input, or lacks what its event must have.
    """
    if not isinstance(document, Mapping):
        raise InvalidAction("a hook input is a JSON object")
    name = _text(document, "hook_event_name")
    match name:
        case "PreToolUse" if not is_session_step(document):
            return ToolProposed(
                session=_id(document, "session_id"),
                agent=name_agent(document),
                cwd=_maybe_text(document, "cwd"),
                tool_name=_text(document, "tool_name"),
                tool_input=_object(document, "tool_input"),
                tool_use_id=_id(document, "tool_use_id"),
            )
        case "PostToolUse" | "PostToolUseFailure":
            return _read_finished(document, failed=name == "PostToolUseFailure")
        case "UserPromptSubmit":
            return PromptSubmitted(
                session=_id(document, "session_id"),
                agent=AGENT,
                cwd=_maybe_text(document, "cwd"),
                prompt=_text(document, "prompt", empty=True),
                by_user=_is_by_user(document),
            )
        case "SessionStart":
            session, cwd = _id(document, "session_id"), _maybe_text(document, "cwd")
            return SessionStarted(session=session, agent=AGENT, cwd=cwd)
        case "SessionEnd":
            return SessionEnded(session=_id(document, "session_id"), agent=AGENT)
        case _:
            return EventIgnored(name=name)


# The client hands news of background work, of other agents and of channels to the agent as prompts.
# Their text is a tool's or an agent's, and newer clients say so in `source`.
_BY_MACHINE: Final = re.compile(
    r"\s*(?:<(?:[a-z]+(?:-[a-z]+)+|channel|tick)[\s/>]|\[SYSTEM NOTIFICATION)"
)
_USER_SOURCES: Final = frozenset({"user", "sdk"})


def _is_by_user(document: JsonObject) -> bool:
    """Whether a prompt holds the user's own words, which targets may be grounded in."""
    if document.get("agent_id"):  # what one agent tells another
        return False
    source = document.get("source")
    if source is not None:
        return isinstance(source, str) and source in _USER_SOURCES
    return not _BY_MACHINE.match(_maybe_text(document, "prompt"))


def _read_finished(document: JsonObject, *, failed: bool) -> ToolFinished:
    error = _maybe_text(document, "error") if failed else ""
    status = OutcomeStatus.SUCCEEDED
    if failed:
        # An interrupted tool may have done part of its work: nobody knows, so nobody claims.
        interrupted = document.get("is_interrupt") is True
        status = OutcomeStatus.UNKNOWN if interrupted else OutcomeStatus.FAILED
    return ToolFinished(
        session=_id(document, "session_id"),
        agent=name_agent(document),
        tool_use_id=_id(document, "tool_use_id"),
        status=status,
        error=error,
        result=error if failed else document.get("tool_response"),
    )


def name_agent(document: JsonObject) -> str:
    """`claude-code`, or `claude-code/<type>` inside a subagent."""
    if not _maybe_text(document, "agent_id"):
        return AGENT
    kind = _NOT_IN_A_NAME.sub("-", _maybe_text(document, "agent_type")).strip("-")
    return f"{AGENT}/{kind[:_AGENT_TYPE_CHARS_MAX] or 'subagent'}"


def propose_call(
    call: ToolProposed, *, wait_s: float, traceparent: str = "", workspace: str | None = None
) -> Proposal:
    """Say in the gate's words what the tool call would do.

    A command that runs elsewhere than in the session's `workspace` says where: that is judged,
    shown and approved with it.
    Raises: InvalidAction when the input does not plainly say what it acts upon.
    """
    kind, resource = classify_tool(call)
    moved = kind == "shell.execute" and workspace is not None and call.cwd not in ("", workspace)
    folder = {_folder_name(call): _folder(call.cwd, workspace or "")} if moved else {}
    correlation_id, parent_span_id = read_traceparent(traceparent)
    return Proposal(
        agent=call.agent,
        kind=kind,
        resource=resource,
        arguments={**call.tool_input, **folder},
        session=call.session,
        correlation_id=correlation_id,
        parent_span_id=parent_span_id,
        # Claude Code makes a new id for every call, also for a call repeated word by word, so one
        # approval can never serve two calls.
        idempotency_key=f"{AGENT}:{call.session}:{call.tool_use_id}",
        wait_s=wait_s,
    )


def classify_tool(call: ToolProposed) -> tuple[str, str]:
    """Kind and resource of a tool call; a tool not known here is a `tool.call` by its name."""
    name = call.tool_name
    if found := _MCP_TOOL.fullmatch(name):
        return "mcp.call", f"{found[1]}/{found[2]}"
    if name in SHELL_TOOLS or isinstance(call.tool_input.get("command"), str):
        # Monitor, and whatever else of the client comes to run commands.
        return "shell.execute", name
    if name in SCHEDULING_TOOLS:
        return "prompt.schedule", name
    if name in TOOLS:
        kind, key = TOOLS[name]
        return kind, _read_target(call, key, is_file=kind.startswith("file."))
    return "tool.call", name


def _read_target(call: ToolProposed, key: str, *, is_file: bool) -> str:
    """What the call acts upon; of a file its whole path, whatever folder the session has."""
    target = call.tool_input.get(key)
    if call.tool_name in _SEARCHES and target in (None, ""):
        target = call.cwd or "."
    if not isinstance(target, str) or not target or (is_file and not _is_path(target)):
        raise InvalidAction(f"{call.tool_name}: the input's {key} is no plain text")
    if not is_file or target.startswith("~"):
        return target
    whole = posixpath.join(call.cwd, target)
    wanted = call.tool_input.get(_WANTED.get(call.tool_name, ""))
    if isinstance(wanted, str) and not wanted.startswith("!"):  # which leaves some out
        return posixpath.join(whole, wanted)  # it can leave that folder, or name a secret
    return whole


def _is_path(text: str) -> bool:
    """Whether a client opens the file that a reader of this sees."""
    return text.strip(_TRIMMED) == text and _PLAIN.fullmatch(text) is not None


def _folder(cwd: str, workspace: str) -> str:
    """A folder below the workspace as it is seen from there; any other as it is."""
    whole = posixpath.isabs(cwd) and posixpath.isabs(workspace)
    below = posixpath.relpath(cwd, workspace) if whole else ".."
    return cwd if below.split("/")[0] == ".." else below


def _folder_name(call: ToolProposed) -> str:
    """An argument that the tool's own input leaves free."""
    free = [name for name in _FOLDERS if name not in call.tool_input]
    if not free:
        raise InvalidAction(f"{call.tool_name}: the input names a folder in each way there is")
    return free[0]


_TRACEPARENT: Final = re.compile(
    "(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?"
)


def read_traceparent(header: str) -> tuple[str | None, str | None]:
    """Trace id and parent span id of a W3C `traceparent`; two Nones when it is not one."""
    found = _TRACEPARENT.fullmatch(header.strip())
    return (found[1], found[2]) if found else (None, None)


def answer_ticket(
    ticket: Ticket, *, call: JsonObject, proposed: JsonObject, closing: bool = False
) -> JsonObject:
    """Turn the gate's ticket into the answer to PreToolUse; anything but a clear yes blocks.

    `call` is the tool's own input, and `proposed` what the gate was told of it.
    `closing`: the console stops, which is why a pending call is answered now.
    """
    why = "; ".join(ticket.reasons)
    if ticket.decision is Decision.ALLOW and ticket.status is ActionStatus.ALLOWED:
        told = {name: value for name, value in proposed.items() if name not in call}
        if any(ticket.arguments.get(name) != value for name, value in told.items()):
            return deny_call(
                f"Maestro Console: an operator changed {', '.join(told)} (request {ticket.id}), but"
                " where a command runs is the client's: change the folder first, then call again"
            )
        kept = {name: value for name, value in ticket.arguments.items() if name not in told}
        return _allow(ticket, why=why, edited=kept if kept != call else None)
    if ticket.status is ActionStatus.PENDING:
        waiting = f"still waiting for an operator (approval {ticket.id})"
        if closing:
            waiting = f"the console stops, and this is {waiting}: start the console again"
        return deny_call(
            f"Maestro Console: {waiting}; {RETRY_ADVICE}"
            + (f". Why it is held: {why}" if why else "")
        )
    if ticket.status is ActionStatus.EXPIRED:
        return deny_call(
            f"Maestro Console: no operator decided in time (request {ticket.id})"
            + (f": {why}" if why else "")
        )
    return deny_call(
        f"Maestro Console denied this (request {ticket.id}): {why or 'no reason given'}"
    )


def _allow(ticket: Ticket, *, why: str, edited: JsonObject | None) -> JsonObject:
    output: dict[str, JsonValue] = {
        "hookEventName": PRE_TOOL_USE,
        "permissionDecision": "allow",
        "permissionDecisionReason": f"Maestro Console allowed this (request {ticket.id})"
        + (f": {why}" if why else ""),
    }
    if edited is not None:
        output["updatedInput"] = edited
        output["additionalContext"] = (
            "An operator changed this call's input before approving it: what runs is the "
            "operator's version, not the one proposed."
        )
    return {"hookSpecificOutput": output}


def _text(document: JsonObject, key: str, *, empty: bool = False) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not (value or empty):
        raise InvalidAction(f"the hook input has no {key}")
    return value


def _id(document: JsonObject, key: str) -> str:
    """Ids are kept and shown as they are: they hold nothing that could forge what is shown."""
    value = _text(document, key)
    if not _ID.fullmatch(value):
        raise InvalidAction(f"the hook input's {key}: send {patterns.WANTED[patterns.KEY]}")
    return value


def _maybe_text(document: JsonObject, key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _object(document: JsonObject, key: str) -> JsonObject:
    value = document.get(key)
    if not isinstance(value, Mapping):
        raise InvalidAction(f"the hook input's {key} is not an object")
    return value
