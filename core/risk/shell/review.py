"""One classification under way: what was found, what earlier calls did, what is still to judge."""

import posixpath
import re
from dataclasses import dataclass, field
from typing import Final

from core.actions import Finding, RiskLevel
from core.risk.shell.catalog import Catalog
from core.risk.shell.syntax import Call, Span, Word
from core.risk.shell.targets import (
    HARMLESS_DEVICES,
    canonical,
    holds_settings,
    holds_system,
    is_critical,
    is_obeyed,
    is_scratch,
    is_system,
    outside,
    program_in,
    secret_in,
    startup_in,
    whole_path,
)

_BELOW_VARIABLE: Final = re.compile(
    r"\$(?:(?P<bare>\w+)|\{(?P<name>\w+)(?::\?[^}]*)?\})(?:/[\w-][\w.-]*)*/?"
)
_EVIDENCE_MAX: Final = 120
_HERE: Final = frozenset({"*", ".", "./", "./*", "..", "../", ".*", "../*"})
FETCHED: Final = "\0fetched"  # content of a file that came from the network
SHELL_COPY: Final = "#\0 /bin/sh"  # content of a file that is a copy of a shell


@dataclass(frozen=True, slots=True)
class Text:
    """Shell text that a call runs: the value of `sh -c`, `eval`, …"""

    word: Word


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Shell text that another machine is to run."""

    command: Word
    host: Word


@dataclass(slots=True)
class Review:
    """Collects findings; `pending` is judged right after the call that asked for it."""

    catalog: Catalog
    workspace: str | None
    powershell: bool = False  # the text is for PowerShell, which this grammar is not of
    findings: list[Finding] = field(default_factory=list[Finding])
    pending: list[Call | Text | Elsewhere] = field(default_factory=list["Call | Text | Elsewhere"])
    written: dict[str, str] = field(default_factory=dict[str, str])  # path -> content
    literal: dict[str, str] = field(default_factory=dict[str, str])  # those whose text is known
    scripts: set[tuple[str, str, str]] = field(default_factory=set[tuple[str, str, str]])  # judged
    executable: set[str] = field(default_factory=set[str])  # written, then made executable
    built: set[str] = field(default_factory=set[str])  # of files that were here before
    temporary: set[str] = field(default_factory=set[str])  # variables that hold a place of `mktemp`
    remotes: dict[str, str] = field(default_factory=dict[str, str])  # of git, set here -> address
    fetched: dict[str, str] = field(default_factory=dict[str, str])  # folder or archive -> address
    decoded: list[Span] = field(default_factory=list[Span])  # calls that print decoded text
    directory: str = ""  # after `cd`, when known
    changes: bool = False  # something is not only read
    reads_outside: bool = False  # names a place that may lie outside the workspace
    irreversible: bool = False
    external: bool = False
    outside_workspace: bool = False
    texts: int = 0  # shell texts judged so far, one inside the other
    _seen: set[tuple[str, int, int, str]] = field(default_factory=set[tuple[str, int, int, str]])

    def __post_init__(self) -> None:
        """Who works in the midst of the system names its files without their folder."""
        if self.workspace is not None and holds_system(self.workspace):
            self.directory = posixpath.normpath(self.workspace).replace("//", "/")
            self.workspace = self.directory if self.directory.strip("/") else None  # holds all

    def note(
        self, code: str, level: RiskLevel, message: str, at: Word | Span, evidence: str = ""
    ) -> None:
        """Record a finding once per place."""
        span = at.span if isinstance(at, Word) else at
        text = evidence or (at.text if isinstance(at, Word) else "")
        key = (code, span.start, span.end, text)  # all words of a decoded text share its place
        if key in self._seen:
            return
        self._seen.add(key)
        self.findings.append(
            Finding(
                code=code,
                source="shell",
                level=level,
                message=message,
                path="arguments.command",
                start=span.start,
                end=span.end,
                evidence=text[:_EVIDENCE_MAX],
            )
        )

    def note_attached(self, word: Word, process: str = "") -> None:
        """Record that a running process, named by `process` or by the word, is opened."""
        self.changes = True
        self.note(
            "attaches-to-process",
            RiskLevel.MEDIUM,
            "Attaches to a running process: all that it holds can be read.",
            word,
            process,
        )

    def run(self, call: Call) -> None:
        """Judge a call that the current one makes."""
        self.pending.append(call)

    def run_text(self, word: Word) -> None:
        """Judge shell text that the current call runs."""
        self.pending.append(Text(word))

    def run_elsewhere(self, command: Word, host: Word) -> None:
        """Judge shell text that the machine `host` is to run."""
        self.pending.append(Elsewhere(command, host))

    def resolve(self, text: str) -> str:
        """A path as the command would see it after its own `cd`."""
        path = canonical(text)
        if self.directory and path and path[0] not in "/~-$" and "://" not in path:
            return canonical(f"{self.directory.rstrip('/')}/{path}")
        return path

    def check_read(self, path: str) -> None:
        """Remember whether an argument, a resolved path, reaches out of the workspace."""
        if path[:1] in {"/", "~"} or path.startswith("..") or self.directory[:1] in {"/", "~"}:
            self.reads_outside |= self.workspace is None or outside(path, self.workspace)

    def check_write(self, word: Word, *, content: str = "", makes: bool = True) -> None:
        """Judge a file that is written, and remember it unless its content stays (`makes`)."""
        path = self.resolve(word.text)
        if path in HARMLESS_DEVICES:
            return
        self.changes = True
        if makes:
            self.written[path] = content
            self.literal.pop(path, None)
        if is_critical(path):
            self.outside_workspace = True
            self.irreversible = True
            self.note(
                "overwrites-critical-file",
                RiskLevel.CRITICAL,
                f"Writes {path}, which decides who controls this machine.",
                word,
            )
            return
        if is_obeyed(path):
            message = f"Writes {path}, which is run or obeyed later."
            self.note("writes-startup-file", RiskLevel.MEDIUM, message, word)
        if startup_in(path) or (program_in(path) and not is_scratch(path)):
            self.outside_workspace = True
            self.note(
                "writes-startup-file",
                RiskLevel.HIGH,
                f"Writes {path}, which is run or trusted later.",
                word,
            )
        elif (is_system(path) and not self.is_own(path)) or (
            secret_in(path) and not holds_settings(path)
        ):
            self.outside_workspace = True
            self.note("writes-system-file", RiskLevel.HIGH, f"Writes to the system: {path}.", word)
        elif self.workspace and outside(path, self.workspace):
            self.outside_workspace = True
            self.note(
                "writes-outside-workspace",
                RiskLevel.MEDIUM,
                f"Writes {path}, outside the workspace.",
                word,
            )

    def is_here(self, path: str) -> bool:
        """True for the whole place of work, by its own name as well."""
        root = posixpath.normpath(self.workspace or "/")
        named = path[:1] in {"/", "~"} and whole_path(path.rstrip("*"), root) == root
        return named or path in _HERE

    def is_own(self, path: str) -> bool:
        """True in a workspace that stands where the system's files do, as in /srv or /opt."""
        workspace = self.workspace or "/"
        return not (holds_system(workspace) or outside(path, workspace))

    def literal_in(self, path: str) -> str | None:
        """The whole text of a file which this command wrote, when it stands in the command."""
        text = self.literal.get(path)
        return text if text is not None and self.written.get(path) == text else None

    def is_temporary(self, text: str) -> bool:
        """True for a variable, or a place below it, that holds what `mktemp` made here."""
        found = _BELOW_VARIABLE.fullmatch(text)
        return found is not None and (found["bare"] or found["name"]) in self.temporary

    def is_fresh(self, text: str) -> bool:
        """True when this command wrote the file before."""
        return bool(self.written) and self.resolve(text) in self.written
