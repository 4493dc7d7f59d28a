"""Visitors of the shop: they look, they order, and every 15 s somebody checks that all works.

Usage: python -m console.demo.visitors FOLDER
"""

import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final
from xml.sax.saxutils import quoteattr

from console.demo.lifeline import end_with_parent
from console.demo.piece import Ground

_PAUSE_S: Final = 0.25
_ROUND: Final = (
    ("GET", "/v1/products", None),
    ("GET", "/v1/products/2", None),
    ("POST", "/v1/orders", {"product": 1, "quantity": 2}),
    ("GET", "/v1/products/3", None),
    ("POST", "/v1/orders", {"product": 4, "quantity": 1}),
)
_CHECK_EVERY: Final = 12  # rounds
_CHECKS: Final = (("/healthz", 200), ("/v1/products", 200), ("/v1/products/999", 404))


def ask(url: str, method: str, body: object = None) -> int:
    """The status of the answer; 0 for none."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    data = None if body is None else json.dumps(body).encode()
    try:
        with opener.open(urllib.request.Request(url, data, method=method), timeout=5) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def check(ground: Ground) -> None:
    """Ask for three pages and write down, as JUnit does, whether the answers are right."""
    cases: list[str] = []
    failures = 0
    for path, expected in _CHECKS:
        began_s = time.perf_counter()
        found = ask(ground.shop_url() + path, "GET")
        took_s = time.perf_counter() - began_s
        failed = found != expected
        failures += failed
        inner = (
            f"<failure message={quoteattr(f'{found} instead of {expected}')}/>" if failed else ""
        )
        cases.append(f"<testcase name={quoteattr(path)} time='{took_s:.4f}'>{inner}</testcase>")
    report = f"<testsuite name='smoke' tests='{len(cases)}' failures='{failures}'>"
    draft = ground.folder / "smoke.new"
    draft.write_text(report + "".join(cases) + "</testsuite>", encoding="utf-8")
    draft.replace(ground.smoke_report)


def main(folder: Path) -> None:
    """Visit for ever."""
    end_with_parent()
    ground = Ground(folder)
    while not ground.shop_url():
        time.sleep(_PAUSE_S)
    rounds = 0
    while True:
        if rounds % _CHECK_EVERY == 0:
            check(ground)
        rounds += 1
        for method, path, body in _ROUND:
            ask(ground.shop_url() + path, method, body)
            time.sleep(_PAUSE_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
