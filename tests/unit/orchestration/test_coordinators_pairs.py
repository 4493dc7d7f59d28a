"""What each of the four coordinators finds, tells and proposes."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.actions import ActionStatus
from core.agents.proposals import Proposer
from core.agents.reader import DocumentReader
from core.agents.settings import OrchestrationSettings
from core.errors import SourceFailed
from core.fleet_ports import UsageStore
from core.ids import AgentId
from core.orchestration.coordinators.ai_video import AiVideo
from core.orchestration.coordinators.data_security import DataSecurity
from core.orchestration.coordinators.flows import read_flows
from core.orchestration.coordinators.frontend_backend import FrontendBackend
from core.orchestration.coordinators.mobile_backend import MobileBackend
from core.orchestration.coordinators.pipeline import find_move, find_move_by_load, read_ledger
from core.orchestration.coordinators.plan import find_clashes, find_late, read_plan
from core.orchestration.coordinators.versions import (
    SeenCall,
    find_version,
    measure_sync,
    read_served,
)
from core.orchestration.openapi.rules import compare_documents
from core.orchestration.resolver import ConflictResolver
from core.usage import AgentCost, ModelCall, SessionUsage, ToolUse
from tests.factories import NOW
from tests.otlp import sum_costs
from tests.unit.agents.crew import FakeContext, FakeFiles

SHOP = Path(__file__).parents[2] / "data" / "openapi"
CONTRACTS = {"frontend": "shop_frontend.json", "backend": "shop_backend.yaml"}


def reader_of(files: FakeFiles) -> DocumentReader:
    return DocumentReader(files, compare_documents)


def declare(**values: Any) -> OrchestrationSettings:
    return OrchestrationSettings.model_validate(values)


def shop_files(**texts: str) -> FakeFiles:
    shop = {name: (SHOP / name).read_text(encoding="utf-8") for name in CONTRACTS.values()}
    return FakeFiles({**shop, **texts})


def frontend_backend(files: FakeFiles, **values: Any) -> FrontendBackend:
    return FrontendBackend(
        settings=declare(**values), reader=reader_of(files), resolver=ConflictResolver()
    )


async def test_what_breaks_between_frontend_and_backend_is_sent_once_by_the_side_that_wins() -> (
    None
):
    context = FakeContext(answers={"frontend": {"received": True}})
    pair = frontend_backend(shop_files(), contracts=CONTRACTS)
    found = await pair.run_once(context)
    assert "The path /v2/wishes is gone." in found.findings
    await pair.run_once(context)
    (asked,) = context.asked
    assert (asked.to, asked.type, asked.priority) == ("frontend", "contract.changed", 9)
    assert asked.payload["from"] == "backend"
    assert "The path /v2/wishes is gone." in list(asked.payload["breaking"])  # type: ignore[arg-type]


async def test_the_architects_contract_wins_over_both() -> None:
    context = FakeContext(answers={"frontend": {}, "backend": {}})
    contracts = {**CONTRACTS, "architect": "shop_backend.yaml"}
    await frontend_backend(shop_files(), contracts=contracts).run_once(context)
    assert [(each.to, each.payload["from"]) for each in context.asked] == [
        ("frontend", "architect"),
        ("backend", "architect"),
    ]


async def test_contracts_that_fit_are_no_conflict() -> None:
    context = FakeContext()
    contracts = {"frontend": "shop_backend.yaml", "backend": "shop_backend.yaml"}
    found = await frontend_backend(shop_files(), contracts=contracts).run_once(context)
    assert found.findings == ()
    assert found.note.startswith("5 operations that frontend relies on are served")
    assert context.asked == []


PLAN = """
[[feature]]
name = "checkout v2"
side = "frontend"
release = 2026-12-01
touches = ["POST  /Orders"]
needs = ["orders v2", "ghost", "someday"]

[[feature]]
name = "orders v2"
side = "backend"
release = 2026-12-10
touches = ["post /orders"]
change = "removes"

[[feature]]
name = "someday"
side = "backend"
touches = ["GET /wishes"]
change = "adds"

[[feature]]
name = "wishes"
side = "frontend"
release = 2026-12-20
touches = ["GET /wishes"]
needs = ["orders v2"]
"""


async def test_planned_features_that_clash_and_releases_out_of_line_are_found() -> None:
    files = FakeFiles({"plan.toml": PLAN})
    found = await frontend_backend(files, plan="plan.toml").run_once(FakeContext())
    assert found.findings == (
        "'checkout v2' (frontend) uses and 'orders v2' (backend) removes post /orders",
        (
            "'checkout v2' (frontend) needs 'orders v2' by 2026-12-01, which comes out 9 days"
            " later, on 2026-12-10"
        ),
        "'checkout v2' (frontend) needs 'ghost', which is not in the plan",
        "'checkout v2' (frontend) needs 'someday' by 2026-12-01, which has no release date",
    )


def feature(name: str, side: str, change: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "side": side, "change": change, "touches": ["x"], **more}


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        ("uses", "uses", False),
        ("uses", "adds", False),
        ("uses", "changes", False),
        ("uses", "removes", True),
        ("adds", "adds", True),
        ("adds", "changes", True),
        ("adds", "removes", True),
        ("changes", "changes", True),
        ("changes", "removes", True),
        ("removes", "removes", True),
    ],
)
def test_two_sides_clash_when_not_both_can_have_their_way(
    one: str, other: str, *, clash: bool
) -> None:
    rows = [feature("a", "frontend", one), feature("b", "backend", other)]
    assert bool([*find_clashes(read_plan({"features": rows}))]) is clash
    same_side = [{**row, "side": "backend"} for row in rows]
    assert [*find_clashes(read_plan({"features": same_side}))] == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"name": "a"}], "feature 1 of the plan needs"),
        ([feature("a", "b", "breaks")], "feature 1 of the plan needs"),
        ([feature("a", "b", "uses", release="soon")], "'soon' is no date"),
        ([feature("a", "b", "uses")] * 501, "more than 500 features"),
    ],
)
def test_a_plan_that_cannot_be_read_names_the_feature(rows: list[Any], said: str) -> None:
    with pytest.raises(SourceFailed, match=said):
        read_plan({"feature": rows})


def test_a_feature_without_a_date_is_not_late() -> None:
    rows = [feature("a", "f", "uses", needs=["b"]), feature("b", "b", "uses")]
    assert [*find_late(read_plan({"feature": rows}))] == []


def ledger(ai: tuple[int, int, float], video: tuple[int, int, float], **more: Any) -> str:
    names = ("waiting", "workers", "per_worker_per_h")
    sides = {"ai": dict(zip(names, ai, strict=True)), "video": dict(zip(names, video, strict=True))}
    return json.dumps({**sides, **more})


class Ledger:
    """A usage store that holds calls."""

    def __init__(self, *calls: ModelCall) -> None:
        self._calls = calls

    async def costs(self, *, since: datetime, until: datetime) -> tuple[AgentCost, ...]:
        return sum_costs(self._calls, since, until)

    async def calls(
        self, *, agent: str | None = None, session: str | None = None, limit: int = 500
    ) -> tuple[ModelCall, ...]:
        raise AssertionError((agent, session, limit))

    async def add(self, calls: Sequence[ModelCall], tools: Sequence[ToolUse]) -> None:
        raise AssertionError((calls, tools))

    async def tool_uses(
        self, *, agent: str | None = None, session: str | None = None, limit: int = 500
    ) -> tuple[ToolUse, ...]:
        raise AssertionError((agent, session, limit))

    async def sessions(self, *, limit: int = 200) -> tuple[SessionUsage, ...]:
        raise AssertionError(limit)


def call(minutes_ago: float, usd: float | None) -> ModelCall:
    return ModelCall(
        id=f"c{minutes_ago}",
        emitter="pipeline",
        agent=AgentId("ai"),
        session=None,
        model="m",
        provider=None,
        started_at=NOW - timedelta(minutes=minutes_ago),
        duration_ms=None,
        cost_usd_micros=None if usd is None else round(usd * 1_000_000),
    )


def ai_video(
    context: FakeContext,
    *,
    files: FakeFiles | None = None,
    loads: dict[str, float] | None = None,
    usage: UsageStore | None = None,
    **values: Any,
) -> AiVideo:
    return AiVideo(
        settings=declare(**values),
        reader=reader_of(files or FakeFiles()),
        usage=usage,
        load=lambda agent: (loads or {}).get(agent, 0.0),
        proposer=Proposer(find_action=context.find_action, why_not=lambda _kind, _resource: ""),
    )


async def test_workers_go_to_the_bottleneck() -> None:
    context = FakeContext()
    files = FakeFiles({"p.json": ledger((90, 3, 10), (4, 5, 10))})
    pair = ai_video(context, files=files, pipeline="p.json")
    found = await pair.run_once(context)
    (proposed,) = context.proposed
    assert (proposed.kind, proposed.resource) == ("workers.move", "ai")
    assert proposed.arguments == {"from": "video", "to": "ai", "workers": 4}
    assert "ai needs 3.0 h for the 90 that wait with 3 workers, video 0.1 h" in proposed.purpose
    assert "with 4 moved both are done after 1.3 h" in found.note
    again = await pair.run_once(context)
    assert "workers.move ai was proposed already" in again.note
    context.settle(ActionStatus.DENIED)
    assert len(context.proposed) == 1


@pytest.mark.parametrize(
    ("ai", "video"),
    [
        ((10, 3, 10), (10, 3, 10)),  # balanced
        ((90, 3, 10), (4, 1, 10)),  # the last worker stays
        ((0, 3, 10), (0, 5, 10)),
        ((10, 9, 10), (9, 9, 10)),  # too little is gained
    ],
)
def test_workers_stay_where_moving_gains_too_little(
    ai: tuple[int, int, float], video: tuple[int, int, float]
) -> None:
    assert find_move(read_ledger(json.loads(ledger(ai, video)))) is None


@pytest.mark.parametrize(
    ("ai", "video", "target"),
    [(0.9, 0.1, "ai"), (0.1, 0.9, "video"), (0.85, 0.1, None), (0.9, 0.5, None), (0.9, 0.9, None)],
)
def test_without_a_ledger_the_loads_decide(ai: float, video: float, target: str | None) -> None:
    move = find_move_by_load(ai, video)
    assert (move and move.target) == target


async def test_the_routers_loads_are_used_when_there_is_no_ledger() -> None:
    context = FakeContext()
    await ai_video(context, loads={"video": 0.95, "ai": 0.1}).run_once(context)
    assert context.proposed[0].arguments == {"from": "ai", "to": "video", "workers": 1}


@pytest.mark.parametrize(
    "side",
    [
        {},
        {"waiting": -1, "workers": 1, "per_worker_per_h": 1},
        {"waiting": True, "workers": 1, "per_worker_per_h": 1},
        {"waiting": 1, "workers": 0, "per_worker_per_h": 1},
        {"waiting": 1, "workers": 10_001, "per_worker_per_h": 1},
        {"waiting": 1, "workers": 1, "per_worker_per_h": 0},
        {"waiting": 1, "workers": 1},
    ],
)
def test_a_ledger_that_cannot_be_read_names_the_side(side: dict[str, Any]) -> None:
    good = {"waiting": 1, "workers": 1, "per_worker_per_h": 1}
    with pytest.raises(SourceFailed, match="'video' needs waiting"):
        read_ledger({"ai": good, "video": side})
    with pytest.raises(SourceFailed, match="'ai' needs waiting"):
        read_ledger({"video": good})


async def test_low_quality_of_the_newest_videos_goes_back_to_ai_until_it_is_better() -> None:
    def videos(*qualities: float) -> str:
        rows = [
            {"at": (NOW + timedelta(minutes=minute)).isoformat(), "quality": quality}
            for minute, quality in enumerate(qualities)
        ]
        return ledger((1, 1, 1), (1, 1, 1), videos=[*rows, {"quality": 1}, {"at": "x"}])

    context = FakeContext()
    files = FakeFiles({"p.json": videos(1.0, *[3.9] * 20)})
    pair = ai_video(context, files=files, pipeline="p.json")
    found = await pair.run_once(context)
    await pair.run_once(context)
    (sent,) = context.sent
    assert (sent.to, sent.type) == ("ai", "quality.feedback")
    assert sent.payload == {"mean": 3.9, "videos": 20, "bound": 4.0}
    assert found.note == "the mean quality of the newest 20 videos is 3.90, below 4.0"
    files.texts["p.json"] = videos(*[4.0] * 20)
    assert (await pair.run_once(context)).findings == ()
    files.texts["p.json"] = videos(*[3.0] * 20)
    await pair.run_once(context)
    assert len(context.sent) == 2


async def test_cost_over_the_hours_budget_starts_the_protocol_once_an_hour() -> None:
    context = FakeContext()
    usage = Ledger(call(1, 6), call(30, 4.5), call(40, None), call(61, 100), call(-5, 100))
    pair = ai_video(context, usage=usage, budget_usd_per_h=10)
    found = await pair.run_once(context)
    await pair.run_once(context)
    said = "3 model calls of the last hour cost at least 10.50 USD of 10.00, 1 without a price"
    assert found.findings == (said,)
    assert [(each.to, each.type, each.priority) for each in context.sent] == [
        ("ai", "cost.protocol", 8),
        ("business", "cost.protocol", 8),
    ]
    assert context.sent[0].payload == {"spent_usd_per_h": 10.5, "budget_usd_per_h": 10.0}
    assert said in context.alerts["cost:hourly"][2]
    context.clock.advance(3_600)
    found = await pair.run_once(context)
    assert "cost:hourly" in context.alerts  # the call of 5 minutes ahead of its time counts now
    context.clock.advance(3_600)
    found = await pair.run_once(context)
    assert context.alerts == {}
    assert found.findings == ()
    assert "0 model calls of the last hour cost 0.00 USD of 10.00" in found.note


def flow(**changes: Any) -> dict[str, Any]:
    return {
        "name": "orders",
        "from": "shop",
        "to": "warehouse",
        "fields": ["order_id", "email"],
        "purpose": "sales figures",
        "personal": True,
        "region_from": "EU",
        "region_to": "eu-central",
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"personal": False, "region_to": "us"}, None),
        ({"region_to": "us", "safeguard": "standard contractual clauses"}, None),
        ({"purpose": " "}, "has no declared purpose"),
        ({"region_to": "us"}, "is personal and leaves eu for us"),
        ({"region_to": "europe"}, "is personal and leaves eu for europe"),
        ({"region_to": ""}, "is personal and does not say in which regions"),
        ({"personal": "no", "region_to": "us"}, "is personal and leaves eu for us"),
        (
            {"purpose": "", "region_to": "us"},
            "has no declared purpose and is personal and leaves eu for us",
        ),
    ],
)
async def test_a_flow_needs_a_purpose_and_personal_data_stays_in_its_region(
    changes: dict[str, Any], reason: str | None
) -> None:
    context = FakeContext()
    files = FakeFiles({"flows.json": json.dumps({"flow": [flow(**changes)]})})
    pair = DataSecurity(settings=declare(data_flows="flows.json"), reader=reader_of(files))
    found = await pair.run_once(context)
    if reason is None:
        assert found.note == "1 flows have a purpose and stay in their region"
        assert (context.alerts, context.sent) == ({}, [])
        return
    sentence = f"orders: order_id, email from shop to warehouse {reason}"
    assert found.findings == (sentence,)
    assert context.alerts["flow:orders"][2].startswith(sentence)
    (sent,) = context.sent
    assert (sent.to, sent.type, sent.priority) == ("security", "flow.violation", 8)
    assert sent.payload["reason"] == sentence


async def test_a_flow_that_is_put_in_order_ends_its_alert_and_is_told() -> None:
    context = FakeContext()
    files = FakeFiles({"f.json": json.dumps({"flows": [flow(purpose="")]})})
    pair = DataSecurity(settings=declare(data_flows="f.json"), reader=reader_of(files))
    await pair.run_once(context)
    await pair.run_once(context)
    assert len(context.sent) == 1
    files.texts["f.json"] = json.dumps({"flows": [flow()]})
    await pair.run_once(context)
    assert context.alerts == {}
    assert [each.type for each in context.sent] == ["flow.violation", "flow.settled"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "holds no"),
        ([{"from": "a"}], "flow 1 of the manifest does not say"),
        ([flow(), flow()], "two flows of the manifest are named 'orders'"),
        ([flow()] * 2_001, "more than 2,000 flows"),
    ],
)
def test_a_manifest_that_cannot_be_read_names_the_flow(rows: list[Any], said: str) -> None:
    with pytest.raises(SourceFailed, match=said):
        read_flows({"flow": rows})


def test_a_flow_without_a_name_is_named_by_its_ends_and_is_personal_until_declared_otherwise() -> (
    None
):
    (found,) = read_flows({"flow": [{"from": "a", "to": "b"}]})
    assert (found.name, found.personal) == ("a to b", True)


def mobile_backend(calls: Sequence[SeenCall], *, files: FakeFiles | None = None) -> MobileBackend:
    async def read() -> Sequence[SeenCall]:
        return calls

    return MobileBackend(
        settings=declare(access_log="access.log", contracts=CONTRACTS),
        reader=reader_of(files or shop_files()),
        read_calls=read,
    )


async def test_versions_in_use_that_nobody_serves_are_told_once() -> None:
    context = FakeContext()
    calls = [SeenCall("/api/v1/orders", 404)] * 3 + [SeenCall("/api/v2/orders", 200)] * 9
    pair = mobile_backend(calls)
    found = await pair.run_once(context)
    await pair.run_once(context)
    assert found.findings == ("apps made 3 calls of v1, and only v2 is served",)
    (sent,) = context.sent
    assert (sent.to, sent.type) == ("mobile", "versions.report")
    assert sent.payload["in_use"] == ["v1", "v2"]
    assert sent.payload["not_served"] == ["v1"]
    assert "v1" in context.alerts["versions:mobile-backend"][1]


async def test_when_the_old_version_is_gone_from_the_log_its_alert_ends() -> None:
    context = FakeContext()
    calls = [SeenCall("/v1/orders", 404)]
    pair = mobile_backend(calls)
    await pair.run_once(context)
    calls[:] = [SeenCall("/v2/orders", 200)]
    found = await pair.run_once(context)
    assert context.alerts == {}
    assert found.note.startswith("1 calls; versions in use: v2 1; served: v2; 0 of 0 sync calls")


async def test_sync_failures_and_lag_are_found() -> None:
    context = FakeContext()
    calls = [SeenCall("/v2/sync", 503 if index < 3 else 200, 9.0) for index in range(20)]
    found = await mobile_backend(calls).run_once(context)
    assert found.findings == (
        "3 of 20 sync calls failed, more than 0.05",
        "5 of 100 sync calls take longer than 9.0 s, the bound is 5 s",
    )
    assert context.sent[0].payload["sync_failure_share"] == 0.15


def test_a_few_sync_calls_make_no_share_and_a_refused_login_is_no_lost_sync() -> None:
    few = measure_sync([SeenCall("/sync/now", 500, 1.0), SeenCall("/resync", 500)])
    assert (few.calls, few.failures, few.failure_share, few.lag_s_p95) == (1, 1, None, None)
    many = measure_sync([SeenCall("/v2/sync", 401, index / 100) for index in range(1, 101)])
    assert (many.failure_share, many.lag_s_p95) == (0.0, 0.95)


@pytest.mark.parametrize(
    ("document", "served"),
    [
        ({"paths": {"/v1/a": {}, "/V2/b": {}, "/plain": {}}}, {"v1", "v2"}),
        ({"servers": [{"url": "https://x.example/api/v3"}, {}], "paths": {"/a": {}}}, {"v3"}),
        ({"info": {"version": "4.1.0"}}, {"v4"}),
        ({"info": {"version": "next"}}, set[str]()),
        ({}, set[str]()),
    ],
)
def test_served_versions_stand_in_paths_servers_or_the_documents_own_version(
    document: dict[str, Any], served: set[str]
) -> None:
    assert read_served(document) == served


async def test_a_contract_that_names_no_version_is_nothing_to_hold_calls_against() -> None:
    files = FakeFiles({"shop_backend.yaml": "info: {version: next}"})
    context = FakeContext()
    found = await mobile_backend([SeenCall("/v9/a", 200)], files=files).run_once(context)
    assert found.findings == ()
    assert "served: none named" in found.note


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/api/v2/orders", "v2"),
        ("/v2", "v2"),
        ("/v1.1/x", "v1.1"),
        ("/video/1", ""),
        ("/rev2/x", ""),
    ],
)
def test_versions_are_whole_segments(path: str, version: str) -> None:
    assert find_version(path) == version
