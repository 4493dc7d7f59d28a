"""What goes back to Claude Code. No imports from the rest, so that the hook command starts fast."""

from collections.abc import Mapping
from typing import Any, Final

PRE_TOOL_USE: Final = "PreToolUse"
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


def is_decision(answer: Mapping[str, Any]) -> bool:
    """Whether `answer` decides a tool call in a way that this version may relay."""
    output: Any = answer.get("hookSpecificOutput")
    try:
        named, decision = output["hookEventName"], output["permissionDecision"]
        edited = output.get("updatedInput", {})
    except (TypeError, KeyError, AttributeError):
        return False
    return named == PRE_TOOL_USE and decision in ("allow", "deny") and isinstance(edited, Mapping)
