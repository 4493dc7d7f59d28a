"""Assembles the commands; loads nothing that a command does not need."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from console.cli import approvals, attach, audit, demo, edges, fleet, policy, report, setup, tokens
from console.cli.context import ConfigOption, Context, HomeOption
from console.cli.telling import exit_code_of


def _finish(code: int | None, **_options: object) -> None:
    """What a command returns is the exit code."""
    if code:
        raise typer.Exit(code)


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
app.add_typer(approvals.app, name="approvals", help="List, show and decide held actions.")
app.add_typer(fleet.agents, name="agents", help="The fleet; pause, drain, restart an agent.")
app.command("metrics")(fleet.list_metrics)
app.add_typer(fleet.alerts, name="alerts", help="Open alerts; acknowledge and silence them.")
app.add_typer(fleet.messages, name="messages", help="Messages of agents, and dead letters.")
app.add_typer(audit.app, name="audit", help="Verify, read and export the trail.")
app.add_typer(policy.app, name="policy", help="Check, test and replay policies.")
app.add_typer(tokens.app, name="tokens", help="List, create, rotate and revoke tokens.")
app.add_typer(edges.hooks, name="hook", help="Claude Code hooks.")
app.command("mcp-proxy", context_settings={"ignore_unknown_options": True})(edges.mcp_proxy)
app.command("attach")(attach.attach)
app.command("web")(attach.web)
app.command("report")(report.report)
app.command("demo")(demo.demo)
app.command("init")(setup.init)
app.command("doctor")(setup.doctor)

PortOption = Annotated[
    int | None,
    typer.Option(help="Gateway port; 0 takes any free one.", min=0, max=65_535),
]
ReadOnlyOption = Annotated[
    bool, typer.Option("--read-only", help="Only look: nothing can be decided or changed.")
]


@app.callback(invoke_without_command=True)
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
    # Given before the command, these count unless the command says otherwise.
    Context.remember(home, config)
    return 0


@app.command()
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
            typer.main.get_command(app).main(list(arguments), prog_name="maestro")
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        return 0

    return exit_code_of(work)
