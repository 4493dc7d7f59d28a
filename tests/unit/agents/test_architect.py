import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.agents.architect import Architect
from core.agents.settings import ContractSettings, OrchestrationSettings
from tests.factories import NOW
from tests.unit.agents.crew import FakeFiles, Post


def serving(*paths: str) -> str:
    return json.dumps({"paths": {path: {"get": {"responses": {}}} for path in paths}})


def make_post(files: FakeFiles, **contracts: str) -> Post:
    declared = ContractSettings.model_validate(contracts)
    return Post("architect", files=files, settings=OrchestrationSettings(contracts=declared))


def architect(post: Post) -> Architect:
    assert isinstance(post.work, Architect)
    return post.work


async def test_the_score_is_the_share_of_operations_relied_on_that_hold() -> None:
    files = FakeFiles({"front.json": serving("/a", "/b"), "back.json": serving("/a", "/c")})
    post = make_post(files, frontend="front.json", backend="back.json")
    await post.look()
    measured = architect(post).measure("api_contract_consistency_score")
    assert measured is not None
    assert (measured.value, measured.note) == (0.5, "1 of 2 operations hold")
    health = await post.hear("health.ask", {})
    assert health["breaking"] == ["The path /b is gone."]
    assert post.context.idle_why == ""
    assert post.context.asked == []  # nothing has changed since it looks


@pytest.mark.parametrize(
    ("contracts", "told"),
    [
        ({"backend": "c.json"}, ["frontend", "mobile", "data"]),
        ({"architect": "c.json"}, ["frontend", "mobile", "data", "backend"]),
    ],
)
async def test_a_change_of_the_contract_is_sent_to_all_that_it_affects_and_wants_an_answer(
    contracts: dict[str, str], told: list[str]
) -> None:
    files = FakeFiles({"c.json": serving("/a", "/b")})
    post = make_post(files, **contracts)
    post.context.answers = {name: {"received": True} for name in told}
    await post.look()
    files.texts["c.json"] = serving("/a", "/d")
    await post.look()
    await post.look()
    assert [(each.to, each.type, each.priority) for each in post.context.asked] == [
        (name, "contract.changed", 9) for name in told
    ]
    payload: Any = post.context.asked[0].payload
    assert payload["breaking"] == ["The path /b is gone."]
    assert payload["changes"] == 2


async def test_who_does_not_answer_is_asked_again() -> None:
    files = FakeFiles({"c.json": serving("/a")})
    post = make_post(files, backend="c.json")
    post.context.answers = {"mobile": {}, "data": {}}
    await post.look()
    files.texts["c.json"] = serving()
    await post.look()
    assert (await post.hear("health.ask", {}))["not_answered"] == ["frontend"]
    assert post.context.idle_why == "contract.changed to frontend: frontend is offline"
    post.context.answers["frontend"] = {}
    await post.look()
    assert [each.to for each in post.context.asked] == ["frontend", "mobile", "data", "frontend"]
    assert (await post.hear("health.ask", {}))["not_answered"] == []


async def test_another_text_of_the_same_contract_is_no_change() -> None:
    files = FakeFiles({"c.json": serving("/a")})
    post = make_post(files, backend="c.json")
    await post.look()
    files.texts["c.json"] += "\n"
    await post.look()
    assert post.context.asked == []


async def test_a_contract_that_cannot_be_read_is_said() -> None:
    post = make_post(FakeFiles({"back.json": "{"}), backend="back.json")
    await post.look()
    assert post.context.idle_why.startswith("back.json cannot be read: ")


async def test_decisions_are_counted_in_all_repositories() -> None:
    files = FakeFiles({f"repo/docs/adr/000{n}.md": "" for n in range(3)} | {"repo/README.md": ""})
    files.changed["repo/docs/adr/0000.md"] = NOW - timedelta(hours=2)
    settings = OrchestrationSettings(repositories=(Path("repo"),))
    post = Post("architect", files=files, settings=settings)
    assert architect(post).measure("system_design_decisions_per_hour") is None
    await post.look()
    measured = architect(post).measure("system_design_decisions_per_hour")
    assert measured is not None
    assert (measured.value, measured.note) == (2.0, "3 decision records in all")
    assert (await post.hear("health.ask", {}))["decisions"] == 3
    assert architect(post).measure("architecture_review_completion_time") is None


async def test_a_repository_that_cannot_be_listed_is_said() -> None:
    settings = OrchestrationSettings(repositories=(Path("/broken"),))
    post = Post("architect", settings=settings)
    await post.look()
    assert "cannot list /broken" in post.context.idle_why
