"""Screens that are made when somebody first goes there: each costs the start otherwise."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final

from console.screens.base import Front, MaestroScreen

Make = Callable[[Front], MaestroScreen]


def _later(module: str, name: str) -> Make:
    """The class is imported by the first call."""

    def make(front: Front) -> MaestroScreen:
        made: MaestroScreen = getattr(import_module(f"console.screens.{module}"), name)(front)
        return made

    return make


MORE_SCREENS: Final[Mapping[str, Make]] = {
    "policies": _later("policies", "PoliciesScreen"),
    "policy_tests": _later("policy_lists", "PolicyTestsScreen"),
    "policy_replay": _later("policy_lists", "PolicyReplayScreen"),
    "policy_proposals": _later("policy_lists", "PolicyProposalsScreen"),
    "traces": _later("traces", "TracesScreen"),
    "reports": _later("reports", "ReportsScreen"),
    "logs": _later("logs", "LogsScreen"),
    "settings": _later("settings", "SettingsScreen"),
    "doctor": _later("settings", "DoctorScreen"),
    "coordinators": _later("telemetry", "CoordinatorsScreen"),
    "telemetry": _later("telemetry", "TelemetryScreen"),
    "sessions": _later("telemetry", "SessionsScreen"),
}
