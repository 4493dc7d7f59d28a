"""`maestro attach` and `maestro web`: consoles onto an engine that runs elsewhere."""

import asyncio
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from console.cli.context import ConfigOption, Context, HomeOption
from console.cli.front import check_terminal
from console.language import use
from console.looks import read_looks
from core.errors import ConfigError, Unauthenticated
from core.records import TokenKind

WEB_DRIVER: Final = "TEXTUAL_DRIVER"  # set where a browser stands for the terminal

UrlArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[URL]", help="Such as http://127.0.0.1:7717; else the engine of the home."
    ),
]
TokenFileOption = Annotated[
    Path | None,
    typer.Option("--token-file", help="Holds the operator token; else operator.token in the home."),
]


def attach(
    url: UrlArgument = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    token_file: TokenFileOption = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Only look: nothing can be decided or changed.")
    ] = False,
) -> int:
    """Open the console onto a running engine; leaving it stops nothing."""
    if WEB_DRIVER not in os.environ:
        check_terminal()
    here = Context.make(home, config)
    settings = here.settings()
    from console.cli.attached import run_attached  # noqa: PLC0415 - loads the screen libraries
    from console.remote.address import find_url, read_operator_token  # noqa: PLC0415
    from console.remote.client import Access  # noqa: PLC0415
    from core.gateway.tokens import token_path  # noqa: PLC0415

    access = Access(
        url=lambda: find_url(url, here.home),
        token=lambda: read_operator_token(here.home, token_file),
    )
    looks = read_looks(here.config)
    looks = replace(looks, read_only=looks.read_only or read_only or here.before.read_only)
    try:
        return asyncio.run(run_attached(access, settings, looks, home=here.home))
    except Unauthenticated as error:
        held = token_file or token_path(here.home, TokenKind.OPERATOR)
        raise ConfigError(
            f"the engine at {access.url()} does not take the token in {held}: name the engine's"
            " own home with --home, or a file with an operator token of it with --token-file"
        ) from error


def web(
    home: HomeOption = None,
    config: ConfigOption = None,
    port: Annotated[
        int, typer.Option(help="Where browsers connect; 0 takes any free one.", min=0, max=65_535)
    ] = 7718,
    host: Annotated[
        str, typer.Option(help="An address of this machine alone: loopback.")
    ] = "127.0.0.1",
) -> None:
    """Open the console in a browser; hosts the engine when nobody does yet."""
    here = Context.make(home, config)
    from console.cli.office import open_office  # noqa: PLC0415
    from console.web.serve import serve_web  # noqa: PLC0415

    looks = read_looks(here.config)
    use(looks.language or looks.spoken)  # of its pages; what it prints stays English

    asyncio.run(
        serve_web(
            here.home,
            here.settings(),
            folder=here.folder,
            host=host,
            port=port,
            config=here.config,
            hosted=partial(open_office, config=here.config, folder=here.folder),
        )
    )
