"""What each specialist does with what it sees and hears."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.agents.catalog import ROWS, SPECS, build_specialists, provides_to
from core.agents.settings import ContractSettings, OrchestrationSettings
from core.errors import Overloaded
from core.fleet import AgentSpec
from core.ids import AgentId
from core.measures import Reading, Severity, SourceState
from core.ports import AgentView
from core.records import PrincipalRecord, Role
from tests.factories import NOW
from tests.unit.agents.crew import (
    FakeContext,
    FakeFiles,
    Post,
    make_means,
    make_message,
    make_reading,
)

NAMES = tuple(str(spec.name) for spec in SPECS)


def depends(name: str) -> tuple[str, ...]:
    return next(spec.depends_on for spec in SPECS if spec.name == name)


def test_the_catalogue_is_the_table_of_the_specification() -> None:
    others = {name: tuple(each for each in NAMES if each != name) for name in NAMES}
    table = {
        "architect": ((), ("backend", "frontend", "devops", "security")),
        "backend": (("architect", "ai", "video"), ("frontend", "mobile", "data")),
        "frontend": (("backend", "architect"), ("mobile", "business")),
        "ai": (("architect",), ("backend", "video", "data")),
        "video": (("ai", "architect"), ("backend",)),
        "devops": (("architect",), others["devops"]),
        "data": (("backend", "ai"), ("business", "security")),
        "mobile": (("backend", "frontend"), ("business",)),
        "security": (("architect", "data"), others["security"]),
        "business": (("frontend", "mobile", "data"), others["business"]),
    }
    everybody = tuple(AgentId(name) for name in NAMES)
    assert tuple(table) == NAMES
    for name, (needed, given) in table.items():
        assert depends(name) == needed
        assert set(provides_to(name, everybody)) == set(given)
    assert provides_to("stranger", everybody) == ()
    assert AgentId("extra") in provides_to("devops", (AgentId("extra"), AgentId("devops")))


def test_every_row_says_what_it_is_and_has_a_schedule() -> None:
    built = build_specialists(make_means(FakeContext()))
    assert [spec for spec, _ in built] == list(SPECS)
    for row in ROWS:
        assert isinstance(row.spec, AgentSpec)
        assert row.spec.role
        assert row.spec.capabilities
        assert row.spec.permissions
        assert row.spec.every_s


@pytest.mark.parametrize("name", NAMES)
async def test_without_a_source_it_idles_and_says_why(name: str) -> None:
    post = Post(name)
    post.context.by_agent[name] = (
        make_reading(f"{name}.some_metric", None, state=SourceState.NO_SOURCE),
    )
    await post.work.tick(post.context)
    assert post.context.idle_why.startswith("no source: none of its 1 metrics has one; bind")
    assert f"[metrics.{name}.NAME]" in post.context.idle_why
    assert post.context.sent == []
    assert post.context.proposed == []


@pytest.mark.parametrize("name", NAMES)
async def test_an_unknown_message_is_answered_with_the_types_that_it_takes(name: str) -> None:
    answer = await Post(name).hear("make.coffee", {})
    assert str(answer["error"]).startswith("unknown type 'make.coffee'; ")
    assert "health.ask" in str(answer["error"])


@pytest.mark.parametrize("name", NAMES)
async def test_with_a_source_it_is_not_idle_and_answers_how_it_is(name: str) -> None:
    post = Post(name)
    await post.look(some_metric=1)
    assert post.context.idle_why == ""
    answer = await post.hear("health.ask", {})
    assert answer["past_bounds"] == []
    assert json.dumps(answer)


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("backend", "contract.changed"),
        ("backend", "deploy.finished"),
        ("devops", "health.degraded"),
        ("devops", "health.recovered"),
        ("ai", "quality.feedback"),
        ("ai", "cost.protocol"),
        ("business", "cost.protocol"),
        ("video", "resource.limit"),
        ("mobile", "versions.report"),
        ("security", "flow.violation"),
        ("security", "flow.settled"),
    ],
)
async def test_a_payload_that_cannot_be_read_is_answered_with_what_it_needs(
    name: str, type_: str
) -> None:
    answer = await Post(name).hear(type_, {"breaking": "no list", "share": True, "metric": 1})
    assert str(answer["error"]).startswith(f"{type_}: ")


async def test_a_limit_is_kept_and_told() -> None:
    post = Post("video")
    limit: dict[str, Any] = {"resource": "gpu", "share": 3}
    assert await post.hear("resource.limit", limit) == limit
    assert (await post.hear("health.ask", {}))["limits"] == {"gpu": 3}
    assert "error" in await post.hear("resource.limit", {"resource": "gpu", "share": -1})


async def test_memory_of_what_others_say_is_bounded() -> None:
    post = Post("devops")
    degraded: dict[str, Any] = {"value": 1, "bound": 0, "since": "now"}
    for index in range(200):
        await post.hear("health.degraded", {"metric": f"m{index}", **degraded})
        await post.hear("resource.limit", {"resource": f"r{index}", "share": 1})
    assert "error" in await post.hear("health.degraded", {"metric": "one more", **degraded})
    assert "error" in await post.hear("resource.limit", {"resource": "one more", "share": 1})
    assert (await post.hear("health.recovered", {"metric": "m0"})) == {"known": True}
    assert "error" not in await post.hear("health.degraded", {"metric": "one more", **degraded})


async def test_backend_tells_devops_of_degradation_with_the_evidence_and_of_its_end() -> None:
    post = Post("backend")
    await post.look(error_rate=0.02)
    assert post.told("devops") == []
    await post.look(error_rate=0.03)
    await post.look(error_rate=0.03)
    (sent,) = post.context.sent
    assert (sent.to, sent.type, sent.priority) == ("devops", "health.degraded", 7)
    assert sent.payload["metric"] == "backend.error_rate"
    assert sent.payload["readings"] == 2
    await post.look(error_rate=0.001)
    assert post.told("devops") == ["health.degraded", "health.recovered"]
    assert post.context.proposed == []


async def test_degradation_that_lasts_is_told_again_after_the_cool_down() -> None:
    post = Post("backend")
    for _ in range(3):
        await post.look(error_rate=0.02)
    await post.look(seconds=1_800, error_rate=0.02)
    assert post.told("devops") == ["health.degraded"] * 2


async def test_a_full_mailbox_is_said_and_tried_again() -> None:
    post = Post("backend")
    await post.look(error_rate=0.02)
    post.context.refuses = Overloaded("devops holds 100 messages")
    await post.look(error_rate=0.02)
    assert post.context.idle_why == "health.degraded to devops: devops holds 100 messages"
    post.context.refuses = None
    await post.look(error_rate=0.02)
    assert post.told("devops") == ["health.degraded"]
    assert post.context.idle_why == ""


DEPLOYED = {
    "service": "shop",
    "version": "1.4.0",
    "previous": "1.3.9",
    "at": (NOW + timedelta(minutes=3)).isoformat(),
}


async def test_backend_proposes_to_roll_back_what_was_deployed_right_before() -> None:
    post = Post("backend")
    await post.hear("deploy.finished", DEPLOYED)
    for _ in range(5):  # from 5 minutes after the start
        await post.look(seconds=300, error_rate=0.02)
    (proposed,) = post.context.proposed
    assert (proposed.kind, proposed.resource) == ("deploy.rollback", "shop")
    assert proposed.arguments == {"service": "shop", "from": "1.4.0", "to": "1.3.9"}
    assert proposed.purpose.startswith("backend.error_rate is 0.02 ratio, above its bound of 0.005")
    assert "it rose 2 min after shop 1.4.0 was deployed" in proposed.purpose


@pytest.mark.parametrize(
    "change",
    [
        {"at": (NOW + timedelta(minutes=10)).isoformat()},  # after it had begun
        {"at": (NOW - timedelta(minutes=30)).isoformat()},  # long before
        {"agent": "mobile"},
    ],
)
async def test_a_deploy_that_cannot_be_the_reason_is_not_rolled_back(
    change: dict[str, str],
) -> None:
    post = Post("backend")
    await post.hear("deploy.finished", {**DEPLOYED, **change})
    for _ in range(3):
        await post.look(seconds=300, error_rate=0.02)
    assert post.context.proposed == []


async def test_a_deploy_that_names_nothing_to_go_back_to_is_said() -> None:
    post = Post("backend")
    await post.hear("deploy.finished", {**DEPLOYED, "previous": ""})
    for _ in range(2):
        await post.look(seconds=300, error_rate=0.02)
    assert "names no previous version" in post.context.idle_why


@pytest.mark.parametrize("name", ["deploys.json", "deploys.jsonl"])
async def test_deploys_are_read_from_the_declared_file(name: str) -> None:
    rows = [{**DEPLOYED, "version": "1.3.9", "at": NOW.isoformat()}, DEPLOYED, {"service": "?"}]
    text = "\n".join(map(json.dumps, rows)) if name.endswith("l") else json.dumps(rows)
    post = Post(
        "backend",
        files=FakeFiles({name: text}),
        settings=OrchestrationSettings(deploys=Path(name)),
    )
    for _ in range(2):
        await post.look(seconds=300, api_response_time_p95=900)
    assert [each.arguments["from"] for each in post.context.proposed] == ["1.4.0"]


async def test_a_deploy_file_that_cannot_be_read_is_said() -> None:
    settings = OrchestrationSettings(deploys=Path("gone.json"))
    post = Post("backend", settings=settings)
    for _ in range(2):
        await post.look(error_rate=0.02)
    assert "cannot read gone.json" in post.context.idle_why


async def test_backend_passes_on_who_suffers_only_while_it_is_past_its_own_bounds() -> None:
    crashes: dict[str, Any] = {
        "metric": "mobile.app_crash_rate",
        "value": 0.1,
        "bound": 0.005,
        "since": "now",
    }
    post = Post("backend")
    await post.hear("health.degraded", crashes, "mobile")
    assert post.context.sent == []
    for _ in range(2):
        await post.look(error_rate=0.02)
    answer = await post.hear("health.degraded", crashes, "mobile")
    assert answer == {"accepted": True, "own_past_bounds": ["backend.error_rate"]}
    assert post.context.sent[-1].payload["from"] == "mobile"
    assert (post.context.sent[-1].to, post.context.sent[-1].priority) == ("devops", 8)


def probe(
    state: SourceState = SourceState.FRESH, value: float | None = 1.0, **changes: Any
) -> Reading:
    source = "http_probe up http://127.0.0.1:8080/healthz"
    return make_reading("devops.system_uptime", value, state=state, source=source, **changes)


async def watch_probes(post: Post, *values: float | None) -> None:
    for value in values:
        post.context.clock.advance(30)
        reading = (
            probe(SourceState.STALE, None, reason="no answer within 5 s")
            if value is None
            else probe(value=value, at=post.context.clock.now())
        )
        post.context.by_agent["devops"] = (reading,)
        await post.work.tick(post.context)


@pytest.mark.parametrize("failed", [0.0, None])
async def test_devops_proposes_to_restart_a_service_that_failed_three_probes_on_end(
    failed: float | None,
) -> None:
    post = Post("devops", settings=OrchestrationSettings(services={"shop": "http://127.0.0.1:80"}))
    await post.hear(
        "health.degraded",
        {"metric": "backend.error_rate", "value": 1, "bound": 0, "since": "09:00"},
    )
    await watch_probes(post, failed, failed, 1.0, failed, failed)
    assert post.context.proposed == []
    await watch_probes(post, failed, failed)
    (proposed,) = post.context.proposed
    assert (proposed.kind, proposed.resource) == ("service.restart", "shop")
    assert "shop has failed 3 probes on end (http_probe up http" in proposed.purpose
    assert "Reported as degraded: backend.error_rate." in proposed.purpose
    severity, title, _ = post.context.alerts["probe:shop"]
    assert (severity, title) == (Severity.CRITICAL, "shop does not answer")
    assert (await post.hear("health.ask", {}))["services_down"] == {"shop": 4}
    await watch_probes(post, 1.0)
    assert post.context.alerts == {}


async def test_one_failed_probe_seen_often_is_one_failed_probe() -> None:
    post = Post("devops")
    post.context.by_agent["devops"] = (probe(value=0.0),)
    for _ in range(5):
        await post.work.tick(post.context)
    assert post.context.proposed == []


async def test_a_share_that_sinks_is_a_failed_probe_and_a_service_that_goes_is_forgotten() -> None:
    post = Post("devops")
    for second in range(3):
        at = NOW + timedelta(seconds=second)
        trend = tuple(1 - 0.1 * index for index in range(second + 2))
        waiting = probe(SourceState.WAITING, None)
        latency = make_reading(
            "backend.api_response_time_p95", 3.0, source="http_probe latency_ms x"
        )
        post.context.by_agent["devops"] = (probe(value=trend[-1], trend=trend, at=at), waiting)
        post.context.by_agent["backend"] = (latency,)
        await post.work.tick(post.context)
    assert [each.resource for each in post.context.proposed] == ["http://127.0.0.1:8080/healthz"]
    post.context.by_agent.clear()
    await post.work.tick(post.context)
    assert (await post.hear("health.ask", {}))["services_down"] == {}


async def test_data_proposes_to_run_the_pipeline_again_when_data_is_too_old() -> None:
    post = Post("data", settings=OrchestrationSettings(data_pipeline="nightly"))
    for _ in range(3):
        await post.look(data_freshness_sla=900)
    (proposed,) = post.context.proposed
    assert (proposed.kind, proposed.resource) == ("pipeline.rerun", "nightly")
    assert "data.data_freshness_sla is 900 s, above its bound of 600" in proposed.purpose
    assert post.told("business") == ["health.degraded"]


async def test_video_asks_for_workers_when_it_is_slow_and_its_gpus_are_full() -> None:
    post = Post("video")
    for gpu in (0.7, 0.7, 0.99):
        await post.look(video_processing_time=900, gpu_utilization=gpu)
    assert post.context.proposed == []
    await post.look(video_processing_time=900, gpu_utilization=0.99)
    (proposed,) = post.context.proposed
    assert (proposed.kind, proposed.resource) == ("workers.move", "video")
    assert proposed.arguments == {"from": "ai", "to": "video", "workers": 1}


async def test_ai_asks_for_workers_that_video_does_not_use() -> None:
    post = Post("ai")
    idle = {"metric": "video.gpu_utilization", "side": "below"}
    post.context.answers["video"] = {"past_bounds": [idle]}
    for _ in range(3):
        await post.look(processing_success_rate=0.5)
    (proposed,) = post.context.proposed
    assert proposed.arguments == {"from": "video", "to": "ai", "workers": 1}
    assert len(post.context.asked) == 1


async def test_ai_asks_for_none_when_video_is_busy_or_silent() -> None:
    replies: tuple[dict[str, Any], ...] = ({"video": {"past_bounds": []}}, {})
    for answers in replies:
        post = Post("ai")
        post.context.answers.update(answers)
        for _ in range(3):
            await post.look(processing_success_rate=0.5)
        assert post.context.proposed == []


@pytest.mark.parametrize(
    ("type_", "payload", "profile", "words"),
    [
        (
            "quality.feedback",
            {"mean": 3.5, "bound": 4.0, "videos": 20},
            "quality",
            "the mean quality of the newest 20 videos is 3.50, below 4.00",
        ),
        (
            "cost.protocol",
            {"spent_usd_per_h": 12.5, "budget_usd_per_h": 10},
            "economy",
            "model calls cost 12.50 USD in the last hour, above the budget of 10.00",
        ),
    ],
)
async def test_ai_proposes_another_profile(
    type_: str, payload: dict[str, float], profile: str, words: str
) -> None:
    post = Post("ai")
    answer = await post.hear(type_, payload, "orchestrator")
    assert answer["accepted"]
    (proposed,) = post.context.proposed
    assert (proposed.kind, proposed.arguments) == ("config.change", {"profile": profile})
    assert words in proposed.purpose


async def test_frontend_asks_once_whether_the_api_is_the_reason_for_slow_pages() -> None:
    post = Post("frontend")
    post.context.answers["backend"] = {
        "past_bounds": [{"metric": "backend.error_rate"}, {"no": "metric"}, 3]
    }
    for _ in range(3):
        await post.look(core_web_vitals_score=60)
    assert len(post.context.asked) == 1
    answer = await post.hear("conversion.review", {})
    assert answer["suspects"] == ["backend.error_rate"]
    await post.look(core_web_vitals_score=95)
    assert (await post.hear("health.ask", {}))["suspects"] == []


async def test_mobile_rolls_back_its_own_release_and_keeps_the_versions_in_use() -> None:
    post = Post("mobile")
    await post.hear("deploy.finished", {**DEPLOYED, "service": "ios", "agent": "mobile"})
    for _ in range(3):
        await post.look(seconds=300, app_crash_rate=0.02)
    assert [each.resource for each in post.context.proposed] == ["ios"]
    answer = await post.hear("versions.report", {"in_use": ["v1", "v2"], "not_served": ["v1"]})
    assert answer == {"in_use": 2, "must_update": ["v1"]}
    assert (await post.hear("health.ask", {}))["versions_not_served"] == ["v1"]


async def test_whoever_uses_the_contract_keeps_what_a_new_one_breaks() -> None:
    post = Post("frontend")
    answer = await post.hear("contract.changed", {"breaking": ["GET /orders is gone."]})
    assert answer == {"received": True, "breaking": 1}
    assert (await post.hear("health.ask", {}))["contract_breaks"] == ["GET /orders is gone."]


async def test_business_keeps_what_is_over_budget_and_asks_for_a_review_of_the_funnel() -> None:
    post = Post("business")
    answer = await post.hear("cost.protocol", {"spent_usd_per_h": 12, "budget_usd_per_h": 10})
    assert answer == {"noted": True, "over_usd_per_h": 2.0}
    post.context.answers["frontend"] = {"suspects": ["backend.error_rate"]}
    for _ in range(3):
        await post.look(conversion_funnel_optimization=0.05)
    assert [each.type for each in post.context.asked] == ["conversion.review"]
    health = await post.hear("health.ask", {})
    assert health["review"] == {"suspects": ["backend.error_rate"]}
    await post.look(conversion_funnel_optimization=0.5)
    for _ in range(2):
        await post.look(conversion_funnel_optimization=0.05)
    assert len(post.context.asked) == 2


def view(name: str, denied: int, expired: int, *, quarantined: bool = False) -> AgentView:
    principal = PrincipalRecord(
        id=AgentId(name),
        role=Role.AGENT,
        permissions=(),
        pack="coding-agent",
        first_seen=NOW,
        last_seen=NOW,
        quarantined=quarantined,
    )
    return AgentView(
        principal=principal, trust=None, actions=9, asked=0, denied=denied, expired=expired
    )


class Gatehouse:
    def __init__(self) -> None:
        self.denied = {"coder": 100, "maestro/video": 3, "maestro/orchestrator": 0}
        self.expired = dict.fromkeys(self.denied, 7)

    async def list_agents(self) -> tuple[AgentView, ...]:
        return tuple(
            view(name, count, self.expired.get(name, 0), quarantined=name == "coder")
            for name, count in self.denied.items()
        )


async def test_security_sees_who_is_refused_again_and_again() -> None:
    gatehouse = Gatehouse()
    post = Post("security", list_agents=gatehouse.list_agents)
    await post.look(seconds=30)
    assert post.context.idle_why == ""
    gatehouse.denied["coder"] += 4
    await post.look(seconds=30)
    assert post.context.alerts == {}
    gatehouse.denied["coder"] += 1
    await post.look(seconds=30)
    assert post.context.alerts["denials:coder"][1] == "coder is refused again and again"
    assert post.context.proposed == []  # nobody here runs it
    assert (await post.hear("health.ask", {}))["quarantined"] == ["coder"]
    for _ in range(2):
        await post.look(seconds=3_601)
    assert post.context.alerts == {}


async def test_an_agent_that_comes_and_is_refused_at_once_counts_from_its_first_refusal() -> None:
    gatehouse = Gatehouse()
    post = Post("security", list_agents=gatehouse.list_agents)
    await post.look(seconds=30)
    gatehouse.denied["new"] = 5
    await post.look(seconds=30)
    assert list(post.context.alerts) == ["denials:new"]


async def test_security_asks_to_pause_an_agent_of_this_program() -> None:
    gatehouse = Gatehouse()
    post = Post("security", list_agents=gatehouse.list_agents)
    await post.look(seconds=30)
    gatehouse.denied["maestro/video"] += 5
    gatehouse.denied["maestro/orchestrator"] += 5  # runs in this program, and is no agent
    await post.look(seconds=30)
    (proposed,) = post.context.proposed
    assert (proposed.kind, proposed.resource) == ("agent.control", "video")
    assert proposed.arguments == {"change": "pause", "agent": "video"}
    assert "the gate refused 5 actions of maestro/video since 09:00:30 UTC" in proposed.purpose


async def test_approvals_that_nobody_answers_are_no_agents_fault() -> None:
    gatehouse = Gatehouse()
    post = Post("security", list_agents=gatehouse.list_agents)
    await post.look(seconds=30)
    gatehouse.expired["maestro/video"] += 4
    await post.look(seconds=30)
    assert post.context.alerts == {}
    gatehouse.expired["coder"] += 1
    await post.look(seconds=30)
    ((cause, (_, title, detail)),) = post.context.alerts.items()
    assert (cause, title) == ("unanswered", "nobody answers what agents ask")
    assert detail.startswith("5 actions expired with no answer since 09:00:30 UTC")
    assert post.context.proposed == []
    for _ in range(2):
        await post.look(seconds=3_601)
    assert post.context.alerts == {}


async def test_security_keeps_the_flows_that_are_not_in_order() -> None:
    post = Post("security")
    for index in range(200):
        flow = {"flow": f"f{index}", "reason": "has no declared purpose"}
        await post.hear("flow.violation", flow)
    assert "error" in await post.hear("flow.violation", {"flow": "one more", "reason": "why"})
    assert await post.hear("flow.settled", {"flow": "f0"}) == {"open": 199}


def test_settings_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValueError, match="extra"):
        OrchestrationSettings.model_validate({"contract": {}})
    with pytest.raises(ValueError, match="extra"):
        ContractSettings.model_validate({"mobile": "x"})


async def test_messages_without_an_answer_required_are_answered_all_the_same() -> None:
    post = Post("devops")
    message = make_message(answer_required=False)
    assert await post.work.handle(message, post.context) is not None
