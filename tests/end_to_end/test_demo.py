"""The demo at a real terminal: agents ask, one is answered, figures are there, nothing is left."""

import os
import shlex
import sys
from pathlib import Path

import psutil

from tests.end_to_end.terminal import open_terminal
from tests.integration.engine.served import ROOT, wait_until


def demo_processes(folder: Path) -> list[psutil.Process]:
    """Those that work in a demo's folder below `folder`."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter(["cmdline"]):
        words: list[str] = process.info["cmdline"] or []
        if any(str(folder) in word for word in words) and "console.demo" in " ".join(words):
            found.append(process)
    return found


def test_the_demo_shows_it_all_at_work_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "worlds"
    folder.mkdir()
    command = shlex.join(["env", f"TMPDIR={folder}", sys.executable, "-m", "console", "demo"])
    server = f"maestro-test-{os.getpid()}-demo"
    with open_terminal(ROOT, columns=120, rows=36, server=server) as terminal:
        terminal.run(f"{command}; echo ended with $?")
        terminal.see("overview", "[DEMO]", "demo-book", "payment.transfer")
        assert len(demo_processes(folder)) >= 7
        terminal.press("3")
        terminal.see("approvals", "POLICY")
        terminal.press(":")
        terminal.see(":")
        terminal.type("agent demo-bookkeeper")
        terminal.press("Enter")
        terminal.see("agent:demo-book", "Pay 850.00 to Kettle Works")
        terminal.press("a")
        terminal.see("✓ approved")
        terminal.press("9")
        terminal.see("approval.approved", "action.outcome", "demo-bookk")
        terminal.press("2")
        terminal.see("● online", "demo-coder", "demo-caller")
        terminal.press("4")
        terminal.see("METRICS", "● fresh", "api_response_time_p95")
        terminal.press("q")
        terminal.see("Leave while")  # the support agent's question waits still
        terminal.press("q")
        terminal.see("ended with 0")
    wait_until(lambda: not demo_processes(folder))
    assert list(folder.iterdir()) == []
