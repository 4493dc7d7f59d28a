"""The screens that the console can begin at."""

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from console.screens.more import Make, later

_CLASSES: Final = {
    "overview": ("overview", "OverviewScreen"),
    "approvals": ("approvals", "ApprovalsScreen"),
    "audit": ("audit", "AuditScreen"),
    "rules": ("rules", "RulesScreen"),
    "agents": ("agents", "AgentsScreen"),
    "metrics": ("metrics", "MetricsScreen"),
    "messages": ("messages", "MessagesScreen"),
    "alerts": ("alerts", "AlertsScreen"),
}
# By name, in the order of their keys.
MAIN_SCREENS: Final[Mapping[str, Make]] = {
    name: later(module, kind) for name, (module, kind) in _CLASSES.items()
}


def load_main_screens() -> None:
    """Import what the next key may ask for. For a thread, once the first picture is there."""
    for module, _ in _CLASSES.values():
        import_module(f"console.screens.{module}")
