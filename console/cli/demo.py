"""`maestro demo`: the world, the engine over it, and the console on top."""

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.context import say
from console.cli.front import check_terminal
from console.looks import read_looks

if TYPE_CHECKING:
    from core.settings import Settings


def demo(
    port: Annotated[
        int, typer.Option(help="Gateway port; 0 takes any free one.", min=0, max=65_535)
    ] = 0,
    seconds: Annotated[
        float | None, typer.Option(help="Leave by itself after so many seconds.", min=1)
    ] = None,
) -> int:
    """Show it all at work: a small shop and agents that really run, in a throw-away folder."""
    check_terminal()
    say("Opening the demo's shop…")
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
        return await run_console(
            ground.home,
            partial(_load, config, port),
            folder=ground.home,
            looks=read_looks(config),
            config=config,
            mode="DEMO",
            hosted=partial(give_tokens, ground),
            seconds=seconds,
        )


def _load(config: Path, port: int) -> "Settings":
    from core.settings import load_settings  # noqa: PLC0415 - after the first picture

    settings = load_settings(config)
    gateway = settings.gateway.model_copy(update={"port": port})
    return settings.model_copy(update={"gateway": gateway})
