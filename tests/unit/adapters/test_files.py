import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.adapters.files import LocalFiles
from core.errors import SourceFailed


async def test_a_text_is_read_whole_from_the_base_or_by_its_whole_path(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfname: caf\xc3\xa9\n")
    files = LocalFiles(tmp_path)
    assert await files.read_text("a.yaml") == "name: café\n"
    assert await files.read_text(str(tmp_path / "a.yaml")) == "name: café\n"


async def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "big").write_text("x" * 11)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    os.mkfifo(tmp_path / "pipe")
    files = LocalFiles(tmp_path, bytes_max=10)
    for name, said in {
        "gone": "No such file",
        "big": "longer than 10 bytes",
        "binary": "not UTF-8",
        "pipe": "no plain file",
        ".": "directory",
    }.items():
        with pytest.raises(SourceFailed, match=said):
            await files.read_text(name)


async def test_plain_files_are_listed_by_path_with_the_time_of_their_change(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "docs" / "adr"
    (folder / "folder.md").mkdir(parents=True)
    for name in ("0002.md", "0001.md", "notes.txt"):
        (folder / name).write_text("x")
        os.utime(folder / name, (1_800_000_000, 1_800_000_000))
    (folder / "nowhere.md").symlink_to("gone")
    found = await LocalFiles(tmp_path).list_files("docs/adr/*.md")
    assert [Path(each.path).name for each in found] == ["0001.md", "0002.md"]
    assert found[0].changed_at == datetime.fromtimestamp(1_800_000_000, UTC)
    assert await LocalFiles(Path("/")).list_files(str(folder / "*.md")) == found


async def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.adapters.files._LISTED_MAX", 1)
    for name in ("a", "b"):
        (tmp_path / name).write_text("")
    with pytest.raises(SourceFailed, match="more than 1 files"):
        await LocalFiles(tmp_path).list_files("*")
