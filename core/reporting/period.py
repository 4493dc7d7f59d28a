"""What people write for a span of time. Pure."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from core.errors import ConfigError
from core.reporting.ports import Period

_AGO: Final = re.compile(r"(\d{1,5})(m|h|d|w)")
_UNITS: Final = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def read_moment(text: str, *, now: datetime, zone: tzinfo) -> datetime:
    """`24h`, `7d` ago; `2026-11-21` at its start; `2026-11-21T09:00`, in `zone` without its own.

    Raises ConfigError.
    """
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            return now - int(ago[1]) * _UNITS[ago[2]]
        if len(text.strip()) == len("2026-11-21"):
            day = date.fromisoformat(text.strip())
            return datetime.combine(day, time(), zone).astimezone(UTC)
        moment = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError) as error:
        raise ConfigError(
            f"{text!r} is no moment: write 24h or 7d (ago), 2026-11-21 or 2026-11-21T09:00"
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def read_period(since: str, until: str | None, *, now: datetime, zone: tzinfo) -> Period:
    """Raises ConfigError when it is none, or ends before it begins."""
    period = Period(
        read_moment(since, now=now, zone=zone),
        read_moment(until, now=now, zone=zone) if until else now,
    )
    if period.since >= now:
        raise ConfigError(f"{since!r} has not come yet: a report begins in the past")
    if period.since >= period.until:
        raise ConfigError(f"the time from {since!r} ends before it begins: {until!r}")
    return period
