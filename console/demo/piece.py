"""What one piece of the demo's world is: files made once, programs that run, settings for them."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ground:
    """The throw-away folder, by place. Nothing of the demo is written outside of it."""

    folder: Path

    @property
    def home(self) -> Path:
        """Where the engine keeps its state."""
        return self.folder / "home"

    @property
    def database(self) -> Path:
        """The shop's."""
        return self.folder / "shop.db"

    @property
    def access_log(self) -> Path:
        """The shop's."""
        return self.folder / "access.log"

    @property
    def repository(self) -> Path:
        """The shop's sources."""
        return self.folder / "shop-sources"

    @property
    def address_file(self) -> Path:
        """Where the shop listens, written by itself."""
        return self.folder / "shop.url"

    @property
    def version_file(self) -> Path:
        """Which version of the shop runs at its next start."""
        return self.folder / "shop.version"

    @property
    def running_file(self) -> Path:
        """The keeper's processes: name and pid."""
        return self.folder / "running.json"

    @property
    def requests(self) -> Path:
        """Names of processes that the keeper is to start anew."""
        return self.folder / "requests"

    def token_file(self, agent: str) -> Path:
        """An agent's own token."""
        return self.folder / "tokens" / agent

    @property
    def smoke_report(self) -> Path:
        """What the newest check of the shop found."""
        return self.folder / "smoke.xml"

    @property
    def sales_report(self) -> Path:
        """What the newest run of the sales job found."""
        return self.folder / "sales.json"

    def is_open(self) -> bool:
        """Whether the shop answers, and has been checked and counted once."""
        return self.smoke_report.exists() and self.sales_report.exists()

    def shop_url(self) -> str:
        """The shop's address; "" before it listens."""
        try:
            return self.address_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""


def nothing_to_prepare(ground: Ground) -> None:
    """For pieces that only run."""
    del ground


def no_settings(ground: Ground) -> str:
    """For pieces that the engine does not read."""
    del ground
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One row of the table in `world.py`."""

    name: str
    prepare: Callable[[Ground], None] = nothing_to_prepare  # files, before anything runs
    modules: Mapping[str, str] | None = None  # process name -> module, called with the folder
    settings: Callable[[Ground], str] = no_settings  # TOML, once the shop listens
    agents: Sequence[str] = ()  # those that need a token of their own


def argv(module: str, *words: str) -> tuple[str, ...]:
    """How a module of the demo is run."""
    return (sys.executable, "-m", module, *words)


def quote(value: object) -> str:
    """A TOML string: JSON's rules hold for it too."""
    return json.dumps(str(value))


def run_git(folder: Path, *words: str) -> str:
    """Run git with nobody's own settings and return what it says."""
    variables = {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin",
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Demo",
        "GIT_AUTHOR_EMAIL": "demo@example.com",
        "GIT_COMMITTER_NAME": "Demo",
        "GIT_COMMITTER_EMAIL": "demo@example.com",
    }
    done = subprocess.run(  # noqa: S603
        ["git", *words],  # noqa: S607
        cwd=folder,
        env=variables,
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return done.stdout
