"""Bounds on size, and what may be loaded at run time."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES_MAX = 400
FUNCTION_LINES_MAX = 50
SOURCES = sorted(path for package in ("core", "console") for path in (ROOT / package).rglob("*.py"))


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_file_is_longer_than_the_bound() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in SOURCES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LINES_MAX
    }
    assert long == {}


def test_no_function_is_longer_than_the_bound() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{each.name}": each.end_lineno - each.lineno + 1
        for path in SOURCES
        for each in _functions(ast.parse(path.read_text(encoding="utf-8")))
        if each.end_lineno is not None and each.end_lineno - each.lineno + 1 > FUNCTION_LINES_MAX
    }
    assert long == {}


def test_every_public_name_has_a_docstring() -> None:
    bare: list[str] = []
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if not ast.get_docstring(tree):
            bare.append(str(path.relative_to(ROOT)))
        for node in tree.body:
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                continue
            if not node.name.startswith("_") and not ast.get_docstring(node):
                bare.append(f"{path.relative_to(ROOT)}:{node.name}")
    assert bare == []


@pytest.mark.parametrize(
    "module", ["core.bootstrap", "console.__main__", "console.projection", "console.view_models"]
)
def test_loading_it_loads_no_screen_library(module: str) -> None:
    probe = (
        f"import sys, pkgutil, importlib; loaded = importlib.import_module({module!r});\n"
        "for each in pkgutil.iter_modules(getattr(loaded, '__path__', [])):\n"
        "    importlib.import_module(loaded.__name__ + '.' + each.name)\n"
        "print([name for name in ('textual', 'rich', 'plotext') if name in sys.modules])"
    )
    seen = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert seen.stdout.strip() == "[]"


def test_no_committed_file_names_a_registry_or_a_machine_path() -> None:
    words = (
        "pypi" + ".org",
        "python" + "hosted",
        "registry" + ".npmjs",
        "/wo" + "rk/",
        "/ro" + "ot/",
    )
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    guilty: list[str] = []
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if (
            path.suffix in {".png", ".svg", ".raw"}
            or name.startswith("tests/")
            or not path.is_file()
        ):
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        guilty += [f"{name}: {word}" for word in words if word in text]
    assert guilty == []
