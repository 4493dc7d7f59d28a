"""A defect of the screen ends it with one sentence."""

import io

from rich.console import Console

from console.app import MaestroApp
from tests.console.day import busy_operator
from tests.console.fakes import MARIA
from tests.fakes import FakeClock


async def test_a_screen_that_fails_prints_one_sentence_and_no_variables() -> None:
    operator = busy_operator()
    app = MaestroApp(operator, operator.bus, FakeClock(), MARIA)
    app.error_console = Console(file=io.StringIO(), width=400)

    def fail() -> None:
        secret = "sk-live-" + "0123456789abcdef"
        raise RuntimeError(secret)

    app.call_later(fail)
    await app.run_async(headless=True)
    assert isinstance(app.error_console.file, io.StringIO)
    said = app.error_console.file.getvalue()
    assert "the screen failed (RuntimeError at " in said
    assert "sk-live" not in said
    assert "Traceback" not in said
    assert app.return_code == 1
