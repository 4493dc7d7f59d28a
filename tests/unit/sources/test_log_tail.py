"""A log is followed whole: each line once, however it is written, renamed or cut."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.sources import log_tail
from core.adapters.sources.log_tail import LogTail
from core.errors import SourceFailed


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("write"), st.integers(1, 4)),
            st.tuples(st.just("half"), st.just(0)),
            st.tuples(st.just("rename"), st.booleans()),
            st.tuples(st.just("read"), st.just(0)),
        ),
        max_size=30,
    )
)
@settings(max_examples=80, deadline=None)
def test_each_line_comes_once_over_renames(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "access.log")
        file = path.open("ab", buffering=0)
        tail = LogTail(path)
        written, seen, renamed = 0, list[str](), False
        assert tail.read_lines() == []
        for step, value in steps:
            if step == "write":
                for _ in range(value):
                    file.write(b"%d\n" % written)
                    written += 1
            elif step == "half":  # the server is interrupted within a line
                file.write(b"%d" % written)
                seen += tail.read_lines()
                file.write(b"\n")
                written += 1
            elif step == "rename" and not renamed:  # once between two reads, as rotations are
                renamed = True
                path.rename(f"{path}.{len(list(Path(folder).iterdir()))}")
                if value:
                    seen += tail.read_lines()  # nothing has the name at this instant
                file.close()
                file = path.open("ab", buffering=0)
            elif step == "read":
                seen += tail.read_lines()
                renamed = False
        for _ in range(3):
            seen += tail.read_lines()
        tail.close()
        file.close()
        assert sorted(map(int, seen)) == list(range(written))


def test_the_first_read_begins_near_the_end_at_a_whole_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tail, "FIRST_BYTES_MAX", 25)
    path = tmp_path / "log"
    path.write_text("".join(f"line {number}\n" for number in range(10)), encoding="ascii")
    tail = LogTail(path)
    assert tail.read_lines() == ["line 7", "line 8", "line 9"]
    tail.close()


def test_a_read_is_bounded_and_the_next_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tail, "READ_BYTES_MAX", 20)
    path = tmp_path / "log"
    path.write_text("".join(f"line {number}\n" for number in range(10)), encoding="ascii")
    tail = LogTail(path)
    reads = [tail.read_lines() for _ in range(5)]
    assert [line for lines in reads for line in lines] == [f"line {n}" for n in range(10)]
    assert max(map(len, reads)) <= 3
    tail.close()


def test_a_line_without_end_is_dropped_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tail, "_LINE_BYTES_MAX", 10)
    path = tmp_path / "log"
    path.write_bytes(b"x" * 50)
    tail = LogTail(path)
    assert tail.read_lines() == []
    with path.open("ab") as file:
        file.write(b"xxx\nnext\n\xff\n")
    assert tail.read_lines() == ["next", "\ufffd"]
    tail.close()


def test_what_is_not_a_file_is_refused_and_left_closed(tmp_path: Path) -> None:
    tail = LogTail(tmp_path)
    with pytest.raises(SourceFailed, match="not a regular file"):
        tail.read_lines()
    with pytest.raises(FileNotFoundError):
        LogTail(tmp_path / "none").read_lines()
