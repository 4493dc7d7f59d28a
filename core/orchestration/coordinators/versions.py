"""API versions in use against versions served, sync failures and lag. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from core.actions import JsonObject
from core.agents.documents import as_objects, as_text

_VERSION: Final = re.compile(r"/(v\d{1,4}(?:\.\d{1,4})?)(?=/|$)", re.IGNORECASE)
_SYNC: Final = re.compile(r"/sync(?=/|$)", re.IGNORECASE)
SYNC_FAILURES_MAX: Final = 0.05  # of the sync calls: sync_reliability's bound of 0.95
SYNC_LAG_S_MAX: Final = 5.0  # 95 of 100 sync calls are answered within it
_CALLS_MIN: Final = 20  # before a share is told
_SERVER_ERROR: Final = 500
_CLIENT_ERRORS: Final = frozenset((408, 409, 410, 413, 422, 429))  # of these sync loses something


@dataclass(frozen=True, slots=True)
class SeenCall:
    """One line of the access log."""

    path: str  # without the query
    status: int
    duration_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What apps call against what is served."""

    in_use: Mapping[str, int]  # version -> calls
    served: frozenset[str]

    @property
    def not_served(self) -> tuple[str, ...]:
        """Called, and not in the contract."""
        return tuple(sorted(self.in_use.keys() - self.served))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """How synchronisation goes. None: too few calls, or no durations in the log."""

    calls: int
    failures: int
    lag_s_p95: float | None

    @property
    def failure_share(self) -> float | None:
        """0..1 of the calls."""
        return self.failures / self.calls if self.calls >= _CALLS_MIN else None


def read_served(document: JsonObject) -> frozenset[str]:
    """Versions that a contract serves: in its paths, else its servers, else of its own version."""
    paths = document.get("paths")
    bases = [
        urlsplit(as_text(each.get("url"))).path for each in as_objects(document.get("servers"))
    ]
    found = {
        version
        for path in (paths if isinstance(paths, Mapping) else ())
        if (version := find_version(path))
    }
    found |= {version for base in bases if (version := find_version(base))}
    info = document.get("info")
    if not found and isinstance(info, Mapping):
        major = as_text(info.get("version")).split(".")[0].removeprefix("v")
        if major.isdecimal():
            found.add(f"v{major}")
    return frozenset(found)


def find_version(path: str) -> str:
    """`v2` of `/api/v2/orders`; "" when a path names none."""
    found = _VERSION.search(path)
    return found[1].lower() if found else ""


def count_versions(calls: Iterable[SeenCall], served: frozenset[str]) -> Versions:
    """Calls by version; paths without one are left out."""
    found = Counter(version for each in calls if (version := find_version(each.path)))
    return Versions(in_use=dict(sorted(found.items())), served=served)


def measure_sync(calls: Iterable[SeenCall]) -> Sync:
    """Calls of a path with the segment `sync`: lost ones, and how long 95 of 100 took at most."""
    seen = [each for each in calls if _SYNC.search(each.path)]
    failed = sum(each.status >= _SERVER_ERROR or each.status in _CLIENT_ERRORS for each in seen)
    return Sync(calls=len(seen), failures=failed, lag_s_p95=_p95(seen))


def _p95(calls: Sequence[SeenCall]) -> float | None:
    took = sorted(each.duration_s for each in calls if each.duration_s is not None)
    if len(took) < _CALLS_MIN:
        return None
    return took[-(-len(took) * 95 // 100) - 1]  # nearest rank
