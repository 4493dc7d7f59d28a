"""`maestro` alone: its options, the terminal that it needs, and what stands for the engine."""

import asyncio
import sys
from pathlib import Path

import pytest

from console.cli.front import FrontOptions, check_terminal, open_screen, parse_front, run_front
from console.cli.telling import NoTerminalError
from console.late import Late


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], FrontOptions()),
        (["--home", "h"], FrontOptions(home=Path("h"))),
        (["--home=h", "--port", "0"], FrontOptions(home=Path("h"), port=0)),
        (["--config", "c.toml"], FrontOptions(config=Path("c.toml"))),
        (["--port", "65535"], FrontOptions(port=65_535)),
    ],
)
def test_plain_options_need_no_library(arguments: list[str], options: FrontOptions) -> None:
    assert parse_front(arguments) == options


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve"],
        ["--help"],
        ["--home"],
        ["--port", "70000"],
        ["--port", "x"],
        ["--port", "²"],
        ["--home", "h", "audit", "verify"],
        ["--unknown=1"],
    ],
)
def test_all_else_is_read_by_the_library(arguments: list[str]) -> None:
    assert parse_front(arguments) is None


def pretend_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize(("kind", "said"), [("dumb", "TERM is 'dumb'"), (None, "TERM is not set")])
def test_a_terminal_that_cannot_draw_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    kind: str | None,
    said: str,
) -> None:
    pretend_terminal(monkeypatch)
    if kind is None:
        monkeypatch.delenv("TERM")
    else:
        monkeypatch.setenv("TERM", kind)
    assert run_front(FrontOptions(home=tmp_path / "home")) == 2
    told = capsys.readouterr().err
    assert said in told
    assert len(told.splitlines()) == 1
    assert not (tmp_path / "home").exists()


def test_a_terminal_that_draws_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_terminal(monkeypatch)
    check_terminal()


def test_without_a_terminal_there_is_no_screen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend_terminal(monkeypatch)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    with pytest.raises(NoTerminalError, match="needs a terminal"):
        open_screen(tmp_path, None, port=0)


class Doubler:
    async def double(self, number: int) -> int:
        return 2 * number


async def test_calls_wait_for_a_port_that_comes_late() -> None:
    late = Late[Doubler]()
    port = late.as_port()
    async with asyncio.TaskGroup() as group:
        early = group.create_task(port.double(3))
        await asyncio.sleep(0)
        assert not early.done()
        late.arrive(Doubler())
    assert (early.result(), await port.double(4)) == (6, 8)


def test_what_is_private_does_not_wait() -> None:
    with pytest.raises(AttributeError):
        _ = Late[Doubler]().as_port()._number  # type: ignore[attr-defined]
