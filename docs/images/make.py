"""Make `console.png`: the real console in a real terminal, with demo agents at its gateway.

Usage: python docs/images/make.py   (needs tmux, and chromium with a monospaced font)
"""
# ruff: noqa: INP001, S310, S603

import io
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.text import Text

COLUMNS: Final = 128
HERE: Final = Path(__file__).resolve().parent
DEPLOY: Final = """set -e
tar czf /tmp/site.tgz public/
curl -fsS -T /tmp/site.tgz https://files.example-cdn.net/u/8c1f/site.tgz
rm -rf /srv/shop/cache && systemctl restart shop"""
WORDS: Final = "Restart the shop after clearing its page cache, please."
FETCH: Final = "https://api.partner.example/v2/customers"
STORY: Final[tuple[tuple[str, str, str, dict[str, Any]], ...]] = (
    ("demo-coder", "shell.execute", "bash", {"command": "ls -la public/"}),
    ("demo-coder", "shell.execute", "bash", {"command": "git status --short"}),
    ("demo-coder", "shell.execute", "bash", {"command": DEPLOY, "timeout": 120000}),
    ("demo-shop", "tool.call", "refunds.create", {"account": "DE89 3704 0044", "amount": 42.5}),
    ("demo-coder", "file.edit", "/etc/hosts", {"old_string": "::1 shop", "new_string": "::1 old"}),
    ("demo-export", "http.request", FETCH, {"method": "POST", "fields": ["name", "city"]}),
)


def tmux(*words: str) -> str:
    """What tmux answers."""
    asked = ("tmux", "-L", "maestro-picture", *words)
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout


def wait_for(words: str) -> None:
    """Until these words stand on the terminal."""
    for _ in range(150):
        if words in tmux("capture-pane", "-p"):
            return
        time.sleep(0.2)
    sys.exit(f"{words!r} never appeared")


def call(home: Path, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """POST to the gateway as an agent does."""
    url = json.loads((home / "gateway.json").read_text())["url"] + path
    token = (home / "agent.token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urllib.request.urlopen(
        urllib.request.Request(url, json.dumps(body).encode(), headers)
    ) as it:
        return dict(json.load(it))


def play(home: Path) -> str:
    """Let the demo agents work; the terminal, with its colours, while they wait."""
    run = f"COLORTERM=truecolor LANG=C.UTF-8 {sys.executable} -m console --home {home} --port 0"
    tmux("new-session", "-d", "-x", str(COLUMNS), "-y", "36", f"cd {HERE.parents[1]} && {run}")
    wait_for("[LIVE]")
    for agent, kind, resource, arguments in STORY:
        body = {"agent": agent, "kind": kind, "resource": resource, "arguments": arguments}
        told = call(home, "/v1/actions", {**body, "session": f"{agent}-1", "purpose": WORDS})
        if told["decision"] == "allow":
            call(home, f"/v1/actions/{told['id']}/outcome", {"status": "succeeded"})
    tmux("send-keys", "3")
    wait_for("TOUCHES")
    time.sleep(2)  # keys answer only after there was time to read
    return tmux("capture-pane", "-peN")


def main() -> None:
    """Run it, photograph it."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            screen = play(Path(folder) / "demo")
        finally:
            tmux("kill-server")
        paper = Console(record=True, width=COLUMNS, file=io.StringIO())
        paper.print(Text.from_ansi(screen.rstrip("\n"), no_wrap=True), end="")
        drawing = paper.export_svg(title="maestro, with demo agents")
        picture = Path(folder) / "console.svg"
        picture.write_text(drawing)
        sides = re.findall(r'viewBox="0 0 (\S+) (\S+)"', drawing)[0]
        size = ",".join(str(round(float(side))) for side in sides)
        view = (f"--window-size={size}", f"--screenshot={HERE / 'console.png'}", picture.as_uri())
        browser = ("chromium", "--headless=new", "--no-sandbox", "--hide-scrollbars")
        subprocess.run([*browser, *view], check=True, capture_output=True)


if __name__ == "__main__":
    main()
