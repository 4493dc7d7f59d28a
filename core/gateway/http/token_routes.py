"""Tokens over HTTP: list, make for agents, rotate, revoke."""

from starlette.types import ASGIApp

from core.errors import PermissionDenied
from core.gateway.http.operations import Call, answer_json
from core.gateway.http.views import token_answer
from core.gateway.schemas import SecretAnswer, TokenBody, TokensAnswer
from core.ids import TokenId
from core.records import TokenKind


async def list_tokens(call: Call) -> ASGIApp:
    """Every token, without secrets."""
    tokens = call.gateway.tokens.list()
    return answer_json(TokensAnswer(tokens=tuple(token_answer(each) for each in tokens)))


async def make_token(call: Call) -> ASGIApp:
    """Make an agent token. A caller could be two approvers if this made operator tokens."""
    body = call.body_as(TokenBody)
    token, secret = await call.gateway.tokens.make(
        TokenKind.AGENT, body.label, bound_to=body.bound_to, by=_by(call)
    )
    return answer_json(SecretAnswer(token=token_answer(token), secret=secret))


async def rotate_token(call: Call) -> ASGIApp:
    """Replace a token. Another operator's stays theirs: its successor would decide as them."""
    token_id = TokenId(call.path_id("token"))
    others = (
        each.kind is TokenKind.OPERATOR and each.id == token_id != call.caller.id
        for each in call.gateway.tokens.list()
    )
    if any(others):
        raise PermissionDenied("only its holder can rotate an operator token: revoke it instead")
    token, secret = await call.gateway.tokens.rotate(token_id, by=_by(call))
    return answer_json(SecretAnswer(token=token_answer(token), secret=secret))


async def revoke_token(call: Call) -> ASGIApp:
    """End a token now."""
    token_id = TokenId(call.path_id("token"))
    return answer_json(token_answer(await call.gateway.tokens.revoke(token_id, by=_by(call))))


def _by(call: Call) -> str:
    return call.caller.bound_to or call.caller.label
