"""What git prints, and what it tells of merges. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import SourceFailed


@dataclass(frozen=True, slots=True)
class Commit:
    """One line of `git log --format='%H %at %ct %P'`. Times are seconds since the epoch."""

    id: str
    authored_s: int
    committed_s: int
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """One merge into the main line."""

    at_s: int
    first_s: int  # when the first commit of the branch was written
    last_s: int  # when its last one was committed


def parse_log(text: str) -> list[Commit]:
    """Raises SourceFailed on what git does not print."""
    commits: list[Commit] = []
    for line in text.splitlines():
        words = line.split()
        try:
            commits.append(Commit(words[0], int(words[1]), int(words[2]), tuple(words[3:])))
        except (IndexError, ValueError) as error:
            raise SourceFailed("git printed a log that cannot be read") from error
    return commits


def find_merges(commits: Sequence[Commit], *, since_s: float) -> list[Merge]:
    """Merges into the main line since then, oldest first. `commits[0]` is the main line's tip.

    The main line is what first parents lead to; a branch is what its merge added to it.
    """
    by_id = {commit.id: commit for commit in commits}
    line: list[Commit] = []
    at = commits[0] if commits else None
    while at is not None:
        line.append(at)
        at = by_id.get(at.parents[0]) if at.parents else None
    known = {commit.id for commit in line}
    merges: list[Merge] = []
    for commit in reversed(line):
        branch = _walk(commit.parents[1:], by_id, known)
        if branch and commit.committed_s >= since_s:
            first_s = min(each.authored_s for each in branch)
            last_s = max(each.committed_s for each in branch)
            merges.append(Merge(commit.committed_s, first_s, last_s))
    return merges


def _walk(tips: Sequence[str], by_id: dict[str, Commit], known: set[str]) -> list[Commit]:
    """Commits that can be reached and are not known yet; they are known from now on."""
    found: list[Commit] = []
    waiting = list(tips)
    while waiting:
        commit = by_id.get(waiting.pop())
        if commit is not None and commit.id not in known:
            known.add(commit.id)
            found.append(commit)
            waiting += commit.parents
    return found


def lead_time_min(merges: Sequence[Merge]) -> float | None:
    """Median minutes from a branch's first commit to its merge; None without merges."""
    return _median([(merge.at_s - merge.first_s) / 60 for merge in merges])


def review_time_min(merges: Sequence[Merge]) -> float | None:
    """Median minutes from a branch's last commit to its merge: how long it was under review."""
    return _median([(merge.at_s - merge.last_s) / 60 for merge in merges])


def _median(values: list[float]) -> float | None:
    return max(0.0, statistics.median(values)) if values else None  # clocks of two hosts differ
