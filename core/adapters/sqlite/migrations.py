"""Numbered steps from an empty file to the schema of today. A step that shipped never changes.

`PRAGMA user_version` counts the steps taken. A test holds the end of the steps to `schema`.
"""

import sqlite3
from pathlib import Path
from typing import Final

from core.adapters.sqlite.errors import explain
from core.errors import StorageError

Step = tuple[str, ...]


def _records(name: str, *computed: str) -> str:
    columns = ("id TEXT NOT NULL", "body TEXT NOT NULL", *computed, "PRIMARY KEY (id)")
    return f"CREATE TABLE {name} ({', '.join(columns)})"


def _computed(name: str, path: str) -> str:
    return f"{name} TEXT GENERATED ALWAYS AS (json_extract(body, '{path}')) VIRTUAL"


LEDGER_STEPS: Final[tuple[Step, ...]] = (
    (
        _records(
            "actions",
            _computed("agent_id", "$.action.agent_id"),
            _computed("idempotency_key", "$.action.idempotency_key"),
            _computed("status", "$.status"),
            _computed("decision", "$.verdict.decision"),
        ),
        """CREATE UNIQUE INDEX actions_idempotency ON actions (agent_id, idempotency_key)
        WHERE idempotency_key IS NOT NULL""",
        "CREATE INDEX actions_by_agent ON actions (agent_id, id)",
        _records(
            "approvals",
            _computed("status", "$.status"),
            _computed("digest", "$.digest"),
            "votes INTEGER GENERATED ALWAYS AS (json_array_length(body, '$.votes')) VIRTUAL",
        ),
        "CREATE INDEX approvals_by_status ON approvals (status, id)",
        *(_records(name) for name in ("principals", "tokens", "trust", "grants", "sessions")),
        """CREATE TABLE audit (seq INTEGER NOT NULL, text TEXT NOT NULL, hash TEXT NOT NULL,
        PRIMARY KEY (seq))""",
        "CREATE INDEX audit_by_action_id ON audit (json_extract(text, '$.action_id'))",
    ),
    (
        f"ALTER TABLE actions ADD COLUMN {_computed('session_id', '$.action.session_id')}",
        "CREATE INDEX actions_by_session ON actions (session_id, id)",
        "CREATE INDEX audit_by_actor ON audit (json_extract(text, '$.actor'))",
        "CREATE INDEX audit_by_event ON audit (json_extract(text, '$.event'))",
    ),
    (
        "DROP INDEX actions_by_session",
        """CREATE INDEX actions_by_session ON actions (session_id, id)
        WHERE session_id IS NOT NULL""",
    ),
    (
        "DROP INDEX audit_by_event",
        """CREATE INDEX audit_by_event ON audit (json_extract(text, '$.event'))
        WHERE json_extract(text, '$.event') <> 'action.judged'""",
    ),
)
HISTORY_STEPS: Final[tuple[Step, ...]] = (
    (
        f"""CREATE TABLE spans (n INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
        {_computed("trace_id", "$.trace_id")}, {_computed("action_id", "$.action_id")},
        PRIMARY KEY (n), UNIQUE (id))""",
        "CREATE INDEX spans_by_trace ON spans (trace_id)",
        "CREATE INDEX spans_by_action ON spans (action_id)",
    ),
    (
        f"""CREATE TABLE traces (n INTEGER NOT NULL, body TEXT NOT NULL,
        {_computed("trace_id", "$[0].trace_id")}, {_computed("action_id", "$[0].action_id")},
        PRIMARY KEY (n))""",
        "INSERT INTO traces (n, body) SELECT n, '[' || body || ']' FROM spans",
        "CREATE INDEX traces_by_trace ON traces (trace_id)",
        "CREATE INDEX traces_by_action ON traces (action_id)",
        "DROP TABLE spans",
    ),
    # Spans are looked up by their trace: nobody knows an action and not its correlation id.
    ("DROP INDEX traces_by_action",),
    (
        "ALTER TABLE traces RENAME TO traces_before",
        """CREATE TABLE traces (n INTEGER NOT NULL, trace_id TEXT NOT NULL, action_id TEXT,
        body TEXT NOT NULL, PRIMARY KEY (n))""",
        "INSERT INTO traces SELECT n, trace_id, action_id, body FROM traces_before",
        "DROP TABLE traces_before",
    ),
)


def migrate(db: sqlite3.Connection, path: Path, steps: tuple[Step, ...]) -> None:
    """Take the steps that `path` has not taken yet: all of them, or none.

    Raises StorageError when a newer Maestro wrote the file.
    """
    try:
        db.execute("BEGIN IMMEDIATE")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > len(steps):
            raise StorageError(
                f"{path} was written by a newer Maestro: its schema is number {version} and this"
                f" version knows {len(steps)}. Update Maestro, or use another home"
            )
        for statement in (each for step in steps[version:] for each in step):
            db.execute(statement)
        if version < len(steps):  # a full disk must not keep an up-to-date store from opening
            db.execute(f"PRAGMA user_version = {len(steps)}")
        db.execute("COMMIT")
    except sqlite3.Error as error:
        raise explain(error, path, "open") from error
