"""A book over a store in memory, fed with exports in JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from core.gateway.otlp import decode_json
from core.telemetry.service import TelemetryBook
from core.usage import EmitterView, ModelCall, ToolUse
from tests.fakes import FakeClock
from tests.otlp import FakeUsageStore, export


@dataclass
class Desk:
    """The book, and short ways to feed it and to look into it."""

    book: TelemetryBook
    store: FakeUsageStore
    clock: FakeClock

    async def spans(self, *rows: Mapping[str, Any], bound_to: str | None = None, **of: str) -> None:
        batches = decode_json.decode_traces(export("traces", rows, **of))
        await self.book.take(batches, bound_to=bound_to)

    async def logs(self, *rows: Mapping[str, Any], bound_to: str | None = None, **of: str) -> None:
        batches = decode_json.decode_logs(export("logs", rows, **of))
        await self.book.take(batches, bound_to=bound_to)

    async def metrics(self, *rows: Mapping[str, Any], **of: str) -> None:
        await self.book.take(
            decode_json.decode_metrics(export("metrics", rows, **of)), bound_to=None
        )

    async def calls(self) -> Sequence[ModelCall]:
        await self.book.flush()
        return list(self.store.by_id.values())

    async def tools(self) -> Sequence[ToolUse]:
        await self.book.flush()
        return list(self.store.tools_by_id.values())

    def emitter(self) -> EmitterView:
        (found,) = self.book.emitters()
        return found


@pytest.fixture
def desk() -> Desk:
    store, clock = FakeUsageStore(), FakeClock()
    return Desk(TelemetryBook(store=store, clock=clock), store, clock)
