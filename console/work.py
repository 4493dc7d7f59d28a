"""Work beside the screen."""

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode

Work = Callable[[], Coroutine[Any, Any, None]]


def start_work(node: DOMNode, work: Work, *, group: str, exclusive: bool = True) -> None:
    """Run `work`; with `exclusive`, in the place of what its group runs now.

    It is handed over uncalled: replaced before it began, a coroutine would never be awaited.
    """
    node.run_worker(work, group=group, exclusive=exclusive)  # type: ignore[arg-type]
