"""Deploys: which came last, and whether a metric turned bad right after it. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from core.actions import JsonObject
from core.agents.documents import as_objects, as_text, parse_value
from core.agents.watch import Streak, Wish

BLAME: Final = timedelta(minutes=30)  # a deploy is suspected for what turns bad within this time


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """One deploy. `previous` is what to go back to; "" when nobody said."""

    service: str
    version: str
    previous: str
    at: datetime
    agent: str = "backend"  # whose service it is


def parse_deploys(text: str, name: str) -> tuple[Deploy, ...]:
    """Deploys in a JSON list or in JSON lines, in their order. Raises SourceFailed."""
    rows = (
        [parse_value(line, f"{name}.json") for line in text.splitlines() if line.strip()]
        if name.endswith((".jsonl", ".ndjson"))
        else parse_value(text, name)
    )
    return tuple(deploy for row in as_objects(rows) if (deploy := read_deploy(row)) is not None)


def read_deploy(row: JsonObject) -> Deploy | None:
    """{"service", "version", "at", "previous"?, "agent"?}; None when something is missing."""
    service, version = as_text(row.get("service")), as_text(row.get("version"))
    at = read_instant(as_text(row.get("at")))
    if not service or not version or at is None:
        return None
    return Deploy(
        service=service,
        version=version,
        previous=as_text(row.get("previous")),
        at=at,
        agent=as_text(row.get("agent")) or "backend",
    )


def read_instant(text: str) -> datetime | None:
    """An ISO 8601 instant with its offset, in UTC; None for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo is not None else None


def find_culprit(deploys: tuple[Deploy, ...], streak: Streak) -> Deploy | None:
    """The newest deploy that the streak began after, if it began soon after it."""
    before = [each for each in deploys if each.at <= streak.since]
    newest = max(before, key=lambda each: each.at, default=None)
    if newest is None or streak.since - newest.at > BLAME:
        return None
    return newest


def wish_rollback(deploy: Deploy, streak: Streak) -> Wish:
    """Going back to what ran before."""
    minutes = (streak.since - deploy.at).total_seconds() / 60
    return Wish(
        kind="deploy.rollback",
        resource=deploy.service,
        arguments={"service": deploy.service, "from": deploy.version, "to": deploy.previous},
        purpose=(
            f"{streak.describe()}; it rose {minutes:.0f} min after {deploy.service}"
            f" {deploy.version} was deployed at {deploy.at:%H:%M:%S} UTC."
        ),
    )
