"""A store that fails under an open console: the agent is blocked, the operator reads why."""

from pathlib import Path

from tests.end_to_end.test_the_job import PUSH, ClaudeCode, console, decision
from tests.integration.disks import locked_by_another_process


def test_a_lock_held_elsewhere_is_told_at_the_terminal_and_then_passes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "maestro.toml").write_text("[store]\nbusy_timeout_s = 0.1\n", encoding="utf-8")
    with console(tmp_path, columns=120, rows=36) as terminal:
        claude = ClaudeCode(home)
        terminal.press("3")
        held = claude.propose("Bash", command=PUSH)
        terminal.see(f"command │ {PUSH}")
        with locked_by_another_process(home / "maestro.db"):
            blocked = decision(claude.propose("Bash", command="ls"))
            assert blocked["permissionDecision"] == "deny"
            assert "another process holds its lock" in blocked["permissionDecisionReason"]
            terminal.press("a")
            terminal.until(lambda screen: "another process" in screen and "lock" in screen)
        assert "Traceback" not in terminal.see(f"command │ {PUSH}")
        terminal.press("a")
        terminal.see("✓ approved", "nothing waits for you")
        assert decision(held)["permissionDecision"] == "allow"
