"""From rows to records: each call once, under the name of the agent whose run it belongs to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from core.ids import AgentId
from core.telemetry.emitter import Emitter
from core.telemetry.lineage import Lineage
from core.telemetry.memory import Notes, Seen, Twins
from core.telemetry.model import RESPONSE_ID, Batch, EmitterMap, Found, LogRow, SpanRow
from core.telemetry.reader import BookReader
from core.telemetry.rules import OTHERS, OUTSIDE
from core.usage import ModelCall, ToolUse

_AGENTS_MAX: Final = 1_000
_OTHER_AGENTS: Final = AgentId(f"{OUTSIDE}{OTHERS}")


class Mapper:
    """Maps the rows of every emitter; what is to be kept is appended to `calls` and `tools`.

    A record that comes again with the same id replaces the one that is kept.
    """

    def __init__(self) -> None:
        self.calls: list[ModelCall] = []
        self.tools: list[ToolUse] = []
        self.agents: dict[AgentId, datetime] = {}
        self.duplicates = 0
        self.memory = Notes()
        self._seen = Seen()
        self._undecided = Notes()  # tool uses of which only the decision is known
        self._twins = Twins()
        self._lineage = Lineage()

    def take_logs(
        self, emitter: Emitter, reader: BookReader, batch: Batch, rows: Sequence[LogRow]
    ) -> None:
        """Map log records."""
        map_log = batch.map.map_log
        if map_log is None:
            return
        for row in rows:
            found = map_log(row, reader)
            if found is not None:
                self._keep(found, emitter, reader)

    def take_spans(
        self, emitter: Emitter, reader: BookReader, batch: Batch, rows: Sequence[SpanRow]
    ) -> None:
        """Map spans, in whatever order they come."""
        how = batch.map
        map_span, own_name = how.map_span, how.own_name
        if map_span is None or own_name is None:
            return
        if emitter.inherits:
            self._note(rows, how)
        for row in rows:
            if own_name(row.fields):
                found = map_span(row, reader, None)
                if found is not None:
                    self._keep_span(found, emitter, reader, batch, row)
            elif not emitter.inherits:
                found = map_span(row, reader, None)
                if found is None:
                    continue
                emitter.inherits = True  # the first call that names no agent
                self._note(rows, how)
                self._inherit(emitter, reader, batch, row)
            else:
                self._inherit(emitter, reader, batch, row)
        if emitter.inherits:
            self._settle(rows, reader)

    def _inherit(self, emitter: Emitter, reader: BookReader, batch: Batch, row: SpanRow) -> None:
        map_span = batch.map.map_span
        name, is_open = self._lineage.find(row.trace_id, row.parent_id)
        found = map_span(row, reader, name) if map_span else None
        if found is None:
            return
        kept = self._keep_span(found, emitter, reader, batch, row)
        if kept and is_open:
            self._lineage.wait(row.trace_id, row.parent_id, found)

    def _note(self, rows: Sequence[SpanRow], how: EmitterMap) -> None:
        run_name = how.run_name
        for row in rows:
            name = run_name(row.fields) if run_name else None
            self._lineage.note(row.trace_id, row.id, row.parent_id, name)

    def _settle(self, rows: Sequence[SpanRow], reader: BookReader) -> None:
        for trace_id in {row.trace_id for row in rows}:
            for name, record in self._lineage.settle(trace_id):
                self._append(record._replace(agent=reader.agent(name)), reader.now)

    def _keep_span(
        self, found: Found, emitter: Emitter, reader: BookReader, batch: Batch, row: SpanRow
    ) -> bool:
        """Keep a record, unless another instrumentation told of the same call before."""
        response_id = row.fields[RESPONSE_ID]
        if response_id is not None and isinstance(found, ModelCall):
            scope, first_id = self._twins.first(
                emitter.name, response_id, scope=batch.scope, id=found.id
            )
            if scope != batch.scope:
                self.duplicates += 1
                own_name = batch.map.own_name
                if own_name is not None and own_name(row.fields):
                    self._append(found._replace(id=first_id), reader.now)
                return False
        return self._keep(found, emitter, reader)

    def _keep(self, found: Found, emitter: Emitter, reader: BookReader) -> bool:
        """Count and queue a record; False when it came before."""
        new = self._seen.add(emitter.name, found.id)
        if isinstance(found, ModelCall):
            if new:
                emitter.tally.add_call(found)
        else:
            new = self._count_tool(found, emitter, new=new)
        if not new:
            self.duplicates += 1
            return False
        if emitter.kind == "unknown":
            emitter.kind = "genai"
        self._append(found, reader.now)
        return True

    def _count_tool(self, use: ToolUse, emitter: Emitter, *, new: bool) -> bool:
        key = f"{emitter.name}\0{use.id}"
        if use.ok is None:
            if new:
                self._undecided.put(key, True)  # noqa: FBT003 - a set
        elif not new:
            new = self._undecided.take(key) is not None
            if new:
                emitter.tally.add_tool(use, known=True)
            return new
        if new:
            emitter.tally.add_tool(use)
        return new

    def _append(self, found: Found, now: datetime) -> None:
        agent = found.agent
        if agent not in self.agents and len(self.agents) >= _AGENTS_MAX:
            agent = _OTHER_AGENTS
            found = found._replace(agent=agent)
        self.agents[agent] = now
        if isinstance(found, ModelCall):
            self.calls.append(found)
        else:
            self.tools.append(found)
