"""`maestro demo`: the world, the engine over it, and the console on top."""

import asyncio
import sys
from functools import partial
from typing import Annotated

import typer

from core.settings import load_settings


def demo(
    port: Annotated[
        int, typer.Option(help="Gateway port; 0 takes any free one.", min=0, max=65_535)
    ] = 0,
    seconds: Annotated[
        float | None, typer.Option(help="Leave by itself after so many seconds.", min=1)
    ] = None,
) -> int:
    """Show it all at work: a small shop and agents that really run, in a throw-away folder."""
    if not sys.stdout.isatty():
        raise typer.BadParameter("the demo needs a terminal")
    return asyncio.run(run_demo(port=port, seconds=seconds))


async def run_demo(*, port: int, seconds: float | None) -> int:
    """Open the console over a throw-away home; everything is ended and removed at its end.

    `seconds` None: until the operator leaves. Returns the exit code. Raises OperationFailed.
    """
    # Loaded here: other commands need none of it.
    from console.cli.host import run_console  # noqa: PLC0415
    from console.demo.world import give_tokens, open_world  # noqa: PLC0415

    async with open_world() as ground:
        config = ground.home / "maestro.toml"
        settings = await asyncio.to_thread(load_settings, config)
        gateway = settings.gateway.model_copy(update={"port": port})
        return await run_console(
            ground.home,
            settings.model_copy(update={"gateway": gateway}),
            folder=ground.home,
            mode="DEMO",
            hosted=partial(give_tokens, ground),
            seconds=seconds,
        )
