"""Justiça's policy half: Cedar packs over facts, replaceable while in use."""

from core.governance.model import PolicyAnswer, PolicyRequest
from core.governance.policies.engine import REMEMBERED, PolicyEngine
from core.governance.policies.model import PackLibrary


class CedarJudge:
    """Answers by the library in force. Pure and quick; safe to call while `reload` runs."""

    def __init__(self, library: PackLibrary, *, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._engine = PolicyEngine(library, remembered=remembered)

    @property
    def version(self) -> str:
        """Digest of the schema and policy sets in force."""
        return self._engine.version

    def judge(self, request: PolicyRequest) -> PolicyAnswer:
        """Deny on any evaluation error, on an unknown pack, and when nothing permits."""
        return self._engine.judge(request)

    def reload(self, library: PackLibrary) -> None:
        """Put another library in force, at once and whole.

        `load_packs` refuses an invalid one, so that whatever fails leaves the old one in force.
        """
        self._engine = PolicyEngine(library, remembered=self._remembered)
