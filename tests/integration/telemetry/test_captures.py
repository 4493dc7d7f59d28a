"""What real tools sent, held against what the model server answered them.

The captures are made by `python -m benchmarks.emitters --captures`; nothing but prompts, paths and
names of machines was taken out.
"""

import base64
import gzip
import json
from pathlib import Path
from typing import Any, cast

import pytest
from google.protobuf import json_format

from core.gateway.otlp import decode_json, decode_protobuf
from core.telemetry.model import Batch
from core.telemetry.service import TelemetryBook
from tests.fakes import FakeClock
from tests.otlp import REQUESTS, FakeUsageStore, is_list, to_protobuf

CAPTURES = sorted(Path(__file__).parents[2].glob("data/telemetry/*.json.gz"))
DECODERS = {
    "/v1/traces": (decode_json.decode_traces, decode_protobuf.decode_traces),
    "/v1/logs": (decode_json.decode_logs, decode_protobuf.decode_logs),
    "/v1/metrics": (decode_json.decode_metrics, decode_protobuf.decode_metrics),
}
AGENTS = {
    "codex": {"~codex_exec": 2},
    "gemini-cli": {"~gemini-cli": 2},
    "openai-agents-openinference": {"~Librarian": 2, "~Writer": 1},
    "openai-agents-v2": {"~Librarian": 2, "~Writer": 1},
    "pydantic-ai": {"~clerk": 2, "~herald": 1},
}


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return found


def decode(request: dict[str, str]) -> list[Batch]:
    as_json, as_protobuf = DECODERS[request["path"]]
    body = base64.b64decode(request["body"])
    return as_json(body) if "json" in request["type"] else as_protobuf(body)


async def take(capture: dict[str, Any], *, times: int = 1) -> tuple[TelemetryBook, FakeUsageStore]:
    store = FakeUsageStore()
    book = TelemetryBook(store=store, clock=FakeClock())
    for _ in range(times):
        for request in capture["requests"]:
            await book.take(decode(request), bound_to=None)
    await book.flush()
    return book, store


def name_of(path: Path) -> str:
    return path.name.removesuffix(".json.gz")


def test_there_is_a_capture_of_each_tool() -> None:
    assert {name_of(path) for path in CAPTURES} == AGENTS.keys()


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
@pytest.mark.parametrize("times", [1, 2], ids=["once", "sent again"])
async def test_totals_equal_the_model_servers_own_log(path: Path, times: int) -> None:
    capture = read(path)
    book, _ = await take(capture, times=times)
    (view,) = book.emitters()
    assert {
        "calls": view.totals.calls,
        "input_tokens": view.totals.input_tokens,
        "output_tokens": view.totals.output_tokens,
    } == capture["model_server"]
    assert (view.totals.failed, view.totals.tool_uses, view.rejected) == (0, 1, 0)


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
async def test_every_call_has_its_agent_its_model_its_times_and_its_price(path: Path) -> None:
    _, store = await take(read(path))
    calls = list(store.by_id.values())
    agents: dict[str, int] = {}
    for call in calls:
        agents[call.agent] = agents.get(call.agent, 0) + 1
    assert agents == AGENTS[name_of(path)]
    for call in calls:
        assert call.model
        assert call.duration_ms is not None
        assert call.duration_ms > 0
        assert call.cost_usd_micros is not None
        assert call.cost_basis.startswith(("genai-prices ", "reported"))
    (use,) = store.tools_by_id.values()
    assert use.agent in agents


@pytest.mark.parametrize(
    ("tool", "metric", "label"),
    [
        ("codex", "codex.turn.token_usage", "token_type"),
        ("gemini-cli", "gemini_cli.token.usage", "type"),
        ("gemini-cli", "gen_ai.client.token.usage", "gen_ai.token.type"),
        ("pydantic-ai", "gen_ai.client.token.usage", "gen_ai.token.type"),
    ],
)
async def test_the_tools_own_counters_agree(tool: str, metric: str, label: str) -> None:
    (path,) = (each for each in CAPTURES if name_of(each) == tool)
    book, _ = await take(read(path), times=2)
    (view,) = book.emitters()
    found = [book.metric_total(view.emitter, metric, {label: kind}) for kind in ("input", "output")]
    assert found == [view.totals.input_tokens, view.totals.output_tokens]


def in_the_other_form(request: dict[str, str]) -> dict[str, str]:
    """The same export in protobuf when it came as JSON, in JSON when it came as protobuf."""
    signal, body = request["path"].rpartition("/")[2], base64.b64decode(request["body"])
    if "json" in request["type"]:
        kind, other = "application/x-protobuf", to_protobuf(signal, body)
    else:
        plain = json_format.MessageToDict(REQUESTS[signal].FromString(body))
        kind, other = "application/json", json.dumps(hex_ids(plain)).encode()
    return {**request, "type": kind, "body": base64.b64encode(other).decode()}


def hex_ids(given: Any) -> Any:
    """OTLP's JSON has ids in hex, where protobuf's own has base64."""
    if is_list(given):
        return [hex_ids(each) for each in given]
    if not isinstance(given, dict):
        return given
    return {
        key: base64.b64decode(value).hex()
        if key in ("traceId", "spanId", "parentSpanId")
        else hex_ids(value)
        for key, value in cast("dict[str, Any]", given).items()
    }


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
async def test_json_and_protobuf_map_to_equal_records(path: Path) -> None:
    capture = read(path)
    other = {**capture, "requests": [in_the_other_form(each) for each in capture["requests"]]}
    book, store = await take(capture)
    other_book, other_store = await take(other)
    assert store.by_id
    assert (store.by_id, store.tools_by_id) == (other_store.by_id, other_store.tools_by_id)
    assert book.emitters() == other_book.emitters()
    assert book.statistics() == other_book.statistics()
