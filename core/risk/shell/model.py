"""What the shell classifier answers."""

from dataclasses import dataclass

from core.actions import Decision, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellRisk:
    """Whether a command may run by itself, and why. Findings hold offsets into the command."""

    decision: Decision
    findings: tuple[Finding, ...] = ()
    read_only: bool = False  # only reads, inside the workspace, as far as can be told
    irreversible: bool = False
    external: bool = False  # talks to the network
    outside_workspace: bool = False  # writes outside it
