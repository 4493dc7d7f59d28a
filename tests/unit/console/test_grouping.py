"""Actions that are decided together are told apart where their rows are cut."""

from console.view_models.grouping import common_kind, group_spans, tell_apart
from console.view_models.ink import plain_text
from console.view_models.summary import Brief
from tests.console.fakes import action_id
from tests.factories import make_approval

PUSHES = [f"git push --force origin branch{number}" for number in range(6)]


def rows(*summaries: str, room: int, kind: str = "shell.execute") -> list[str]:
    members = [
        (make_approval(id=action_id(f"aa000{at}"), kind=kind, resource="bash"), Brief(each, ()))
        for at, each in enumerate(summaries)
    ]
    return [plain_text(each) for each in group_spans(members, room)]


def test_the_kind_is_left_out_where_all_have_it() -> None:
    assert rows(*PUSHES, room=60) == PUSHES
    assert rows("x=1", room=60, kind="mcp.call") == ["bash  x=1"]


def test_what_has_no_resource_keeps_its_arguments() -> None:
    approval = make_approval(id=action_id("1"), kind="mcp.call", resource="")
    assert plain_text(group_spans([(approval, Brief("x=1", ()))], 60)[0]).strip() == "x=1"


def test_kinds_that_differ_are_said() -> None:
    one, other = make_approval(id=action_id("1")), make_approval(id=action_id("2"), kind="db.drop")
    told = group_spans([(one, Brief("ls", ())), (other, Brief("", ()))], 60)
    assert [plain_text(each) for each in told] == ["shell.execute \u203a ls", "db.drop \u203a bash"]
    assert common_kind([one, other]) == ""


def test_what_differs_stands_there_where_rows_are_cut() -> None:
    assert rows(*PUSHES, room=24) == [f"git push --forc ⋯branch{number}" for number in range(6)]


def test_a_difference_in_a_long_word_is_shown_with_a_part_of_it() -> None:
    paths = [f"/srv/shop/very/long/path/to/the/file-{number}.toml" for number in range(2)]
    assert tell_apart(paths, 24) == ["/srv/sho ⋯he/file-0.toml", "/srv/sho ⋯he/file-1.toml"]
    assert all(len(each) <= 24 for each in tell_apart(paths, 24))


def test_one_that_only_goes_on_is_told_from_the_other() -> None:
    short = "rm -rf /srv/shop/public/cache/of"
    assert tell_apart([short, f"{short} /etc"], 24) == [
        "rm -rf /s ⋯cache/of",
        "rm -rf /s ⋯cache/of /etc",
    ]


def test_only_rows_that_would_look_the_same_are_shortened() -> None:
    long = "rm -rf /srv/shop/public/cache/of/yesterday"
    assert tell_apart([*PUSHES, long], 24)[-1] == long


def test_two_that_look_the_same_say_so() -> None:
    same, other = "make deploy", "git status"
    assert rows(same, other, same, room=40) == [same, other, "looks like aa0000  make deploy"]
    far = "a" * 30
    long = [f"git push {far}1 {far}", f"git push {far}2 {far}{far}", f"git push {far}2 {far}x"]
    assert rows(*long, room=30)[2].startswith("looks like aa0001  ")
