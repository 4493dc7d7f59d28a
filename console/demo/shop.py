"""A tiny shop over HTTP. It really sells, writes its access log, and has one real fault.

Usage: python -m console.demo.shop FOLDER

The fault came with version 1.2.0: each second order never gives its database handle back. When no
handle is left, requests wait in vain, answers are slow and `/healthz` says so. A restart gives all
handles back, and version 1.1.0 never loses one.
"""

import json
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from prometheus_client import Counter, Gauge, Histogram, generate_latest

from console.demo.documents import BACKEND
from console.demo.lifeline import end_with_parent
from console.demo.piece import Ground
from console.demo.sales import FAULTY_VERSION, roll_up, sell

HANDLES: Final = 80
_PATIENCE_S: Final = 0.7  # for a handle
_ROLL_UP_S: Final = 10.0
_REQUESTS: Final = Counter("shop_requests", "Requests answered", ["code"])
_SECONDS: Final = Histogram(
    "shop_request_seconds", "Time to answer", buckets=(0.005, 0.02, 0.1, 0.5, 1, 2)
)
_FREE: Final = Gauge("shop_handles_free", "Database handles that nobody holds")
Answer = tuple[int, Any]


class Shop:
    """What the shop knows: its database, its handles, its version."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.version = ground.version_file.read_text(encoding="utf-8").strip()
        self.handles = threading.Semaphore(HANDLES)
        self.free = HANDLES
        self._orders = 0
        self._log = ground.access_log.open("a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """Status and JSON."""
        if path == "/healthz":
            healthy = self.free > 0
            words = "ok" if healthy else "no database handle is free"
            return 200 if healthy else 503, {"status": words, "version": self.version}
        if path == "/openapi.json":
            return 200, BACKEND
        if not path.startswith("/v1/"):
            return 404, {"error": "there is no such page"}
        if not self.handles.acquire(timeout=_PATIENCE_S):
            return 503, {"error": "no database handle is free"}
        self._count(-1)
        leaks = False
        try:
            status, found, leaks = self._serve(method, path, body)
        finally:
            if not leaks:
                self.handles.release()
                self._count(1)
        return status, found

    def log(self, client: str, line: str, *, status: int, size: int, took_s: float) -> None:
        """One line in the combined format, with the time it took."""
        at = time.strftime("%d/%b/%Y:%H:%M:%S %z")
        words = f'{client} - - [{at}] "{line}" {status} {size} "-" "demo-visitor" {took_s:.4f}\n'
        with self._lock:
            self._log.write(words)

    def _count(self, by: int) -> None:
        with self._lock:
            self.free += by
            _FREE.set(self.free)

    def _serve(self, method: str, path: str, body: bytes) -> tuple[int, Any, bool]:
        with closing(sqlite3.connect(self.ground.database, timeout=5)) as database, database:
            database.row_factory = sqlite3.Row
            if method == "POST" and path == "/v1/orders":
                asked = json.loads(body)
                order = sell(database, int(asked["product"]), int(asked["quantity"]))
                with self._lock:
                    self._orders += 1
                    leaks = self.version == FAULTY_VERSION and self._orders % 2 == 0
                return (201, order, leaks) if order else (404, {"error": "no such product"}, False)
            if path == "/v1/products":
                rows = database.execute("SELECT id, name, price_cents FROM products")
                return 200, [dict(row) for row in rows], False
            number = path.removeprefix("/v1/products/")
            row = database.execute(
                "SELECT id, name, price_cents FROM products WHERE id = ?", (number,)
            ).fetchone()
            return (200, dict(row), False) if row else (404, {"error": "no such page"}, False)


def _make_handler(shop: Shop) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One request."""

        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            """Read."""
            self._answer()

        def do_POST(self) -> None:
            """Order."""
            self._answer()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's name
            """The access log is written with what only the end of a request knows."""

        def _answer(self) -> None:
            began_s = time.perf_counter()
            path = urlsplit(self.path).path
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if path == "/metrics":
                self._send(200, generate_latest(), "text/plain; version=0.0.4; charset=utf-8")
                return
            try:
                status, found = shop.answer(self.command, path, body)
            except (ValueError, KeyError, TypeError) as error:
                status, found = 400, {"error": f"not an order: {error}"}
            sent = json.dumps(found).encode()
            self._send(status, sent, "application/json")
            took_s = time.perf_counter() - began_s
            _SECONDS.observe(took_s)
            _REQUESTS.labels(str(status)).inc()
            line = f"{self.command} {path} HTTP/1.1"
            shop.log(self.client_address[0], line, status=status, size=len(sent), took_s=took_s)

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        work()
        time.sleep(seconds)


def main(folder: Path) -> None:
    """Serve until told to end, on the port of the last start where there was one."""
    end_with_parent()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ground = Ground(folder)
    shop = Shop(ground)
    _FREE.set(HANDLES)
    _REQUESTS.labels("200")
    _REQUESTS.labels("503")
    threading.Thread(target=_every, args=(_ROLL_UP_S, lambda: roll_up(ground)), daemon=True).start()
    port = urlsplit(ground.shop_url()).port or 0
    server = ThreadingHTTPServer(("127.0.0.1", port), _make_handler(shop))
    server.daemon_threads = True
    ground.address_file.write_text(f"http://127.0.0.1:{server.server_port}\n", encoding="utf-8")
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
