"""Which messages are taken, who may have them, and the sentences that say why not. Pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, cast

import orjson

from core.actions import JsonObject
from core.fleet import PRIORITY_MAX, PRIORITY_MIN, Message, MessageState, MessageView
from core.fleet_ports import MessageQuery
from core.ids import AgentId, MessageId

_NAMES_CHARS_MAX: Final = 1_000
_REASON_CHARS_MAX: Final = 300


def find_fault(message: Message) -> str:
    """Why the message cannot be taken, as a sentence; "" when it can."""
    priority = message.priority
    to, kind = message.to, message.type
    sender, capability = message.sender, message.capability
    if type(priority) is not int or not PRIORITY_MIN <= priority <= PRIORITY_MAX:
        return f"priority {priority!r} is not a whole number from {PRIORITY_MIN} to {PRIORITY_MAX}"
    if not (to or capability):
        return "the message names neither an agent nor a capability"
    if not (kind and sender and message.id):
        return "the message has no type, no sender or no id"
    if len(to) + len(kind) + len(sender) + len(capability) > _NAMES_CHARS_MAX:
        return f"names and type of the message are longer than {_NAMES_CHARS_MAX} characters"
    if message.expires_at is not None and message.expires_at.tzinfo is None:
        return "the time at which the message expires has no time zone"
    return ""


def measure_payload(payload: JsonObject) -> int:
    """Its size as JSON in bytes. Raises ValueError with a sentence when it has no JSON form."""
    if not payload:
        return 2
    try:
        return len(orjson.dumps(payload))
    except TypeError:  # frozen mappings, large integers, text that is not Unicode: or no JSON
        pass
    try:
        return len(json.dumps(payload, default=_plain, separators=(",", ":")))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the payload is not JSON: {error}") from error


def is_writable(payload: JsonObject) -> bool:
    """False when it holds a number that JSON has not: NaN, infinity."""
    try:
        json.dumps(payload, allow_nan=False, default=_plain)
    except ValueError:
        return False
    return True


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return list(cast("Sequence[object]", value))
    raise TypeError(f"{type(value).__name__} is no JSON value")


def able_by(message: Message, addressee_capabilities: Sequence[str] | None) -> tuple[str, ...]:
    """The capabilities that make another agent an alternative; none: only the addressee will do."""
    if message.only_addressee:
        return ()
    if message.capability:
        return (message.capability,)
    return tuple(addressee_capabilities or ())


def lifetime_s(expires_at: datetime, *, now: datetime) -> float:
    """How long a message may go on untaken; not above 0 when it came too late."""
    return (expires_at - now) / timedelta(seconds=1)


def shorten(reason: str) -> str:
    """One line of bounded length: reasons may quote what an agent said."""
    line = " ".join(reason.split())
    return line if len(line) <= _REASON_CHARS_MAX else f"{line[: _REASON_CHARS_MAX - 1]}…"


def explain_wait(message: Message, *, known: bool, why: str, overloaded: bool) -> str:
    """Why nobody can take it now. `why` is what is known of the addressee's absence."""
    if overloaded:
        return "all that could take it are over 85 % of their capacity"
    if not message.to:
        return f"no agent that can {message.capability} takes messages"
    if not known:
        return f"there is no agent {message.to}, and no other is able"
    return f"{message.to} takes no messages{f': {why}' if why else ''}; no other is able"


def matches(query: MessageQuery, view: MessageView) -> bool:
    """Whether the query asks for this one; its limit is not looked at."""
    message = view.message
    if query.dead_only and view.state is not MessageState.DEAD:
        return False
    if query.type not in message.type:
        return False
    names = (message.sender, message.to, view.holder or "")
    if query.agent and not any(query.agent in name for name in names):
        return False
    if not query.text:
        return True
    words = (message.id, message.type, *names, message.correlation_id, view.reason)
    return any(query.text in each for each in words) or query.text in write_payload(message.payload)


def write_payload(payload: JsonObject) -> str:
    """The payload as one line of JSON."""
    return json.dumps(payload, default=_plain, ensure_ascii=False)


def make_answer(
    request: Message,
    payload: JsonObject,
    *,
    message_id: MessageId,
    sender: AgentId,
    at: datetime,
) -> Message:
    """What goes back to the sender of a request, and to nobody else."""
    return Message(
        id=message_id,
        sender=sender,
        to=request.sender,
        type=f"{request.type}.answer",
        payload=payload,
        priority=request.priority,
        at=at,
        correlation_id=request.correlation_id,
        answers=request.id,
        durable=request.durable,
        only_addressee=True,
    )
