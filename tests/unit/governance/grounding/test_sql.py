"""What counts as a statement that changes data, in queries and in tools of any name."""

from typing import Any

import pytest

from core.actions import JsonValue
from core.governance.grounding.rules import ground_action
from core.governance.grounding.sql import changes_data, reads_only
from tests.factories import make_action

READS = [
    "SELECT name FROM customers",
    "  (select 1) ;  ",
    "SELECT 1; SELECT 2;",
    "/* the day's */ SELECT 1 -- it's read\n",
    "WITH x AS (SELECT 1) SELECT * FROM x",
    "EXPLAIN ANALYZE SELECT 1",
    "SHOW TABLES",
    "show create table users",
    "DESC users",
    "VALUES (1)",
    "PRAGMA table_info('users')",
    "pragma main.user_version;",
    "SELECT 'drop table users', \"update\", `delete` FROM t",
    "SELECT 'it''s; DELETE FROM x' FROM t",
    "SELECT replace(a, 'x', 'y'), truncate(b, 2), updated_at, created FROM t",
    "SELECT a FROM t WHERE b = $1 AND c ~ '\\d' AND d = ARRAY['x']",
    "SELECT sleep, edit FROM habits",
]
CHANGES = [
    "DROP TABLE users",
    "drop/**/table users",
    "DROP -- x\n TABLE users",
    "SELECT 1; DROP TABLE users",
    "SELECT 1 EXEC wipe",
    "UPDATE users AS u SET admin = true",
    "UPDATE ONLY users SET a=1",
    "UPDATE a, b SET a.x = b.x",
    "DELETE users WHERE 1=1",
    "TRUNCATE/**/users",
    "WITH d AS (DELETE FROM users RETURNING 1) SELECT 1",
    "SELECT * INTO OUTFILE '/x' FROM t",
    "SELECT * INTO copied FROM t",
    "SELECT * FROM t FOR UPDATE",
    "EXPLAIN ANALYZE DELETE FROM users",
    'EXPLAIN ("analyze") DELETE FROM users',
    "COPY t TO PROGRAM 'sh -c id'",
    "EXEC xp_cmdshell 'del'",
    "xp_cmdshell 'del'",
    "CALL wipe()",
    "DO $$ BEGIN PERFORM wipe(); END $$",
    "MERGE INTO t USING s ON 1=1 WHEN MATCHED THEN DELETE",
    "REPLACE INTO t VALUES (1)",
    "LOAD DATA INFILE '/x' INTO TABLE t",
    "ATTACH DATABASE 'x' AS y",
    "GRANT ALL ON t TO eve",
    "SET ROLE admin",
    "LOCK TABLES t WRITE",
    "VACUUM",
    "PRAGMA journal_mode=DELETE",
    "PRAGMA journal_mode(delete)",
    "PRAGMA wal_checkpoint",
    "BACKUP DATABASE shop TO DISK = 'x'",
    "SELECT pg_read_file('/etc/passwd')",
    'SELECT "pg_sleep" /* x */ (9)',
    "SELECT lo_export(1, '/x'), nextval('s')",
    "SELECT load_extension('x')",
    'SELECT U&"pg\\005fsleep"(9)',
    "MATCH (n) DETACH DELETE n",
    "FLUSHALL",
    "how many users?",
]
# Each holds a change for one database that another would take for quoted text or a comment.
HIDDEN = [
    "SELECT '\\'; DROP TABLE users; -- '",
    "SELECT 1 # it's\n; DROP TABLE users; -- '",
    "SELECT 5--1 ' \n; DROP TABLE users -- '",
    "SELECT 1 // it's\n; DROP TABLE users // '",
    "SELECT /*! 1; DROP TABLE users */",
    "SELECT /* /* */ ' */ ; DROP TABLE users; -- '",
    "SELECT $$'$$; DROP TABLE users; -- '",
    "SELECT [it's]; DROP TABLE users; -- '",
    "SELECT q'[']'; DROP TABLE users; -- '",
    "SELECT '''a'b'''; DROP TABLE users; -- '",
    "SELECT 1; -- x\rDROP TABLE users",
    "SELECT ` ' `; DROP TABLE users; -- '",
    "SELECT 1 /* DROP TABLE users",
    "SELECT 'DROP TABLE users",
    "SELECT /*/ DROP TABLE users",
]
PROSE = [
    "please update the table and drop me a line",
    "Please call me (Ann) and copy this to the shared folder; set the date = later",
    "delete from my calendar what we moved into December",
    "Select a hotel with a view and insert it in the plan",
    "grant me a favour -- execute the plan, then truncate the text",
    "vacuum cleaner reviews",
    "grant all wishes",
    "What does the SQL statement DROP do? # see also\n tables",
]


def changes(arguments: dict[str, Any], *, kind: str = "tool.call", resource: str = "query") -> bool:
    return changes_data(make_action(kind=kind, resource=resource, arguments=arguments))


@pytest.mark.parametrize("statement", READS)
def test_a_statement_that_reads_is_a_read_anywhere(statement: str) -> None:
    assert reads_only(statement)
    for kind, resource in (("data.query", "shop"), ("mcp.call", "postgres/query")):
        assert not changes({"sql": statement}, kind=kind, resource=resource)
        assert not changes({"request": {"list": [statement]}}, kind=kind, resource=resource)
    assert not changes({"q": statement})


@pytest.mark.parametrize(
    "statement",
    [
        "EXPLAIN INSERT INTO t VALUES (1)",
        "explain query plan delete from users where id = 3;",
        "EXPLAIN (VERBOSE, FORMAT json) UPDATE t SET a = 1",
        "EXPLAIN FORMAT=JSON UPDATE t SET a = 1",
    ],
)
def test_how_a_change_would_be_made_is_a_read_where_it_surely_is_not_made(statement: str) -> None:
    for resource in ("postgres/query", "mysql.query", "sqlite_query"):
        assert not changes({"sql": statement}, resource=resource)
    for resource in ("query", "mssql/query", "shop"):  # may run what stands behind the word
        assert changes({"sql": statement}, resource=resource, kind="mcp.call")


@pytest.mark.parametrize(
    "statement",
    [
        "EXPLAIN ANALYZE DELETE FROM users",
        "EXPLAIN (analyze true) DELETE FROM users",
        "EXPLAIN (verbose, analyse) DELETE FROM users",
        "EXPLAIN VERBOSE ANALYZE DELETE FROM users",
        "EXPLAIN DELETE FROM users; DELETE FROM users",
        "EXPLAIN INSERT INTO t SELECT pg_read_file('/x')",
        "EXPLAIN DELETE FROM users /*! ; drop table t */",
    ],
)
def test_an_explanation_that_runs_what_it_explains_changes(statement: str) -> None:
    assert changes({"sql": statement}, resource="postgres/query")


@pytest.mark.parametrize("statement", [*CHANGES, *HIDDEN])
@pytest.mark.parametrize(
    ("kind", "resource"),
    [("data.query", "shop.db"), ("mcp.call", "postgres/query"), ("tool.call", "run_sql")],
)
def test_no_other_statement_is_one(statement: str, kind: str, resource: str) -> None:
    assert not reads_only(statement)
    for arguments in ({"sql": statement}, {"Query": [statement]}, {"x": {"text": statement}}):
        assert changes(arguments, kind=kind, resource=resource)


@pytest.mark.parametrize("statement", CHANGES[:-5])
def test_a_change_under_a_key_that_says_nothing_is_one_in_a_query(statement: str) -> None:
    assert changes({"note": statement}, kind="data.query", resource="shop.db")


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE users",
        "Drop\n\tTable users",
        "DROP/**/TABLE users",
        "DROP /* all' */ TABLE users",
        "SELECT '/*'; DROP/* x */TABLE users; --*/'",
        "drop -- a -- b\n table users",
        "UPDATE users AS u SET admin = true",
        "update/**/users/**/set/**/admin = true",
        "DELETE FROM users",
        "INSERT OR IGNORE INTO users VALUES (1)",
        "CREATE OR REPLACE FUNCTION f() RETURNS int",
        "TRUNCATE/**/users",
        "TRUNCATE users;",
        "COPY (SELECT 1) TO PROGRAM 'sh -c id'",
        "SELECT * INTO OUTFILE '/x' FROM t",
        "EXEC xp_cmdshell 'del'",
        "EXECUTE IMMEDIATE 'x'",
        "/* a */ CALL wipe()",
        "SELECT 1; SET ROLE admin",
        "GRANT ALL ON t TO eve",
        "REVOKE SELECT ON t FROM eve",
        "REPLACE INTO t VALUES (1)",
        "SELECT pg_terminate_backend(1)",
    ],
)
def test_a_reading_tool_of_any_name_reads_no_longer(statement: str) -> None:
    for arguments in (
        {"note": statement},
        {"request": {"sql": statement}},
        {"statements": ["SELECT 1", {"x": [statement]}]},
        {statement: 1},
    ):
        assert changes(arguments, resource="lookup")
        action = make_action(
            kind="tool.call", resource="lookup", arguments=arguments, purpose="Look up the users"
        )
        grounding = ground_action(action)
        assert not grounding.read_only
        assert not grounding.tool_named


def test_a_statement_inside_of_written_json_is_one() -> None:
    assert changes({"body": '{"sql": "DROP TABLE users"}'}, resource="lookup")


@pytest.mark.parametrize("text", PROSE)
def test_ordinary_words_change_no_data(text: str) -> None:
    assert not changes({"query": text, "body": [text]}, resource="search_emails")


def test_what_a_query_is_given_besides_its_statement_is_no_statement() -> None:
    arguments: dict[str, JsonValue] = {
        "sql": "SELECT * FROM t WHERE name = ? AND n = ?",
        "params": ["please call me when you set it", 3, None, ""],
        "database": "shop",
    }
    assert not changes(arguments, kind="data.query", resource="shop.db")
    assert changes({**arguments, "mode": "delete"}, kind="data.query", resource="shop.db")
    assert changes({**arguments, "params": ["DROP TABLE users"]}, kind="data.query")
    assert changes({}, kind="data.query", resource="DROP TABLE users")
    assert not changes({}, kind="data.query", resource="orders")


def test_what_has_too_many_parts_to_be_read_may_change() -> None:
    assert not changes({"ids": ["a"] * 4_000}, resource="lookup")
    assert changes({"ids": ["a"] * 6_000}, resource="lookup")


def test_what_is_nested_too_deeply_to_be_read_may_change() -> None:
    deep: dict[str, Any] = {"a": 1}
    for _ in range(70):
        deep = {"a": deep}
    assert changes(deep, resource="lookup")


UNITS = (
    *("drop", "drop ", "drop/*", "drop--", "drop #", "/*", "*/", "--", "'", '"', "`", "`'", "$$"),
    *(" ", "(", "\n", "-", ";", "; ", "set ", "set(", "update set ", "copy to ", "select into a "),
    *("create or ", "insert or a ", "delete from  the ", "exec a", "call a(", "pg_ls", "dbms_a."),
)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("start", ["", "update a "])
def test_hostile_repetition_is_looked_through(start: str, unit: str) -> None:
    """Work that grew with the square of the length would not end within the life of the suite."""
    text = start + unit * (100_000 // len(unit))
    assert changes({"a": text}) in {True, False}
    assert reads_only(text) in {True, False}


def test_a_query_that_stands_in_the_resource_is_judged_as_well() -> None:
    assert changes({}, kind="data.query", resource="DROP TABLE users")
    assert not changes({}, kind="data.query", resource="postgres://shop/main")
