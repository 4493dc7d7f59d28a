"""Structured JSON logs in a rotating file; never on the terminal, never a secret."""

import contextlib
import json
import logging
import logging.handlers
import os
import queue
from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from core.adapters.telemetry import current_trace_id
from core.errors import ConfigError
from core.governance.screening.rules import screen

_BYTES_MAX: Final = 5_000_000
_FILES_MAX: Final = 5
_LINES_WAITING_MAX: Final = 10_000
_STANDARD: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "taskName"}


@contextlib.contextmanager
def keep_logs(home: Path) -> Generator[None]:
    """Send everything logged under `maestro` (and warnings of libraries) to `logs/maestro.jsonl`.

    Lines are written by a thread of their own; leaving the block writes what waits. Raises
    ConfigError when the file cannot be made; later on a line that cannot be written is dropped.
    """
    path = home / "logs" / "maestro.jsonl"
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        file = _SilentFile(path, maxBytes=_BYTES_MAX, backupCount=_FILES_MAX, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"the log {path} cannot be written: {error.strerror}") from error
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


class _SilentFile(logging.handlers.RotatingFileHandler):
    """Elsewhere a full disk would print a traceback for every line, over the console."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Drop the line."""


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
