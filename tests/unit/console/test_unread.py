"""Which rows must have been in sight, and which were, through every change of width."""

from console.view_models.ink import Line, Span, Tone, Wrap
from console.widgets.unread import Due, Unread, find_due
from console.widgets.wrapping import wrap_lines


def risky(text: str) -> Line:
    return Line((Span(text, Tone.MARK),), wrap=Wrap.CHARACTERS)


LINES = (Line((Span("why"),)), risky("r" * 30), Line((Span("l" * 30),), wrap=Wrap.CHARACTERS))


def due(width: int, lines: tuple[Line, ...] = LINES, number: int | None = None) -> Due:
    rows, ends = wrap_lines(lines, width)
    return find_due(lines, rows, ends, len(lines) if number is None else number)


def test_marked_rows_and_the_last_one_are_due() -> None:
    assert due(10) == {2: {1, 2, 3}, 0: {6}}
    assert due(30) == {2: {1}, 0: {2}}


def test_what_stands_below_is_not_due() -> None:
    assert due(30, number=1) == {0: {0}}
    assert due(30, number=0) == {}


def test_it_is_read_once_all_that_is_due_was_in_sight() -> None:
    unread = Unread()
    unread.begin("one")
    assert not unread.is_read
    unread.lay_out(due(10))
    unread.look(0, 3)
    unread.look(5, 7)
    assert not unread.is_read
    unread.look(3, 4)
    assert unread.is_read


def test_a_line_that_was_seen_stays_seen_in_another_width() -> None:
    unread = Unread()
    unread.begin("one")
    unread.lay_out(due(30))
    unread.look(1, 2)
    unread.begin("one")
    unread.lay_out(due(10))
    unread.look(6, 7)
    assert unread.is_read


def test_a_line_that_was_seen_in_part_is_to_be_seen_whole_in_another_width() -> None:
    unread = Unread()
    unread.begin("one")
    unread.lay_out(due(10))
    unread.look(2, 7)
    unread.lay_out(due(20))
    assert not unread.is_read
    unread.look(1, 3)
    assert unread.is_read


def test_what_comes_to_stand_above_changes_nothing() -> None:
    unread = Unread()
    unread.begin("one")
    unread.lay_out(due(30))
    unread.look(1, 2)
    unread.lay_out(due(30, (Line((Span("a vote"),)), *LINES)))
    unread.look(3, 4)
    assert unread.is_read


def test_another_content_was_not_seen() -> None:
    unread = Unread()
    unread.begin("one")
    unread.lay_out(due(30))
    unread.look(0, 3)
    unread.begin("two")
    unread.lay_out(due(30))
    assert not unread.is_read
