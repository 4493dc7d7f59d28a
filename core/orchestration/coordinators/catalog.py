"""The four coordinators with what they look at."""

from collections.abc import Callable

from core.agents.proposals import Proposer
from core.agents.reader import DocumentReader
from core.agents.settings import OrchestrationSettings
from core.clock import Clock
from core.fleet_ports import AgentContext, UsageStore
from core.ids import AgentId
from core.orchestration.coordinators.ai_video import AiVideo
from core.orchestration.coordinators.base import Coordinator, CoordinatorLoop
from core.orchestration.coordinators.data_security import DataSecurity
from core.orchestration.coordinators.frontend_backend import FrontendBackend
from core.orchestration.coordinators.mobile_backend import MobileBackend, ReadCalls
from core.orchestration.resolver import ConflictResolver


def build_coordinators(
    *,
    settings: OrchestrationSettings,
    context: AgentContext,
    clock: Clock,
    reader: DocumentReader,
    resolver: ConflictResolver,
    proposer: Proposer,
    load: Callable[[AgentId], float],
    usage: UsageStore | None = None,
    read_calls: ReadCalls | None = None,
) -> tuple[CoordinatorLoop, ...]:
    """One service each. `context` is the orchestrator's own; without `usage` no cost is judged."""
    pairs: tuple[Coordinator, ...] = (
        FrontendBackend(settings=settings, reader=reader, resolver=resolver),
        AiVideo(settings=settings, reader=reader, usage=usage, load=load, proposer=proposer),
        DataSecurity(settings=settings, reader=reader),
        MobileBackend(settings=settings, reader=reader, read_calls=read_calls),
    )
    return tuple(CoordinatorLoop(each, context=context, clock=clock) for each in pairs)
