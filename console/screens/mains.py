"""The screens that are there from the beginning."""

from console.screens.agents import AgentsScreen
from console.screens.alerts import AlertsScreen
from console.screens.approvals import ApprovalsScreen
from console.screens.audit import AuditScreen
from console.screens.base import Front, MaestroScreen
from console.screens.messages import MessagesScreen
from console.screens.metrics import MetricsScreen
from console.screens.overview import OverviewScreen
from console.screens.rules import RulesScreen


def make_main_screens(front: Front, approvals: ApprovalsScreen) -> dict[str, MaestroScreen]:
    """By name, in the order of their keys."""
    return {
        "overview": OverviewScreen(front),
        "approvals": approvals,
        "audit": AuditScreen(front),
        "rules": RulesScreen(front),
        "agents": AgentsScreen(front),
        "metrics": MetricsScreen(front),
        "messages": MessagesScreen(front),
        "alerts": AlertsScreen(front),
    }
