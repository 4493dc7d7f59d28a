"""data-security: flows that nobody gave a reason for, and personal data that leaves its region."""

from core.actions import JsonObject
from core.agents.messages import FLOW_SETTLED, FLOW_VIOLATION
from core.agents.reader import DocumentReader
from core.agents.settings import OrchestrationSettings
from core.fleet_ports import AgentContext
from core.measures import Severity
from core.orchestration.coordinators.base import Found, no_source, sum_up
from core.orchestration.coordinators.flows import Violation, find_violations, read_flows


class DataSecurity:
    """Each violation is one alert, and one message to security."""

    name = "data-security"
    every_s = 300.0

    def __init__(self, *, settings: OrchestrationSettings, reader: DocumentReader) -> None:
        self._settings = settings
        self._reader = reader
        self._told: dict[str, str] = {}

    async def run_once(self, context: AgentContext) -> Found:
        """Read the manifest and judge each flow."""
        path = self._settings.data_flows
        if path is None:
            return no_source("[orchestration] data_flows")
        flows = read_flows(await self._reader.load(str(path)))
        violations = tuple(find_violations(flows))
        for each in violations:
            await self._tell(each, context)
        for name in self._told.keys() - {each.flow.name for each in violations}:
            await context.resolve_alert(_cause(name))
            await context.send("security", FLOW_SETTLED, {"flow": name})
            del self._told[name]
        reasons = [each.reason for each in violations]
        return sum_up(reasons, f"{len(flows)} flows have a purpose and stay in their region")

    async def _tell(self, violation: Violation, context: AgentContext) -> None:
        flow = violation.flow
        await context.raise_alert(
            _cause(flow.name),
            severity=Severity.WARNING,
            title=f"data flow {flow.name!r} is not in order",
            detail=f"{violation.reason}. Correct the flow, or what the manifest says of it.",
        )
        if self._told.get(flow.name) == violation.reason:
            return
        payload: JsonObject = {
            "flow": flow.name,
            "reason": violation.reason,
            "from": flow.source,
            "to": flow.target,
            "fields": list(flow.fields),
            "personal": flow.personal,
        }
        await context.send("security", FLOW_VIOLATION, payload, priority=8)
        self._told[flow.name] = violation.reason


def _cause(flow: str) -> str:
    return f"flow:{flow}"
