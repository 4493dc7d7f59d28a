"""Screens that are made when somebody first goes there: each costs the start otherwise."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final

from console.screens.base import Front, MaestroScreen

Make = Callable[[Front], MaestroScreen]


def later(module: str, name: str) -> Make:
    """Makes a screen; its class is imported by the first call."""

    def make(front: Front) -> MaestroScreen:
        made: MaestroScreen = getattr(import_module(f"console.screens.{module}"), name)(front)
        return made

    return make


def later_about(module: str, name: str) -> Callable[[Front, str], MaestroScreen]:
    """The same for a screen about one thing, told by its id."""

    def make(front: Front, about: str) -> MaestroScreen:
        kind = getattr(import_module(f"console.screens.{module}"), name)
        made: MaestroScreen = kind(front, about)
        return made

    return make


MORE_SCREENS: Final[Mapping[str, Make]] = {
    "policies": later("policies", "PoliciesScreen"),
    "policy_tests": later("policy_lists", "PolicyTestsScreen"),
    "policy_replay": later("policy_lists", "PolicyReplayScreen"),
    "policy_proposals": later("policy_lists", "PolicyProposalsScreen"),
    "traces": later("traces", "TracesScreen"),
    "reports": later("reports", "ReportsScreen"),
    "logs": later("logs", "LogsScreen"),
    "settings": later("settings", "SettingsScreen"),
    "doctor": later("settings", "DoctorScreen"),
    "heat": later("heat", "HeatScreen"),
    "graph": later("graph", "GraphScreen"),
    "coordinators": later("telemetry", "CoordinatorsScreen"),
    "telemetry": later("telemetry", "TelemetryScreen"),
    "sessions": later("telemetry", "SessionsScreen"),
}
