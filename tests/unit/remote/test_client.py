"""Answers and silences become the errors that the screens know."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from console.remote.client import Access, RemoteClient
from console.remote.link import Link
from console.remote.operator import RemoteOperator
from console.remote.problems import (
    EngineDiffersError,
    EngineRefusedError,
    EngineSilentError,
    read_problem,
)
from core import errors
from core.commands import DenyAction
from core.gateway.console_schemas import FORMS
from core.gateway.http.problem import make_problem
from core.ids import ActionId, OperatorId
from tests.fakes import FakeClock

URL = "http://127.0.0.1:7717"
Answer = Callable[[httpx.Request], httpx.Response]


def _client(answer: Answer) -> RemoteClient:
    access = Access(url=lambda: URL, token=lambda: "mst_oper_x")
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return RemoteClient(access, http, Link(FakeClock().monotonic_s))


def _json(status: int, body: Any) -> Answer:
    return lambda _: httpx.Response(status, json=body)


def _raises(error: Exception) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        del request
        raise error

    return answer


@pytest.mark.parametrize(
    "kind",
    [
        errors.ActionConflict,
        errors.ActionNotFound,
        errors.AgentNotFound,
        errors.AlertNotFound,
        errors.ApprovalSettled,
        errors.BlockedByFault,
        errors.InvalidAction,
        errors.MessageNotFound,
        errors.Overloaded,
        errors.PermissionDenied,
        errors.StorageFull,
        errors.StorageReadOnly,
        errors.Unauthenticated,
        errors.WriteConflict,
    ],
)
def test_an_error_comes_back_as_what_it_was(kind: type[errors.MaestroError]) -> None:
    problem = make_problem(kind("what, where, what to do"), request_id="r")
    error = read_problem(problem.status_code, json.loads(bytes(problem.body)))
    assert type(error) is kind
    assert str(error)


def test_a_busy_store_comes_back_as_a_storage_error() -> None:
    problem = make_problem(errors.StorageBusy("locked"), request_id="r")
    error = read_problem(problem.status_code, json.loads(bytes(problem.body)))
    assert type(error) is errors.StorageError


@pytest.mark.parametrize("answer", [None, [], "no", {}, {"detail": ""}, {"type": 3, "title": "X"}])
def test_an_answer_of_something_else_is_still_a_sentence(answer: Any) -> None:
    error = read_problem(502, answer)
    assert type(error) is EngineRefusedError
    assert str(error)


async def test_the_greeting_says_who_the_operator_is() -> None:
    greeting = await _client(_json(200, {"forms": FORMS, "operator": "ana", "fleet": True})).greet()
    assert (greeting.operator, greeting.fleet) == ("ana", True)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (_json(404, {"title": "Not Found"}), "is older than this console"),
        (_json(200, {"forms": FORMS - 1}), "is older than this console: update the engine"),
        (_json(200, {"forms": FORMS + 1}), "is newer than this console: update the console"),
        (_json(200, {}), "is newer than this console"),
    ],
)
async def test_an_engine_of_another_form_is_not_attached_to(answer: Answer, words: str) -> None:
    with pytest.raises(EngineDiffersError, match=words):
        await _client(answer).greet()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ConnectError("refused"), f"nothing answers at {URL}"),
        (httpx.ConnectTimeout("slow"), f"nothing answers at {URL}"),
        (httpx.ReadTimeout("slow"), "gave no answer in time"),
        (httpx.RemoteProtocolError("closed"), "gave no answer in time"),
    ],
)
async def test_silence_is_an_error_of_the_store_and_makes_all_stale(
    error: Exception, words: str
) -> None:
    client = _client(_raises(error))
    client.link.heard()
    with pytest.raises(EngineSilentError, match=words) as raised:
        await RemoteOperator(client).list_approvals()
    assert isinstance(raised.value, errors.StorageError)
    assert client.link.stale_s() is not None


async def test_a_read_is_tried_once_more_when_its_connection_was_closed() -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        if len(calls) == 1:
            raise httpx.RemoteProtocolError("closed")
        return httpx.Response(200, json={"value": []})

    assert await RemoteOperator(_client(answer)).list_approvals() == ()
    assert len(calls) == 2


async def test_a_decision_is_sent_once_and_owns_up_to_not_knowing() -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        raise httpx.RemoteProtocolError("closed")

    command = DenyAction(operator=OperatorId("ana"), action_id=ActionId("0" * 26), reason="no")
    with pytest.raises(EngineSilentError, match="whether it did this is not known"):
        await RemoteOperator(_client(answer)).dispatch(command)
    assert calls == ["/v1/console/commands"]


@pytest.mark.parametrize("body", [{}, {"value": [{"id": "x"}]}, {"value": 3}])
async def test_records_that_do_not_fit_are_told_as_another_version(body: Any) -> None:
    with pytest.raises(EngineDiffersError, match="different versions"):
        await RemoteOperator(_client(_json(200, body))).list_approvals()


async def test_an_answer_that_is_no_json_is_a_sentence() -> None:
    client = _client(lambda _: httpx.Response(200, text="<html>"))
    with pytest.raises(EngineRefusedError, match="did not say why"):
        await RemoteOperator(client).list_agents()


async def test_a_redirect_takes_the_token_nowhere() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(307, headers={"Location": "http://evil.example/"})

    with pytest.raises(EngineRefusedError):
        await RemoteOperator(_client(answer)).list_agents()
    assert asked == [f"{URL}/v1/console/views"]
