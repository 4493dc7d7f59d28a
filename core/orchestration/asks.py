"""Counts requests and their answers on the way to the router."""

from core.actions import JsonObject
from core.fleet import Message, MessageView
from core.orchestration.context import Messages


class CountedMessages:
    """Passes messages on; knows how many requests were answered, of those whose time is over."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self.answered = 0
        self.asked = 0  # answered, or given up

    async def send(self, message: Message) -> MessageView:
        """Send and go on. Raises what the router raises."""
        return await self._messages.send(message)

    async def ask(self, message: Message, timeout_s: float) -> JsonObject:
        """Send and wait for the answer. Raises what the router raises."""
        try:
            answer = await self._messages.ask(message, timeout_s)
            self.answered += 1
        finally:
            self.asked += 1
        return answer

    async def counts(self) -> tuple[int, int]:
        """Answered, of how many."""
        return self.answered, self.asked
