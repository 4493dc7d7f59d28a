"""Pausing, draining and restarting a hosted agent: a reason, the gate, a sentence."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from console.screens.base import MaestroScreen
from console.screens.dialogs.reason import ask_control
from console.screens.listing import send_fleet
from core.commands import AgentChange, ControlAgent
from core.fleet import AgentMode, AgentState

CONTROLS: Final = ("pause_agent", "drain_agent", "restart_agent")


def control_handlers(
    screen: MaestroScreen, selected: Callable[[], AgentState | None]
) -> Mapping[str, Callable[[str], None]]:
    """The handlers of the keys that steer the agent which `selected` names."""

    def start(action: str, key: str) -> None:
        state = selected()
        if state is not None:
            work = partial(_control, screen, state, _change(action, state), key)
            screen.front.typed.start_asking(screen, work)

    return {action: partial(start, action) for action in CONTROLS}


def _change(action: str, state: AgentState) -> AgentChange:
    if action == "restart_agent":
        return AgentChange.RESTART
    if action == "drain_agent":
        return AgentChange.DRAIN
    return AgentChange.PAUSE if state.mode is AgentMode.RUNNING else AgentChange.RESUME


async def _control(screen: MaestroScreen, state: AgentState, change: AgentChange, key: str) -> None:
    name = state.spec.name
    reason = await screen.shell.push_screen_wait(ask_control(screen.front, name, change))
    if reason:
        operator = screen.front.bridge.operator_id
        await send_fleet(
            screen,
            ControlAgent(operator=operator, key=key, agent_id=name, change=change, reason=reason),
        )
