"""Who needs whom: the order to start and to stop in, and who suffers with whom. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from graphlib import CycleError, TopologicalSorter
from typing import Final

from core.errors import DependencyInvalid
from core.fleet import AgentSpec
from core.ids import AgentId

_ARROW: Final = " → "


class DependencyGraph:
    """The dependencies of a set of agents; refuses circles and unknown names when it is made."""

    def __init__(self, specs: Iterable[AgentSpec]) -> None:
        """Raises DependencyInvalid, naming the path "a → b → a" that shows it."""
        self._needs: dict[AgentId, tuple[AgentId, ...]] = {}
        for spec in specs:
            if spec.name in self._needs:
                raise DependencyInvalid(f"two agents are named {spec.name!r}")
            self._needs[spec.name] = spec.depends_on
        self._needed_by: dict[AgentId, list[AgentId]] = {name: [] for name in self._needs}
        for name, needs in self._needs.items():
            for need in needs:
                if need not in self._needs:
                    raise DependencyInvalid(
                        f"{name}{_ARROW}{need}: there is no agent named {need!r}"
                    )
                self._needed_by[need].append(name)
        self._order = _sort(self._needs)

    def start_order(self) -> tuple[AgentId, ...]:
        """Each agent after all that it depends on; else in the order given."""
        return self._order

    def stop_order(self) -> tuple[AgentId, ...]:
        """The reverse: each agent before all that it depends on."""
        return self._order[::-1]

    def dependents(self, name: AgentId) -> tuple[AgentId, ...]:
        """All that depend on `name`, directly or through others, nearest first."""
        return _spread(name, self._needed_by)

    def failed_below(self, name: AgentId, failed: AbstractSet[AgentId]) -> tuple[AgentId, ...]:
        """Those of `failed` that `name` depends on, directly or through others, nearest first."""
        if not failed:
            return ()
        return tuple(each for each in _spread(name, self._needs) if each in failed)


def _spread(start: AgentId, edges: Mapping[AgentId, Sequence[AgentId]]) -> tuple[AgentId, ...]:
    found: dict[AgentId, None] = {}
    ring = [start]
    while ring:
        following = [far for near in ring for far in edges.get(near, ()) if far not in found]
        ring = list(dict.fromkeys(following))
        found |= dict.fromkeys(ring)
    return tuple(found)


def _sort(needs: Mapping[AgentId, Sequence[AgentId]]) -> tuple[AgentId, ...]:
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError as error:
        circle: list[AgentId] = error.args[1]  # each one needed by the next
        path = _ARROW.join(reversed(circle))
        raise DependencyInvalid(f"{path}: these agents depend on each other in a circle") from error
    place = {name: number for number, name in enumerate(needs)}
    order: list[AgentId] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda name: place[name])
        order += ready
        sorter.done(*ready)
    return tuple(order)
