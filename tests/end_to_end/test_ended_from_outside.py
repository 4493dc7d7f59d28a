"""A console that is told to stop from outside, or whose terminal is gone, stops cleanly."""

import os
import shlex
import signal
import sys
from pathlib import Path

from console.__main__ import main
from tests.end_to_end.terminal import open_terminal
from tests.end_to_end.test_the_job import expect_restored
from tests.integration.engine.served import ROOT, wait_until


def test_sigterm_gives_the_terminal_back_and_leaves_a_whole_trail(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = shlex.join([sys.executable, "-m", "console", "--home", str(home), "--port", "0"])
    server = f"maestro-test-{os.getpid()}-sigterm"
    with open_terminal(ROOT, columns=80, rows=24, server=server) as terminal:
        terminal.run(f"stty -a > {tmp_path}/before; {command}; echo ended with $?")
        terminal.see("overview", "✓ nothing waits")
        os.kill(int((home / "lock").read_text()), signal.SIGTERM)
        terminal.see("ended with 0")
        expect_restored(terminal, tmp_path)
    assert not (home / "gateway.json").exists()
    assert main(["audit", "verify", "--home", str(home)]) == 0


def test_it_ends_with_its_terminal_although_make_hands_no_signal_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = shlex.join([sys.executable, "-m", "console", "--home", str(home), "--port", "0"])
    (tmp_path / "Makefile").write_text(f"run:\n\t@{command}\n", encoding="utf-8")
    server = f"maestro-test-{os.getpid()}-closed"
    with open_terminal(ROOT, columns=80, rows=24, server=server) as terminal:
        terminal.run(f"exec make -f {tmp_path}/Makefile run")
        terminal.see("overview", "✓ nothing waits")
        terminal.close()
        wait_until(lambda: not (home / "gateway.json").exists())
    assert main(["audit", "verify", "--home", str(home)]) == 0
