"""`maestro doctor` says what arrived over OTLP from whom."""

import json
import subprocess
import sys
from pathlib import Path

from tests.integration.engine.served import serving
from tests.otlp import export, make_span


def doctor(home: Path, *more: str) -> str:
    found = subprocess.run(
        [sys.executable, "-m", "console", "doctor", "--home", str(home), *more],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def test_the_doctor_says_what_arrived_from_whom(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "maestro.toml").write_text("[gateway]\nport = 0\n", encoding="utf-8")
    (home / "maestro.toml").chmod(0o600)
    with serving(home) as served:
        assert "sends" not in doctor(home)
        sent = json.loads(export("traces", [make_span()]))
        assert served.call("POST", "/v1/traces", sent)[0] == 200
        assert "1 spans, 0 logs, 0 points; 1 calls" in doctor(home)
        (emitter,) = json.loads(doctor(home, "--json"))["telemetry"]
        assert emitter["totals"]["input_tokens"] == 1000
    assert "sends" not in doctor(home)
