"""What cannot be attached to, or served, is told in one clear sentence before anything is drawn."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.__main__ import main
from tests.integration.engine.served import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served") / "home") as each:
        yield each


def _refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.MonkeyPatch.context() as at_a_terminal:
        for stream in (sys.stdin, sys.stdout):
            at_a_terminal.setattr(stream, "isatty", lambda: True)
        at_a_terminal.setenv("TERM", "xterm-256color")
        assert main(arguments) == 1
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1, told
    return told


def test_a_token_that_is_not_known(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.token"
    wrong.write_text("mst_oper_wrong\n")
    told = _refused(capsys, "attach", served.url, "--token-file", str(wrong))
    assert f"{served.url} does not take the token in {wrong}" in told
    assert "--token-file" in told
    assert "mst_oper_wrong" not in told


def test_an_agents_token(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    token = str(served.home / "agent.token")
    assert "needs an operator token" in _refused(
        capsys, "attach", served.url, "--token-file", token
    )


def test_nobody_listens(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    told = _refused(capsys, "attach", url, "--home", str(served.home))
    assert f"nothing answers at {url}" in told


def test_an_address_that_goes_on(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    told = _refused(capsys, "attach", served.url + "/v1", "--home", str(served.home))
    assert "give http://HOST:PORT alone" in told


def test_another_machine_in_the_clear(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    told = _refused(capsys, "attach", "http://shop.example:7717", "--home", str(served.home))
    assert "in the clear" in told
    assert "ssh -L" in told


def test_a_home_where_nothing_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is not running" in _refused(capsys, "attach", "--home", str(tmp_path))


def test_a_home_without_a_token(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "--token-file" in _refused(capsys, "attach", served.url, "--home", str(tmp_path))


def test_a_second_console_is_offered_to_attach(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    told = _refused(capsys, "--home", str(served.home), "--port", "0")
    assert f"maestro attach --home {served.home}" in told
    assert str(served.process.pid) in told


def test_attaching_without_a_terminal_is_wrong_use(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["attach", "--home", str(served.home)]) == 2
    assert "needs a terminal" in capsys.readouterr().err


def test_browsers_elsewhere_are_not_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    told = _refused(capsys, "web", "--host", "0.0.0.0", "--home", str(home))  # noqa: S104
    assert "for this machine alone" in told
    assert not home.exists()


def test_a_browsers_port_in_use_starts_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = _refused(capsys, "web", "--port", port, "--home", str(home))
    assert f"port {port} of 127.0.0.1 cannot be listened at" in told
    assert not (home / "operator.token").exists()
