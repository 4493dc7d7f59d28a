"""The daily copy as a witness: what is missing with its file, and what should have been there."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.audit.daily import DailyCopy
from core.audit.files import size_of
from core.audit.model import Checkpoint, Row
from core.audit.rules import daily_line, entry_day
from core.ports import VerifyReport
from tests.factories import NOW, make_draft
from tests.unit.audit.trails import head_at, make_rows

OK = VerifyReport(ok=True, entries=6, head="", signed_length=6)


def make_days(folder: Path) -> list[Row]:
    """Two entries on each of three days, copied."""
    rows = make_rows(6)
    days = [entry_day(make_row_text(number // 2)) for number in range(6)]
    rows = [
        (seq, text.replace(b"2026-11-21", day.encode()), digest)
        for (seq, text, digest), day in zip(rows, days, strict=True)
    ]
    for day in sorted(set(days)):
        lines = [daily_line(row) for row, each in zip(rows, days, strict=True) if each == day]
        (folder / f"{day}.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return rows


def make_row_text(day: int) -> bytes:
    at = make_draft(at=NOW + timedelta(days=day)).at
    return f'"at":"{at.isoformat()}'.encode()


def judge(folder: Path, rows: list[Row], *, kind: str = "close", length: int = 6) -> VerifyReport:
    copy = DailyCopy([(path, size_of(path)) for path in sorted(folder.iterdir())])
    assert list(copy.compare(rows)) == rows
    head = head_at(rows, min(length, len(rows)))
    signed = Checkpoint(9, length, head.hash, "", kind, 0, "", "", "")
    return copy.judge(OK, signed)


def day(folder: Path, number: int) -> Path:
    return sorted(folder.iterdir())[number]


def test_a_copy_like_the_store_is_good(tmp_path: Path) -> None:
    assert judge(tmp_path, make_days(tmp_path)).ok


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_missing_file_is_excused_and_an_emptied_one_is_not(tmp_path: Path, number: int) -> None:
    rows = make_days(tmp_path)
    day(tmp_path, number).write_bytes(b"")
    found = judge(tmp_path, rows)
    assert (found.ok, found.first_bad) == (False, 2 * number + 1)
    day(tmp_path, number).unlink()
    assert judge(tmp_path, rows).ok


def test_entries_after_a_clock_was_set_back_are_looked_for_in_the_newest_file(
    tmp_path: Path,
) -> None:
    rows = make_days(tmp_path)
    seq, text, digest = rows[3]
    rows[3] = (seq, text.replace(b"2026-11-22", b"2026-11-20"), digest)
    assert not judge(tmp_path, rows).ok
    day(tmp_path, 1).unlink()  # it stood in there, with the entry before it
    assert judge(tmp_path, rows).ok


def test_the_end_may_lag_after_a_crash_and_not_after_a_clean_stop(tmp_path: Path) -> None:
    rows = make_days(tmp_path)
    last = day(tmp_path, 2)
    last.write_bytes(last.read_bytes().splitlines(keepends=True)[0])
    assert judge(tmp_path, rows, kind="group").ok
    found = judge(tmp_path, rows)
    assert found.problem == (
        "the daily copy was cut: it lacks entry 6, and the engine stopped cleanly"
    )
    assert found.first_bad == 6


def test_a_copy_beyond_the_checkpoints_shows_that_they_were_cut(tmp_path: Path) -> None:
    found = judge(tmp_path, make_days(tmp_path), length=4)
    assert "goes on to entry 6, the last signed checkpoint is over 4" in found.problem
    assert found.first_bad == 5


def test_a_line_that_the_store_lacks_is_found(tmp_path: Path) -> None:
    rows = make_days(tmp_path)
    assert judge(tmp_path, rows[:5]).first_bad == 6
    assert judge(tmp_path, [*rows[:2], *rows[3:]]).first_bad == 3
    assert judge(tmp_path, []).first_bad == 1


def test_a_line_that_is_no_entry_is_found(tmp_path: Path) -> None:
    rows = make_days(tmp_path)
    path = day(tmp_path, 1)
    path.write_bytes(b"nonsense\n" + path.read_bytes())
    found = judge(tmp_path, rows)
    assert found.problem == "2026-11-22.jsonl holds no entry where 3 should stand"


def test_a_last_line_that_is_no_entry_is_found(tmp_path: Path) -> None:
    rows = make_days(tmp_path)
    with day(tmp_path, 2).open("ab") as file:
        file.write(b"nonsense\n")
    found = judge(tmp_path, rows)
    assert found.problem == "2026-11-23.jsonl holds no entry where 7 should stand"


def test_what_has_no_number_in_the_store_is_left_to_the_chain(tmp_path: Path) -> None:
    rows = make_days(tmp_path)
    rows[2] = (0, *rows[2][1:])
    assert judge(tmp_path, rows).problem == "the daily copy holds entry 3, which the store lacks"


def test_only_the_first_difference_is_told(tmp_path: Path) -> None:
    rows = make_days(tmp_path)
    for number in (1, 2):
        day(tmp_path, number).write_bytes(day(tmp_path, number).read_bytes().swapcase())
    assert judge(tmp_path, rows).first_bad == 3


def test_a_stored_row_that_is_no_entry_is_left_to_the_chain(tmp_path: Path) -> None:
    rows = make_days(tmp_path)
    path = day(tmp_path, 1)
    path.unlink()
    rows[2] = (3, b"nonsense", b"0")
    rows[3] = (4, b"nonsense", b"0")
    assert judge(tmp_path, rows).ok


def test_what_the_copy_shows_is_the_exact_place_of_another_finding(tmp_path: Path) -> None:
    rows = make_days(tmp_path)
    copy = DailyCopy([(path, size_of(path)) for path in sorted(tmp_path.iterdir())])
    list(copy.compare([rows[0], (2, b"other", b"0")]))
    found = copy.judge(replace(OK, ok=False, problem="something from 1 to 6", first_bad=1), None)
    assert found.first_bad == 2
    assert found.problem.startswith("something from 1 to 6; entry 2 is not what")
