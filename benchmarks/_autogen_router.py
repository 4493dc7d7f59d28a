"""Messages a second through autogen-core's single-threaded runtime. Prints one JSON object.

    python benchmarks/_autogen_router.py

Runs in the environment of the peers; `benchmarks.router` starts it. One agent, a small dataclass,
tracing off; the ways of sending that the runtime offers, each as quick as it goes: one after
another, many at a time, and publishing to a topic.
"""

import asyncio
import importlib
import json
from dataclasses import dataclass
from time import process_time
from typing import Any, Final

_MESSAGES: Final = 2_000
_ROUNDS: Final = 3
_AT_ONCE: Final = 50


@dataclass
class Task:
    """What is sent."""

    n: int


def make_agent(core: Any) -> Any:
    """An agent that counts what it gets, by the runtime's plainest kind."""

    class Counter(core.BaseAgent):  # type: ignore[misc]
        """Gets messages, answers nothing."""

        def __init__(self) -> None:
            super().__init__("counts")
            self.seen = 0

        async def on_message_impl(self, message: Any, ctx: Any) -> None:  # noqa: ARG002
            self.seen += 1

    return Counter


async def measure() -> dict[str, float]:
    """Messages a second by the way of sending; the best round."""
    core = importlib.import_module("autogen_core")
    trace = importlib.import_module("opentelemetry.trace")
    runtime = core.SingleThreadedAgentRuntime(tracer_provider=trace.NoOpTracerProvider())
    kind = make_agent(core)
    await kind.register(runtime, "counter", kind, skip_direct_message_subscription=True)
    await runtime.add_subscription(core.TypeSubscription("tasks", "counter"))
    address, topic = core.AgentId("counter", "default"), core.TopicId("tasks", "default")
    runtime.start()

    async def one_by_one() -> None:
        for n in range(_MESSAGES):
            await runtime.send_message(Task(n), address)

    async def many() -> None:
        for start in range(0, _MESSAGES, _AT_ONCE):
            sends = (runtime.send_message(Task(start + n), address) for n in range(_AT_ONCE))
            await asyncio.gather(*sends)

    async def publish() -> None:
        agent = await runtime.try_get_underlying_agent_instance(address)
        seen = agent.seen + _MESSAGES
        for n in range(_MESSAGES):
            await runtime.publish_message(Task(n), topic)
        while agent.seen < seen:  # noqa: ASYNC110 - an event would be a cost of its own
            await asyncio.sleep(0)

    rates: dict[str, float] = {}
    for send in (one_by_one, many, publish):
        spent: list[float] = []
        for _ in range(_ROUNDS):
            started = process_time()
            await send()
            spent.append(process_time() - started)
        rates[send.__name__] = round(_MESSAGES / min(spent))
    await runtime.stop()
    return rates


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure())))
