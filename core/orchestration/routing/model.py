"""What the router's bounds and counts are. Pure values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterLimits:
    """Bounds on everything that the router holds."""

    age_s: float = 30.0  # a message rises one step at the latest after this time
    open_max: int = 10_000  # messages that are not handled and not dead
    open_bytes_max: int = 64_000_000  # of their payloads
    payload_bytes_max: int = 256_000  # of one payload, as JSON
    dead_max: int = 1_000  # dead letters; the oldest falls off
    recent_max: int = 5_000  # messages that the screens can list
    recent_bytes_max: int = 32_000_000  # of the payloads of each of these two lists


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterStatistics:
    """Counts since the start: sent = waiting + queued + in_work + handled + dead."""

    sent: int = 0
    waiting: int = 0
    queued: int = 0
    in_work: int = 0
    handled: int = 0
    dead: int = 0  # that died since the start
    letters: int = 0  # dead letters that can be looked at now
    rerouted: int = 0  # given to another than the addressee
    raised: int = 0  # because all that were able had too much to do
    late: int = 0  # reports on messages that were given up before
    trouble: str = ""  # why the store could not be written the last time
