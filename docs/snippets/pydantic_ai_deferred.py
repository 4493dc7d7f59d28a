"""pydantic-ai: tools that require approval are deferred, decided by the gateway, then run."""
# ruff: noqa: INP001

import asyncio
from typing import Any

from maestro_gateway import Gateway, why_not
from pydantic_ai import (
    Agent,
    DeferredToolRequests,
    DeferredToolResults,
    ToolApproved,
    ToolDenied,
)
from pydantic_ai.messages import ModelMessage, ModelRequest, ToolReturnPart


async def run(agent: Agent[None, Any], prompt: str, *, gateway: Gateway) -> str:
    """Run `agent` (its output type includes DeferredToolRequests) until it has an answer.

    Its tools are declared with `requires_approval=True`.
    """
    result = await agent.run(prompt)
    while isinstance(result.output, DeferredToolRequests):
        decided = DeferredToolResults()
        tickets: dict[str, str] = {}
        calls = result.output.approvals
        asked = (gateway.ask(each.tool_name, each.args_as_dict(), purpose=prompt) for each in calls)
        for call, ticket in zip(calls, await asyncio.gather(*asked), strict=True):
            if ticket["decision"] == "allow":
                tickets[call.tool_call_id] = ticket["id"]
                # The operator may have edited the arguments: what runs is what came back.
                decided.approvals[call.tool_call_id] = ToolApproved(
                    override_args=ticket["arguments"]
                )
            else:
                decided.approvals[call.tool_call_id] = ToolDenied(why_not(ticket))
        result = await agent.run(
            message_history=result.all_messages(), deferred_tool_results=decided
        )
        await report_all(result.new_messages(), tickets, gateway)
    return str(result.output)


async def report_all(
    messages: list[ModelMessage], tickets: dict[str, str], gateway: Gateway
) -> None:
    """Report each call that ran: one that returned did its work, any other did not."""
    returned = {
        part.tool_call_id: part.model_response_str()
        for message in messages
        if isinstance(message, ModelRequest)
        for part in message.parts
        if isinstance(part, ToolReturnPart)
    }
    for call_id, ticket_id in tickets.items():
        ok = call_id in returned
        await gateway.report(ticket_id, ok=ok, result=returned.get(call_id, ""))
