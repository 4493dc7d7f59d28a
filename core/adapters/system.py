"""The real clock and the real source of ids."""

import asyncio
import os
import time
from datetime import UTC, datetime

from core.ids import CorrelationId

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32, lower case
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)  # ten bits at once
_BITS = 5  # in a letter
_LETTER_OF_BYTE = _ALPHABET.encode() * 8  # the lowest bits of a byte
_AS_PYTHONS = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_RANDOM_BITS = 80
_POOL_BYTES = 1024


class SystemClock:
    """Wall time of this machine."""

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Return seconds on a clock that never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        await asyncio.sleep(seconds)


class SystemIds:
    """ULIDs, strictly increasing within this process even when the wall clock steps back.

    For the event loop's thread alone.
    """

    def __init__(self) -> None:
        self._last = ""
        self._last_ms = -1
        self._random = b""
        self._drawn = 0  # of the pool

    def next_id(self) -> str:
        """Return 48 bits of milliseconds and 80 random bits as 26 base-32 characters."""
        now_ms = time.time_ns() // 1_000_000
        if now_ms > self._last_ms:
            self._last_ms = now_ms
            random = self._draw(_RANDOM_BITS // _BITS).translate(_LETTER_OF_BYTE)
            self._last = _base32(now_ms, pairs=5) + random.decode()
        else:  # within one millisecond, or after a step back: count up from the last id
            following = int(self._last.translate(_AS_PYTHONS), 1 << _BITS) + 1
            self._last_ms = following >> _RANDOM_BITS
            self._last = _base32(following, pairs=13)
        return self._last

    def next_trace_id(self) -> CorrelationId:
        """Return a random 128-bit trace id as 32 lower-case hex digits."""
        return CorrelationId(self._draw(16).hex())

    def next_span_id(self) -> str:
        """Return a random 64-bit span id as 16 lower-case hex digits."""
        return self._draw(8).hex()

    def _draw(self, count: int) -> bytes:
        """Random bytes from a pool: each call of the system hands the thread's turn to another."""
        begin = self._drawn
        if begin + count > len(self._random):
            begin, self._random = 0, os.urandom(_POOL_BYTES)
        self._drawn = begin + count
        return self._random[begin : begin + count]


def _base32(value: int, *, pairs: int) -> str:
    """The lowest 10 bits for each of `pairs`."""
    return "".join([_PAIRS[value >> 10 * place & 1023] for place in range(pairs - 1, -1, -1)])
