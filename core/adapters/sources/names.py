"""Host names, looked up apart first: a resolver that hangs would fill the loop's own pool."""

import ipaddress
import socket

from core.adapters.sources.apart import Apart
from core.errors import SourceFailed


class Names:
    """What is asked before a library resolves the same name on the loop's pool."""

    def __init__(self) -> None:
        self._aparts: dict[str, Apart] = {}

    async def look_up(self, host: str, timeout_s: float) -> None:
        """Make sure that the name resolves. Raises SourceFailed, TimeoutError."""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            pass
        else:
            return
        apart = self._aparts.setdefault(host, Apart())
        try:
            await apart.run(lambda: socket.getaddrinfo(host, None), timeout_s)
        except (socket.gaierror, UnicodeError) as error:
            why = getattr(error, "strerror", None) or "it is no host name"
            raise SourceFailed(f"cannot connect to {host}: {why}; correct the name") from error
