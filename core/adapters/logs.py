"""Structured JSON logs in a rotating file; never on the terminal, never a secret."""

import contextlib
import json
import logging
import logging.handlers
import os
import queue
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from core.adapters.telemetry import current_trace_id
from core.governance.screening.rules import screen

_BYTES_MAX: Final = 5_000_000
_FILES_MAX: Final = 5
_LINES_WAITING_MAX: Final = 10_000
_STANDARD: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "taskName"}


@contextlib.contextmanager
def keep_logs(home: Path) -> Iterator[None]:
    """Send everything logged under `maestro` (and warnings of libraries) to `logs/maestro.jsonl`.

    Lines are written by a thread of their own; leaving the block writes what waits.
    """
    folder = home / "logs"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "maestro.jsonl"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    file = logging.handlers.RotatingFileHandler(
        path, maxBytes=_BYTES_MAX, backupCount=_FILES_MAX, encoding="utf-8"
    )
    file.setFormatter(JsonLines())
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(_LINES_WAITING_MAX)
    root = logging.getLogger()
    before, level = root.handlers, root.level
    root.handlers = [_TracedQueueHandler(waiting)]
    root.setLevel(logging.WARNING)
    logging.getLogger("maestro").setLevel(logging.INFO)
    listener = logging.handlers.QueueListener(waiting, file)
    listener.start()
    try:
        yield
    finally:
        root.handlers, root.level = before, level
        listener.stop()
        file.close()


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, logger, event, correlation_id, and what `extra` brings."""

    def format(self, record: logging.LogRecord) -> str:
        """Render, with secrets hidden."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        extra = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        line |= {key: value if _is_plain(value) else str(value) for key, value in extra.items()}
        redacted = screen(line).redacted
        return json.dumps(redacted if isinstance(redacted, Mapping) else {}, ensure_ascii=True)


class _TracedQueueHandler(logging.handlers.QueueHandler):
    """Takes the correlation id along: the writing thread has another context."""

    def enqueue(self, record: logging.LogRecord) -> None:
        record.correlation_id = current_trace_id()
        with contextlib.suppress(queue.Full):  # a log that lags must not hold up the gate
            super().enqueue(record)


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
