"""Write the hook into Claude Code's settings, and take it out again, losing nothing else."""

import contextlib
import difflib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from core.errors import ConfigError

MARK: Final = "hook claude-code"  # how an entry of ours is known, whatever path stands before it
TIMEOUT_S: Final = 600
ANSWER_MARGIN_S: Final = 60  # the answer comes this long before Claude Code stops waiting
SHORT_TIMEOUT_S: Final = 30
EVENTS: Final = (
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "SessionEnd",
)
TOOL_EVENTS: Final = frozenset({"PreToolUse", "PostToolUse", "PostToolUseFailure"})


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallPlan:
    """What would change. Nothing is written until `write_settings`."""

    old_text: str | None  # None: there is no file yet
    new_text: str
    diff: str  # unified; "" when nothing changes
    warnings: tuple[str, ...] = ()


def plan_install(
    settings_text: str | None, *, command: str, timeout_s: int = TIMEOUT_S
) -> InstallPlan:
    """Put `command` (it must end in `hook claude-code` and options) into every event it serves.

    `timeout_s` is Claude Code's limit for a held tool call; the hook itself answers a minute
    earlier. Installing twice changes nothing; an older entry of ours is replaced where it stands.
    Raises: ConfigError when the settings are not plain JSON, or not of the known shape.
    """
    if MARK not in command:
        raise ConfigError(f"a hook command says {MARK!r}, so that it is found again: {command!r}")
    if timeout_s <= ANSWER_MARGIN_S:
        raise ConfigError(f"the hook's time-out must be over {ANSWER_MARGIN_S} s, not {timeout_s}")
    settings = _read(settings_text)
    hooks = _child(settings, "hooks", dict)
    for event in EVENTS:
        groups: list[Any] = _child(hooks, event, list)
        entry = _entry(event, command, timeout_s)
        if not _replace_ours(groups, entry):
            matcher = {"matcher": "*"} if event in TOOL_EVENTS else {}
            groups.append({**matcher, "hooks": [entry]})
    warnings = ("disableAllHooks is true: no hook runs",) * bool(settings.get("disableAllHooks"))
    return _plan(settings_text, settings, (*warnings, *_narrowed(hooks)))


def plan_uninstall(settings_text: str | None) -> InstallPlan:
    """Take every entry of ours out, with what was only there to hold it.

    Raises: ConfigError as for `plan_install`.
    """
    settings = _read(settings_text)
    if "hooks" not in settings:
        return InstallPlan(old_text=settings_text, new_text=settings_text or "", diff="")
    hooks = _child(settings, "hooks", dict)
    for event in list(hooks):
        groups: list[Any] = _child(hooks, event, list)
        if _replace_ours(groups, None) and not groups:
            del hooks[event]
    if not hooks:
        del settings["hooks"]
    return _plan(settings_text, settings, ())


def _narrowed(hooks: dict[str, Any]) -> Iterator[str]:
    """Where somebody has put the hook behind a matcher that leaves tools out."""
    for event in sorted(TOOL_EVENTS):
        for group in hooks[event]:
            matcher = group.get("matcher", "*")
            if matcher not in ("", "*") and any(map(_is_ours, _hooks_of(group))):
                yield f"{event} has the hook for {matcher!r} only: other tools are not governed"


def _entry(event: str, command: str, timeout_s: int) -> dict[str, Any]:
    if event != "PreToolUse":
        return {"type": "command", "command": command, "timeout": SHORT_TIMEOUT_S}
    return {
        "type": "command",
        "command": f"{command} --wait {timeout_s - ANSWER_MARGIN_S}",
        "timeout": timeout_s,
        # Without it Claude Code runs the tool when the hook cannot start, crashes or times out.
        "onFailure": "block",
    }


def _replace_ours(groups: list[Any], entry: dict[str, Any] | None) -> bool:
    """Put `entry` where the first of ours stands, drop the others, and the groups that only they
    filled; whether there was one."""
    found = False
    kept_groups: list[Any] = []
    for group in groups:
        hooks = _hooks_of(group)
        kept = [hook for hook in hooks if not _is_ours(hook)]
        if len(kept) < len(hooks):
            if entry is not None and not found:
                first = next(index for index, hook in enumerate(hooks) if _is_ours(hook))
                kept.insert(first, entry)
            found = True
            group["hooks"] = kept
        if kept or not hooks:
            kept_groups.append(group)
    groups[:] = kept_groups
    return found


def _hooks_of(group: Any) -> list[Any]:
    hooks: Any = group.get("hooks", []) if _is_a(group, dict) else None
    if not _is_a(hooks, list):
        raise ConfigError("the settings' hooks hold something else than groups; nothing is changed")
    found: list[Any] = hooks
    return found


def _is_a(value: Any, kind: type[Any]) -> bool:
    return isinstance(value, kind)


def _is_ours(hook: Any) -> bool:
    return isinstance(hook, dict) and MARK in str(cast("dict[str, Any]", hook).get("command"))


def _child(parent: dict[str, Any], key: str, kind: type[Any]) -> Any:
    child = parent.setdefault(key, kind())
    if not isinstance(child, kind):
        raise ConfigError(f"the settings' {key!r} is not a JSON {_KINDS[kind]}; nothing is changed")
    return child


_KINDS: Final[dict[type[Any], str]] = {dict: "object", list: "array"}


def _read(text: str | None) -> dict[str, Any]:
    if text is None or not text.strip():
        return {}
    try:
        settings = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"the settings are not valid JSON ({error}); correct them first, nothing is changed"
        ) from None
    if not isinstance(settings, dict):
        raise ConfigError("the settings are not a JSON object; nothing is changed")
    return cast("dict[str, Any]", settings)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a repeated key: writing the file again would lose one of the two values."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in the same object")
    return found


def _plan(text: str | None, settings: dict[str, Any], warnings: tuple[str, ...]) -> InstallPlan:
    old = text or ""
    if text is not None and _read(text) == settings:
        return InstallPlan(old_text=text, new_text=old, diff="", warnings=warnings)
    try:
        new = json.dumps(settings, indent=_indent(old), ensure_ascii=False, allow_nan=False) + "\n"
        new.encode()
    except UnicodeEncodeError:
        new = json.dumps(settings, indent=_indent(old)) + "\n"
    except ValueError as error:
        raise ConfigError(f"the settings hold a number that JSON has not: {error}") from None
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), "before", "after"
    )
    diff = "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
    return InstallPlan(old_text=text, new_text=new, diff=diff, warnings=warnings)


def _indent(text: str) -> int | str:
    found = re.search(r'^([ \t]+)"', text, re.MULTILINE)
    return found[1] if found else 2


def settings_path(*, project: Path | None = None) -> Path:
    """The user's settings file, or the one of `project`."""
    return (project or Path.home()) / ".claude" / "settings.json"


def read_settings(path: Path) -> str | None:
    """The file's text; None when there is none. Raises: ConfigError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error


def write_settings(path: Path, plan: InstallPlan) -> Path | None:
    """Replace the file in one step; return where its text from before the hooks is kept, if it is.

    Raises: ConfigError when the file is no longer the one that was planned for, or cannot be
    written; then it is as it was.
    """
    target = path.resolve()  # a link stays a link
    if read_settings(target) != plan.old_text:
        raise ConfigError(f"{path} has changed meanwhile; nothing is written, try again")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o600 if plan.old_text is None else target.stat().st_mode
        backup = None
        if plan.old_text is not None and MARK not in plan.old_text:
            backup = target.with_name(f"{target.name}.before-maestro")
            _write_whole(backup, plan.old_text, mode=mode)
        _write_whole(target, plan.new_text, mode=mode)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error}") from error
    return backup


def _write_whole(path: Path, text: str, *, mode: int) -> None:
    """Write beside, flush to disk, rename: a reader sees the old file or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode & 0o777)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
