"""The screens that the console can begin at."""

from collections.abc import Mapping
from typing import Final

from console.screens.more import Make, later

# By name, in the order of their keys.
MAIN_SCREENS: Final[Mapping[str, Make]] = {
    "overview": later("overview", "OverviewScreen"),
    "approvals": later("approvals", "ApprovalsScreen"),
    "audit": later("audit", "AuditScreen"),
    "rules": later("rules", "RulesScreen"),
    "agents": later("agents", "AgentsScreen"),
    "metrics": later("metrics", "MetricsScreen"),
    "messages": later("messages", "MessagesScreen"),
    "alerts": later("alerts", "AlertsScreen"),
}
