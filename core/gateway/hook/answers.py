"""What goes back to Claude Code. No imports from the rest, so that the hook command starts fast."""

from collections.abc import Mapping
from typing import Any, Final

PRE_TOOL_USE: Final = "PreToolUse"
# These change nothing outside the client's own session: they plan, ask the user, or look after
# agents and commands whose own calls are governed one by one. They are left to the client's rules.
SESSION_TOOLS: Final = frozenset(
    {
        "Agent",
        "AskUserQuestion",
        "BashOutput",
        "EnterPlanMode",
        "ExitPlanMode",
        "KillBash",
        "KillShell",
        "ListAgents",
        "ReportFindings",
        "StructuredOutput",
        "Task",
        "TaskCreate",
        "TaskGet",
        "TaskList",
        "TaskOutput",
        "TaskStop",
        "TaskUpdate",
        "TodoWrite",
        "ToolSearch",
        "WaitForMcpServers",
    }
)
_HERE: Final = (None, "worktree")  # where an agent may be started unasked: on this machine
RETRY_ADVICE: Final = "retry exactly the same call after an operator has approved it"


def deny_call(reason: str) -> dict[str, Any]:
    """The answer that blocks a tool call; Claude is shown `reason`."""
    return {
        "hookSpecificOutput": {
            "hookEventName": PRE_TOOL_USE,
            "permissionDecision": "deny",
            "permissionDecisionReason": reason,
        }
    }


def is_session_step(event: Mapping[str, Any]) -> bool:
    """Whether a PreToolUse input needs no decision of ours; an agent sent elsewhere does."""
    tool_input: Any = event.get("tool_input")
    try:
        return event["tool_name"] in SESSION_TOOLS and tool_input.get("isolation") in _HERE
    except (TypeError, KeyError, AttributeError):
        return False


def is_decision(answer: Mapping[str, Any]) -> bool:
    """Whether `answer` decides a tool call in a way that this version may relay."""
    output: Any = answer.get("hookSpecificOutput")
    try:
        named, decision = output["hookEventName"], output["permissionDecision"]
        edited = output.get("updatedInput", {})
    except (TypeError, KeyError, AttributeError):
        return False
    return named == PRE_TOOL_USE and decision in ("allow", "deny") and isinstance(edited, Mapping)
