"""Which tools a server has, before anybody is asked about a call to one of them."""

import asyncio
from typing import Final

from mcp import Client
from mcp_types import Tool

PAGES_MAX: Final = 100
CHECK_S_MAX: Final = 3.0  # a call waits no longer than this for a list


class Listing:
    """What one server listed last; `server` is how sentences name it."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._names: frozenset[str] = frozenset()

    def clear(self) -> None:
        """Forget it: the server was started anew."""
        self._names = frozenset()

    async def read(self, client: Client) -> list[Tool]:
        """All tools. Raises MCPError."""
        tools: list[Tool] = []
        cursor: str | None = None
        for _ in range(PAGES_MAX):
            page = await client.list_tools(cursor=cursor)
            tools += page.tools
            cursor = page.next_cursor
            if cursor is None:
                break
        self._names = frozenset(tool.name for tool in tools)
        return tools

    async def why_not(self, tool: str, client: Client) -> str:
        """Why no call of this tool can come to anything; "" when one can. Raises MCPError."""
        try:
            async with asyncio.timeout(CHECK_S_MAX):
                await self.read(client)
        except TimeoutError:
            # A server that does one thing at a time lists nothing meanwhile: its last list counts.
            if not self._names:
                return f"{self._server} gave no list of its tools within {CHECK_S_MAX:g} s"
        if tool in self._names:
            return ""
        return f"{self._server} has no tool {tool!r}: list its tools to see those that it has"
