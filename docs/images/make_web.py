"""Make `web.png`: the console in a real browser, with demo agents at its gateway.

Usage: python -m docs.images.make_web   (from the repository's root; needs chromium)
"""
# ruff: noqa: INP001

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

from docs.images.make import HERE, STORY, WORDS, call
from tests.end_to_end.chromium import open_page

_SETTLE_S: Final = 4.0  # to draw, and for the counts to be read
_FOCUS: Final = "document.querySelector('.xterm-helper-textarea').focus()"


def _tell(home: Path) -> None:
    for agent, kind, resource, arguments in STORY:
        body = {"agent": agent, "kind": kind, "resource": resource, "arguments": arguments}
        call(home, "/v1/actions", {**body, "purpose": WORDS})


async def _shoot(folder: Path) -> bytes:
    home = folder / "home"
    command = (sys.executable, "-m", "console", "web", "--home", str(home))
    web = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    if web.stdout is None:
        raise OSError("no output to read the address from")
    try:
        while b"/login?key=" not in (line := await web.stdout.readline()):
            if not line:
                sys.exit("maestro web ended without an address")
        login = next(each for each in line.decode().split() if "/login?key=" in each)
        await asyncio.to_thread(_tell, home)
        async with open_page(folder) as page:
            await page.open(login)
            await asyncio.sleep(_SETTLE_S)
            await page.evaluate(_FOCUS)
            await page.press("3")
            await asyncio.sleep(_SETTLE_S)
            return await page.shoot()
    finally:
        web.terminate()
        await web.wait()


def main() -> None:
    """Make the picture."""
    with tempfile.TemporaryDirectory() as folder:
        (HERE / "web.png").write_bytes(asyncio.run(_shoot(Path(folder))))


if __name__ == "__main__":
    main()
