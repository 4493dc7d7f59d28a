"""What Claude Code's hook events say, as far as governance needs it."""

from dataclasses import dataclass

from core.actions import JsonObject, JsonValue, OutcomeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted:
    """A session began or was resumed."""

    session: str
    agent: str
    cwd: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSubmitted:
    """What the agent is asked to do."""

    session: str
    agent: str
    cwd: str
    prompt: str
    by_user: bool  # False: text of a tool or of another agent, which is untrusted


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolProposed:
    """A tool call that waits for our answer."""

    session: str
    agent: str
    cwd: str
    tool_name: str
    tool_input: JsonObject
    tool_use_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished:
    """A tool call that ran. `result` is what the tool returned: untrusted text."""

    session: str
    agent: str
    tool_use_id: str
    status: OutcomeStatus
    error: str
    result: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    """The session is over."""

    session: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventIgnored:
    """An event that governance has no use for, or leaves to the client."""

    name: str


HookEvent = (
    SessionStarted | PromptSubmitted | ToolProposed | ToolFinished | SessionEnded | EventIgnored
)
