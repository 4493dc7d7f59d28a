import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.sources.parse_git import (
    Commit,
    Merge,
    find_merges,
    lead_time_min,
    parse_log,
    review_time_min,
)
from core.errors import SourceFailed


def test_a_log_is_read_line_by_line() -> None:
    assert parse_log("a 1 2 b c\nb 3 4\n") == [
        Commit("a", 1, 2, ("b", "c")),
        Commit("b", 3, 4, ()),
    ]
    assert parse_log("") == []
    for wrong in ("a 1", "a x 2", "\n"):
        with pytest.raises(SourceFailed, match="cannot be read"):
            parse_log(wrong)


def commit(name: str, at_s: int, *parents: str) -> Commit:
    return Commit(name, at_s, at_s, parents)


def test_a_branch_is_what_its_merge_added() -> None:
    # m1 merges b1, b2; c1 merges m1's line into a second branch, which m2 merges.
    history = [
        commit("m2", 1_000, "m1", "c2"),
        commit("c2", 900, "c1", "m1"),
        commit("m1", 600, "root", "b2"),
        commit("c1", 500, "b1"),
        commit("b2", 400, "b1"),
        commit("b1", 300, "root"),
        commit("root", 0),
    ]
    merges = find_merges(history, since_s=0)
    assert merges == [Merge(600, 300, 400), Merge(1_000, 500, 900)]
    assert find_merges(history, since_s=700) == merges[1:]
    assert lead_time_min(merges) == pytest.approx((300 + 500) / 2 / 60)
    assert review_time_min(merges) == pytest.approx((200 + 100) / 2 / 60)


def test_without_merges_there_is_no_time() -> None:
    assert find_merges([], since_s=0) == []
    assert find_merges([commit("a", 1, "cut off")], since_s=0) == []
    assert lead_time_min([]) is None
    assert review_time_min([]) is None


def test_a_clock_that_ran_ahead_gives_no_negative_time() -> None:
    assert review_time_min([Merge(100, 50, 900)]) == 0


@given(st.data())
@settings(max_examples=60)
def test_each_commit_belongs_to_one_branch_at_most(data: st.DataObject) -> None:
    history: list[Commit] = []
    for at in range(data.draw(st.integers(1, 25))):
        names = [each.id for each in history]
        parents = data.draw(st.lists(st.sampled_from(names), max_size=3)) if names else []
        if names and not parents:
            parents = names[-1:]
        history.append(commit(str(at), at * 60, *parents))
    history.reverse()
    merges = find_merges(history, since_s=0)
    assert [merge.at_s for merge in merges] == sorted({merge.at_s for merge in merges})
    assert all(merge.first_s <= merge.last_s < merge.at_s for merge in merges)
