"""Identifiers: distinct types for distinct things, each sortable by the time it was made."""

from typing import NewType, Protocol

ActionId = NewType("ActionId", str)
AgentId = NewType("AgentId", str)  # the agent's name, as registered
OperatorId = NewType("OperatorId", str)
SessionId = NewType("SessionId", str)
CorrelationId = NewType("CorrelationId", str)  # 32 lower-case hex digits: a W3C trace id
GrantId = NewType("GrantId", str)
TokenId = NewType("TokenId", str)
MessageId = NewType("MessageId", str)
AlertId = NewType("AlertId", str)


class IdSource(Protocol):
    """Makes unique, time-sortable ids."""

    def next_id(self) -> str:
        """Return 26 lower-case Crockford base-32 characters; each sorts after all before it."""
        ...

    def next_trace_id(self) -> CorrelationId:
        """Return a random 128-bit trace id as 32 lower-case hex digits."""
        ...

    def next_span_id(self) -> str:
        """Return a random 64-bit span id as 16 lower-case hex digits."""
        ...
