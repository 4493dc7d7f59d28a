"""Agents that other installed packages bring: the entry point group `maestro.agents`."""

import inspect
import math
import re
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Final, TypeGuard, cast

from core.errors import DependencyInvalid
from core.fleet import AgentSpec
from core.fleet_ports import AgentWork
from core.orchestration.graph import DependencyGraph

GROUP: Final = "maestro.agents"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_RESERVED: Final = frozenset({"orchestrator", "system"})  # the program's own, with its rights
_EVERY_S_MIN: Final = 1.0

Hosted = tuple[AgentSpec, AgentWork]
Find = Callable[[str], Iterable[EntryPoint]]


def _find(group: str) -> Iterable[EntryPoint]:
    return entry_points(group=group)


def load_agents(
    known: Sequence[AgentSpec], *, find: Find = _find
) -> tuple[tuple[Hosted, ...], tuple[str, ...]]:
    """The agents that entry points bring beside `known`, and why the others are left out.

    Each entry point names a callable without parameters that returns (AgentSpec, AgentWork). A
    broken one is one sentence of the second part, and harms no other. Blocks while it imports.
    """
    loaded: dict[str, Hosted] = {}
    problems: list[str] = []
    for entry in sorted(find(GROUP), key=lambda each: each.name):
        try:
            spec, work = _check(entry.load()())
        except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code may raise anything
            problems.append(f"entry point {entry.name!r}: {type(error).__name__}: {error}")
            continue
        if spec.name in {each.name for each in known} or spec.name in loaded:
            problems.append(f"entry point {entry.name!r}: there is an agent {spec.name!r} already")
            continue
        loaded[spec.name] = (spec, work)
    return _drop_unplaced(known, loaded, problems)


def _drop_unplaced(
    known: Sequence[AgentSpec], loaded: dict[str, Hosted], problems: list[str]
) -> tuple[tuple[Hosted, ...], tuple[str, ...]]:
    """Leave out those whose dependencies are missing or go in a circle, one after the other."""
    while loaded:
        try:
            DependencyGraph([*known, *(spec for spec, _ in loaded.values())])
            break
        except DependencyInvalid as error:
            culprit = next((name for name in loaded if _is_on(name, error)), next(iter(loaded)))
            problems.append(f"agent {culprit!r}: {error}")
            del loaded[culprit]
    return tuple(loaded.values()), tuple(problems)


def _is_on(name: str, error: DependencyInvalid) -> bool:
    path, _, _ = str(error).partition(":")
    return name in path.split(" → ")


def _check(given: object) -> Hosted:
    pair = cast("tuple[object, ...]", given) if isinstance(given, tuple) else ()
    if len(pair) != 2:  # noqa: PLR2004 - a pair
        raise TypeError("it does not return a pair (AgentSpec, AgentWork)")
    spec, work = pair
    if not isinstance(spec, AgentSpec):
        raise TypeError("the first of the pair is no AgentSpec")
    if not _is_work(work):
        raise TypeError("the second of the pair has no `async def handle` and `async def tick`")
    if not _NAME.fullmatch(spec.name):
        raise ValueError(f"{spec.name!r} is no name: small letters, digits, '.', '_' and '-'")
    if spec.name in _RESERVED:
        raise ValueError(f"the name {spec.name!r} is the program's own")
    if spec.capacity < 1:
        raise ValueError(f"capacity: give at least 1, not {spec.capacity}")
    if spec.every_s is not None and not _EVERY_S_MIN <= spec.every_s < math.inf:
        raise ValueError(f"every_s: give at least {_EVERY_S_MIN:g}, not {spec.every_s}")
    return spec, work


def _is_work(work: object) -> TypeGuard[AgentWork]:
    return all(
        inspect.iscoroutinefunction(getattr(work, name, None)) for name in ("handle", "tick")
    )
