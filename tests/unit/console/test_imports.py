"""The pure half of the console never loads the terminal."""

import subprocess
import sys
from pathlib import Path

import pytest

import console.view_models

VIEW_MODELS = sorted(
    f"console.view_models.{file.stem}"
    for folder in console.view_models.__path__
    for file in Path(folder).glob("[a-z]*.py")
)


def test_projection_keymap_and_view_models_load_neither_textual_nor_rich() -> None:
    names = ["console.projection", "console.keymap", *VIEW_MODELS]
    script = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "print([each for each in ('textual', 'rich', 'core.bus') if each in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("command", [["approvals", "list"], ["agents"], ["audit", "verify"]])
def test_a_command_does_not_load_the_engine(command: list[str], tmp_path: Path) -> None:
    script = (
        "import sys; from console.__main__ import main\n"
        f"main([*{command!r}, '--home', {str(tmp_path)!r}])\n"
        "print([each for each in ('textual', 'sqlalchemy', 'cedarpy') if each in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
