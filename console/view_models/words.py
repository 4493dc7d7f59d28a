"""Words that the screens take from elsewhere by their value: names of screens, states, kinds.

Only what is listed here is translated; whatever else comes by value is drawn as it is.
"""

from typing import Final

from console.language import N_, _

_SCREENS: Final = (
    N_("overview"),
    N_("agents"),
    N_("agent detail"),
    N_("actions"),
    N_("approvals"),
    N_("metrics"),
    N_("metric detail"),
    N_("messages"),
    N_("alerts"),
    N_("policies"),
    N_("policy tests"),
    N_("policy replay"),
    N_("policy proposals"),
    N_("tests"),
    N_("replay"),
    N_("proposals"),
    N_("audit"),
    N_("entries"),
    N_("rules"),
    N_("reports"),
    N_("logs"),
    N_("settings"),
    N_("doctor"),
    N_("coordinators"),
    N_("telemetry"),
    N_("sessions"),
    N_("traces"),
    N_("trace"),
    N_("help"),
    N_("heat"),
    N_("graph"),
    N_("heat map"),
    N_("activity"),
)
_VALUES: Final = (
    N_("low"),
    N_("medium"),
    N_("high"),
    N_("critical"),
    N_("warning"),
    N_("info"),
    N_("allowed"),
    N_("approved"),
    N_("denied"),
    N_("pending"),
    N_("expired"),
    N_("running"),
    N_("paused"),
    N_("draining"),
    N_("pause"),
    N_("resume"),
    N_("drain"),
    N_("restart"),
    N_("degraded"),
    N_("steady"),
    N_("insufficient data"),
    N_("error"),
    N_("debug"),
    N_("default"),
)
_REPORTS: Final = (
    N_("Approvals"),
    N_("Who decided what, how fast, what came of it"),
    N_("Audit evidence"),
    N_("The trail verified, and its entries"),
    N_("Operations"),
    N_("Agents, metrics, alerts, model use"),
)
_MODES: Final = (N_("LIVE"), N_("ATTACHED"), N_("DEMO"), N_("STARTING"))


def screen_name(name: str) -> str:
    """What a screen is called, from its name in the key table."""
    return _(name.replace("_", " "))
