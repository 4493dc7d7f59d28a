"""Terminals of all sorts: drawn on, resized, suspended, closed; and always given back."""

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from console.__main__ import main
from core.adapters.home import hold_home
from tests.end_to_end.terminal import Terminal, open_terminal
from tests.end_to_end.test_the_job import expect_restored
from tests.integration.engine.served import ROOT, wait_until


def command_over(home: Path, **variables: str) -> str:
    """The console over `home`, as the shell of a terminal is told."""
    given = [f"{name}={value}" for name, value in variables.items()]
    command = [sys.executable, "-m", "console", "--home", str(home), "--port", "0"]
    return shlex.join(["env", *given, *command])


@contextlib.contextmanager
def window(folder: Path, name: str, *, columns: int = 80, rows: int = 24) -> Generator[Terminal]:
    """A terminal whose state is kept in `before`."""
    server = f"maestro-test-{os.getpid()}-{name}"
    with open_terminal(ROOT, columns=columns, rows=rows, server=server) as terminal:
        terminal.run(f"stty -a > {folder}/before")
        yield terminal


def quit_and_check(terminal: Terminal, folder: Path) -> None:
    terminal.press("q")
    terminal.see("ended with 0")
    expect_restored(terminal, folder)


def is_free(home: Path) -> bool:
    """Whether nobody hosts it."""
    try:
        with hold_home(home):
            return True
    except Exception:  # noqa: BLE001 - held, however that is said
        return False


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["xterm", "xterm-16color", "linux", "screen-256color", "vt220", "tmux-256color"]
)
def test_each_kind_of_terminal_is_drawn_on_and_given_back(tmp_path: Path, kind: str) -> None:
    with window(tmp_path, f"kind-{kind}") as terminal:
        terminal.run(f"{command_over(tmp_path / 'home', TERM=kind)}; echo ended with $?")
        terminal.see("maestro", "overview", "LIVE")
        quit_and_check(terminal, tmp_path)


@pytest.mark.parametrize("kind", ["dumb", ""])
def test_a_terminal_that_cannot_draw_is_refused_with_a_sentence(tmp_path: Path, kind: str) -> None:
    home = tmp_path / "home"
    with window(tmp_path, f"no-{kind}", columns=300) as terminal:
        terminal.run(f"{command_over(home, TERM=kind)}; echo ended with $?")
        screen = terminal.see("ended with 2")
        assert "maestro: this terminal cannot draw the console (TERM is " in screen
        assert "maestro serve" in screen
        assert "Traceback" not in screen
        expect_restored(terminal, tmp_path)
    assert not home.exists()


@pytest.mark.slow
def test_without_colour_no_colour_is_sent(tmp_path: Path) -> None:
    with window(tmp_path, "mono") as terminal:
        command = command_over(tmp_path / "home", NO_COLOR="1", COLORTERM="truecolor")
        terminal.run(f"{command}; echo ended with $?")
        terminal.see("overview", "LIVE")
        colours = terminal.colours()
        assert colours == set(), colours
        quit_and_check(terminal, tmp_path)


@pytest.mark.slow
def test_a_storm_of_sizes_ends_in_a_picture_that_is_right(tmp_path: Path) -> None:
    with window(tmp_path, "storm") as terminal:
        terminal.run(f"{command_over(tmp_path / 'home')}; echo ended with $?")
        terminal.see("overview", "LIVE")
        for number in range(100):
            terminal.resize(*((20, 5), (200, 60), (80, 24), (61, 19), (133, 41))[number % 5])
            time.sleep(0.02)  # as fast as somebody drags a window's corner
        terminal.resize(100, 30)

        def is_right(screen: str) -> bool:
            lines = screen.splitlines()
            return (
                len(lines) == 30
                and "maestro" in lines[0]
                and "LIVE" in lines[0]
                and "?" in lines[-1]
                and all(len(line) <= 100 for line in lines)
            )

        terminal.until(is_right)
        terminal.resize(80, 24)
        terminal.until(lambda screen: len(screen.splitlines()) == 24 and "LIVE" in screen)
        quit_and_check(terminal, tmp_path)


@pytest.mark.parametrize("by_make", [False, True])
def test_suspended_it_gives_the_terminal_back_and_resumed_it_draws_again(
    tmp_path: Path, *, by_make: bool
) -> None:
    command = command_over(tmp_path / "home")
    if by_make:
        (tmp_path / "Makefile").write_text(f"run:\n\t@{command}\n", encoding="utf-8")
        command = f"make -f {tmp_path}/Makefile run"
    with window(tmp_path, "suspend") as terminal:
        terminal.run(f"set -m; {command}; echo ended with $?")
        terminal.see("overview", "LIVE")
        terminal.press("C-z")
        terminal.until(lambda screen: "Stopped" in screen or "ended with" in screen)
        states = ("alternate_on", "cursor_flag", "mouse_any_flag")
        assert [terminal.state(each) for each in states] == ["0", "1", "0"]
        terminal.run("clear; fg; echo came to its end")
        terminal.see("maestro", "overview", "LIVE")
        terminal.press("q")
        terminal.see("came to its end")
        expect_restored(terminal, tmp_path)


@pytest.mark.skipif(shutil.which("screen") is None, reason="GNU screen is not installed")
def test_within_gnu_screen_it_is_drawn_used_and_given_back(tmp_path: Path) -> None:
    rules = tmp_path / "screenrc"
    rules.write_text("startup_message off\naltscreen on\ndefutf8 on\n", encoding="utf-8")
    sockets = tmp_path / "sockets"
    sockets.mkdir(mode=0o700)
    shell = ["env", "PS1=inside $ ", "sh"]
    screen = ["env", f"SCREENDIR={sockets}", "screen", "-c", str(rules), "-S", "maestro", *shell]
    with window(tmp_path, "gnu-screen") as terminal:
        terminal.run(shlex.join(screen))
        terminal.see("inside $")
        terminal.run(f"stty -a > {tmp_path}/before; echo $TERM")
        terminal.see("screen")
        terminal.run(f"{command_over(tmp_path / 'home')}; echo ended with $?")
        terminal.see("maestro", "overview", "LIVE")
        terminal.press("2")
        terminal.see("FLEET", "architect", "● online")
        terminal.press("d")
        terminal.see("GRAPH", "[ ● architect ]", "├──")
        terminal.resize(100, 30)
        terminal.until(lambda seen: len(seen.splitlines()) == 30 and "GRAPH" in seen)
        terminal.press("3")
        terminal.see("nothing waits for you")
        terminal.press("q")
        terminal.see("ended with 0", "inside $")
        terminal.run(f"stty -a > {tmp_path}/after; exit")
        terminal.see("screen is terminating")
        was = (tmp_path / "before").read_text()
        assert (tmp_path / "after").read_text() == was.replace(
            "rows 24; columns 80", "rows 30; columns 100"
        )
        assert terminal.state("alternate_on") == "0"
        assert terminal.state("cursor_flag") == "1"


@pytest.mark.parametrize("quiet", [True, False])
def test_the_terminals_bell_rings_for_what_waits_and_not_in_quiet_hours(
    tmp_path: Path, *, quiet: bool
) -> None:
    home, now = tmp_path / "home", datetime.now().astimezone()
    start, end = (f"{now + timedelta(hours=by):%H:%M}" for by in ((-2, 2) if quiet else (6, 8)))
    config = tmp_path / "maestro.toml"
    config.write_text(f'[console]\nquiet = "{start}-{end}"\n', encoding="utf-8")
    with window(tmp_path, f"quiet-{quiet}") as terminal:
        terminal.run(f"{command_over(home)} --config {config}; echo ended with $?")
        terminal.see("overview", "LIVE")
        assert terminal.state("window_bell_flag") == "0"
        propose_over_http(home, "docker push registry.shop.example/shop")
        terminal.see("! 1 approval")
        if quiet:
            terminal.press("3")
            terminal.see("docker push")
            # A machine that is too busy is a critical alert, which rings at any hour.
            assert terminal.state("window_bell_flag") == "0" or " alert" in terminal.screen()
        else:
            terminal.until(lambda _: terminal.state("window_bell_flag") == "1")
        terminal.press("q")
        terminal.see("Leave while")
        terminal.press("q")
        terminal.see("ended with 0")


def propose_over_http(home: Path, command: str) -> None:
    """What an agent of this machine does."""
    where = json.loads((home / "gateway.json").read_text(encoding="utf-8"))["url"]
    token = (home / "agent.token").read_text(encoding="utf-8").strip()
    body = {"kind": "shell.execute", "arguments": {"command": command}, "agent": "coder"}
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"{where}/v1/actions", json=body, headers=headers, trust_env=False)
    assert answer.json()["decision"] == "ask"


def test_what_is_copied_arrives_in_the_terminals_clipboard(tmp_path: Path) -> None:
    with window(tmp_path, "copy") as terminal:
        terminal.take_copies()
        terminal.run(f"{command_over(tmp_path / 'home')}; echo ended with $?")
        terminal.see("overview", "LIVE")
        terminal.press("2")
        terminal.see("FLEET", "architect", "● online")
        terminal.press("y")
        terminal.until(lambda _: terminal.copied() == "architect")
        terminal.press("y")
        terminal.until(lambda _: terminal.copied().startswith("architect\t"))
        terminal.press("y")
        terminal.until(lambda _: terminal.copied().startswith("{"))
        assert json.loads(terminal.copied())["AGENT"] == "architect"
        quit_and_check(terminal, tmp_path)


def test_a_terminal_that_is_closed_ends_the_engine_and_frees_the_home(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    with window(tmp_path, "hangup") as terminal:
        terminal.run(f"{command_over(home)} 2> {tmp_path}/errors")
        wait_until((home / "gateway.json").exists, terminal.screen)
        terminal.close()
        wait_until(lambda: not (home / "gateway.json").exists() and is_free(home))
    assert main(["audit", "verify", "--home", str(home)]) == 0
    capsys.readouterr()
    logged = (home / "maestro.log").read_text() if (home / "maestro.log").exists() else ""
    assert "Traceback" not in logged


def test_sigterm_while_the_engine_still_starts_gives_the_terminal_back(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with window(tmp_path, "early") as terminal:
        terminal.run(f"{command_over(home)}; echo ended with $?")
        terminal.see("STARTING")
        pid = subprocess.run(
            ["pgrep", "-f", f"console --home {home}"], capture_output=True, text=True, check=True
        ).stdout.split()[0]
        os.kill(int(pid), signal.SIGTERM)
        screen = terminal.see("ended with 0")
        assert "Traceback" not in screen
        expect_restored(terminal, tmp_path)
    assert is_free(home)
