"""What an operator is served of an action, and the digest that stands for it."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from core.actions import JsonObject
from core.governance.facts import is_long
from core.governance.screening.rules import screen
from core.governance.shown import show_action, show_verdict
from core.records import ActionRecord, ApprovalRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Arguments as they are served, without secrets, and the digest of the whole card."""

    arguments: JsonObject
    original: JsonObject | None  # what an edit replaced
    digest: str


async def make_shown(record: ActionRecord, approval: ApprovalRecord | None) -> Shown:
    """What is served of these two records."""
    edited = approval.arguments_edited if approval else None
    asked = await _redacted(record.action.arguments)
    arguments = asked if edited is None else await _redacted(edited)
    return Shown(
        arguments=arguments,
        original=None if edited is None else asked,
        digest=await asyncio.to_thread(_digest, record, approval, arguments)
        if is_long({"purpose": record.action.purpose})
        else _digest(record, approval, arguments),
    )


async def _redacted(arguments: JsonObject) -> JsonObject:
    """Without their secrets; what takes long to look through is looked through beside the loop."""
    screened = (
        await asyncio.to_thread(screen, arguments) if is_long(arguments) else screen(arguments)
    )
    redacted = screened.redacted
    return redacted if isinstance(redacted, Mapping) else {}


def _digest(record: ActionRecord, approval: ApprovalRecord | None, arguments: JsonObject) -> str:
    """Digest of what is served to be shown: it goes into the trail with the decision.

    It covers what stays true while the action waits, and neither time, votes, trust nor session.
    """
    action = show_action(record).action
    edited = approval.verdict_edited if approval else None
    card = {
        "id": record.id,
        "digest": approval.digest if approval else record.digest,
        "risk": approval.risk if approval else record.verdict.risk,
        "agent": action.agent_id,
        "session": action.session_id,
        "correlation": action.correlation_id,
        "kind": action.kind,
        "resource": action.resource,
        "purpose": action.purpose,
        "arguments": arguments,
        "verdict": asdict(show_verdict(record.verdict if edited is None else edited)),
    }
    text = json.dumps(card, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
