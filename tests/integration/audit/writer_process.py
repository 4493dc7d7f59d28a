"""Writes to the trail of a home until it is killed; prints the length after each acknowledgement.

Now and then it flushes, as the keeper does, and it starts a new day with every few writes.
"""

import asyncio
import itertools
import os
import sys
from datetime import timedelta
from pathlib import Path

from tests.factories import NOW, make_draft
from tests.fakes import FakeClock
from tests.integration.audit.homes import Trail, open_trail

CALLERS = 8


async def write_until_killed(home: Path) -> None:
    async with open_trail(home, clock=FakeClock(NOW)) as trail:
        numbers = itertools.count(1)
        await asyncio.gather(*(_call(trail, numbers) for _ in range(CALLERS)))


async def _call(trail: Trail, numbers: "itertools.count[int]") -> None:
    while True:
        number = next(numbers)
        at = NOW + timedelta(days=number // 50)
        drafts = [make_draft(at=at, body={"text": "x" * (number % 700)})] * (1 + number % 3)
        head = await trail.write(*drafts)
        os.write(1, f"{head.length} {head.hash}\n".encode())
        if number % 40 == 0:
            await asyncio.to_thread(trail.journal.sync)


if __name__ == "__main__":
    asyncio.run(write_until_killed(Path(sys.argv[1])))
