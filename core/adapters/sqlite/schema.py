"""The tables as SQLAlchemy Core sees them, and their statements compiled once to SQL text.

A record is one row: its id and its JSON body. What is looked up by are columns and indexes that
SQLite computes from the body, so that nothing can say something else than the record itself.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ClauseElement,
    Column,
    ColumnClause,
    Computed,
    Index,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.sql.compiler import SQLCompiler

from core.records import (
    ActionRecord,
    ApprovalRecord,
    ApprovalStatus,
    GrantRecord,
    PrincipalRecord,
    Record,
    SessionRecord,
    TokenRecord,
    TrustRecord,
)

LEDGER: Final = MetaData()
HISTORY: Final = MetaData()


def _computed(name: str, path: str) -> Column[str]:
    return Column(name, Text, Computed(f"json_extract(body, '{path}')", persisted=False))


def _record_table(name: str, *lookups: Column[Any] | Index) -> Table:
    key = Column("id", Text, primary_key=True)
    return Table(name, LEDGER, key, Column("body", Text, nullable=False), *lookups)


actions: Final = _record_table(
    "actions",
    _computed("agent_id", "$.action.agent_id"),
    _computed("session_id", "$.action.session_id"),
    _computed("idempotency_key", "$.action.idempotency_key"),
    _computed("status", "$.status"),
    _computed("decision", "$.verdict.decision"),
    Index(
        "actions_idempotency",
        "agent_id",
        "idempotency_key",
        unique=True,
        sqlite_where=text("idempotency_key IS NOT NULL"),
    ),
    Index("actions_by_agent", "agent_id", "id"),
    Index("actions_by_session", "session_id", "id", sqlite_where=text("session_id IS NOT NULL")),
)
approvals: Final = _record_table(
    "approvals",
    _computed("status", "$.status"),
    _computed("digest", "$.digest"),
    Column("votes", Integer, Computed("json_array_length(body, '$.votes')", persisted=False)),
    Index("approvals_by_status", "status", "id"),
)
audit: Final = Table(
    "audit",
    LEDGER,
    Column("seq", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
AUDIT_LOOKUPS: Final[dict[str, ColumnClause[str]]] = {
    name: literal_column(f"json_extract(text, '$.{name}')", Text)
    for name in ("action_id", "actor", "event")
}
# Every action has one such entry: a page of them is soon found by reading on, and each write is
# spared a row in the index.
COMMON_EVENT: Final = "action.judged"
SELDOM: Final = f"json_extract(text, '$.event') <> '{COMMON_EVENT}'"
Index("audit_by_action_id", AUDIT_LOOKUPS["action_id"], _table=audit)
Index("audit_by_actor", AUDIT_LOOKUPS["actor"], _table=audit)
Index("audit_by_event", AUDIT_LOOKUPS["event"], _table=audit, sqlite_where=text(SELDOM))
traces: Final = Table(
    "traces",
    HISTORY,
    # Counts spans up to and with the row's own: the lowest is the oldest.
    Column("n", Integer, primary_key=True),
    # No index: trace ids are random, so that each write would touch pages all over it. The rows
    # are few, and these columns come before the body that a search passes over.
    Column("trace_id", Text, nullable=False),
    Column("action_id", Text),
    Column("body", Text, nullable=False),  # some spans of one trace and action
)

TABLES: Final[dict[type[Record], Table]] = {
    ActionRecord: actions,
    ApprovalRecord: approvals,
    PrincipalRecord: _record_table("principals"),
    TokenRecord: _record_table("tokens"),
    TrustRecord: _record_table("trust"),
    GrantRecord: _record_table("grants"),
    SessionRecord: _record_table("sessions"),
}


@dataclass(frozen=True, slots=True)
class Sql:
    """Compiled text and the order of its parameters. Compiling costs more than most queries."""

    text: str
    names: tuple[str, ...]
    fixed: dict[str, Any]

    def bind(self, **values: Any) -> tuple[Any, ...]:
        """Parameters in the order of the text."""
        given = {**self.fixed, **values}
        return tuple(given[name] for name in self.names)


def compile_sql(statement: ClauseElement) -> Sql:
    """SQL text with `?` parameters."""
    compiled = statement.compile(dialect=SQLiteDialect(paramstyle="qmark"))
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - narrows for the checkers
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return Sql(str(compiled), tuple(compiled.positiontup or ()), fixed)


def _upsert(table: Table) -> str:
    """Parameters: id, body. Not REPLACE, which would delete the row that a unique index guards."""
    statement = insert(table).values(id=bindparam("id"), body=bindparam("body"))
    return compile_sql(
        statement.on_conflict_do_update(
            index_elements=["id"], set_={"body": statement.excluded.body}
        )
    ).text


UPSERT: Final = {kind: _upsert(table) for kind, table in TABLES.items()}
_last_n: Final = select(func.coalesce(func.max(traces.c.n), literal_column("0")))
INSERT_TRACE: Final = compile_sql(  # parameters: how many spans, trace, action, body
    insert(traces).values(
        n=_last_n.scalar_subquery() + bindparam("count"),
        **{name: bindparam(name) for name in ("trace_id", "action_id", "body")},
    )
).text
INSERT_AUDIT: Final = compile_sql(insert(audit)).text  # parameters: seq, text, hash
LAST_AUDIT: Final = compile_sql(
    select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
)
_entry: Final[list[BindParameter[Any]]] = [bindparam(each) for each in ("seq", "text", "hash")]
EXTEND_AUDIT: Final = compile_sql(
    insert(audit).from_select(
        ["seq", "text", "hash"],
        select(*_entry).where(
            select(func.max(audit.c.seq)).scalar_subquery().is_(bindparam("end")),
            select(audit.c.hash)
            .where(audit.c.seq == bindparam("end"))
            .scalar_subquery()
            .is_(bindparam("end_hash")),
        ),
    )
).text  # parameters: seq, text, hash; then of the entry that must be the last: seq, seq, hash
MOVE_APPROVAL: Final = compile_sql(
    update(approvals)
    .values(body=bindparam("to"))
    .where(
        approvals.c.id == bindparam("key"),
        approvals.c.status == ApprovalStatus.PENDING.value,
        approvals.c.digest == bindparam("digest_expected"),
        approvals.c.votes == bindparam("votes_expected"),
    )
)


@cache
def bodies_where(kind: type[Record], *names: str) -> Sql:
    """Bodies of the records whose columns equal the parameters of the same names, by id."""
    table = TABLES[kind]
    wanted = (table.c[name] == bindparam(name) for name in names)
    return compile_sql(select(table.c.body).where(*wanted).order_by(table.c.id))


@cache
def traces_where(*names: str) -> Sql:
    """Bodies of the traces whose columns equal the parameters of the same names, oldest first."""
    wanted = (traces.c[name] == bindparam(name) for name in names)
    return compile_sql(select(traces.c.body).where(*wanted).order_by(traces.c.n))


@cache
def actions_page(*names: str) -> Sql:
    """Newest first. `names` are columns to compare, and "before_id"; parameters likewise, limit."""
    return compile_sql(_page(select(actions.c.body), names))


def _page(query: Select[Any], names: tuple[str, ...]) -> Select[Any]:
    for name in names:
        if name == "before_id":
            query = query.where(actions.c.id < bindparam(name))
        else:
            query = query.where(actions.c[name] == bindparam(name))
    return query.order_by(actions.c.id.desc()).limit(bindparam("limit"))


@cache
def audit_page(*names: str, ascending: bool) -> Sql:
    """`names` are those of AuditQuery's fields that narrow the page; parameters likewise, limit.

    "seldom_event" is an event that is not COMMON_EVENT: the index finds it.
    """
    query = select(audit.c.seq, audit.c.text, audit.c.hash)
    for name in names:
        value: BindParameter[Any] = bindparam(name)
        match name:
            case "after_seq":
                query = query.where(audit.c.seq > value)
            case "before_seq":
                query = query.where(audit.c.seq < value)
            case "text":
                query = query.where(func.instr(audit.c.text, value) > 0)
            case "seldom_event":
                query = query.where(AUDIT_LOOKUPS["event"] == value, text(SELDOM))
            case _:
                query = query.where(AUDIT_LOOKUPS[name] == value)
    order = audit.c.seq if ascending else audit.c.seq.desc()
    return compile_sql(query.order_by(order).limit(bindparam("limit")))
