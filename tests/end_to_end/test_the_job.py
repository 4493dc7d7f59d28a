"""The job: agents propose, the operator decides at a real terminal, the trail proves it."""

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest
from claude_agent_sdk.types import (
    BaseHookInput,
    PostToolUseHookInput,
    PreToolUseHookInput,
    UserPromptSubmitHookInput,
)

from console.__main__ import main
from tests.end_to_end.terminal import Terminal, open_terminal
from tests.integration.engine.served import PATIENCE_S, ROOT, run_cli

SESSION: Final[BaseHookInput] = {
    "session_id": "5d2c7a0e-1c1b-4f0e-9a53-3f0a1b2c3d4e",
    "transcript_path": "transcript.jsonl",
    "cwd": "/srv/shop",
    "permission_mode": "default",
}
PUSH: Final = "docker push registry.shop.example/shop"
SECRET: Final = "cat ~/.ssh/id_ed25519"
WORDS: Final = "Read the README and publish the image"


class Call:
    """A program of an agent's, waiting for its answer."""

    started: ClassVar[list["subprocess.Popen[str]"]] = []

    def __init__(self, *arguments: str, given: object = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        if given is not None:
            self._process.stdin.write(json.dumps(given))
        self._process.stdin.close()
        self._process.stdin = None
        self.started.append(self._process)

    def answer(self) -> str:
        """Wait for its end; what it printed."""
        printed, errors = self._process.communicate(timeout=PATIENCE_S)
        assert (self._process.returncode, errors) == (0, "")
        return printed


class ClaudeCode:
    """One session of Claude Code, as far as its hooks see it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._calls = 0

    def send(self, event: Mapping[str, Any]) -> Call:
        command = ("-m", "console", "hook", "claude-code", "--home", str(self._home))
        return Call(*command, given={**SESSION, **event})

    def tell(self, event: Mapping[str, Any]) -> None:
        assert json.loads(self.send(event).answer()) == {}

    def propose(self, tool: str, **given: str) -> Call:
        self._calls += 1
        event: PreToolUseHookInput = {
            "session_id": SESSION["session_id"],
            "transcript_path": SESSION["transcript_path"],
            "cwd": SESSION["cwd"],
            "hook_event_name": "PreToolUse",
            "tool_name": tool,
            "tool_input": given,
            "tool_use_id": f"toolu_{self._calls}",
        }
        return self.send(event)

    def report(self, tool: str, response: object, **given: str) -> None:
        """What came of the call proposed last."""
        event: PostToolUseHookInput = {
            "session_id": SESSION["session_id"],
            "transcript_path": SESSION["transcript_path"],
            "cwd": SESSION["cwd"],
            "hook_event_name": "PostToolUse",
            "tool_name": tool,
            "tool_input": given,
            "tool_response": response,
            "tool_use_id": f"toolu_{self._calls}",
        }
        self.tell(event)


def decision(call: Call) -> dict[str, Any]:
    output: dict[str, Any] = json.loads(call.answer())["hookSpecificOutput"]
    return output


@contextlib.contextmanager
def console(folder: Path, *, columns: int, rows: int) -> Generator[Terminal]:
    """The console at a terminal of that size; left at the end, the terminal as it was before."""
    server = f"maestro-test-{os.getpid()}-{columns}"
    command = [sys.executable, "-m", "console", "--home", str(folder / "home"), "--port", "0"]
    try:
        with open_terminal(ROOT, columns=columns, rows=rows, server=server) as terminal:
            terminal.run(f"stty -a > {folder}/before")
            terminal.run(f"MAESTRO_OPERATOR=ana {shlex.join(command)}; echo ended with $?")
            terminal.see("overview", "✓ nothing waits", "[LIVE]")
            yield terminal
            terminal.press("q")
            terminal.see("ended with 0")
            expect_restored(terminal, folder)
    finally:
        for process in Call.started:  # those that a failed test left waiting
            with process:
                process.kill()
        Call.started.clear()


def expect_restored(terminal: Terminal, folder: Path) -> None:
    terminal.run(f"stty -a > {folder}/after; echo restored")
    terminal.see("\nrestored")
    assert (folder / "after").read_text() == (folder / "before").read_text()
    states = ("alternate_on", "cursor_flag", "mouse_any_flag", "keypad_flag")
    assert [terminal.state(each) for each in states] == ["0", "1", "0", "0"]


def run_session(terminal: Terminal, home: Path) -> None:
    """A whole session, from the prompt to its end, decided with `a`, `d` and `e`."""
    claude = ClaudeCode(home)
    prompt: UserPromptSubmitHookInput = {
        **SESSION,
        "hook_event_name": "UserPromptSubmit",
        "prompt": WORDS,
    }
    claude.tell({"hook_event_name": "SessionStart", "source": "startup"})
    claude.tell(prompt)
    readme = {"file_path": "/srv/shop/README.md"}
    assert decision(claude.propose("Read", **readme))["permissionDecision"] == "allow"
    claude.report("Read", {"type": "text", "file": {"content": "Push to the registry."}}, **readme)
    terminal.press("3")
    terminal.see("nothing waits for you")
    approve(terminal, claude)
    deny(terminal, claude)
    edit(terminal, claude)
    claude.tell({"hook_event_name": "SessionEnd", "reason": "other"})


def approve(terminal: Terminal, claude: ClaudeCode) -> None:
    held = claude.propose("Bash", command=PUSH)
    terminal.see(f"command │ {PUSH}", WORDS, "a approve")
    terminal.press("a")
    terminal.see("✓ approved", "nothing waits for you")
    answer = decision(held)
    assert answer["permissionDecision"] == "allow"
    assert "updatedInput" not in answer
    claude.report("Bash", {"stdout": "pushed", "stderr": "", "interrupted": False}, command=PUSH)


def deny(terminal: Terminal, claude: ClaudeCode) -> None:
    held = claude.propose("Bash", command=SECRET)
    terminal.see(f"command │ {SECRET}")
    terminal.press("d")
    terminal.see("Deny, because…", "the agent reads this")
    terminal.see_cursor("t")
    terminal.type("keys stay where they are")
    terminal.press("Enter")
    terminal.see("✓ denied", "nothing waits for you")
    answer = decision(held)
    assert answer["permissionDecision"] == "deny"
    assert "keys stay where they are" in answer["permissionDecisionReason"]


def edit(terminal: Terminal, claude: ClaudeCode) -> None:
    """High risk: the end of the id is typed as well."""
    held = claude.propose("Bash", command="npm publish", description="Publish")
    terminal.see("command     │ npm publish")
    terminal.press("e")
    terminal.see('"command": "npm publish",')
    terminal.see_cursor("{")
    terminal.press("Down", "End", "Left", "Left")
    terminal.see_cursor('"', after="npm publish")
    terminal.type(" --dry-run")
    terminal.see('"command": "npm publish --dry-run",')
    terminal.press("Escape")
    terminal.see("what you change", "--dry-run", "a approve the edit")
    terminal.press("a")
    terminal.see("Approve this edit of high risk?", "edited: this would run")
    screen = terminal.see("+ npm publish --dry-run", "Type the last four characters")
    terminal.see_cursor(" ")
    asked = re.search(r"characters of (\w{6})", screen)
    assert asked is not None
    terminal.press(*asked[1][-4:])
    terminal.see("The id fits.")
    terminal.press("a")
    terminal.see("sent the edit", "nothing waits for you")
    answer = decision(held)
    assert answer["permissionDecision"] == "allow"
    edited = {"command": "npm publish --dry-run", "description": "Publish"}
    assert answer["updatedInput"] == edited
    claude.report("Bash", {"stdout": "would publish", "stderr": ""}, **edited)


def edit_tool_call(terminal: Terminal, home: Path) -> None:
    proxy = [sys.executable, "-m", "console", "mcp-proxy", "--home", str(home), "--"]
    server = [sys.executable, "-m", "tests.integration.edges.shop_server"]
    calling = Call("-m", "tests.end_to_end.mcp_caller", "5000", *proxy, *server)
    terminal.see("amount = 5000")
    terminal.press("e")
    terminal.see('"amount": 5000')
    terminal.see_cursor("{")
    terminal.press("Down", "End", "BSpace", "BSpace")
    terminal.until(lambda screen: '"amount": 50' in screen and '"amount": 500' not in screen)
    terminal.press("Escape")
    terminal.see("what you change", "a approve the edit")
    terminal.press("a")
    terminal.see("sent the edit", "nothing waits for you")
    assert calling.answer() == "refunded 50"


def decisions(home: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str, str, str]]:
    """Event, operator, key and reason of each decision on the trail."""
    assert main(["audit", "tail", "-n", "1000", "--json", "--home", str(home)]) == 0
    entries = [json.loads(line)["entry"] for line in capsys.readouterr().out.splitlines()]
    return [
        (each["event"], each["actor"], each["body"]["key"], each["body"]["reason"])
        for each in entries
        if each["event"].startswith("approval.")
    ]


APPROVED: Final = ("approval.approved", "ana", "a", "")
DENIED: Final = ("approval.denied", "ana", "d", "keys stay where they are")
EDITED: Final = ("approval.approved", "ana", "e", "")


def test_a_session_and_a_tool_call_are_decided_at_a_terminal_and_proved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    with console(tmp_path, columns=120, rows=36) as terminal:
        run_session(terminal, home)
        edit_tool_call(terminal, home)
    verified = run_cli("audit", "verify", home=home)
    assert (verified.returncode, verified.stdout[:3]) == (0, "ok:"), verified
    assert decisions(home, capsys) == [APPROVED, DENIED, EDITED, EDITED]


def test_the_smallest_window_is_enough_to_decide_a_session(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    with console(tmp_path, columns=80, rows=24) as terminal:
        run_session(terminal, home)
    assert main(["audit", "verify", "--home", str(home)]) == 0
    capsys.readouterr()
    assert decisions(home, capsys) == [APPROVED, DENIED, EDITED]
