"""Assembles the commands; loads nothing that a command does not need."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, Final

import typer

from console.cli.context import Before, ConfigOption, Context, HomeOption
from console.cli.telling import exit_code_of


@dataclass(frozen=True, slots=True)
class Door:
    """One command of `maestro`, and where it is found when somebody asks for it."""

    name: str
    module: str
    attribute: str
    help: str
    passes_options: bool = False  # hands options on that it does not know


DOORS: Final = (
    Door("approvals", "approvals", "app", "List, show and decide held actions."),
    Door("agents", "fleet", "agents", "The fleet; pause, restart, quarantine an agent."),
    Door("metrics", "fleet", "list_metrics", "What was measured, by metric and source."),
    Door("alerts", "fleet", "alerts", "Open alerts; acknowledge and silence them."),
    Door("messages", "fleet", "messages", "Messages of agents, and dead letters."),
    Door("audit", "audit", "app", "Verify, read and export the trail."),
    Door("policy", "policy", "app", "Check, test and replay policies."),
    Door("tokens", "tokens", "app", "List, create, rotate and revoke tokens."),
    Door("hook", "edges", "hooks", "Claude Code hooks."),
    Door("mcp-proxy", "edges", "mcp_proxy", "Govern an MCP server's tools.", passes_options=True),
    Door("attach", "attach", "attach", "Open the console onto a running engine."),
    Door("web", "attach", "web", "Open the console in a browser."),
    Door("report", "report", "report", "Write a report."),
    Door("demo", "demo", "demo", "Show it all at work on a small real world."),
    Door("init", "setup", "init", "Write a commented maestro.toml."),
    Door("doctor", "setup", "doctor", "Check configuration, sources, port and permissions."),
)


def _finish(code: int | None, **_options: object) -> None:
    """What a command returns is the exit code."""
    if code:
        raise typer.Exit(code)


def make_app(words: Iterable[str]) -> typer.Typer:
    """All commands; those that `words` name with what they do, the others by name and help."""
    app = typer.Typer(
        name="maestro",
        result_callback=_finish,
        help="A terminal operations console that governs fleets of AI agents.",
        epilog="Exit codes: 0 ok, 1 a finding or a failure, 2 wrong use.",
        no_args_is_help=False,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(front)
    app.command("serve")(serve)
    named = frozenset(words)
    for door in DOORS:
        _hang(app, door, open_it=door.name in named)
    return app


def _hang(app: typer.Typer, door: Door, *, open_it: bool) -> None:
    if not open_it:
        app.command(door.name, help=door.help)(_unopened)
        return
    found: Any = getattr(import_module(f"console.cli.{door.module}"), door.attribute)
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=door.name, help=door.help)
    else:
        settings = {"ignore_unknown_options": True} if door.passes_options else None
        app.command(door.name, context_settings=settings)(found)


def _unopened() -> None:
    """Stands for a command that the command line does not name."""


PortOption = Annotated[
    int | None,
    typer.Option(help="Gateway port; 0 takes any free one.", min=0, max=65_535),
]
ReadOnlyOption = Annotated[
    bool, typer.Option("--read-only", help="Only look: nothing can be decided or changed.")
]


def front(
    context: typer.Context,
    home: HomeOption = None,
    config: ConfigOption = None,
    port: PortOption = None,
    read_only: ReadOnlyOption = False,
) -> int:
    """Without a command: open the console and host the orchestrator in this process."""
    if context.invoked_subcommand is None:
        return open_console(Context.make(home, config), port, read_only=read_only)
    _refuse_elsewhere("--port", context, given=port is not None, taken_by=("serve", "doctor"))
    _refuse_elsewhere("--read-only", context, given=read_only, taken_by=("attach",))
    Context.remember(Before(home, config, port, read_only))
    return 0


def _refuse_elsewhere(
    option: str, context: typer.Context, *, given: bool, taken_by: Sequence[str]
) -> None:
    """An option that would count for nothing must not look as if it counted."""
    command = context.invoked_subcommand
    if given and command not in taken_by:
        raise typer.BadParameter(
            f"{option} before a command is for {' and '.join(taken_by)} alone;"
            f" `maestro {command} --help` says what {command} takes"
        )


def serve(home: HomeOption = None, config: ConfigOption = None, port: PortOption = None) -> None:
    """Host the same engine with no screen, until SIGTERM or ctrl+c."""
    from console.cli.host import serve_until_stopped  # noqa: PLC0415

    here = Context.make(home, config)
    settings = here.settings(port=port)
    asyncio.run(serve_until_stopped(here.home, settings, folder=here.folder, config=here.config))


def open_console(here: Context, port: int | None, *, read_only: bool = False) -> int:
    """Run the console over an engine of its own; the exit code."""
    from console.cli.front import open_screen  # noqa: PLC0415

    return open_screen(here.home, here.config, port=port, read_only=read_only)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""

    def work() -> int:
        try:
            typer.main.get_command(make_app(arguments)).main(list(arguments), prog_name="maestro")
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        return 0

    return exit_code_of(work)
