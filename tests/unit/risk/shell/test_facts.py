"""What the policies are told beside the decision: reads only, lost for good, leaves, writes out."""

import pytest

from core.actions import Decision
from core.risk.shell.rules import classify_command


@pytest.mark.parametrize(
    ("command", "workspace", "read_only"),
    [
        ("cat notes.txt | wc -l", None, True),
        ("git log --oneline 2>/dev/null", None, True),
        ("find . -name '*.py'", None, True),
        ("time ls", None, True),
        ("cat /srv/app/x", "/srv/app", True),
        ("cat ../x", "/srv/app", False),
        ("cat /var/log/syslog", None, False),
        ("cat ~/notes", None, False),
        ("cd /var && cat x", None, False),
        ("git commit -m x", None, False),
        ("find . -delete", None, False),
        ("sed -i s/a/b/ x", None, False),
        ("frobnicate", None, False),
        ("echo x > y", None, False),
        ("curl https://example.com", None, False),
        ("bash x.sh", None, False),
        ("cat /etc/shadow", None, False),
    ],
)
def test_reading_inside_the_workspace_is_told_apart(
    command: str, workspace: str | None, *, read_only: bool
) -> None:
    assert classify_command(command, workspace=workspace).read_only is read_only


@pytest.mark.parametrize(
    ("command", "lost"),
    [
        ("rm -r build", True),
        ("git push --force", True),
        ("git reset --hard", True),
        ("psql -c 'DROP TABLE users'", True),
        ("find . -name '*.pyc' -delete", True),
        ("rsync --delete a/ host:b/", False),
        ("dd if=a of=/dev/sda", True),
        ("terraform destroy", True),
        ("docker volume prune", True),
        ("cp a b", False),
    ],
)
def test_what_cannot_be_undone_is_told(command: str, *, lost: bool) -> None:
    assert classify_command(command).irreversible is lost


@pytest.mark.parametrize(
    ("command", "external"),
    [
        ("curl https://example.com", True),
        ("git push", True),
        ("ssh host", True),
        ("frobnicate https://example.com", True),
        ("git remote -v", False),
        ("ls", False),
    ],
)
def test_what_leaves_the_machine_is_told(command: str, *, external: bool) -> None:
    assert classify_command(command).external is external


@pytest.mark.parametrize(
    ("command", "workspace", "outside"),
    [
        ("touch a", "/home/me/app", False),
        ("touch /home/me/app/a", "/home/me/app", False),
        ("touch ~/app/a", "/home/me/app", False),
        ("touch /tmp/a", "/home/me/app", False),
        ("touch $X", "/home/me/app", False),
        ("touch ../b", "/home/me/app", True),
        ("touch ~/b", "/home/me/app", True),
        ("touch ~/b", "/srv/app", True),
        ("cd ..; touch b", "/home/me/app", True),
        ("touch ~/b", None, False),
        ("touch /etc/b", None, True),
        ("touch /etc/passwd", None, True),
    ],
)
def test_writes_outside_the_workspace_are_told(
    command: str, workspace: str | None, *, outside: bool
) -> None:
    risk = classify_command(command, workspace=workspace)
    assert risk.outside_workspace is outside
    assert (risk.decision is not Decision.ALLOW) is outside
