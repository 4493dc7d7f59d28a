"""The demo runs nothing that an agent proposes but a few reads, and declares what it says."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.demo.coder import carry_out
from console.demo.documents import BACKEND, frontend_document
from console.demo.piece import Ground
from console.demo.world import PIECES
from core.agents.contracts import ContractLevel
from core.orchestration.openapi.rules import compare_documents
from core.settings import load_settings

HARMLESS = {"ls", "git status --short", "git log --oneline"}


@given(st.text() | st.sampled_from(["rm -rf build", "ls; rm -rf /", "git push --force", " ls"]))
def test_no_other_command_is_carried_out(command: str) -> None:
    if command not in HARMLESS:
        assert carry_out(Path("/nowhere"), command) is None


@pytest.mark.parametrize("command", [None, 1, ["ls"], {"ls": "ls"}])
def test_what_is_no_command_is_not_carried_out(command: object) -> None:
    assert carry_out(Path("/nowhere"), command) is None


def test_the_two_contracts_differ_in_one_breaking_thing() -> None:
    report = compare_documents(frontend_document(), BACKEND)
    assert [each.level for each in report.findings].count(ContractLevel.BREAKING) == 1


def test_settings_of_all_pieces_are_valid_together(tmp_path: Path) -> None:
    ground = Ground(tmp_path)
    ground.address_file.write_text("http://127.0.0.1:1")
    config = tmp_path / "maestro.toml"
    config.write_text("".join(piece.settings(ground) for piece in PIECES))
    settings = load_settings(config)
    assert {"backend", "devops", "data", "architect", "ai"} <= set(settings.metrics)
    kinds = {each.source for row in settings.metrics.values() for each in row.values()}
    assert kinds == {"access_log", "prometheus", "file", "http_probe", "sql", "git", "otlp"}
    assert set(settings.operations.commands) == {"service.restart", "deploy.rollback"}


def test_names_of_pieces_and_processes_are_unique() -> None:
    names = [name for piece in PIECES for name in piece.modules or {}]
    assert len(names) == len(set(names))
    assert len({piece.name for piece in PIECES}) == len(PIECES)
