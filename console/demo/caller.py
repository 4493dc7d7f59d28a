"""An agent known by its telemetry alone: OTLP spans of calls to the demo's own "demo-model".

Usage: python -m console.demo.caller FOLDER

No language model is called. The "model" is the function below, and tokens are words, counted. What
a call costs is not known, and the console says so.
"""

import secrets
import sys
import time
from pathlib import Path
from typing import Any, Final

from console.demo.agent import DemoAgent
from console.demo.piece import Ground

MODEL: Final = "demo-model"
_PAUSE_S: Final = 10.0


def demo_model(prompt: str) -> str:
    """The longest words of the prompt, longest first."""
    words = sorted(set(prompt.split()), key=lambda each: (-len(each), each))
    return " ".join(words[:8])


def main(folder: Path) -> None:
    """Sum up the newest lines of the shop's log, again and again, and tell what each call took."""
    ground = Ground(folder)
    agent = DemoAgent(ground, "demo-caller")
    while True:
        lines = ground.access_log.read_text(encoding="utf-8").splitlines()[-20:]
        prompt = "Which words stand out in this log?\n" + "\n".join(lines)
        began_ns = time.time_ns()
        answer = demo_model(prompt)
        ended_ns = time.time_ns()
        sent, got = len(prompt.split()), len(answer.split())
        agent.call("/v1/traces", _span(began_ns, ended_ns, sent=sent, got=got))
        agent.call("/v1/metrics", _point(ended_ns, sent))
        time.sleep(_PAUSE_S)


def _resource() -> dict[str, Any]:
    return {"attributes": [_text("service.name", "demo-caller")]}


def _text(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def _number(key: str, value: int) -> dict[str, Any]:
    return {"key": key, "value": {"intValue": str(value)}}


def _span(began_ns: int, ended_ns: int, *, sent: int, got: int) -> dict[str, Any]:
    span = {
        "traceId": secrets.token_hex(16),
        "spanId": secrets.token_hex(8),
        "name": f"chat {MODEL}",
        "kind": 3,
        "startTimeUnixNano": str(began_ns),
        "endTimeUnixNano": str(ended_ns),
        "attributes": [
            _text("gen_ai.operation.name", "chat"),
            _text("gen_ai.provider.name", "demo"),
            _text("gen_ai.request.model", MODEL),
            _number("gen_ai.usage.input_tokens", sent),
            _number("gen_ai.usage.output_tokens", got),
        ],
    }
    scope = {"scope": {"name": "maestro-demo"}, "spans": [span]}
    return {"resourceSpans": [{"resource": _resource(), "scopeSpans": [scope]}]}


def _point(at_ns: int, words: int) -> dict[str, Any]:
    point = {"timeUnixNano": str(at_ns), "asInt": str(words)}
    metric = {"name": "demo.prompt.words", "unit": "1", "gauge": {"dataPoints": [point]}}
    scope = {"scope": {"name": "maestro-demo"}, "metrics": [metric]}
    return {"resourceMetrics": [{"resource": _resource(), "scopeMetrics": [scope]}]}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
