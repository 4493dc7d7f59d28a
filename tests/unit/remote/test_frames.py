"""The event stream's lines become the events that were published."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.remote.frames import Frames, Lost, read_frame
from core.events import CoreEvent

_AT = st.integers(0, 4_000_000_000).map(lambda s: datetime.fromtimestamp(s + 0.25, UTC))
_KNOWN: dict[Any, st.SearchStrategy[Any]] = {
    datetime: _AT,
    float: st.floats(allow_nan=False),  # which equals nothing, not even itself
}


def _events_of(kind: type[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: _KNOWN[hint] for name, hint in hints.items() if hint in _KNOWN})


_EVENTS = st.one_of([_events_of(each) for each in get_args(CoreEvent)])


def _plain(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


def _lines(event: Any, event_id: str) -> list[str]:
    """As the gateway writes an event, without the ends of lines."""
    data = json.dumps(asdict(event), default=_plain, separators=(",", ":"))
    return [f"id: {event_id}", f"event: {type(event).__name__}", f"data: {data}", ""]


def _feed(frames: Frames, *lines: str) -> list[Any]:
    return [each for line in lines for each in frames.feed(line)]


@settings(max_examples=200)
@given(_EVENTS)
def test_every_event_comes_back_equal(event: CoreEvent) -> None:
    frames = Frames()
    assert _feed(frames, *_lines(event, "run-7")) == [event]
    assert frames.last_id == "run-7"


@given(st.lists(_EVENTS, max_size=4))
def test_heartbeats_and_unknown_kinds_are_nothing(events: list[CoreEvent]) -> None:
    frames, got = Frames(), list[Any]()
    for number, event in enumerate(events):
        got += _feed(frames, "retry: 2000", "", ": still here", "")
        got += _feed(frames, "event: FromTheFuture", "data: {}", "")
        got += _feed(frames, *_lines(event, f"run-{number}"))
    assert got == events


@pytest.mark.parametrize("data", ['{"count":null}', '{"count":12}'])
def test_what_the_engine_lost_is_told(data: str) -> None:
    (lost,) = _feed(Frames(), "event: Lost", f"data: {data}", "")
    assert isinstance(lost, Lost)


@pytest.mark.parametrize("data", ["{", "[]", "{}", '{"at":"yesterday"}', "null", "[" * 100_000])
def test_a_damaged_event_counts_as_lost(data: str) -> None:
    (lost,) = read_frame("ActionHeld", data)
    assert isinstance(lost, Lost)


@given(st.lists(st.text(max_size=40), max_size=20))
def test_no_text_stops_the_reading(lines: list[str]) -> None:
    frames = Frames()
    assert all(isinstance(each, Lost) for each in _feed(frames, *lines, ""))


def test_a_frame_that_a_break_cut_is_forgotten() -> None:
    frames = Frames()
    assert _feed(frames, "id: run-1", "event: Lost", 'data: {"count":1}') == []
    frames.restart()
    assert _feed(frames, "") == []
    assert frames.last_id == ""


def test_the_place_is_kept_once_the_frame_is_whole() -> None:
    frames = Frames()
    _feed(frames, "id: run-1", "event: Lost", "data: {}")
    assert frames.last_id == ""
    _feed(frames, "")
    assert frames.last_id == "run-1"
