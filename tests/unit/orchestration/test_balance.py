"""Work goes to whoever has the least to do."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from core.ids import AgentId
from core.orchestration.balance import Pool, has_room, standing


@dataclass
class Worker:
    """A candidate whose figures are set by hand."""

    name: AgentId
    accepting: bool = True
    capacity: int = 10
    held: int = 0
    queued: int = 0
    settled: bool = True


def make_pool(*workers: Worker) -> Pool[Worker]:
    pool: Pool[Worker] = Pool()
    for each in workers:
        pool.add(each)
    return pool


def make_worker(name: str, *, held: int = 0, queued: int = 0, capacity: int = 10) -> Worker:
    return Worker(AgentId(name), held=held, queued=queued, capacity=capacity)


def test_the_least_loaded_goes_first_whatever_its_capacity() -> None:
    pool = make_pool(make_worker("small", held=1, capacity=2), make_worker("large", held=3))
    assert pool.pick() is not None
    assert getattr(pool.pick(), "name", "") == "large"


def test_among_equal_loads_the_fewest_queued_then_the_name_decides() -> None:
    b = make_worker("b", held=2, queued=2)
    c = make_worker("c", held=2, queued=1)
    a = make_worker("a", held=2, queued=2)
    assert make_pool(b, c, a).pick() is c
    assert make_pool(b, a).pick() is a


def test_whoever_does_not_accept_or_is_left_out_is_not_picked() -> None:
    away = make_worker("away")
    away.accepting = False
    asking, able = make_worker("asking"), make_worker("able", held=9)
    pool = make_pool(away, asking, able)
    assert pool.pick(without={"asking"}) is able
    assert pool.pick(without={"asking", "able"}) is None


def test_the_cut_off_is_85_percent_and_not_before() -> None:
    assert has_room(make_worker("a", capacity=100, held=85))
    assert not has_room(make_worker("a", capacity=100, held=86))
    assert has_room(make_worker("a", capacity=1, held=0))
    assert not has_room(make_worker("a", capacity=1, held=1))


@given(st.data())
def test_after_any_change_the_pick_is_the_one_that_a_look_at_all_would_give(
    data: st.DataObject,
) -> None:
    names = st.sampled_from("abcdef")
    pools = [make_pool(), make_pool()]  # one candidate may stand in several
    workers: dict[str, Worker] = {}
    for _ in range(data.draw(st.integers(1, 25))):
        name = data.draw(names)
        if data.draw(st.booleans()) and name in workers:
            worker = workers[name]
            worker.held = data.draw(st.integers(0, 10))
            worker.queued = data.draw(st.integers(0, worker.held))
            worker.accepting = data.draw(st.booleans())
            if worker.settled:
                worker.settled = False
                for pool in pools:
                    pool.touch(name)
        elif data.draw(st.booleans()):
            workers.pop(name, None)
            for pool in pools:
                pool.remove(name)
        else:
            workers[name] = make_worker(name, held=data.draw(st.integers(0, 10)))
            for pool in pools:
                pool.add(workers[name])
        pool = data.draw(st.sampled_from(pools))
        without = data.draw(st.sets(names))
        able = [each for each in workers.values() if each.accepting and each.name not in without]
        assert pool.pick(without=without) is min(able, key=standing, default=None)
        assert len(pool) == len(workers)
        picked = pool.pick()
        if picked is not None and not has_room(picked):  # nobody is passed over for it
            assert not any(has_room(each) for each in workers.values() if each.accepting)
