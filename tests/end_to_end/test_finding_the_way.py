"""Filter, jump, history, copy and memory at a real terminal, and looking only."""

import os
import shlex
import stat
import sys
from pathlib import Path

from tests.end_to_end.terminal import open_terminal
from tests.integration.engine.served import ROOT


def command_over(home: Path, *more: str) -> str:
    options = ["--home", str(home), "--port", "0", *more]
    return shlex.join([sys.executable, "-m", "console", *options])


def test_an_operator_finds_the_way_and_it_is_remembered(tmp_path: Path) -> None:
    home = tmp_path / "home"
    server = f"maestro-test-{os.getpid()}-way"
    with open_terminal(ROOT, columns=120, rows=36, server=server) as terminal:
        terminal.run(f"{command_over(home)}; echo ended with $?")
        terminal.see("[LIVE]", "overview")
        terminal.press("2")
        terminal.see("maestro \u203a agents", "backend")
        terminal.press("/")
        terminal.see("!not", "~fuzzy", "agent:")
        terminal.type("agent:~bcknd")
        terminal.press("Enter")
        terminal.see(" / agent:~bcknd ")
        terminal.until(lambda screen: "video" not in screen)
        terminal.press("y")
        terminal.see("Copied backend.")
        terminal.press("Enter")
        terminal.see("agents \u203a backend", "what it is")
        terminal.press("g")
        terminal.see("\u203a actions", "ACTIONS OF backend")
        terminal.press("9")
        terminal.see("maestro \u203a audit")
        terminal.press("[")
        terminal.see("ACTIONS OF backend")
        terminal.press("Escape")
        terminal.see("agents \u203a backend", "what it is")
        terminal.press("Escape")
        terminal.see("maestro \u203a agents", " / agent:~bcknd ")
        terminal.press("q")
        terminal.see("ended with 0")
        assert stat.S_IMODE((home / "state.json").stat().st_mode) == 0o600
        terminal.run(f"clear; {command_over(home, '--read-only')}; echo came to its end with $?")
        terminal.see("maestro \u203a agents", " / agent:~bcknd ", "READ-ONLY")
        terminal.press("x")
        terminal.see("This console is read-only")
        terminal.press("q")
        terminal.see("came to its end with 0")
