"""Whole lines typed at once at a real terminal reach what they were typed for, and nothing else."""

import os
from pathlib import Path

from console.__main__ import main
from tests.end_to_end.terminal import open_terminal
from tests.end_to_end.test_terminals import command_over, propose_over_http
from tests.integration.engine.served import ROOT


def test_what_is_typed_at_once_goes_to_what_it_opens_and_decides_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    server = f"maestro-test-{os.getpid()}-at-once"
    with open_terminal(ROOT, columns=120, rows=36, server=server) as terminal:
        terminal.run(f"{command_over(home)}; echo ended with $?")
        terminal.press_at_once("2")  # before there is a picture
        terminal.see("maestro \u203a agents", "[LIVE]")
        terminal.press_at_once(":audit", "Enter")
        terminal.see("maestro \u203a audit", "✓ nothing waits")
        terminal.press_at_once("2/agent:~bcknd", "Enter")
        terminal.see("maestro \u203a agents", " / agent:~bcknd ")
        terminal.press_at_once("1:metrics", "Enter")
        terminal.see("maestro \u203a metrics", "✓ nothing waits")
        propose_over_http(home, "docker push registry.shop.example/shop")
        terminal.see("! 1 approval")
        terminal.press_at_once("3a")
        terminal.see("maestro \u203a approvals", "docker push")
        terminal.press_at_once("1")
        terminal.see("maestro \u203a overview", "! 1 approval")
        terminal.press_at_once("3ada")
        terminal.see("maestro \u203a approvals", "! 1 approval")
        terminal.press("dnot on a monday")
        terminal.see("Deny, because…", "not on a monday")
        terminal.press("Enter")
        terminal.see("✓ denied", "nothing waits for you")
        terminal.press_at_once("q")
        terminal.see("ended with 0")
    assert main(["audit", "verify", "--home", str(home)]) == 0
