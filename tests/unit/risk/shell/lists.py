"""Reads the commands that stand beside these tests, one a line; `⏎` stands for a new line."""

from pathlib import Path

_HERE = Path(__file__).parent


def commands(name: str) -> list[str]:
    """Each command of the list `name`."""
    lines = (_HERE / f"{name}.txt").read_text("utf-8").splitlines()
    return [line.replace("⏎", "\n") for line in lines if line]
