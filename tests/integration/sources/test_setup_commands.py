"""`maestro init` in a folder with something to measure, and `maestro doctor` on what is bound."""

import json
from pathlib import Path
from typing import Any

import pytest

from console.__main__ import main


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir(mode=0o700)
    return made


def configure(home: Path, text: str) -> None:
    path = home / "maestro.toml"
    path.write_text("[gateway]\nport = 0\n" + text, encoding="utf-8")
    path.chmod(0o600)


def ask_doctor(home: Path, code: int, capsys: pytest.CaptureFixture[str]) -> Any:
    assert main(["doctor", "--json", "--home", str(home)]) == code
    return json.loads(capsys.readouterr().out)


def test_init_writes_what_the_folder_offers_and_the_doctor_reads_it(
    tmp_path: Path,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "coverage.xml").write_text('<coverage line-rate="0.91"/>', encoding="ascii")
    monkeypatch.chdir(project)
    assert main(["init", "--home", str(home)]) == 0
    told = capsys.readouterr().out
    assert f"found {project}/coverage.xml: [metrics.backend.code_coverage]" in told
    config = home / "maestro.toml"
    made = config.read_text(encoding="utf-8")
    before = made.replace("# port = 7717", "port = 0")  # another console may have the usual port
    config.write_text(before, encoding="utf-8")
    assert "sources" not in ask_doctor(home, 0, capsys)
    at = before.index("# [metrics.backend.code_coverage]")
    config.write_text(before[:at] + before[at:].replace("# ", ""), encoding="utf-8")
    (source,) = ask_doctor(home, 0, capsys)["sources"]
    assert (source["key"], source["ok"]) == ("backend.code_coverage", True)
    assert source["said"].startswith("91%: ")
    assert main(["init", "--home", str(home)]) == 1
    assert main(["init", "--force", "--home", str(home)]) == 0
    assert config.read_text(encoding="utf-8") == made


def test_the_doctor_reads_each_source_once_and_says_what_is_wrong(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "share").write_text("0.5", encoding="ascii")
    (home / "share").chmod(0o600)
    configure(
        home,
        '[metrics.backend.code_coverage]\nsource = "file"\npath = "share"\nformat = "number"\n'
        '[metrics.backend.error_rate]\nsource = "file"\npath = "none"\nformat = "number"\n'
        '[metrics.backend.eror_rate]\nsource = "psutil"\nmeasure = "memory"\n'
        '[metrics.mine.load]\nsource = "psutil"\nmeasure = "load"\nunit = "ratio"\ntarget = 1\n'
        '[metrics.ai.cost_per_video]\nsource = "otlp"\nmetric = "cost"\n',
    )
    told = ask_doctor(home, 1, capsys)
    good = {each["key"]: each["said"] for each in told["sources"] if each["ok"]}
    assert good["backend.code_coverage"] == "50%"
    assert good["ai.cost_per_video"] == "read by the running console only"
    assert set(good) >= {"mine.load", "backend.eror_rate"}
    misnamed, missing = told["problems"]
    assert "did you mean 'backend.error_rate'" in misnamed
    assert "[metrics.backend.error_rate] file none: No such file" in missing
    assert main(["doctor", "--home", str(home)]) == 1
    shown = capsys.readouterr().out
    assert "source  backend.code_coverage = 50% (file share)" in shown
    assert "FAIL    [metrics.backend.error_rate] file none: No such file" in shown
    assert str(tmp_path) in shown
