"""The program's own principals: nobody outside is one, and they are judged like anybody else."""

from dataclasses import replace

import pytest

from core.actions import Decision
from core.commands import ApproveAction
from core.errors import PermissionDenied
from core.governance.insiders import (
    INSIDE,
    ORCHESTRATOR,
    PACK,
    hosted_name,
    hosted_principal,
    insider_role,
    operator_principal,
)
from core.ids import AgentId, OperatorId
from core.records import Role
from tests.factories import make_token
from tests.unit.governance.gatehouse import Gatehouse, say


@pytest.mark.parametrize(
    "name",
    [
        "maestro/backend",
        ORCHESTRATOR,
        "operator/ana",
        "maestro",
        "operator",
        "Maestro/backend",
        "MAESTRO//backend",
        "Operator/ana",
        "OPERATOR",
    ],
)
async def test_no_token_from_outside_opens_a_name_of_the_program(name: str) -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    with pytest.raises(PermissionDenied, match="belong to the program itself"):
        await house.propose(agent=name)
    assert house.principals.list() == ()


@pytest.mark.parametrize("name", ["maestros", "my/operator", "maestro.backend", "operators/x"])
async def test_names_that_only_begin_alike_are_anybodys(name: str) -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    assert (await house.propose(agent=name)).decision is Decision.ALLOW


async def test_a_token_that_looks_like_the_inside_one_is_not_it() -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    twin = make_token(id=INSIDE.id, hash=INSIDE.hash, label=INSIDE.label)
    with pytest.raises(PermissionDenied):
        await house.propose(agent="maestro/backend", token=twin)


async def test_the_inside_token_opens_no_outside_name() -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    with pytest.raises(PermissionDenied):
        await house.propose(agent="coder", token=INSIDE)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("maestro/backend", Role.AGENT),
        (ORCHESTRATOR, Role.ORCHESTRATOR),
        ("operator/ana", Role.OPERATOR),
    ],
)
async def test_an_insider_is_registered_with_its_role_even_where_strangers_are_refused(
    name: str, role: Role
) -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW), unknown_agents="refuse")
    await house.propose(agent=name, token=INSIDE)
    principal = house.principals.find(AgentId(name))
    assert principal is not None
    assert (principal.role, principal.pack) == (role, PACK)


def test_names_lead_there_and_back() -> None:
    assert hosted_name(hosted_principal("backend")) == "backend"
    assert hosted_name(ORCHESTRATOR) is None
    assert hosted_name(AgentId("backend")) is None
    assert insider_role("backend") is None


@pytest.mark.parametrize("operator", ["ana", "Ana María", "a/b", "x" * 500, "../root"])
async def test_any_operator_has_a_name_that_the_gate_takes(operator: str) -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    ticket = await house.propose(agent=operator_principal(OperatorId(operator)), token=INSIDE)
    assert ticket.decision is Decision.ALLOW


async def test_while_coordination_is_degraded_only_reading_and_mending_go_on() -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    house.coordination_problem = "the message router has stopped"
    write = await house.propose(kind="file.write", resource="notes.md")
    read = await house.propose(kind="file.read", resource="notes.md")
    mend = await house.propose(agent="operator/ana", kind="agent.control", token=INSIDE)
    assert (write.decision, read.decision) == (Decision.DENY, Decision.ALLOW)
    assert mend.decision is Decision.ALLOW
    assert "the message router has stopped" in write.reasons[0]


@pytest.mark.parametrize("operator", ["ana", "Ana", "ANA "])
async def test_who_asked_by_a_key_does_not_answer_it(operator: str) -> None:
    house = Gatehouse()
    ticket = await house.propose(agent=operator_principal(OperatorId("ana")), token=INSIDE)
    answer = ApproveAction(operator=OperatorId(operator), action_id=ticket.id, digest=ticket.digest)
    with pytest.raises(PermissionDenied, match="proposed this action and cannot decide on it"):
        await house.desk.dispatch(answer)
    await house.desk.dispatch(replace(answer, operator=OperatorId("ben")))
    told = await house.gate.wait(ticket.id, timeout_s=0, token=INSIDE)
    assert told.decision is Decision.ALLOW
