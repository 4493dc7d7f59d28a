"""What `find` and `ls` hand to `xargs` is judged as if it stood there."""

import pytest

from core.actions import Decision
from core.risk.shell.rules import classify_command


@pytest.mark.parametrize(
    ("command", "decision"),
    [
        ("find / | xargs rm -rf", Decision.DENY),
        ("ls -d /* | xargs rm -rf", Decision.DENY),
        ("find / -type f -print0 | xargs -0 rm -f", Decision.ASK),
        ("find /etc | xargs rm", Decision.ASK),
        ("find /etc -name '*.conf' | sort | xargs -I{} rm {}", Decision.ASK),
        ("find ~/.ssh -type f | xargs cat", Decision.ASK),
        ("ls | xargs rm -rf", Decision.ASK),
        ("find . -name '*.pyc' | xargs rm -f", Decision.ALLOW),
        ("find . -type f | grep -v keep | xargs rm", Decision.ALLOW),
        ("ls -t | tail -n +6 | xargs rm", Decision.ALLOW),
        ("find . -type f | xargs sed -i 's/a/b/'", Decision.ALLOW),
        ("find /var/log -name '*.gz' | xargs zcat", Decision.ALLOW),
    ],
)
def test_the_places_that_are_searched_decide(command: str, decision: Decision) -> None:
    assert classify_command(command, workspace="/work").decision is decision


@pytest.mark.parametrize(
    ("command", "decision"),
    [
        ("make SHELL='bash -c \"rm -rf ~\"'", Decision.DENY),
        ("SHELL='/bin/sh -c id' vim a", Decision.ASK),
        ("export SHELL=/bin/zsh", Decision.ALLOW),
    ],
)
def test_a_shell_with_arguments_is_a_command_and_no_preference(
    command: str, decision: Decision
) -> None:
    assert classify_command(command).decision is decision
