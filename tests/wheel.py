"""Builds the wheel, installs it into an empty environment, and starts it from an empty folder."""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "run.txt"


def main() -> int:
    """Return 0 when the installed wheel answers; raises CalledProcessError otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation",
             "--disable-pip-version-check", "-w", str(place), str(ROOT), at=place)  # fmt: skip
        venv.create(place / "env", with_pip=True)
        python = str(place / "env" / "bin" / "python")
        pip = (python, "-m", "pip", "install", "-q", "--disable-pip-version-check")
        _run(*pip, "--require-hashes", "-r", str(LOCK), at=place)
        _run(*pip, "--no-deps", str(next(place.glob("*.whl"))), at=place)
        maestro = str(place / "env" / "bin" / "maestro")
        empty = place / "empty"
        empty.mkdir()
        _run(maestro, "--help", at=empty)
        speaks = "from console import language as l; l.use('pt_BR'); assert l._('deny') == 'negar'"
        _run(python, "-c", speaks, at=empty)
        _run(maestro, "policy", "test", "--home", str(place / "home"), at=empty)
    sys.stdout.write("the wheel installs and answers\n")
    return 0


def _run(*command: str, at: Path) -> None:
    subprocess.run(command, cwd=at, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
