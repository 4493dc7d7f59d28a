"""Whose run a span belongs to, when only an ancestor says it; children may arrive first."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from core.telemetry.model import Found

_DEPTH_MAX: Final = 64
_SPANS_MAX: Final = 2_048  # remembered of one trace
_WAITING_MAX: Final = 1_024  # records of one trace whose agent is not known yet


@dataclass(slots=True)
class _Trace:
    parents: dict[str, str] = field(default_factory=dict[str, str])
    names: dict[str, str] = field(default_factory=dict[str, str])
    waiting: list[tuple[str, Found]] = field(default_factory=list[tuple[str, Found]])


class Lineage:
    """Parents and names by trace, bounded: the trace untouched for longest goes first."""

    def __init__(self, *, traces_max: int = 512) -> None:
        self._traces_max = traces_max
        self._traces: OrderedDict[str, _Trace] = OrderedDict()

    def note(self, trace_id: str, span_id: str, parent_id: str, run_name: str | None) -> None:
        """Remember a span. `run_name`: the agent whose run it is, if it is one."""
        trace = self._traces.get(trace_id)
        if trace is None:
            trace = self._traces[trace_id] = _Trace()
            if len(self._traces) > self._traces_max:
                self._traces.popitem(last=False)
        else:
            self._traces.move_to_end(trace_id)
        if len(trace.parents) < _SPANS_MAX:
            trace.parents[span_id] = parent_id
            if run_name is not None:
                trace.names[span_id] = run_name

    def find(self, trace_id: str, parent_id: str) -> tuple[str | None, bool]:
        """The nearest ancestor's name, and whether more spans could still change that."""
        trace = self._traces.get(trace_id)
        if trace is None:
            return None, bool(parent_id)
        each = parent_id
        for _ in range(_DEPTH_MAX):
            if each in trace.names:
                return trace.names[each], False
            if not each:
                return None, False
            if each not in trace.parents:
                return None, True
            each = trace.parents[each]
        return None, False

    def wait(self, trace_id: str, parent_id: str, record: Found) -> None:
        """Keep a record until its ancestors are known."""
        trace = self._traces.get(trace_id)
        if trace is not None and len(trace.waiting) < _WAITING_MAX:
            trace.waiting.append((parent_id, record))

    def settle(self, trace_id: str) -> list[tuple[str, Found]]:
        """Records whose agent is known by now, with its name; they wait no longer."""
        trace = self._traces.get(trace_id)
        if trace is None or not trace.waiting:
            return []
        settled: list[tuple[str, Found]] = []
        waiting: list[tuple[str, Found]] = []
        for parent_id, record in trace.waiting:
            name, open_still = self.find(trace_id, parent_id)
            if name is not None:
                settled.append((name, record))
            elif open_still:
                waiting.append((parent_id, record))
        trace.waiting = waiting
        return settled
