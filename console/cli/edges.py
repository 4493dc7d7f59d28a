"""`maestro hook` and `maestro mcp-proxy`: where agents meet the gate."""

import asyncio
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from console.cli.context import Context, HomeOption, say
from core.gateway.hook.command import main as run_hook
from core.gateway.hook.install import (
    InstallPlan,
    plan_install,
    plan_uninstall,
    read_settings,
    settings_path,
    write_settings,
)
from core.printable import visible

hooks = typer.Typer(no_args_is_help=True)

ProjectOption = Annotated[
    Path | None, typer.Option(help="Only for this project: DIR/.claude/settings.json.")
]
UserOption = Annotated[bool, typer.Option("--user", help="For all of the user's projects.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")]


@hooks.command("claude-code", context_settings={"ignore_unknown_options": True})
def claude_code(arguments: Annotated[list[str] | None, typer.Argument()] = None) -> int:
    """Answer one hook event: JSON in, JSON out. Claude Code calls this; it fails closed."""
    # Only reached with options before the command; a --home after it wins.
    return run_hook(["--home", str(Context.make(None).home), *(arguments or [])])


@hooks.command()
def install(
    project: ProjectOption = None,
    user: UserOption = False,
    home: HomeOption = None,
    yes: YesOption = False,
) -> int:
    """Put the hooks into Claude Code's settings, after showing what changes. Default: --user."""
    path = _path(project, user=user)
    where = Context.make(home).home.absolute()
    # Claude Code may run in another environment than this command: both are written out.
    command = shlex.join([*_own_command(), "hook", "claude-code", "--home", str(where)])
    return _apply(path, plan_install(read_settings(path), command=command), yes=yes)


@hooks.command()
def uninstall(
    project: ProjectOption = None, user: UserOption = False, yes: YesOption = False
) -> int:
    """Take the hooks out again, after showing what changes. Default: --user."""
    path = _path(project, user=user)
    return _apply(path, plan_uninstall(read_settings(path)), yes=yes)


def mcp_proxy(
    command: Annotated[list[str], typer.Argument(help="-- COMMAND… of the MCP server.")],
    home: HomeOption = None,
    agent: Annotated[str, typer.Option(help="Name the calls are proposed under.")] = "mcp-client",
    name: Annotated[
        str | None, typer.Option(help="The server's name in NAME/tool; else what it calls itself.")
    ] = None,
) -> int:
    """Stand in front of any MCP server over stdio: its tools pass, its calls are governed."""
    if command[0].startswith("-"):
        raise typer.BadParameter(f"No such option: {command[0]}; the server's command follows --")
    return asyncio.run(_serve_proxy(command, Context.make(home).home, agent, name))


async def _serve_proxy(command: list[str], home: Path, agent: str, name: str | None) -> int:
    # The MCP library is large, and only this command needs it.
    from core.adapters.system import SystemClock, SystemIds  # noqa: PLC0415
    from core.gateway.client import GatewayClient  # noqa: PLC0415
    from core.gateway.mcp.proxy import run_proxy  # noqa: PLC0415

    async with GatewayClient.connect(home) as gateway:
        return await run_proxy(
            command,
            gateway=gateway,
            clock=SystemClock(),
            environ=os.environ,
            stderr=sys.stderr,
            session=f"mcp-{SystemIds().next_id()}",
            agent=agent,
            name=name,
        )


def _path(project: Path | None, *, user: bool) -> Path:
    if user and project is not None:
        raise typer.BadParameter("give --project or --user, not both")
    if project is not None and not project.is_dir():
        raise typer.BadParameter(f"--project {project} is no folder")
    return settings_path(project=project)


def _apply(path: Path, plan: InstallPlan, *, yes: bool) -> int:
    for warning in plan.warnings:
        say(f"note: {warning}")
    if not plan.diff:
        say(f"{path} needs no change")
        return 0
    for line in plan.diff.splitlines():
        say(visible(line))
    if not yes and not typer.confirm(f"Write {path}?"):
        say("nothing was written")
        return 1
    backup = write_settings(path, plan)
    say(f"wrote {path}" + (f"; the old text is in {backup}" if backup else ""))
    return 0


def _own_command() -> list[str]:
    """What starts this very program again, from any folder."""
    script = Path(sys.executable).with_name("maestro")
    # -P: a folder named `console` in the agent's project must not be run in our place.
    return [str(script)] if script.exists() else [sys.executable, "-P", "-m", "console"]
