"""The first steps are true, and gone for good once somebody from outside has called."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from console.view_models.first_run import first_run_lines, is_first_run
from console.view_models.ink import plain_text
from core.fleet import AgentOrigin
from core.ids import AgentId
from core.measures import MetricSpec, Reading, SourceState
from core.ports import AgentView
from core.records import PrincipalRecord, Role
from tests.factories import NOW
from tests.fleet_day import make_agent

HOSTED = replace(make_agent("backend"), origin=AgentOrigin.HOSTED, note="")
IDLE = replace(HOSTED, note="no source: none of its 5 metrics has one; bind one.")
INSIDERS = ("try-it", "maestro/backend", "maestro/orchestrator", "operator/maria")


def seen(name: str) -> AgentView:
    principal = PrincipalRecord(
        id=AgentId(name),
        role=Role.AGENT,
        pack="coding-agent",
        permissions=(),
        first_seen=NOW,
        last_seen=NOW,
    )
    return AgentView(principal=principal, trust=None, actions=1, asked=0, denied=0)


def text(**changes: object) -> str:
    given_now = {"home": "/h", "gateway": "http://127.0.0.1:7717", "can_try": True} | changes
    lines = first_run_lines(
        given_now.pop("readings", ()),  # type: ignore[arg-type]
        given_now.pop("fleet", (HOSTED,)),  # type: ignore[arg-type]
        **given_now,  # type: ignore[arg-type]
    )
    return "\n".join(plain_text((*line.lead, *line.body)) for line in lines)


def test_the_programs_own_agents_are_no_first_call() -> None:
    assert is_first_run([seen(name) for name in INSIDERS], [HOSTED])


@given(st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True).filter(lambda it: it != "try-it"))
def test_any_other_agent_ends_the_first_steps(name: str) -> None:
    assert not is_first_run([seen("try-it"), seen(name)], [HOSTED])


def test_telemetry_from_outside_ends_them_too() -> None:
    outside = replace(make_agent("crawler"), origin=AgentOrigin.OUTSIDE)
    assert not is_first_run([], [HOSTED, outside])


def test_what_was_not_read_yet_is_no_first_run() -> None:
    assert not is_first_run(None, [HOSTED])
    assert not is_first_run([], None)


def test_the_commands_to_connect_name_this_home_and_this_address() -> None:
    said = text()
    assert "maestro hook install --home /h" in said
    assert "POST http://127.0.0.1:7717/v1/actions" in said
    assert "/h/agent.token" in said


def test_attached_no_home_of_another_machine_is_named() -> None:
    said = text(home="")
    assert "maestro hook install" in said
    assert "--home" not in said
    assert "with the token in agent.token" in said


def test_no_gateway_no_promise() -> None:
    said = text(gateway="")
    assert "[gateway] enabled = true" in said
    assert "POST" not in said


def test_only_measured_figures_of_the_host_are_shown() -> None:
    assert "not measured yet" in text()
    spec = MetricSpec(agent="system", name="host_cpu", unit="ratio", target=0.8)
    fresh = Reading(spec=spec, state=SourceState.FRESH, value=0.12, source="psutil", at=NOW)
    assert "cpu 12%" in text(readings=(fresh,))
    assert "cpu" not in text(readings=(replace(fresh, state=SourceState.STALE),))


def test_idle_agents_are_counted_and_one_says_why() -> None:
    assert "1 agent in here. " in text()
    assert "2 agents in here, 1 of them idle; backend: no source" in text(fleet=(HOSTED, IDLE))


def test_nothing_to_try_is_not_offered() -> None:
    assert "try-it" in text()
    assert "try-it" not in text(can_try=False)
