"""The official MCP client as a program: AMOUNT COMMAND… of a server; prints what `refund` gave."""

import asyncio
import os
import sys

from mcp import Client, StdioServerParameters
from mcp_types import TextContent


async def main(amount: str, command: str, *arguments: str) -> None:
    server = StdioServerParameters(command=command, args=[*arguments], env=dict(os.environ))
    async with Client(server) as client:
        result = await client.call_tool("refund", {"amount": int(amount)})
    sys.stdout.write(
        "\n".join(each.text for each in result.content if isinstance(each, TextContent))
    )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
