"""Shell actions: the command, and the other arguments that change what it does.

And commands that any other tool is given.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

from core.actions import Action, Decision, Finding, JsonObject, JsonValue, RiskLevel
from core.governance.rules import SAID
from core.risk.shell.cmdlets import POWERSHELL
from core.risk.shell.model import ShellRisk
from core.risk.shell.rules import classify_command

SHELL: Final = "shell.execute"
_TOOL_KINDS: Final = frozenset({"tool.call", "mcp.call"})
_COMMANDS: Final = frozenset(
    {"argv", "bash", "cmdline", "commandline", "commands", "commandstring", "shell"}
)
_ENDS: Final = ("command", "cmd")  # of such a name: `shell_command`
_WORDS: Final = frozenset({"args", "argv", "arguments"})  # beside a command: what follows it
_SEPARATORS: Final = re.compile(r"[\W_]+")
_DEPTH_MAX: Final = 64
_GIVEN: Final = "tool-command"
_UNREAD: Final = "unparseable"  # by itself: it may be a command of the tool's own, or a query
_REMEMBERED_CHARS_MAX: Final = 1_000
_OTHERS_MAX: Final = 32  # arguments beside the command: with each it is judged anew
_FOLDERS: Final = frozenset({"cwd", "workdir", "working_dir", "working_directory", "directory"})
_VARIABLES: Final = frozenset({"env", "environment", "env_vars", "environment_variables"})
_SHELLS: Final = frozenset({"shell", "executable", "interpreter"})
_VARIABLE: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_SYSTEM_PATH: Final = re.compile(r"(?:/usr)?(?:/local)?/s?bin|/opt/(?:homebrew|local)/s?bin|\$PATH")
_PLAIN_SHELL: Final = re.compile(r"(?:/bin/|/usr/(?:local/)?bin/)?(?:ba|da|k|z|a)?sh")
_RANKS: Final = (Decision.ALLOW, Decision.ASK, Decision.DENY)


def judge_shell(action: Action, workspace: str | None) -> ShellRisk:
    """Whether a shell action, or a command that a tool is given, may run by itself.

    ALLOW without a finding for any other kind.
    """
    if action.kind in _TOOL_KINDS:
        return _judge_given(action, workspace)
    if action.kind != SHELL:
        return ShellRisk(decision=Decision.ALLOW)
    command = action.arguments.get("command")
    if not isinstance(command, str):
        risk = _judge_words(command, action, workspace)
    else:
        powershell = action.resource.lower() in POWERSHELL
        risk = _classify(command, action.purpose, workspace, powershell=powershell)
    others = [each for each in action.arguments if each != "command"]
    others = [each for each in others if _can_say_what_runs(each, action.arguments[each])]
    for name in others[:_OTHERS_MAX]:
        risk = _judge_argument(risk, name, action.arguments[name], action, workspace)
    if len(others) > _OTHERS_MAX:
        words = f"{len(others)} arguments beside the command: the first {_OTHERS_MAX} are looked at"
        risk = _ask(risk, words, "arguments")
    return risk


def _judge_given(action: Action, workspace: str | None) -> ShellRisk:
    """What is told as a command is one, whatever the tool's name says of it."""
    risk = ShellRisk(decision=Decision.ALLOW)
    given = list(islice(_commands(action.arguments, "arguments", ""), _OTHERS_MAX + 1))
    for path, text, is_whole in given[:_OTHERS_MAX]:
        judged = _classify(text, action.purpose, workspace, powershell=False)
        codes = {each.code for each in judged.findings}
        if judged.decision is not Decision.ALLOW and codes != {_UNREAD}:
            found = [replace(each, code=_GIVEN, path=path) for each in judged.findings]
            if not is_whole:
                found = [replace(each, start=None, end=None) for each in found]
            risk = _join(risk, judged, found)
    if len(given) > _OTHERS_MAX:
        words = f"more than {_OTHERS_MAX} commands: the first of them are looked at"
        risk = _ask(risk, words, "arguments", code=_GIVEN)
    return risk


def _commands(
    value: JsonValue, path: str, name: str, depth: int = 0
) -> Iterator[tuple[str, str, bool]]:
    """Path and text of each command, and whether the text is the whole argument as it stands."""
    is_command = _is_command(name)
    if isinstance(value, str):
        if is_command and not (name.casefold() in _SHELLS and _PLAIN_SHELL.fullmatch(value)):
            yield path, value, True
    elif depth < _DEPTH_MAX and isinstance(value, Mapping):
        yield from _commands_with_more(value, path, depth)
    elif depth < _DEPTH_MAX and isinstance(value, Sequence):
        texts = [each for each in value if isinstance(each, str)]
        if is_command and texts:  # the words of one, or one each
            yield path, shlex.join(texts), False
            yield path, "\n".join(texts), False
        for at, inner in enumerate(value):
            if not isinstance(inner, str):
                yield from _commands(inner, f"{path}[{at}]", name, depth + 1)


def _commands_with_more(
    given: JsonObject, path: str, depth: int
) -> Iterator[tuple[str, str, bool]]:
    """Each command as it is, and with the folder and the words that stand beside it."""
    before, after = _around(given)
    for name, value in given.items():
        told = isinstance(value, str) and _is_command(name)
        if told and (before or after):
            yield f"{path}.{name}", f"{before}{value}{after}", False
        if not (told and after and len(str(value).split()) == 1):  # no program by itself
            yield from _commands(value, f"{path}.{name}", name, depth + 1)


def _is_command(name: str) -> bool:
    plain = _SEPARATORS.sub("", name).casefold()
    return plain in _COMMANDS or plain.endswith(_ENDS)


def _around(given: JsonObject) -> tuple[str, str]:
    """What other arguments put before a command and behind it: its folder and its words."""
    before = after = ""
    for name, value in given.items():
        if name.casefold() in _FOLDERS and isinstance(value, str) and value:
            before += f"cd {shlex.quote(value)} && "
        elif name.casefold() in _WORDS and not isinstance(value, str):
            after += " " + _line(value)
    return before, after


def _can_say_what_runs(name: str, value: JsonValue) -> bool:
    """Numbers, yes and no, and words for people start nothing."""
    return bool(value) and not isinstance(value, int | float) and name.casefold() not in SAID


def _judge_argument(
    risk: ShellRisk, name: str, value: JsonValue, action: Action, workspace: str | None
) -> ShellRisk:
    """The judgement with what one more argument makes of the command. What no rule reads asks."""
    path = f"arguments.{name}"
    key = name.casefold()
    if key in _VARIABLES and (variables := _read_variables(value)) is not None:
        return _judge_variables(risk, variables, action, workspace, path)
    if key in _FOLDERS and isinstance(value, str):
        if workspace is not None and PurePosixPath(value) == PurePosixPath(workspace):
            return risk
        there = _judge_after(f"cd {shlex.quote(value)} && ", action, workspace)
        return _add(replace(risk, read_only=risk.read_only and there.read_only), there, path)
    if key in _SHELLS and isinstance(value, str) and _PLAIN_SHELL.fullmatch(value):
        return risk
    words = [value] if isinstance(value, str) else value
    if isinstance(words, Sequence) and all(isinstance(each, str) for each in words):
        more = " " + shlex.join(map(str, words))
        risk = _add(risk, _judge_after("", action, workspace, more=more), path)
    return _ask(risk, f"nothing here can tell what {name!r} makes of the command", path)


def _judge_variables(
    risk: ShellRisk,
    variables: Mapping[str, str],
    action: Action,
    workspace: str | None,
    path: str,
) -> ShellRisk:
    odd = next((name for name in variables if not _VARIABLE.fullmatch(name)), None)
    if odd is not None:  # as an exported function of Bash is handed over
        risk = _ask(risk, f"{odd!r} is no name of a variable", path)
    if not all(map(_SYSTEM_PATH.fullmatch, variables.get("PATH", "$PATH").split(":"))):
        risk = _ask(risk, "PATH lets programs be taken from elsewhere", path)
    named = ((key, each) for key, each in variables.items() if _VARIABLE.fullmatch(key))
    sets = "".join(f"export {key}={shlex.quote(each)}; " for key, each in named)
    return _add(risk, _judge_after(sets, action, workspace), path)


def _read_variables(value: JsonValue) -> dict[str, str] | None:
    """Names with their values, given as an object or as a list of `NAME=value`; else None.

    Of one text nobody can tell here where whoever takes it sees the next name begin.
    """
    if isinstance(value, Mapping):
        pairs = [(name, _written(each)) for name, each in value.items()]
    elif isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        pairs = [(name, text) for name, _, text in (str(line).partition("=") for line in value)]
    else:
        return None
    found = {name: text for name, text in pairs if text is not None}
    return found if len(found) == len(pairs) else None


def _written(value: JsonValue) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) else None


def _judge_after(
    before: str, action: Action, workspace: str | None, *, more: str = ""
) -> ShellRisk:
    """The command as it is behind other words, or before them."""
    command = action.arguments.get("command")
    text = before + (command if isinstance(command, str) else _line(command)) + more
    powershell = action.resource.lower() in POWERSHELL
    return _classify(text, action.purpose, workspace, powershell=powershell)


def _add(risk: ShellRisk, other: ShellRisk, path: str) -> ShellRisk:
    """Both judgements. Findings that only the other one has are about the argument."""
    known = {(each.code, each.message) for each in risk.findings}
    found = [
        replace(each, path=path, start=None, end=None)
        for each in other.findings
        if (each.code, each.message) not in known
    ]
    return _join(replace(risk, read_only=risk.read_only and not found), other, found)


def _join(risk: ShellRisk, other: ShellRisk, found: Sequence[Finding]) -> ShellRisk:
    return replace(
        risk,
        decision=max(risk.decision, other.decision, key=_RANKS.index),
        findings=(*risk.findings, *found),
        irreversible=risk.irreversible or other.irreversible,
        external=risk.external or other.external,
        outside_workspace=risk.outside_workspace or other.outside_workspace,
    )


def _ask(risk: ShellRisk, message: str, path: str, *, code: str = "unread-argument") -> ShellRisk:
    found = Finding(code=code, source="shell", level=RiskLevel.HIGH, message=message, path=path)
    decision = max(risk.decision, Decision.ASK, key=_RANKS.index)
    return replace(risk, decision=decision, findings=(*risk.findings, found), read_only=False)


def _judge_words(command: JsonValue, action: Action, workspace: str | None) -> ShellRisk:
    """Words in a list are judged as the command that they make, and asked about all the same."""
    missing = Finding(
        code="no-command",
        source="shell",
        level=RiskLevel.HIGH,
        message="a shell action holds no command text that could be judged",
        path="arguments.command",
    )
    judged = classify_command(_line(command), purpose=action.purpose, workspace=workspace)
    found = [replace(each, start=None, end=None) for each in judged.findings]
    decision = judged.decision if judged.decision is Decision.DENY else Decision.ASK
    return replace(judged, decision=decision, findings=(missing, *found), read_only=False)


def _line(command: JsonValue) -> str:
    words = command if isinstance(command, Sequence) else ()
    return shlex.join([each for each in words if isinstance(each, str)])


def _classify(command: str, purpose: str, workspace: str | None, *, powershell: bool) -> ShellRisk:
    if len(command) + len(purpose) <= _REMEMBERED_CHARS_MAX:
        return classify_short(command, purpose, workspace, powershell=powershell)
    return classify_command(command, purpose=purpose, workspace=workspace, powershell=powershell)


@lru_cache(maxsize=1024)
def classify_short(
    command: str, purpose: str, workspace: str | None, *, powershell: bool
) -> ShellRisk:
    """For commands that come with other arguments, a folder or a description, and come again."""
    return classify_command(command, purpose=purpose, workspace=workspace, powershell=powershell)
