"""`run_proxy` as a process: HOME WAIT_S COMMAND…"""

import asyncio
import os
import sys
from pathlib import Path

from core.adapters.system import SystemClock
from core.gateway.client import GatewayClient
from core.gateway.mcp.proxy import run_proxy


async def main(home: str, wait_s: str, *command: str) -> int:
    async with GatewayClient.connect(Path(home)) as gateway:
        return await run_proxy(
            command,
            gateway=gateway,
            clock=SystemClock(),
            environ=os.environ,
            stderr=sys.stderr,
            session="proxy-session",
            wait_s=float(wait_s),
        )


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
