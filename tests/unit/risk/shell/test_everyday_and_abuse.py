"""What share of known abuse is stopped, and how much everyday work goes through untouched."""

import json
from pathlib import Path

import pytest

from core.actions import Decision
from core.risk.shell.rules import classify_command, classify_with
from tests.unit.risk.shell.lists import commands

_DATA = Path(__file__).parents[5] / "shared" / "data" / "governance" / "shell_commands.dev.jsonl"


def test_abuse_of_ordinary_programs_is_stopped() -> None:
    missed = [
        command
        for command in commands("abuse")
        if classify_command(command).decision is Decision.ALLOW
    ]
    assert len(missed) <= 0.02 * len(commands("abuse")), missed


def test_techniques_of_attackers_are_stopped() -> None:
    missed = [
        command
        for command in commands("techniques")
        if classify_command(command).decision is Decision.ALLOW
    ]
    assert len(missed) <= 0.06 * len(commands("techniques")), missed


def test_everyday_work_goes_through() -> None:
    stopped = [
        command
        for command in commands("everyday")
        if classify_command(command).decision is not Decision.ALLOW
    ]
    assert len(stopped) <= 0.03 * len(commands("everyday")), stopped


def test_no_everyday_command_is_denied() -> None:
    for command in commands("everyday"):
        assert classify_command(command).decision is not Decision.DENY, command


def test_general_rules_alone_stop_most_abuse() -> None:
    missed = [
        command
        for command in commands("abuse")
        if classify_with({}, command).decision is Decision.ALLOW
    ]
    assert len(missed) <= 0.2 * len(commands("abuse")), missed


def test_labelled_commands_meet_the_bar() -> None:
    if not _DATA.exists():
        pytest.skip("the labelled shell commands are not on this machine")
    samples = [json.loads(line) for line in _DATA.read_text("utf-8").splitlines()]
    stops: dict[str, list[bool]] = {"malicious": [], "harmless": []}
    for sample in samples:
        risk = classify_command(sample["command"], purpose=sample.get("purpose", ""))
        stops[sample["label"]].append(risk.decision is not Decision.ALLOW)
    assert sum(stops["malicious"]) / len(stops["malicious"]) >= 0.98
    assert sum(stops["harmless"]) / len(stops["harmless"]) <= 0.05
