"""What a real repository's history tells, and that reading it starts and writes nothing."""

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.adapters.sources.build import build_source
from core.errors import SourceFailed
from core.measures import Measured
from tests.fakes import FakeClock
from tests.integration.sources.servers import bind, program, read_once

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class Repository:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, ago: timedelta = timedelta()) -> str:
        stamp = (NOW - ago).isoformat()
        names = {f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER")
                 for what in ("NAME", "EMAIL")}  # fmt: skip
        dates = {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
        nowhere = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        ended = subprocess.run(
            [program("git"), "-C", self.path, *arguments],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, **names, **dates, **nowhere},
        )
        return ended.stdout

    def commit(self, name: str, ago: timedelta) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{name} {ago}", encoding="utf-8")
        self.git("add", name)
        self.git("commit", "-q", "-m", name, ago=ago)

    async def read(self, measure: str, **values: object) -> Measured:
        binding = bind(source="git", measure=measure, path=self.path, **values)
        source = build_source(binding, base=Path(), clock=FakeClock(NOW))
        try:
            return await source.read()
        finally:
            await source.close()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "shop")
    made.commit("old", timedelta(days=40))
    made.commit("docs/adr/0001-first.md", timedelta(days=20))
    made.git("tag", "v1")
    made.commit("docs/adr/0002-second.md", timedelta(days=3))
    made.commit("docs/adr/0002-second.md", timedelta(days=2))  # changed, not added
    made.git("tag", "-a", "-m", "release", "v2", ago=timedelta(days=1))
    made.git("tag", "nightly")
    made.git("switch", "-q", "-c", "feature")
    made.commit("a", timedelta(hours=10))
    made.commit("b", timedelta(hours=4))
    made.git("switch", "-q", "main")
    made.git("merge", "-q", "--no-ff", "-m", "merge", "feature", ago=timedelta(hours=1))
    return made


@pytest.mark.parametrize(
    ("measure", "values", "value", "note"),
    [
        ("commits_per_week", {"window_days": 7}, 5, "5 commits in 7 days"),
        ("commits_per_week", {}, 6 / 4, "6 commits in 28 days"),
        ("commits_per_week", {"revision": "feature", "window_days": 7}, 4, "4 commits in 7 days"),
        ("tags_per_week", {"window_days": 7}, 2, "2 tags in 7 days"),
        ("tags_per_week", {"tags": "v*"}, 2 / 4, "2 tags in 28 days"),
        ("decisions_per_week", {}, 2 / 4, "2 decision records in 28 days"),
        ("decisions_per_hour", {"window_days": 5}, 1 / 120, "1 decision records in 5 days"),
        ("decisions_per_week", {"decisions": "adr/*"}, 0, "0 decision records in 28 days"),
        ("lead_time_min", {}, 540, "1 merges in 28 days"),
        ("review_time_min", {}, 180, "1 merges in 28 days"),
        ("review_time_min", {"revision": "feature"}, None, "0 merges in 28 days"),
    ],
)
async def test_history_gives_its_numbers(
    repository: Repository,
    measure: str,
    values: dict[str, object],
    value: float | None,
    note: str,
) -> None:
    found = await repository.read(measure, **values)
    assert found.note == note
    assert found.value == (None if value is None else pytest.approx(value))


async def test_what_git_refuses_is_said(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match=r"git refuses: .*nowhere"):
        await repository.read("commits_per_week", revision="nowhere")
    with pytest.raises(SourceFailed, match="git refuses: cannot change to"):
        await read_once(tmp_path, source="git", measure="commits_per_week", path="none")


async def test_without_git_it_says_so(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceFailed, match="git is not installed"):
        await repository.read("commits_per_week")


async def test_nothing_in_a_repository_starts_a_program_or_changes(
    repository: Repository, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n", encoding="ascii")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "gpg.program", "diff.external", "core.editor"):
        repository.git("config", key, str(trap))
    repository.git("config", "log.showSignature", "true")
    repository.git("config", "core.hooksPath", str(tmp_path))
    before = fingerprint(repository.path)
    for measure in ("commits_per_week", "tags_per_week", "decisions_per_week", "lead_time_min"):
        await repository.read(measure)
    assert fingerprint(repository.path) == before
    assert not (tmp_path / "sprung").exists()


def fingerprint(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*")}


async def test_a_slow_git_is_ended(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n", encoding="ascii")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(SourceFailed, match=r"no answer within 0.5 s"):
        await read_once(
            tmp_path, source="git", measure="commits_per_week", path=repository.path, timeout_s=0.5
        )
    pid = int((tmp_path / "pid").read_text(encoding="ascii"))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_an_empty_repository_has_no_commits_to_count(tmp_path: Path) -> None:
    empty = Repository(tmp_path / "empty")
    with pytest.raises(SourceFailed, match=r"git refuses: .*HEAD"):
        await empty.read("commits_per_week")
    assert (await empty.read("tags_per_week")).value == 0
