"""What the user named in the request is no surprise."""

import re
from dataclasses import replace
from typing import Final

from core.actions import Finding, RiskLevel

_GROUNDED: Final = frozenset(
    {
        "raw-network-address",
        "sends-credential",
        "acts-elsewhere",
        "changes-service",
        "copies-elsewhere",
        "installs-from-address",
        "runs-package",
        "attaches-to-process",
        "mails-file",
    }
)


def ground(finding: Finding, purpose: str) -> Finding:
    """The finding, of low level where `purpose` names what it is about."""
    if finding.code in _GROUNDED and finding.level is RiskLevel.MEDIUM:
        name = finding.evidence
        if finding.code != "mails-file":
            name = name.rpartition("@")[2]  # the machine, whoever logs in
        if name and re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.(?!git\b)\w)", purpose):
            return replace(finding, level=RiskLevel.LOW)
    return finding
