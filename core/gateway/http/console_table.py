"""The contract's rows for a console that is attached to a running engine."""

from http import HTTPStatus
from typing import Final

from core.gateway.console_schemas import CommandBody, GreetingAnswer, ViewAnswer, ViewBody
from core.gateway.fleet_schemas import DoneAnswer
from core.gateway.http import console_routes
from core.gateway.http.operations import Operation
from core.records import TokenKind

_OPERATOR: Final = TokenKind.OPERATOR

CONSOLE_OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/v1/console",
        name="greetConsole",
        summary="Who the token's operator is, and which forms the two calls below speak",
        handler=console_routes.greet,
        kind=_OPERATOR,
        answer=GreetingAnswer,
    ),
    Operation(
        method="POST",
        path="/v1/console/views",
        name="readView",
        summary="One view of an attached console, in the JSON form of its records; changes nothing",
        handler=console_routes.read_view,
        kind=_OPERATOR,
        body=ViewBody,
        answer=ViewAnswer,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="POST",
        path="/v1/console/commands",
        name="sendCommand",
        summary="One command of an attached console, with the key that was pressed",
        handler=console_routes.send_command,
        kind=_OPERATOR,
        body=CommandBody,
        answer=DoneAnswer,
        refusals=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
)
