"""Which map reads an emitter: by the name of its service and of its scope."""

from typing import Final

from core.telemetry.maps import claude_code, codex, gemini_cli, genai, openinference
from core.telemetry.model import EmitterMap

# These tools also emit spans that look like anybody's: their service decides, whatever the scope.
_BY_SERVICE: Final = (
    ("claude-code", claude_code.MAP),
    ("codex", codex.MAP),
    ("gemini-cli", gemini_cli.MAP),
)
_BY_SCOPE: Final = (
    ("com.anthropic.claude_code", claude_code.MAP),
    ("codex_otel", codex.MAP),
    ("gemini-cli", gemini_cli.MAP),
    ("openinference.", openinference.MAP),
)


def classify(service: str, scope: str) -> EmitterMap:
    """The map for a service and a scope; the semantic conventions' for those that nobody knows."""
    for start, found in _BY_SERVICE:
        if service.startswith(start):
            return found
    for start, found in _BY_SCOPE:
        if scope.startswith(start):
            return found
    return genai.MAP
