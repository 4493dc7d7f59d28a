"""What would run is drawn in the form in which it takes effect, and says nothing that is not so."""

from hypothesis import given, settings
from hypothesis import strategies as st

from console.view_models.arguments import Marked, mark_findings
from console.view_models.ink import Tone, plain_text
from console.view_models.running import LINES_MAX, Drawn, draw_running
from console.view_models.sql import sql_lines
from core.actions import Finding, JsonObject, RiskLevel

NO_MARKS = Marked((), {})


def drawn(kind: str, arguments: JsonObject, *, resource: str = "x") -> Drawn | None:
    return draw_running(kind, resource, arguments, NO_MARKS)


def rows(kind: str, arguments: JsonObject, *, resource: str = "x") -> list[str]:
    found = drawn(kind, arguments, resource=resource)
    assert found is not None
    return [plain_text((*line.lead, *line.body)).strip() for line in found.lines]


def test_each_command_is_split_as_the_shell_splits_it() -> None:
    assert rows("shell.execute", {"command": "FOO=1 curl -T 'a b' x && rm -rf \"c d\""}) == [
        '1  FOO=1 · curl · -T · "a b" · x',
        '2  rm · -rf · "c d"',
    ]


def test_a_command_that_says_itself_is_not_said_twice() -> None:
    assert drawn("shell.execute", {"command": "docker push reg.example/a"}) is None
    assert drawn("shell.execute", {"command": ["ls"]}) is None


def test_a_carriage_return_that_the_shell_takes_for_a_part_of_a_word_is_told() -> None:
    (told, *_split) = rows("shell.execute", {"command": "ls a\r"})
    assert told == r"it holds \r, which belongs to a word for the shell: read the command itself"


def test_what_another_shell_splits_is_not_split_here() -> None:
    command: JsonObject = {"command": "Get-Item a | % { ri $_ }"}
    assert rows("shell.execute", command, resource="PowerShell") == [
        "PowerShell splits it by rules of its own: read the command"
    ]


def test_what_only_the_shell_knows_and_where_output_goes_is_said() -> None:
    text = "\n".join(rows("shell.execute", {"command": "cat a | tee $(b) > out"}))
    assert '?"$(b)"' in text
    assert "> out" in text
    assert "reads what 1 prints" in text
    assert "only the shell will know" in text


def test_a_given_document_and_a_broken_command_are_said() -> None:
    assert "reads the text given with it" in rows("shell.execute", {"command": "cat <<E\nx\nE"})[0]
    assert "not all of it can be split" in rows("shell.execute", {"command": "if ((( x"})[-1]
    assert rows("shell.execute", {"command": "a" * 30_000}) == [
        "too long to be split into words here"
    ]


def test_risky_words_are_marked_with_their_finding() -> None:
    command = "ls && rm -rf build"
    finding = Finding(
        code="x",
        source="shell",
        level=RiskLevel.HIGH,
        message="m",
        path="arguments.command",
        start=6,
        end=12,
    )
    given_: JsonObject = {"command": command}
    marked = mark_findings([finding], shown=given_, judged=given_, resource="bash")
    found = draw_running("shell.execute", "bash", given_, marked)
    assert found is not None
    assert plain_text(found.lines[1].lead).startswith("!1")
    assert [span.text for span in found.lines[1].body if span.tone is Tone.MARK] == ["rm", "-rf"]


def test_a_request_says_where_it_really_goes() -> None:
    said = rows(
        "network.request",
        {
            "url": "http://good.example@evil.example:8080/x",
            "method": "post",
            "headers": {"A": "b", "N": 1},
            "body": '{"a":1}',
        },
    )
    assert said[0] == "POST http://good.example@evil.example:8080/x"
    assert "goes to evil.example:8080" in said
    assert "what stands before the @ is a name, not the host" in said
    assert "not encrypted" in said
    assert "A: b" in said
    assert "N: 1" in said
    assert '"a": 1' in said


def test_a_request_without_a_method_or_with_an_odd_host_says_so() -> None:
    said = rows("network.request", {}, resource="https://xn--shp-5na.example/")
    assert said[0].startswith("GET, as no method is named:")
    assert "the host's name holds letters of other scripts" in said
    assert "this address cannot be read as one" in rows("tool.call", {"url": "a://[", "method": ""})
    assert drawn("network.request", {"url": "no address"}) is None
    assert drawn("tool.call", {"url": "https://a.b"}) is None


def test_a_body_that_is_no_json_is_shown_as_it_is() -> None:
    assert "{broken" in rows("network.request", {"url": "https://a.b", "body": "{broken"})
    assert "1," in rows("network.request", {"url": "https://a.b", "json": [1, 2]})


def test_a_query_stands_clause_by_clause() -> None:
    said = rows("data.query", {"query": "select a, 'x;  y'  from t where b=1 order by c"})
    assert said == ["select a, 'x;  y'", "from t", "where b=1", "order by c"]


def test_several_statements_are_numbered_and_one_without_where_is_said() -> None:
    said = rows("tool.call", {"sql": "select 1; -- all of it\ndelete from users"})
    assert said[0] == "statement 1 of 2"
    assert "delete from users" in said
    assert said[-1] == "no WHERE: this changes every row"
    assert "no WHERE" not in "".join(rows("data.query", {"query": "delete from t where a=1"}))
    for query in (
        "with t as (select 1 where true) delete from customers",
        "update accounts set balance = (select sum(x) from t where t.id = 1)",
        "/* all */ delete from t",
    ):
        assert "no WHERE" in "".join(rows("data.query", {"query": query})), query
    for query in (
        "with t as (delete from a where b) select 1",
        "select 'delete' from t",
        "with t as (select 1) delete from c where d",
        "create table t as select 1",
        "explain delete from t",
    ):
        assert "no WHERE" not in "".join(rows("data.query", {"query": query})), query


def test_where_in_quotes_or_comments_is_no_where() -> None:
    said = rows("data.query", {"query": "delete from t -- where\n /* where */ 'where'"})
    assert said[-1] == "no WHERE: this changes every row"


@settings(max_examples=80)
@given(st.text(alphabet="abselct from'\"`;-/*$ \n", max_size=40))
def test_no_letter_of_a_query_is_lost(text: str) -> None:
    shown = "".join(
        plain_text(line.body)
        for line in sql_lines(text)
        if not plain_text(line.body).startswith(("statement ", "no WHERE"))
    )
    kept = "".join(text.replace("\\n", "").split())
    assert "".join(shown.replace("\\n", "").split()) == kept or ";" in text


def test_a_message_says_to_whom_and_what() -> None:
    said = rows(
        "message.send",
        {"to": "a@b.c, d@e.f", "cc": ["g@b.c", {"x": 1}], "subject": "hi", "body": "one\ntwo"},
    )
    assert "to: 2 recipients at b.c, e.f" in said
    assert "a@b.c, d@e.f" in said
    assert "cc: 2 recipients at b.c" in said
    assert "subject: hi" in said
    assert said[-2:] == ["one", "two"]


def test_many_recipients_are_counted_and_much_is_bounded() -> None:
    people = [f"a{n}@d{n}.example" for n in range(90)]
    said = rows("message.send", {"to": people, "body": "x\n" * 300})
    assert "90 recipients" in said[0]
    assert "and 86 more domains" in said[0]
    assert said[1].endswith("and 50 more")
    assert len(said) == LINES_MAX + 1
    assert "all of it stands in the arguments" in said[-1]


def test_other_tools_are_told_by_their_arguments() -> None:
    assert drawn("tool.call", {"a": 1}) is None
    assert drawn("data.query", {"query": 1}) is None
