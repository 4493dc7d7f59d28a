"""One person under two spellings is one person."""

import pytest

from core.errors import InvalidAction
from core.governance.names import could_pass_for_another, is_same_person
from core.ids import OperatorId
from tests.unit.governance.gatehouse import Gatehouse
from tests.unit.governance.test_settlement import approve, ask_two

SPELLINGS = [
    "Ana",
    "ANA ",
    "ana\u3164",
    "ana\uffa0",
    "a\u115fna",
    "an\u0430",
    "\u0410na",
    "\u03b1na",
]


@pytest.mark.parametrize("name", SPELLINGS)
def test_what_no_eye_tells_apart_is_one_name(name: str) -> None:
    assert is_same_person("ana", name)
    assert is_same_person(name, "ana")


@pytest.mark.parametrize("name", ["an", "anna", "ana2", "\u00e1na", "", "ben"])
def test_what_is_told_apart_is_another_name(name: str) -> None:
    assert not is_same_person("ana", name)


@pytest.mark.parametrize(
    "name",
    ["ana", "Ana Mar\u00eda 2", "\u0410\u043d\u043d\u0430", "Ka\u02bbena", "\u7530\u4e2d Ken"],
)
def test_a_name_in_one_script_is_itself(name: str) -> None:
    assert not could_pass_for_another(name)


@pytest.mark.parametrize("name", SPELLINGS[2:])
def test_hidden_letters_and_mixed_scripts_could_pass_for_another(name: str) -> None:
    assert could_pass_for_another(name)


@pytest.mark.parametrize("name", SPELLINGS)
async def test_one_person_under_two_spellings_is_not_two(name: str) -> None:
    house = Gatehouse(rule=ask_two)
    ticket = await house.propose()
    await house.desk.dispatch(approve(ticket))
    with pytest.raises(InvalidAction, match="second, different person"):
        await house.desk.dispatch(approve(ticket, by=OperatorId(name)))
