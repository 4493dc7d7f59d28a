"""Memories are bounded and forget the oldest."""

from core.ids import AgentId
from core.telemetry.lineage import Lineage
from core.telemetry.memory import Notes, Seen, Twins
from core.usage import ToolUse
from tests.factories import NOW


def test_the_newest_ids_are_remembered() -> None:
    seen = Seen(ids_max=10)
    assert all(seen.add("e", str(number)) for number in range(25))
    assert not seen.add("e", "24")
    assert not seen.add("e", "15")
    assert seen.add("e", "0")  # long ago
    assert seen.add("other", "24")


def test_who_told_first_is_remembered() -> None:
    twins = Twins(calls_max=2)
    assert twins.first("e", "r", scope="a", id="1") == ("a", "1")
    assert twins.first("e", "r", scope="b", id="2") == ("a", "1")
    for number in range(4):
        twins.first("e", number, scope="a", id="3")
    assert twins.first("e", "r", scope="b", id="2") == ("b", "2")


def test_notes_forget_the_oldest() -> None:
    notes = Notes(notes_max=2)
    for key in ("a", "b", "a", "c"):
        notes.put(key, key)
    assert [notes.get(key) for key in ("a", "b", "c")] == ["a", None, "c"]
    assert notes.take("a") == "a"
    assert notes.take("a") is None


def test_circles_and_endless_chains_of_parents_have_no_name() -> None:
    lineage = Lineage()
    lineage.note("t", "a", "b", None)
    lineage.note("t", "b", "a", None)
    assert lineage.find("t", "a") == (None, False)
    for number in range(1, 100):
        lineage.note("u", str(number), str(number + 1), "Far" if number == 99 else None)
    assert lineage.find("u", "1") == (None, False)


def test_traces_are_forgotten_when_others_come() -> None:
    lineage = Lineage(spans_max=2)
    for trace in ("t", "u", "v", "v"):
        lineage.note(trace, "a", "", "Name")
    assert lineage.find("t", "a") == (None, True)
    assert lineage.find("v", "a") == ("Name", False)
    assert lineage.settle("t") == []


def test_only_so_many_records_wait_for_their_agent() -> None:
    lineage = Lineage(spans_max=3, waiting_max=2)
    record = ToolUse(
        id="t", emitter="e", agent=AgentId("a"), session=None, tool="x", mcp_server=None,
        started_at=NOW, duration_ms=None, ok=True,
    )  # fmt: skip
    lineage.note("t", "child", "parent", None)
    for _ in range(3):
        lineage.wait("t", "parent", record)
    lineage.note("t", "parent", "", "Name")
    assert lineage.settle("t") == [("Name", record)] * 2
    for span in ("child", "other", "third"):
        lineage.note("u", span, "parent", None)
    lineage.wait("u", "parent", record)
    lineage.note("u", "root", "", "Name")  # one too many: the whole trace goes
    assert lineage.settle("u") == []


def test_a_trace_remembers_only_so_many_spans() -> None:
    lineage = Lineage()
    for number in range(3000):
        lineage.note("t", str(number), "", "Name")
    assert lineage.find("t", "2999") == (None, True)
