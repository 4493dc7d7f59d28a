"""Work beside the screen."""

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode
from textual.worker import Worker

Work = Callable[[], Coroutine[Any, Any, None]]


def start_work(node: DOMNode, work: Work, *, group: str, exclusive: bool = True) -> Worker[None]:
    """Run `work`; with `exclusive`, in the place of what its group runs now.

    It is handed over uncalled: replaced before it began, a coroutine would never be awaited. And
    wrapped: Textual describes each worker by its `repr`, which for a partial over an action's
    arguments takes seconds and spells out what stands in them.
    """

    async def run() -> None:
        await work()

    return node.run_worker(run, group=group, exclusive=exclusive)
