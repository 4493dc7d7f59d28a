"""Really restarts a process of the demo's world, and says which version came up.

Usage: python restart.py FOLDER NAME [VERSION]   (run by its path: it needs nothing but Python)
"""

import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

_PATIENCE_S: Final = 30.0


def _pid(folder: Path, name: str) -> int:
    return int(json.loads((folder / "running.json").read_text(encoding="utf-8"))[name])


def _version(url: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url + "/healthz", timeout=5) as answer:
            return str(json.load(answer)["version"])
    except (OSError, urllib.error.URLError):
        return ""


def main(folder: Path, name: str, version: str) -> str:
    """Ask the keeper, and wait until another process answers."""
    before = _pid(folder, name)
    if version:
        (folder / "shop.version").write_text(version, encoding="utf-8")
    (folder / "requests" / name).touch()
    give_up_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up_s:
        time.sleep(0.2)
        if _pid(folder, name) == before:
            continue
        found = _version((folder / "shop.url").read_text(encoding="utf-8").strip())
        if found:
            return f"{name} {found} answers again"
    sys.exit(f"{name} does not answer {_PATIENCE_S:g} s after its restart")


if __name__ == "__main__":
    sys.stdout.write(main(Path(sys.argv[1]), sys.argv[2], "".join(sys.argv[3:4])) + "\n")
