"""Whose run a span belongs to, when only an ancestor says it; children may arrive first."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from core.telemetry.model import Found
from core.telemetry.rules import TEXT_MAX

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

    def __init__(self, *, spans_max: int = 65_536, waiting_max: int = 16_384) -> None:
        self._spans_max = spans_max
        self._waiting_max = waiting_max
        self._spans = 0  # over all traces
        self._waiting = 0
        self._traces: OrderedDict[str, _Trace] = OrderedDict()

    def note(self, trace_id: str, span_id: str, parent_id: str, run_name: str | None) -> None:
        """Remember a span. `run_name`: the agent whose run it is, if it is one."""
        trace = self._traces.get(trace_id)
        if trace is None:
            trace = self._traces[trace_id] = _Trace()
        else:
            self._traces.move_to_end(trace_id)
        if span_id not in trace.parents and len(trace.parents) < _SPANS_MAX:
            trace.parents[span_id] = parent_id
            if run_name is not None:
                trace.names[span_id] = run_name[:TEXT_MAX]
            self._spans += 1
        while self._spans > self._spans_max:
            _, oldest = self._traces.popitem(last=False)
            self._spans -= len(oldest.parents)
            self._waiting -= len(oldest.waiting)

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
        if (
            trace is not None
            and len(trace.waiting) < _WAITING_MAX
            and self._waiting < self._waiting_max
        ):
            trace.waiting.append((parent_id, record))
            self._waiting += 1

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
        self._waiting -= len(trace.waiting) - len(waiting)
        trace.waiting = waiting
        return settled
