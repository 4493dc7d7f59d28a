import json
import logging
import stat
from pathlib import Path

import pytest

from core.adapters.logs import keep_logs
from core.adapters.system import SystemIds
from core.adapters.telemetry import SpanKeeper, SpanTracer
from core.ids import CorrelationId
from tests.factories import make_action
from tests.fake_store import FakeStore
from tests.fakes import FakeClock


def read(home: Path) -> list[dict[str, object]]:
    path = home / "logs" / "maestro.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_lines_are_json_with_the_correlation_id_and_closed_to_others(tmp_path: Path) -> None:
    keeper = SpanKeeper(store=FakeStore(), clock=FakeClock())
    action = make_action(correlation_id=CorrelationId("abc"))
    with keep_logs(tmp_path), SpanTracer(keeper, SystemIds()).span("gate", action=action):
        logging.getLogger("maestro.gate").info("judged %s", "x", extra={"action": "1"})
    line = read(tmp_path)[0]
    assert (line["event"], line["correlation_id"], line["action"]) == ("judged x", "abc", "1")
    assert (line["level"], line["logger"]) == ("info", "maestro.gate")
    mode = (tmp_path / "logs" / "maestro.jsonl").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_no_secret_reaches_the_file(tmp_path: Path) -> None:
    secret = "ghp_" + "a1B2" * 9
    log = logging.getLogger("maestro.gate")
    with keep_logs(tmp_path):
        log.warning("token %s", secret, extra={"password": "hunter2"})
        log.error("failed", exc_info=RuntimeError(secret))
    text = (tmp_path / "logs" / "maestro.jsonl").read_text(encoding="utf-8")
    assert secret not in text
    assert "hunter2" not in text
    assert "RuntimeError" in text


def test_nothing_reaches_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with keep_logs(tmp_path):
        logging.getLogger("maestro.x").error("loud")
        logging.getLogger("some.library").error("louder")
    assert capfd.readouterr() == ("", "")
