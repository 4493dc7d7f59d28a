"""Makes a capture fit for the repository: no prompts, no paths, no names of machines."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_REQUESTS: Final[dict[str, type[Message]]] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}
_TEXT_MAX: Final = 120
_PATH: Final = re.compile(r"(/(tmp|home|root|work|usr)/[^\s\"',:;)]+)+")
_PERSONAL: Final = ("host.", "process.", "user.", "installation.", "os_release", "os.")


def scrub(path: str, media: str, body: bytes) -> bytes:
    """The same export, with personal attributes gone, long texts cut and paths replaced."""
    if "json" in media:
        return json.dumps(_clean_json(json.loads(body)), separators=(",", ":")).encode()
    message = _REQUESTS[path].FromString(body)
    _clean(message)
    return message.SerializeToString()


def _text(text: str) -> str:
    return _PATH.sub("/somewhere", text[:_TEXT_MAX])


def _clean_json(given: Any) -> Any:
    if isinstance(given, dict):
        return {key: _clean_json(value) for key, value in given.items()}
    if isinstance(given, list):
        return [_clean_json(each) for each in given if not _is_personal(each)]
    return _text(given) if isinstance(given, str) else given


def _is_personal(given: Any) -> bool:
    return isinstance(given, dict) and str(given.get("key", "")).startswith(_PERSONAL)


def _clean(message: Message) -> None:
    for field, value in message.ListFields():
        if field.name == "attributes":
            kept = [each for each in value if not each.key.startswith(_PERSONAL)]
            del value[:]
            value.extend(kept)
        if field.type == field.TYPE_STRING:
            _clean_text(message, field.name, value)
        elif field.type == field.TYPE_MESSAGE:
            for each in [value] if isinstance(value, Message) else value:
                _clean(each)


def _clean_text(message: Message, name: str, value: str | Iterable[str]) -> None:
    if isinstance(value, str):
        setattr(message, name, _text(value))
    else:
        texts = [_text(each) for each in value]
        message.ClearField(name)
        getattr(message, name).extend(texts)
