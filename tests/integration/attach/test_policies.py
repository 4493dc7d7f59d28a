"""Policies over HTTP are what they are in process."""

from pathlib import Path

import pytest

from console.remote.policies import RemotePolicies
from core.commands import ApproveAction
from core.errors import ActionNotFound, ConfigError
from tests.integration.attach.engines import ANA, reach

PUSH = "docker push registry.shop.example/shop"


async def test_packs_tests_and_replay_are_the_same(tmp_path: Path) -> None:
    async with reach(tmp_path / "home") as reached:
        await reached.propose("ls")
        here, there = reached.engine.policies, RemotePolicies(reached.client)
        assert await there.library() == await here.library()
        assert await there.run_tests() == await here.run_tests()
        assert await there.replay() == await here.replay()
        with pytest.raises(ConfigError, match="where the engine is"):
            await there.replay("/etc")


async def test_a_rule_that_decisions_bear_out_is_made_from_afar(tmp_path: Path) -> None:
    async with reach(tmp_path / "home") as reached:
        here, there = reached.engine.policies, RemotePolicies(reached.client)
        while not (proposals := await here.propose_rules()):
            held = await reached.propose(PUSH)
            await reached.operator.dispatch(
                ApproveAction(operator=ANA, action_id=held.id, digest=held.digest)
            )
        assert await there.propose_rules() == proposals
        grant = await there.accept(proposals[0].id, operator=ANA, key="y")
        assert (grant.created_by, grant.agent_id) == (ANA, "coder")
        assert grant in await reached.engine.desk.list_grants()
        with pytest.raises(ActionNotFound, match="do not bear this rule out"):
            await there.accept(proposals[0].id, operator=ANA, key="y")
