"""A console attached to an engine in another process decides there, and owns up to silence."""

import contextlib
import os
import shlex
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Final

from tests.end_to_end.terminal import Terminal, open_terminal
from tests.end_to_end.test_the_job import expect_restored
from tests.integration.engine.served import ROOT, Served, run_cli, serving, start, wait_until

PUSH: Final = "docker push registry.shop.example/shop"


@contextlib.contextmanager
def attached(folder: Path, *arguments: str) -> Generator[Terminal]:
    command = [sys.executable, "-m", "console", "attach", *arguments]
    server = f"maestro-test-{os.getpid()}-attach"
    with open_terminal(ROOT, columns=120, rows=36, server=server) as terminal:
        terminal.run(f"stty -a > {folder}/before")
        terminal.run(f"{shlex.join(command)}; echo ended with $?")
        terminal.see("overview", "[ATTACHED", "✓ nothing waits")
        yield terminal
        terminal.press("q")
        terminal.see("ended with 0")
        expect_restored(terminal, folder)


def test_an_attached_console_decides_and_leaving_it_stops_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving(home) as served:
        token = str(home / "operator.token")
        elsewhere = ("--home", str(tmp_path / "other"), "--token-file", token)
        with attached(tmp_path, served.url, *elsewhere) as terminal:
            terminal.press("3")
            terminal.see("nothing waits for you")
            held = served.propose(PUSH)
            terminal.see(f"command │ {PUSH}", "! 1 approval")
            terminal.press("a")
            terminal.see("✓ approved", "nothing waits for you")
            _, told = served.call("GET", f"/v1/actions/{held['id']}")
            assert (told["decision"], told["status"]) == ("allow", "allowed")
            other = served.propose(PUSH)
            terminal.see("! 1 approval", PUSH)
            denied = {"decision": "deny", "reason": "not from here"}
            status, _ = served.call(
                "POST", f"/v1/approvals/{other['id']}", denied, token="operator"
            )
            assert status == 200
            terminal.see("✓ nothing waits", "nothing waits for you")
        assert served.process.poll() is None
    assert not (tmp_path / "other" / "operator.token").exists()
    tail = run_cli("audit", "tail", "-n", "50", "--json", home=home).stdout
    assert '"key": "a"' in tail or '"key":"a"' in tail


def test_an_attached_console_has_the_engines_office_and_its_own_looks_and_keys(
    tmp_path: Path,
) -> None:
    own = tmp_path / "other"
    (own / "themes").mkdir(parents=True)
    shipped = (ROOT / "themes" / "maestro-day.toml").read_text(encoding="utf-8")
    (own / "themes" / "mine.toml").write_text(
        shipped.replace('name = "maestro-day"', 'name = "mine"'), encoding="utf-8"
    )
    (own / "keys.toml").write_text('audit = "f4"\n', encoding="utf-8")
    with serving(tmp_path / "home") as served:
        token = str(tmp_path / "home" / "operator.token")
        elsewhere = (served.url, "--home", str(own), "--token-file", token, "--read-only")
        with attached(tmp_path, *elsewhere) as terminal:
            terminal.see("[ATTACHED READ-ONLY]")
            held = served.propose(PUSH)
            terminal.press("3")
            terminal.see("! 1 approval", PUSH)
            terminal.press("a")
            terminal.see("This console is read-only: it only looks.")
            say(terminal, "logs", "LOG", "following")
            say(terminal, "settings", "SETTINGS", "gateway.port")
            say(terminal, "doctor", "DOCTOR", "nothing to do")
            say(terminal, "reports", "approvals")
            terminal.press("w")
            wait_until(lambda: list((own / "reports").glob("maestro-*.html")), terminal.screen)
            terminal.press("e")
            wait_until(lambda: list((own / "exports").glob("reports-*.csv")), terminal.screen)
            say(terminal, "heat", "HEAT", "coder")
            say(terminal, "theme mine", "HEAT")
            terminal.press("F4")
            terminal.see("TRAIL")
            terminal.press("1")
            terminal.see("overview")
            status, told = served.call("GET", f"/v1/actions/{held['id']}")
            assert (status, told["status"]) == (200, "pending")
            served.call(
                "POST",
                f"/v1/approvals/{held['id']}",
                {"decision": "deny", "reason": "the test is over"},
                token="operator",
            )
            terminal.see("✓ nothing waits")
    assert not (tmp_path / "home" / "reports").exists()


def say(terminal: Terminal, command: str, *seen: str) -> None:
    """A command by its name, and what then stands there."""
    terminal.press(":")
    terminal.see("─ Tab ")
    terminal.type(command)
    terminal.press("Enter")
    terminal.see(*seen)


def test_an_engine_that_stops_is_told_and_found_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = start(home)
    with attached(tmp_path, "--home", str(home)) as terminal:
        held = Served(home, first).propose(PUSH)
        terminal.press("3")
        terminal.see("! 1 approval", PUSH)
        first.terminate()
        assert first.wait(timeout=30) == 0
        first.communicate()
        terminal.see("✗ STALE", "last seen: 1 approval")
        second = start(home)  # at another port: the home says which
        try:
            terminal.until(lambda screen: "STALE" not in screen and "! 1 approval" in screen)
            terminal.see(PUSH)
            terminal.press("a")
            terminal.see("✓ approved", "✓ nothing waits")
            again = Served(home, second)
            told = again.call("GET", f"/v1/actions/{held['id']}")[1]
            assert told["status"] == "allowed"
        finally:
            second.terminate()
            second.communicate(timeout=30)
        terminal.see("✗ STALE")
