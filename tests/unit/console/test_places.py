"""The way back is the way one came."""

from hypothesis import given
from hypothesis import strategies as st

from console.view_models.places import History, Path, Step

A: Path = (Step("overview"),)
B: Path = (Step("agents"), Step("agent_detail", "ai"))
C: Path = (Step("audit"),)


def test_back_and_forward_and_what_lay_ahead_is_forgotten() -> None:
    history = History()
    assert (history.here, history.move(-1), history.last()) == ((), (), ())
    for path in (A, B, C):
        history.visit(path)
    assert history.move(-1) == B
    assert history.move(-1) == A
    assert history.move(-1) == ()
    assert history.move(1) == B
    history.visit(A)
    assert history.move(1) == ()
    assert history.last() == B


@given(st.lists(st.sampled_from([A, B, C, ()]), max_size=20))
def test_all_the_way_back_is_where_one_began(paths: list[tuple[Step, ...]]) -> None:
    history = History()
    for path in paths:
        history.visit(path)
    visited = [path for at, path in enumerate(filter(None, paths)) if at == 0 or path]
    while history.move(-1):
        pass
    assert history.here == (visited[0] if visited else ())


def test_the_last_view_goes_to_and_fro() -> None:
    history = History()
    history.visit(A)
    history.visit(B)
    history.visit(history.last())
    assert history.here == A
    history.visit(history.last())
    assert history.here == B
