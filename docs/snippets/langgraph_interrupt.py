"""LangGraph: a tool node stops at `interrupt`, and resumes with what the gateway decided."""
# ruff: noqa: INP001

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NotRequired, TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt
from maestro_gateway import Gateway, why_not

Tool = Callable[..., Awaitable[str]]


class State(TypedDict):
    """What the graph carries."""

    purpose: str  # the user's own words
    tool: str
    arguments: dict[str, Any]
    answer: NotRequired[str]


def make_graph(tools: dict[str, Tool], gateway: Gateway) -> Any:
    """A graph of one governed tool node; put the node into your own graph."""

    async def act(state: State) -> dict[str, str]:
        # The node starts over when it resumes: nothing with an effect may stand above this line.
        ticket = interrupt({"tool": state["tool"], "arguments": state["arguments"]})
        if ticket["decision"] != "allow":
            return {"answer": why_not(ticket)}
        try:
            answer = await tools[state["tool"]](**ticket["arguments"])  # perhaps the operator's
        except Exception as error:
            await gateway.report(ticket["id"], ok=False, result=str(error))
            raise
        await gateway.report(ticket["id"], ok=True, result=answer)
        return {"answer": answer}

    builder = StateGraph(State)
    builder.add_node("act", act)
    builder.add_edge(START, "act")
    builder.add_edge("act", END)
    return builder.compile(checkpointer=InMemorySaver())  # an interrupt needs a checkpointer


async def run(graph: Any, state: State, *, gateway: Gateway, thread: str) -> str:
    """Run until no interrupt is left. Each is answered by its own id: there can be several."""
    config = {"configurable": {"thread_id": thread}}
    result = await graph.ainvoke(state, config)
    while "__interrupt__" in result:
        asked = {each.id: each.value for each in result["__interrupt__"]}
        tickets = await asyncio.gather(
            *(
                gateway.ask(call["tool"], call["arguments"], purpose=state["purpose"])
                for call in asked.values()
            )
        )
        answers = dict(zip(asked, tickets, strict=True))
        result = await graph.ainvoke(Command(resume=answers), config)
    return str(result["answer"])
