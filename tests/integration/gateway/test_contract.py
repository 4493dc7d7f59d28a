"""The OpenAPI document tells the truth: schemathesis finds nothing against a whole engine."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi import checks

from core.gateway.http.openapi import make_document
from core.gateway.http.table import OPERATIONS
from core.records import TokenKind
from tests.integration.engine.served import Served, serving

_OPERATOR_ONLY = {row.path for row in OPERATIONS if row.kind is TokenKind.OPERATOR}
WAIT_S_MAX = 0.01  # an action that nobody decides is held for as long as was asked
_STREAMS = {row.path for row in OPERATIONS if row.media == "text/event-stream"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("home")) as served:
        yield served


def _shorten_wait(query: dict[str, Any]) -> None:
    with contextlib.suppress(ValueError, TypeError):
        if float(query.get("wait", 0)) > WAIT_S_MAX:
            query["wait"] = str(WAIT_S_MAX)


def _names_in(url: str) -> set[str]:
    return {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}


# Its types are only partly known to the checkers, so they end here.
_Check = Callable[[Any, Served], None]
_schema: Any = schemathesis.openapi.from_dict(make_document(OPERATIONS))
_CHECKS: Any = checks
# An endless answer has no end to check; test_events reads it.
_parametrize: Callable[[_Check], _Check] = _schema.exclude(path=sorted(_STREAMS)).parametrize()


@_parametrize
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_answer_is_the_one_that_is_documented(case: Any, engine: Served) -> None:
    _shorten_wait(case.query or {})
    kind = "operator" if case.operation.path in _OPERATOR_ONLY else "agent"
    token = (engine.home / f"{kind}.token").read_text(encoding="ascii").strip()
    response = case.call(base_url=engine.url, headers={"Authorization": f"Bearer {token}"})
    left_out: list[Any] = []
    # Telemetry is received with POST where metrics are read: that is OTLP's contract, not ours.
    if case.operation.path == "/v1/metrics":
        left_out.append(_CHECKS.unsupported_method)
    # A wrong parameter without a value is none in an address: what was sent is right.
    if not set(case.query or {}) <= _names_in(response.request.url):
        left_out.append(_CHECKS.negative_data_rejection)
    case.validate_response(response, excluded_checks=left_out)


def test_what_is_served_is_what_was_checked(engine: Served) -> None:
    assert engine.call("GET", "/openapi.json") == (200, make_document(OPERATIONS))


@pytest.mark.parametrize("path", ["/v1/approvals", "/v1/agents", "/v1/audit", "/v1/tokens"])
def test_an_agent_sees_nothing_of_the_operators_side(engine: Served, path: str) -> None:
    status, problem = engine.call("GET", path)
    assert (status, "needs an operator token" in problem["detail"]) == (403, True)


def test_every_row_of_the_table_is_described_with_its_refusals() -> None:
    document = make_document(OPERATIONS)
    for row in OPERATIONS:
        described = document["paths"][row.path][row.method.lower()]
        expected = {"200", "400", "403", "405", "414", "421", "422", "429", "431", "500", "503"}
        expected |= set() if row.open else {"401"}
        expected |= {"408", "413", "415"} if row.body else set()
        expected |= {str(int(status)) for status in row.refusals}
        assert set(described["responses"]) == expected
        assert bool(described["security"]) is not row.open
