"""The policies as front ends see them."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.actions import Decision
from core.commands import ApproveAction, DenyAction
from core.errors import ActionNotFound, PermissionDenied, PolicyInvalid
from core.governance.policies.desk import PolicyDesk
from core.governance.policies.loading import load_packs
from core.governance.policy_judge import CedarJudge
from core.ids import ActionId, OperatorId
from tests.unit.governance.gatehouse import Gatehouse, ask_until_approved
from tests.unit.governance.policies.samples import write_pack

ANA = OperatorId("ana")
EVERYTHING_ASKED = """
@id("permit:all") permit (principal, action, resource);
@id("ask:all") @reason("everything is asked") forbid (principal, action, resource)
unless { context.approved };
"""


class House(Gatehouse):
    """A gate judged by the shipped packs, with a policy desk."""

    def __init__(self) -> None:
        super().__init__()
        self.library = load_packs(None)
        self.cedar = CedarJudge(self.library)
        self.judge.rule = self.cedar.judge
        self.policies = self.desk_over(None)

    def desk_over(self, folder: Path | None) -> PolicyDesk:
        return PolicyDesk(
            library=load_packs(folder),
            folder=folder,
            store=self.store,
            principals=self.principals.list,
            grants=self.grants,
            clock=self.clock,
            ids=self.ids,
            bus=self.bus,
        )


def hold_all(house: House) -> None:
    """Ask about everything until it is approved."""
    house.judge.rule = ask_until_approved


async def approve(house: House, command: str = "npm test") -> ActionId:
    ticket = await house.propose(arguments={"command": command})
    await house.desk.dispatch(
        ApproveAction(operator=ANA, action_id=ticket.id, digest=ticket.digest)
    )
    return ticket.id


async def test_each_pack_shows_its_policies_and_whom_it_judges() -> None:
    house = House()
    await house.propose()
    library = await house.policies.library()
    packs = {each.name: each for each in library.packs}
    assert packs["coding-agent"].agents == ("coder",)
    assert packs["payments"].agents == ()
    assert library.version == house.library.version
    found = {each.id: each for each in packs["coding-agent"].policies}
    assert found["permit:shell"].decision is Decision.ALLOW
    assert found["quarantine:reads-only"].decision is Decision.DENY
    assert not found["quarantine:reads-only"].violation
    asks = [each for each in found.values() if each.decision is Decision.ASK]
    assert asks
    assert all(each.reason and each.line > 0 and not each.violation for each in asks)


async def test_the_shipped_packs_pass_their_own_cases() -> None:
    cases = await House().policies.run_tests()
    assert len(cases) > 50
    assert all(each.passed and each.expected_by in each.got_by for each in cases)


async def test_the_past_is_held_against_a_folder_that_is_not_in_force(tmp_path: Path) -> None:
    house = House()
    ticket = await house.propose(kind="tool.call", resource="search", arguments={})
    write_pack(tmp_path, "coding-agent", policies=EVERYTHING_ASKED)
    report = await house.policies.replay(str(tmp_path))
    (change,) = report.changes
    assert (change.action_id, change.was, change.now) == (
        ticket.id,
        Decision.ALLOW,
        Decision.ASK,
    )
    assert change.policies == ("ask:all",)
    assert report.version != report.version_in_force
    assert (report.read, report.unchanged, report.skipped) == (1, 0, 0)
    assert (await house.policies.replay()).changes == ()
    assert (await house.desk_over(tmp_path).replay()).folder == str(tmp_path)


async def test_what_would_change_is_told_without_secrets(tmp_path: Path) -> None:
    house = House()
    await house.propose(kind="tool.call", resource="search password=hunter2Xy9", arguments={})
    write_pack(tmp_path, "coding-agent", policies=EVERYTHING_ASKED)
    (change,) = (await house.policies.replay(str(tmp_path))).changes
    assert change.resource == "search password=[redacted:password]"


async def test_a_folder_that_does_not_load_says_why(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalid, match="is no folder"):
        await House().policies.replay(str(tmp_path / "nowhere"))


async def test_an_accepted_rule_saves_the_next_question_and_stands_in_the_trail() -> None:
    house = House()
    hold_all(house)
    for _ in range(4):
        await approve(house)
    last = await approve(house)
    (proposal,) = await house.policies.propose_rules()
    grant = await house.policies.accept(proposal.id, operator=ANA, key="a")
    assert grant.expires_at - grant.created_at == timedelta(days=7)
    assert (grant.from_action, grant.created_by) == (last, ANA)
    assert await house.desk.list_grants() == (grant,)
    assert (await house.propose(arguments={"command": "npm test"})).decision is Decision.ALLOW
    assert (await house.propose(arguments={"command": "npm test;x"})).decision is Decision.ASK
    assert "grant.created" in [each.event for each in house.store.drafts]
    assert await house.policies.propose_rules() == ()


async def test_a_rule_that_a_denial_overtook_is_not_made() -> None:
    house = House()
    hold_all(house)
    for _ in range(5):
        await approve(house)
    (proposal,) = await house.policies.propose_rules()
    ticket = await house.propose(arguments={"command": "npm test"})
    await house.desk.dispatch(DenyAction(operator=ANA, action_id=ticket.id, reason="not now"))
    with pytest.raises(ActionNotFound, match="do not bear this rule out"):
        await house.policies.accept(proposal.id, operator=ANA)
    assert await house.desk.list_grants() == ()


@pytest.mark.parametrize("name", ["", " Coder "])
async def test_nobody_and_the_agent_itself_make_no_rule(name: str) -> None:
    house = House()
    hold_all(house)
    for _ in range(5):
        await approve(house)
    (proposal,) = await house.policies.propose_rules()
    with pytest.raises(PermissionDenied):
        await house.policies.accept(proposal.id, operator=OperatorId(name))
