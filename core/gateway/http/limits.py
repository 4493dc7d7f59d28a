"""What one caller may use up: bounds, a rate per token, and slots for what stays open."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from core.clock import Clock
from core.errors import Overloaded
from core.ids import TokenId


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of the gateway. The defaults carry some thousand actions a second on loopback."""

    body_bytes_max: int = 1_000_000
    body_timeout_s: float = 10.0
    discarded_bytes_max: int = 256_000_000  # of a refused body, so that its sender learns why
    header_bytes_max: int = 16_384
    target_bytes_max: int = 8_192  # path and query
    wait_s_max: float = 600.0  # longer waits are cut to this
    in_flight_max: int = 512  # requests at once, long waits and streams included
    waits_per_token_max: int = 256
    uploads_per_token_max: int = 192  # bodies that have not arrived yet
    streams_per_token_max: int = 8
    rate_per_s: float = 2_000.0  # requests a second and token, in the long run
    burst_max: int = 4_000
    events_kept_max: int = 4_096  # for readers of the event stream who come back
    heartbeat_s: float = 15.0
    hosts: frozenset[str] = field(default=frozenset({"127.0.0.1", "localhost", "[::1]"}))


class RateLimit:
    """A token bucket for each bearer token."""

    def __init__(self, *, rate_per_s: float, burst_max: int, clock: Clock) -> None:
        self._rate_per_s = rate_per_s
        self._burst_max = float(burst_max)
        self._clock = clock
        self._left: dict[TokenId, tuple[float, float]] = {}  # level, and when it was that

    def spend(self, token: TokenId) -> None:
        """Take one request's worth. Raises Overloaded when the bucket is empty."""
        now = self._clock.monotonic_s()
        level, at = self._left.get(token, (self._burst_max, now))
        level = min(self._burst_max, level + (now - at) * self._rate_per_s)
        if level < 1.0:
            raise Overloaded(
                f"this token sends more than {self._rate_per_s:g} requests a second:"
                " slow down and send this one again"
            )
        self._left[token] = (level - 1.0, now)


class Slots:
    """How many of something one token may hold open at the same time."""

    def __init__(self, slots_max: int, *, what: str) -> None:
        self._slots_max = slots_max
        self._what = what
        self._taken: Counter[TokenId] = Counter()

    @property
    def taken(self) -> int:
        """How many are open now, over all tokens."""
        return self._taken.total()

    @contextmanager
    def take(self, token: TokenId) -> Generator[None]:
        """Hold one slot around the block. Raises Overloaded when all are taken."""
        if self._taken[token] >= self._slots_max:
            raise Overloaded(
                f"this token already holds {self._slots_max} {self._what} open:"
                " let one end, then send this request again"
            )
        self._taken[token] += 1
        try:
            yield
        finally:
            self._taken[token] -= 1
            if not self._taken[token]:
                del self._taken[token]
