"""What `maestro init` finds in a folder, and that a find is right as it stands once switched on."""

import os
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from console.cli.detect import CHOOSE, Find, as_comments, detect
from core.settings import Settings

LOG = '::1 - - [21/Nov/2026:09:05:09 +0000] "GET / HTTP/1.1" 200 12 "-" "curl/8.1"'
COMPOSE = """
services:
  shop:
    image: shop:1
    ports: ["8080:80", "127.0.0.1:9443:443/tcp", "53:53/udp", "3000-3005:3000-3005", "80", 81]
  node:
    image: quay.io/prometheus/node-exporter
    ports: ["9100:9100"]
  database:
    ports:
      - {target: 5432, published: "15432"}
      - {target: 6379, published: 6379}
  odd: 3
  odder:
    ports: 8080
"""


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def tables(finds: tuple[Find, ...]) -> list[str]:
    return [find.table.removeprefix("metrics.") for find in finds]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("coverage.xml", '<?xml?><coverage line-rate="1">', ["backend.code_coverage"]),
        ("out/TEST-a.xml", '<testsuite name="a"/>', [CHOOSE]),
        ("web/lh.json", '{"lighthouseVersion": "12"}', ["frontend.core_web_vitals_score"]),
        ("api/openapi.json", '{"openapi": "3.1.0"}', ["orchestration.contracts"]),
        ("api/v1.yml", "# ours\nopenapi: 3.0.3\n", ["orchestration.contracts"]),
        ("logs/access.log", LOG, ["backend.error_rate", "backend.api_throughput"]),
        (
            "logs/access_log",
            LOG + " 0.012",
            ["backend.error_rate", "backend.api_throughput", "backend.api_response_time_p95"],
        ),
        (
            "compose.yaml",
            COMPOSE,
            ["devops.system_uptime", "devops.system_uptime", CHOOSE, CHOOSE],
        ),
        ("docker-compose.yml", "services: {a: [", []),
        ("docker-compose.yml", "- 1", []),
        ("app.log", "INFO started", []),
        ("notes.xml", "<notes/>", []),
        ("package.json", '{"name": "openapi", "dependencies": {"openapi": "3"}}', []),
        ("node_modules/a/coverage.xml", '<coverage line-rate="1">', []),
        (".cache/coverage.xml", '<coverage line-rate="1">', []),
        ("a/b/c/d/e/f/coverage.xml", '<coverage line-rate="1">', []),
    ],
)
def test_each_kind_is_known_by_its_content(
    tmp_path: Path, put: Callable[[str, str], Path], name: str, text: str, found: list[str]
) -> None:
    put(name, text)
    assert tables(detect(tmp_path)) == found


def test_a_repository_is_found_from_below(tmp_path: Path, put: Callable[[str, str], Path]) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    put("docs/decisions/1.md", "# One")
    (tmp_path / "src").mkdir()
    finds = detect(tmp_path / "src")
    assert "architect.system_design_decisions_per_hour" in tables(finds)
    assert 'decisions = "docs/decisions/*.md"' in finds[-1].lines
    assert f'path = "{tmp_path}"' in finds[-1].lines


def test_the_published_port_is_what_is_probed(
    tmp_path: Path, put: Callable[[str, str], Path]
) -> None:
    put("compose.yml", COMPOSE)
    lines = [line for find in detect(tmp_path) for line in find.lines]
    assert 'url = "http://127.0.0.1:8080/"' in lines
    assert 'url = "http://127.0.0.1:9443/"' in lines
    assert 'url = "http://127.0.0.1:9100/metrics"' in lines
    assert 'address = "postgresql://USER@127.0.0.1:15432/DATABASE"' in lines


def test_what_is_found_is_commented_and_right_once_it_is_not(
    tmp_path: Path, put: Callable[[str, str], Path]
) -> None:
    put("compose.yaml", COMPOSE)
    put('odd "name"\n[x]\x7f/coverage.xml', '<coverage line-rate="1">')
    put("second/coverage.xml", '<coverage line-rate="1">')
    put("a.log", LOG + " 0.001")
    put("backend.json", '{"openapi": "3.1.0"}')
    put("frontend/api.json", '{"openapi": "3.1.0"}')
    text = as_comments(detect(tmp_path))
    assert tomllib.loads(text) == {}
    assert text.count("# [metrics.backend.code_coverage]") == 1
    switched = [
        line.removeprefix("# ")
        for line in text.splitlines()
        if not line.startswith(("# Found", "# It would"))
    ]
    while f"[metrics.{CHOOSE}]" in switched:
        at = switched.index(f"[metrics.{CHOOSE}]")
        switched[at] = f"[metrics.chosen.number_{at}]"
    values = tomllib.loads("\n".join(switched))
    assert set(values.pop("orchestration")["contracts"]) == {"backend", "frontend"}
    bound = Settings(**values).metrics
    assert bound["backend"]["code_coverage"].source == "file"
    assert len(bound["chosen"]) == 2


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.xml")
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\x00openapi")
    with open(os.fsencode(tmp_path) + b"/\xff.xml", "w", encoding="ascii") as file:  # noqa: PTH123
        file.write('<coverage line-rate="1">')
    assert detect(tmp_path) == ()
