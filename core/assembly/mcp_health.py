"""An MCP server that is down: an alert and a failed service, until it is back."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from core.bus import Bus
from core.clock import Clock
from core.errors import Overloaded
from core.events import ServiceFailed, ServiceRecovered
from core.measures import Severity
from core.monitoring.alerts import AlertBook

CAUSE: Final = "mcp:"  # and the server's name


class McpHealth:
    """Hears each change of a server from `/mcp`."""

    def __init__(self, *, clock: Clock, bus: Bus, alerts: AlertBook) -> None:
        self._clock = clock
        self._bus = bus
        self._alerts = alerts
        self._down: set[str] = set()

    async def forget_all_but(self, names: Iterable[str]) -> None:
        """Resolve what an earlier process left open about servers that are configured no more."""
        kept = {CAUSE + name for name in names}
        for alert in self._alerts.open():
            if alert.cause.startswith(CAUSE) and alert.cause not in kept:
                await self._alerts.resolve(alert.cause)

    async def tell(self, name: str, problem: str) -> None:
        """`problem` is what is wrong with it now; "" while it works."""
        at, service = self._clock.now(), CAUSE + name
        if not problem:
            await self._alerts.resolve(service)
            if name in self._down:
                self._down.discard(name)
                await self._bus.publish(ServiceRecovered(at=at, service=service))
            return
        self._down.add(name)
        await self._bus.publish(
            ServiceFailed(at=at, service=service, message=problem, restarting=True)
        )
        with suppress(Overloaded):  # it stands in the log, and consoles were told
            await self._alerts.raise_alert(
                service,
                agent="system",
                severity=Severity.WARNING,
                title=f"the MCP server {name} is down",
                detail=f"{problem}. Its tools are not listed and calls of them are refused; it is"
                " tried again by itself.",
            )
