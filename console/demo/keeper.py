"""Starts the processes of the demo's world, starts one anew when asked, and clears everything up.

Usage: python -m console.demo.keeper FOLDER   (the plan stands in FOLDER/plan.json)

It ends when its standard input closes: after the console left, and also after it was killed. Then
it ends what it started, and removes the folder.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from console.demo.piece import Ground

POLL_S: Final = 0.2
_END_S: Final = 3.0
_HUB: Final = Path(__file__).resolve().parents[2]  # where the `console` package lies


class Keeper:
    """The processes, by name."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._plan: dict[str, list[str]] = json.loads((ground.folder / "plan.json").read_text())
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start_all(self) -> None:
        """Start what the plan names, in its order."""
        self._ground.requests.mkdir(mode=0o700, exist_ok=True)
        for name in self._plan:
            self._start(name)
        self._tell()

    def look(self) -> None:
        """Start anew whatever was asked for; collect what ended."""
        asked = [each for each in self._ground.requests.iterdir() if each.name in self._plan]
        for request in asked:
            self._end([self._running[request.name]])
            self._start(request.name)
            request.unlink(missing_ok=True)
        if asked:
            self._tell()
        for process in self._running.values():
            process.poll()

    def end_all(self) -> None:
        """End them all, politely first."""
        self._end(list(self._running.values()))

    def _start(self, name: str) -> None:
        log = self._ground.folder / "logs" / f"{name}.log"
        log.parent.mkdir(mode=0o700, exist_ok=True)
        with log.open("ab") as output:
            self._running[name] = subprocess.Popen(  # noqa: S603 - the plan is the demo's own
                self._plan[name],
                stdin=subprocess.PIPE,  # closes when this process is gone: their lifeline
                stdout=output,
                stderr=output,
                cwd=self._ground.folder,
                env={**os.environ, "PYTHONPATH": str(_HUB)},
            )

    def _tell(self) -> None:
        pids = {name: process.pid for name, process in self._running.items()}
        draft = self._ground.running_file.with_suffix(".new")
        draft.write_text(json.dumps(pids), encoding="utf-8")
        draft.replace(self._ground.running_file)

    @staticmethod
    def _end(processes: Sequence["subprocess.Popen[bytes]"]) -> None:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()


def _leave(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(128 + number)


def main(folder: Path) -> None:
    """Keep the world until standard input closes."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _leave)
    keeper = Keeper(Ground(folder))
    try:
        keeper.start_all()
        while not (select.select([sys.stdin], [], [], POLL_S)[0] and not os.read(0, 4096)):
            keeper.look()
    finally:
        keeper.end_all()
        with contextlib.suppress(OSError):
            os.chdir("/")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
