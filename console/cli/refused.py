"""What the doctor finds in settings that are well formed, and that a start would refuse."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from console.looks import theme_folders
from console.theme_shelf import ThemeShelf
from core.agents.settings import OrchestrationSettings
from core.errors import ConfigError
from core.governance.policies.catalog import find_permission_problems
from core.records import Role
from core.reporting.catalog import REPORTS
from core.settings import McpServerSettings, Settings

_FILES: Final = ("plan", "data_flows", "pipeline", "deploys", "access_log")


def settings_refused(home: Path, settings: Settings, folder: Path) -> Iterator[str]:
    """One sentence for each setting that names what there is not; `folder`: of relative paths."""
    for name, agent in settings.agents.items():
        for problem in find_permission_problems(Role.AGENT, agent.permissions or ()):
            yield f"[agents.{name}] permissions: {problem}"
    for name, server in settings.mcp.items():
        yield from _server_refused(name, server)
    yield from _files_missing(settings.orchestration, folder)
    for name, report in settings.reports.items():
        if report.kind not in REPORTS:
            there = ", ".join(REPORTS)
            yield f"reports.{name}.kind: there is no report {report.kind!r}; there are {there}"
    key = settings.audit.key_file
    if key is not None and not key.parent.is_dir():
        yield f"audit.key_file: {key.parent} is no folder; make it, or name another place"
    if settings.console.theme is not None:
        try:
            ThemeShelf(theme_folders(home)).read(settings.console.theme)
        except ConfigError as error:
            yield f"console.theme: {error}"


def _files_missing(given: OrchestrationSettings, folder: Path) -> Iterator[str]:
    named = {f"contracts.{side}": path for side, path in given.contracts}
    named |= {each: getattr(given, each) for each in _FILES}
    named |= {f"repositories, entry {n}": each for n, each in enumerate(given.repositories, 1)}
    for key, path in named.items():
        if path is not None and not (folder / path.expanduser()).exists():
            yield f"orchestration.{key}: {folder / path.expanduser()} is not there; mend the path"


def _server_refused(name: str, server: McpServerSettings) -> Iterator[str]:
    if (server.command is None) == (server.url is None):
        yield f"[mcp.{name}]: give either a command or a url"
    elif server.command is not None and _find_program(server.command, server.env) is None:
        yield (
            f"[mcp.{name}] command: there is no program {server.command!r} on the PATH of this"
            " process; give its whole path, for the engine may be started with yet another PATH"
        )


def _find_program(command: str, env: Mapping[str, str] | None) -> str | None:
    return shutil.which(command, path=(env or {}).get("PATH"))
