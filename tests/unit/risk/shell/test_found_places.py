"""What `find` removes or runs, and what `mv` takes, is judged by where it lies."""

import pytest

from core.actions import Decision
from core.risk.shell.rules import classify_command

WORKSPACE = "/home/ana/project"


@pytest.mark.parametrize(
    "command",
    [
        "find /home/ana/old -delete",
        "find ../other -type f -delete",
        "find build /home/ana/old -name '*.o' -delete",
        "find -L ../other -name '*.o' -delete",
        "find build ../other -name '*.o' -exec rm {} +",
        "rm /home/ana/thesis.tex",
        "mv /home/ana/thesis.tex /tmp/x",
    ],
)
def test_files_outside_the_workspace_are_not_taken_away_unasked(command: str) -> None:
    risk = classify_command(command, workspace=WORKSPACE)
    assert risk.decision is Decision.ASK
    assert risk.outside_workspace


@pytest.mark.parametrize(
    "command",
    [
        "find . -delete",
        "find -type f -delete",
        "find . -type f -exec rm -rf {} +",
        "find . -not -name '*.c' -exec rm -rf {} +",
        "find .. -name x -exec rm -rf {} +",
        'find "$WHERE" -name x -delete',
        r"find . -name x -exec {} -p \;",
    ],
)
def test_what_find_does_to_all_or_to_nobody_knows_what_asks(command: str) -> None:
    assert classify_command(command).decision is Decision.ASK


def test_files_of_the_system_are_not_deleted_by_any_name_of_find() -> None:
    assert classify_command("find -H / -name x -delete").decision is Decision.DENY


@pytest.mark.parametrize("workspace", [None, WORKSPACE])
@pytest.mark.parametrize(
    "command",
    [
        "find . -name '__pycache__' -type d -exec rm -rf {} +",
        "find . -name '*.orig' -o -name '*.rej' -delete",
        "find build src -name '*.pyc' -delete",
        "find /tmp/cache -mtime +1 -delete",
        "mv src/a.py src/b.py",
    ],
)
def test_named_files_of_the_work_are_removed_without_a_question(
    command: str, workspace: str | None
) -> None:
    assert classify_command(command, workspace=workspace).decision is Decision.ALLOW
