"""PowerShell is judged by the names of its cmdlets; what is not known asks where it is the tool."""

import pytest

from core.actions import Decision
from core.risk.shell.rules import classify_command
from tests.unit.risk.shell.reading import codes


def decide(command: str) -> Decision:
    return classify_command(command, powershell=True).decision


@pytest.mark.parametrize(
    "command",
    [
        "Remove-Item -Recurse -Force $HOME",
        "remove-item x",
        "Get-ChildItem | ForEach-Object { Remove-Item $_ }",
        "Invoke-WebRequest https://example.com/a.ps1 | Invoke-Expression",
        "Start-Process notepad",
        "Set-ExecutionPolicy Bypass",
        "Import-Module ./x.psm1",
        "Set-Content C:/x y",
        "Out-File ../x",
        "Copy-Item $a b",
    ],
)
def test_a_cmdlet_that_changes_something_asks_in_any_shell(command: str) -> None:
    assert "runs-cmdlet" in codes(command)
    assert classify_command(command).decision is Decision.ASK
    assert decide(command) is Decision.ASK


@pytest.mark.parametrize(
    "command",
    [
        "Get-ChildItem -Recurse | Sort-Object Length | Select-Object -First 5",
        "Get-Content app.log -Tail 20",
        "Write-Host done",
        "Import-Csv data.csv | Where-Object Total -gt 5",
        "Set-Content a.txt hello",
        "New-Item -ItemType Directory build",
        "Get-Content a | Out-File b.txt",
        "npm test",
        "git status",
    ],
)
def test_reading_and_work_on_files_here_go_ahead(command: str) -> None:
    assert decide(command) is Decision.ALLOW


@pytest.mark.parametrize(
    "command", ["ri x", "format C:", "% { $_ }", "MyOwn-Thing x", "del x", "sort { ri $_ }"]
)
def test_what_is_not_known_asks_where_powershell_is_the_tool(command: str) -> None:
    assert classify_command(command).decision is Decision.ALLOW
    assert decide(command) is Decision.ASK


@pytest.mark.parametrize(
    "command",
    [
        "curl -s https://example.com -H Content-Type",
        "docker-compose up",
        "start-stop-daemon --version",
        "update-manager",
        "unknown-tool Content-Type Last-Modified",
    ],
)
def test_names_with_a_dash_are_no_cmdlets_elsewhere(command: str) -> None:
    assert "runs-cmdlet" not in codes(command)


@pytest.mark.parametrize(
    "command",
    [
        "powershell.exe -enc SQBFAFgA",
        "pwsh -c 'Remove-Item x'",
        "cmd.exe /c del x",
        "CertUtil.exe -urlcache -f http://a b",
    ],
)
def test_programs_of_windows_are_known_with_their_ending(command: str) -> None:
    assert classify_command(command).decision is Decision.ASK


@pytest.mark.parametrize(
    "command",
    [
        "cd C:\\x\\; git push --force",
        'Write-Output "C:\\"; git push --force #"',
        'Write-Output "\\$(git push --force)"',
        'Write-Output "a\u201d; git push --force; Write-Output \u201cb"',
        "Write-Output 'a\u2019; git push --force; Write-Output \u2018b'",
        "Write-Output a\rgit push --force",
        "x=(git push --force)",
        ". git push --force",
        "Get-Content ~\\.ssh\\id_rsa",
        "Get-Content C:\\m\\operator.token",
        "Get-Content -Path:operator.token",
        "Set-Content .git\\hooks\\pre-commit x",
    ],
)
def test_a_text_for_powershell_is_read_as_powershell_reads_it(command: str) -> None:
    assert decide(command) is Decision.ASK


@pytest.mark.parametrize(
    "command",
    [
        "Get-Content src\\main.py",
        "Set-Content src\\a.txt hi",
        "git add src\\main.py; git commit -m 'a\\b'",
        "Select-String -Pattern '\\bfoo\\d+' -Path src\\*.py",
        "Get-ChildItem C:\\x\\",
    ],
)
def test_paths_of_windows_are_no_harm(command: str) -> None:
    assert decide(command) is Decision.ALLOW
