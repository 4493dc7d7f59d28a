"""Shell commands stopped and let by, beside a deny list of patterns measured in the same run.

    python -m benchmarks.shell_risk [FILE]

Prints one JSON line. Shares are 0..1: `stopped` of the malicious commands, `false_stops` of the
harmless ones; a stop is an ask or a deny. `cross_validation` repeats the run in five folds with
the programs of a fold kept together and their rows taken out of the tables, so that only the
general rules serve for them: a lower bound for programs nobody has described. `no_tables` takes
every row out. `lists` are the shares of the lists that the tests keep. `latency_ms` takes the
least of `repeats` runs of each command, and tells the slowest first run beside it.
"""

import json
import re
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns
from typing import Final

from core.actions import Decision
from core.risk.shell.catalog import Catalog, Row, shipped_catalog
from core.risk.shell.rules import classify_with

_DATA: Final = (
    Path(__file__).parents[2] / "shared" / "data" / "governance" / "shell_commands.dev.jsonl"
)
_LISTS_AT: Final = Path(__file__).parents[1] / "tests" / "unit" / "risk" / "shell"
_LISTS: Final = ("abuse", "techniques", "everyday")
_FOLDS: Final = 5
_REPEATS: Final = 3

# What the usual deny list looks like: a dozen patterns over the raw text.
_DENY_LIST: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"\brm\s+-[a-zA-Z]*[rf]",
        r"\b(?:curl|wget)\b[^|;]*\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b",
        r"\b(?:nc|ncat|netcat)\b.*\s-[a-z]*e",
        r"/dev/(?:tcp|udp)/",
        r"/etc/(?:passwd|sudoers)\b",
        r"\bmkfs(?:\.\w+)?\b|\bdd\s+if=",
        r"\bchmod\s+(?:-R\s+)?(?:777|u\+s|4755)",
        r"\b(?:sudo|su|doas)\b",
        r":\(\)\s*\{.*\};:",
        r"\bbase64\s+(?:-d|--decode)\b.*\|\s*(?:ba)?sh\b|\beval\b",
        r"/bin/(?:ba|da|z)?sh\b",
        r"\b(?:shutdown|reboot|halt|crontab\s+-[er])\b|>\s*/dev/sd[a-z]",
    )
)


@dataclass(frozen=True, slots=True)
class _Sample:
    command: str
    group: str
    purpose: str
    hostile: bool


def _load(path: Path) -> list[_Sample]:
    samples: list[_Sample] = []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        samples.append(
            _Sample(
                command=row["command"],
                group=row["group"],
                purpose=row.get("purpose", ""),
                hostile=row["label"] == "malicious",
            )
        )
    return samples


def _shares(samples: Sequence[_Sample], stops: Sequence[bool]) -> dict[str, float]:
    hostile = [stop for sample, stop in zip(samples, stops, strict=True) if sample.hostile]
    harmless = [stop for sample, stop in zip(samples, stops, strict=True) if not sample.hostile]
    return {
        "stopped": round(sum(hostile) / max(len(hostile), 1), 4),
        "false_stops": round(sum(harmless) / max(len(harmless), 1), 4),
    }


def _stopped(catalog: Catalog, sample: _Sample) -> bool:
    risk = classify_with(catalog, sample.command, purpose=sample.purpose)
    return risk.decision is not Decision.ALLOW


def _listed(sample: _Sample) -> bool:
    return any(pattern.search(sample.command) for pattern in _DENY_LIST)


def _fold_of(sample: _Sample) -> int:
    return zlib.crc32(sample.group.encode()) % _FOLDS


def _names_of(sample: _Sample) -> set[str]:
    """The program that a sample is about, also where its command calls it by another name."""
    words = sample.command.split(maxsplit=1)
    return {sample.group, words[0].rpartition("/")[2] if words else ""}


def _without_own_rows(samples: Sequence[_Sample]) -> list[bool]:
    catalogs: list[Mapping[str, Row]] = []
    for fold in range(_FOLDS):
        held_out: set[str] = set()
        for sample in samples:
            held_out |= _names_of(sample) if _fold_of(sample) == fold else set()
        catalogs.append(
            {name: row for name, row in shipped_catalog().items() if name not in held_out}
        )
    return [_stopped(catalogs[_fold_of(sample)], sample) for sample in samples]


def _cross_validation(samples: Sequence[_Sample]) -> dict[str, object]:
    stops = _without_own_rows(samples)
    folds: list[dict[str, float]] = []
    for fold in range(_FOLDS):
        own = [index for index, sample in enumerate(samples) if _fold_of(sample) == fold]
        folds.append(_shares([samples[index] for index in own], [stops[index] for index in own]))
    return {
        **_shares(samples, stops),
        "folds": _FOLDS,
        "stopped_least": min(fold["stopped"] for fold in folds),
        "false_stops_most": max(fold["false_stops"] for fold in folds),
    }


def _list_shares(catalog: Catalog) -> dict[str, float]:
    shares: dict[str, float] = {}
    for name in _LISTS:
        lines = (_LISTS_AT / f"{name}.txt").read_text("utf-8").splitlines()
        commands = [line.replace("⏎", "\n") for line in lines if line]
        stops = [classify_with(catalog, each).decision is not Decision.ALLOW for each in commands]
        shares[name] = round(sum(stops) / len(stops), 4)
    return shares


def _latency_ms(
    judge: Callable[[_Sample], bool], samples: Sequence[_Sample]
) -> dict[str, float | int]:
    """The least of a few runs of each sample: what the work costs, without the neighbours.

    The runs of a sample stand a whole pass apart: neighbours stay for longer than one sample.
    `max_of_first_runs` is the slowest of each sample's first run, with neighbours and all.
    """
    passes: list[list[int]] = []
    for _ in range(_REPEATS):
        runs: list[int] = []
        for sample in samples:
            started = perf_counter_ns()
            judge(sample)
            runs.append(perf_counter_ns() - started)
        passes.append(runs)
    times = sorted(min(runs) / 1_000_000 for runs in zip(*passes, strict=True))
    first = max(passes[0])
    return {
        "p50": round(times[len(times) // 2], 3),
        "p99": round(times[len(times) * 99 // 100], 3),
        "max": round(times[-1], 3),
        "max_of_first_runs": round(first / 1_000_000, 3),
        "repeats": _REPEATS,
    }


def measure(path: Path) -> dict[str, object]:
    """Every figure, from one file of labelled commands."""
    samples = _load(path)
    catalog = shipped_catalog()
    own = [_stopped(catalog, sample) for sample in samples]
    shares = _shares(samples, own)
    denied = [
        classify_with(catalog, sample.command, purpose=sample.purpose).decision is Decision.DENY
        for sample in samples
    ]
    baseline = _shares(samples, [_listed(sample) for sample in samples])
    return {
        "figure": "shell_risk",
        "commands": {
            "malicious": sum(sample.hostile for sample in samples),
            "harmless": sum(not sample.hostile for sample in samples),
        },
        **shares,
        "denied": _shares(samples, denied),
        "cross_validation": _cross_validation(samples),
        "no_tables": _shares(samples, [_stopped({}, sample) for sample in samples]),
        "lists": _list_shares(catalog),
        "lists_no_tables": _list_shares({}),
        "latency_ms": _latency_ms(lambda sample: _stopped(catalog, sample), samples),
        "baseline_deny_list": {**baseline, "latency_ms": _latency_ms(_listed, samples)},
        "ratio_stopped": round(shares["stopped"] / max(baseline["stopped"], 1e-9), 2),
    }


def main(arguments: Sequence[str]) -> int:
    """Print the figures of the file named, or of the shared development half."""
    path = Path(arguments[0]) if arguments else _DATA
    if not path.exists():
        print(f"no labelled commands at {path}", file=sys.stderr)
        return 2
    print(json.dumps(measure(path)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
