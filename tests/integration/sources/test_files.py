"""Files as other tools leave them: their number, their age, and what is wrong with them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import SourceFailed
from tests.integration.sources.servers import read_once


async def test_pytest_and_coverage_write_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert False\n"
        "@pytest.mark.skip\n"
        "def test_left_out(): pass\n"
        "@pytest.fixture\n"
        "def broken(): raise ValueError\n"
        "def test_error(broken): pass\n",
        encoding="ascii",
    )
    run = [sys.executable, "-m", "coverage", "run", "--data-file=c", "--source=.", "-m", "pytest"]
    run += ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir=.", "--junitxml=junit.xml", "."]
    quick = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    write = [sys.executable, "-m", "coverage", "xml", "--data-file=c", "-o", "coverage.xml"]
    for command, code in ((run, 1), (write, 0)):
        ended = subprocess.run(  # noqa: ASYNC221 - the test waits for it anyway
            command, cwd=tmp_path, env=quick, capture_output=True, check=False
        )
        assert ended.returncode == code, ended.stderr
    passed = await read_once(tmp_path, source="file", path="junit.xml", format="junit")
    assert (passed.value, passed.note) == (1 / 3, "1 of 3 tests passed, 1 skipped")
    took = await read_once(
        tmp_path, source="file", path="junit.xml", format="junit", measure="duration_s"
    )
    assert took.value is not None
    assert took.value > 0
    rate = await read_once(tmp_path, source="file", path="coverage.xml", format="coverage")
    assert rate.value is not None
    assert 0.8 < rate.value <= 1
    assert rate.note.endswith("lines")


async def test_a_value_is_as_old_as_its_file(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text('{"totals": {"share": 0.875}}', encoding="ascii")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    values = {"source": "file", "path": path, "format": "json", "pointer": "/totals/share"}
    found = await read_once(tmp_path, **values)
    assert (found.value, found.at_s) == (0.875, 1_000_000_000)
    os.utime(path, (4_000_000_000, 4_000_000_000))
    with pytest.raises(SourceFailed, match=r"changed in the future .*check this host's clock"):
        await read_once(tmp_path, **values)


async def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    values = {"source": "file", "format": "number"}
    (tmp_path / "long").write_text("1" * 100, encoding="ascii")
    (tmp_path / "word").write_text("many", encoding="ascii")
    (tmp_path / "secret").write_text("1", encoding="ascii")
    os.mkfifo(tmp_path / "pipe")
    for path, said in (
        ("none", "No such file"),
        ("long", "longer than 10 bytes"),
        ("word", "'many' is no number"),
        ("pipe", "not a regular file"),
        (".", "not a regular file"),
    ):
        with pytest.raises(SourceFailed, match=f"file {path.replace('.', '[.]')}: .*{said}"):
            await read_once(tmp_path, path=path, bytes_max=10, **values)
