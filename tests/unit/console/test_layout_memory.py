"""What is remembered: whole, closed to others, and never in the way."""

from pathlib import Path

import pytest

from console.memory import Remembered, read_state, write_state


def test_what_is_written_is_read_and_closed_to_others(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    state = Remembered(
        screen="audit", theme="mono", mouse=False, filters={"audit": "a\u202e"}, orders={"x": "-A"}
    )
    assert write_state(file, state)
    assert read_state(file) == state
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"screen": 3, "filters": [], "orders": {"a": 1}}', "[" * 5000]
)
def test_a_damaged_file_is_as_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)
    assert read_state(file) == Remembered()


def test_a_folder_that_cannot_be_written_is_told_and_hurts_nobody(tmp_path: Path) -> None:
    assert not write_state(tmp_path / "missing" / "state.json", Remembered())
    assert read_state(tmp_path) == Remembered()
