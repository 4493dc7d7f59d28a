"""What `maestro init` finds in a folder that metrics and contracts could be read from.

Nothing is switched on: each find becomes lines of the configuration, commented, with where it was
found. Only names and the beginnings of files are looked at, and only so many of them.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.actions import JsonObject, JsonValue
from core.adapters.sources.parse_access_log import Entry, parse_line
from core.adapters.sources.regular import open_regular, read_at_most
from core.errors import SourceFailed

_DEPTH_MAX: Final = 5
_ENTRIES_MAX: Final = 20_000
_HEAD_BYTES: Final = 65_536
_COMPOSE_BYTES_MAX: Final = 1_000_000
_LOG_LINES: Final = 5
_SKIPPED: Final = frozenset({"node_modules", "venv", "site-packages", "__pycache__", "vendor"})
_DECISIONS: Final = ("docs/adr", "docs/adrs", "doc/adr", "docs/decisions", "adr")
_COMPOSE: Final = frozenset(
    {"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}
)
_OPENAPI_JSON: Final = re.compile(r'^\s*\{[^{}]{0,200}?"(?:openapi|swagger)"\s*:\s*"')
_OPENAPI_YAML: Final = re.compile(r"^[\"']?(?:openapi|swagger)[\"']?:\s*\S", re.MULTILINE)
_PORT: Final = re.compile(r"(?:(?P<host>[\d.]+):)?(?P<published>\d+):(?P<target>\d+)(?:/tcp)?")
_EXPORTER: Final = re.compile(r"prometheus|exporter|cadvisor", re.IGNORECASE)
_POSTGRES_PORT: Final = 5432
_NOT_HTTP: Final = frozenset(
    {22, 25, 53, 1433, 1521, 3306, 4222, 5672, 6379, 9042, 9092, 11211, 27017}
)
CHOOSE: Final = "AGENT.METRIC"  # the reader says which metric it stands for


@dataclass(frozen=True, slots=True)
class Find:
    """A table of the configuration that could be switched on."""

    table: str  # "metrics.backend.code_coverage"
    where: str  # the path or the service, for people
    lines: tuple[str, ...]  # the table's keys, as TOML


def detect(folder: Path) -> tuple[Find, ...]:
    """What could be bound, in the order of its paths; what cannot be read is passed over."""
    folder = folder.absolute()
    finds = list(_repository(folder))
    contracts: dict[str, Path] = {}
    for path in _files(folder):
        if path.name in _COMPOSE:
            finds += _compose(path)
        elif _is_contract(path):
            contracts.setdefault("frontend" if "front" in str(path).lower() else "backend", path)
        else:
            finds += _look(path)
    if contracts:
        lines = tuple(f"{side} = {quoted(str(path))}" for side, path in contracts.items())
        where = ", ".join(map(str, contracts.values()))
        finds.append(Find("orchestration.contracts", where, lines))
    return tuple(finds)


def as_comments(finds: Iterable[Find]) -> str:
    """The finds as commented lines; a table that was found twice has its lines once."""
    text = ""
    seen: set[str] = set()
    for find in finds:
        text += f"\n# Found: {json.dumps(find.where)}\n"
        if find.table in seen and CHOOSE not in find.table:
            text += f"# It would fit [{find.table}] too, which has its lines above.\n"
        else:
            text += "".join(f"# {line}\n" for line in (f"[{find.table}]", *find.lines))
        seen.add(find.table)
    return text


def quoted(text: str) -> str:
    """A TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _metric(key: str, where: str, **values: str | float) -> Find:
    lines = tuple(
        f"{name} = {quoted(value) if isinstance(value, str) else value}"
        for name, value in values.items()
    )
    return Find(f"metrics.{key}", where, lines)


def _files(folder: Path) -> Iterator[Path]:
    """Files below the folder, hidden folders and other people's code left out."""
    seen = 0
    for root, folders, names in os.walk(folder):
        seen += 1
        depth = len(Path(root).relative_to(folder).parts)
        folders[:] = sorted(
            name
            for name in folders
            if depth < _DEPTH_MAX and not name.startswith(".") and name not in _SKIPPED
        )
        for name in sorted(names):
            seen += 1
            if seen > _ENTRIES_MAX:
                return
            path = Path(root, name)
            try:
                str(path).encode()
            except UnicodeEncodeError:
                continue  # such a name cannot stand in a configuration
            yield path


def _head(path: Path, count: int = _HEAD_BYTES) -> str:
    """The beginning of a file; "" when it cannot be read."""
    try:
        with open_regular(path) as file:
            return read_at_most(file, count).decode(errors="replace").removeprefix("\ufeff")
    except (OSError, SourceFailed):
        return ""


def _repository(folder: Path) -> Iterator[Find]:
    root = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
    if root is None:
        return
    path = str(root)
    where = f"git repository {path}"
    for key, measure in (
        ("architect.architecture_review_completion_time", "review_time_min"),
        ("system.project_delivery_velocity", "tags_per_week"),
    ):
        yield _metric(key, where, source="git", measure=measure, path=path)
    records = next((each for each in _DECISIONS if (root / each).is_dir()), None)
    if records is not None:
        yield _metric(
            "architect.system_design_decisions_per_hour",
            f"decision records in {path}/{records}",
            source="git",
            measure="decisions_per_hour",
            path=path,
            decisions=f"{records}/*.md",
        )


def _is_contract(path: Path) -> bool:
    match path.suffix.lower():
        case ".json":
            return bool(_OPENAPI_JSON.match(_head(path)))
        case ".yaml" | ".yml":
            return bool(_OPENAPI_YAML.search(_head(path)))
        case _:
            return False


def _look(path: Path) -> Iterator[Find]:
    where = str(path)
    match path.suffix.lower():
        case ".xml":
            head = _head(path)
            if "<coverage" in head and "line-rate" in head:
                yield _metric(
                    "backend.code_coverage", where, source="file", path=where, format="coverage"
                )
            elif re.search(r"<testsuites?[\s>]", head):
                yield _metric(CHOOSE, where, source="file", path=where, format="junit")
        case ".json" if '"lighthouseVersion"' in _head(path):
            yield _metric(
                "frontend.core_web_vitals_score",
                where,
                source="file",
                path=where,
                format="lighthouse",
                category="performance",
                scale=100,
            )
        case ".log" | "" if "log" in path.name.lower():
            yield from _access_log(path)
        case _:
            pass


def _access_log(path: Path) -> Iterator[Find]:
    lines = _head(path).splitlines()[:_LOG_LINES]
    entries: list[Entry] = [entry for entry in map(parse_line, lines) if entry is not None]
    if not entries:
        return
    measures = [("backend.error_rate", "error_ratio"), ("backend.api_throughput", "rate_per_s")]
    if any(entry.duration_s is not None for entry in entries):
        measures.append(("backend.api_response_time_p95", "latency_p95_ms"))
    for key, measure in measures:
        yield _metric(key, str(path), source="access_log", path=str(path), measure=measure)


def _compose(path: Path) -> Iterator[Find]:
    import yaml  # noqa: PLC0415 - only where there is such a file

    try:
        document: JsonValue = yaml.safe_load(_head(path, _COMPOSE_BYTES_MAX))
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    services = document.get("services") if isinstance(document, dict) else None
    for name, service in services.items() if isinstance(services, dict) else ():
        if isinstance(service, dict):
            yield from _service(str(name), service, f"service {name} of {path}")


def _service(name: str, service: JsonObject, where: str) -> Iterator[Find]:
    ports = service.get("ports")
    for entry in ports if isinstance(ports, list) else ():
        found = _published(entry)
        if found is None:
            continue
        host, published, target = found
        if _EXPORTER.search(f"{name} {service.get('image', '')}"):
            url = f"http://{host}:{published}/metrics"
            yield _metric(CHOOSE, where, source="prometheus", url=url, metric="NAME")
        elif target == _POSTGRES_PORT:
            address = f"postgresql://USER@{host}:{published}/DATABASE"
            query = "SELECT count(*) FROM TABLE"
            yield _metric(
                CHOOSE,
                where,
                source="sql",
                address=address,
                password_env="VARIABLE",  # noqa: S106 - a place to fill in
                query=query,
            )
        elif target not in _NOT_HTTP:
            url = f"http://{host}:{published}/"
            yield _metric(
                "devops.system_uptime", where, source="http_probe", measure="uptime", url=url
            )


def _published(entry: JsonValue) -> tuple[str, int, int] | None:
    """Address and port on this host and the port inside, in the short form or the long one."""
    if isinstance(entry, dict):
        host = entry.get("host_ip") or "127.0.0.1"
        entry = (
            f"{host}:{entry.get('published')}:{entry.get('target')}/{entry.get('protocol', 'tcp')}"
        )
    found = _PORT.fullmatch(entry) if isinstance(entry, str) else None
    if found is None:
        return None
    host = found["host"] or "127.0.0.1"
    return "127.0.0.1" if host == "0.0.0.0" else host, int(found["published"]), int(found["target"])  # noqa: S104
