"""Structured JSON logs in a rotating file; never on the terminal, never a secret."""

import contextlib
import contextvars
import logging
import logging.handlers
import os
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import structlog
from structlog.typing import EventDict, WrappedLogger

from core.governance.screening.rules import screen

_BYTES_MAX: Final = 5_000_000
_FILES_MAX: Final = 5
_LINES_WAITING_MAX: Final = 10_000


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
    file.setFormatter(_json_lines())
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(_LINES_WAITING_MAX)
    handler = _ContextQueueHandler(waiting)
    root = logging.getLogger()
    before, level = root.handlers, root.level
    root.handlers = [handler]
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


def _json_lines() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _redact,
            structlog.processors.JSONRenderer(),
        ],
    )


class _ContextQueueHandler(logging.handlers.QueueHandler):
    """Takes the correlation id along: the writing thread has another context."""

    def enqueue(self, record: logging.LogRecord) -> None:
        for variable, value in contextvars.copy_context().items():
            if variable.name.startswith("structlog_"):
                setattr(record, variable.name.removeprefix("structlog_"), value)
        with contextlib.suppress(queue.Full):  # a log that lags must not hold up the gate
            super().enqueue(record)


def _redact(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    redacted = screen({key: value if _plain(value) else str(value) for key, value in line.items()})
    return dict(redacted.redacted) if isinstance(redacted.redacted, dict) else {}


def _plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
