"""Who decided what, how fast, and what came of it."""

from collections import Counter
from typing import Final

from core.actions import ActionStatus, Decision
from core.governance.screening.rules import screen
from core.records import ActionQuery, ActionRecord
from core.reporting.model import Column, Fact, Kind, Section, Table
from core.reporting.ports import LedgerReads, Period, Sources
from core.reporting.rules import median

_PAGE: Final = 1_000
_COLUMNS: Final = (
    Column("proposed_at", "proposed", Kind.TIME),
    Column("agent", "agent"),
    Column("kind", "kind"),
    Column("resource", "resource"),
    Column("risk", "risk"),
    Column("status", "status"),
    Column("decided_by", "decided by"),
    Column("waited_s", "waited", Kind.SECONDS),
    Column("edited", "edited"),
    Column("outcome", "outcome"),
    Column("reason", "reason"),
    Column("id", "id", Kind.CODE),
)


async def read_actions(ledger: LedgerReads, period: Period) -> list[ActionRecord]:
    """All actions proposed in the period, oldest first."""
    found: list[ActionRecord] = []
    before = None
    while True:
        page = await ledger.list_actions(ActionQuery(before_id=before, limit=_PAGE))
        found += [each for each in page if period.holds(each.action.proposed_at)]
        if len(page) < _PAGE or page[-1].action.proposed_at < period.since:
            return found[::-1]
        before = page[-1].id


async def build_approvals(sources: Sources, period: Period) -> tuple[Section, ...]:
    """Every action of the period that asked for a person, and sums over all actions."""
    actions = await read_actions(sources.ledger, period)
    asked = [each for each in actions if each.verdict.decision is Decision.ASK]
    return _sums(actions, asked), _people(asked), _held(asked)


def _sums(actions: list[ActionRecord], asked: list[ActionRecord]) -> Section:
    decided = Counter(each.verdict.decision for each in actions)
    ended = Counter(each.status for each in asked)
    waits = [wait for each in asked if (wait := _waited_s(each)) is not None]
    return Section(
        title="In sum",
        facts=(
            Fact(name="actions", title="actions proposed", value=len(actions), kind=Kind.COUNT),
            *(
                Fact(name=name, title=title, value=decided[decision], kind=Kind.COUNT)
                for name, title, decision in (
                    ("allowed", "allowed by policy", Decision.ALLOW),
                    ("denied", "denied by policy", Decision.DENY),
                    ("asked", "held for a person", Decision.ASK),
                )
            ),
            *(
                Fact(name=name, title=title, value=ended[status], kind=Kind.COUNT)
                for name, title, status in (
                    ("approved", "approved", ActionStatus.ALLOWED),
                    ("refused", "denied by a person", ActionStatus.DENIED),
                    ("expired", "expired with no answer", ActionStatus.EXPIRED),
                    ("pending", "still waiting", ActionStatus.PENDING),
                )
            ),
            Fact(
                name="waited_s_median",
                title="time to a decision, median",
                value=median(waits),
                kind=Kind.SECONDS,
            ),
            Fact(
                name="waited_s_max",
                title="time to a decision, longest",
                value=max(waits, default=None),
                kind=Kind.SECONDS,
            ),
        ),
    )


def _people(asked: list[ActionRecord]) -> Section:
    rows: dict[str, Counter[str]] = {}
    waits: dict[str, list[float]] = {}
    for each in asked:
        if each.decided_by is None:
            continue
        tally = rows.setdefault(each.decided_by, Counter())
        tally["approved" if each.status is ActionStatus.ALLOWED else "denied"] += 1
        tally["edited"] += _edited(each)
        wait = _waited_s(each)
        if wait is not None:
            waits.setdefault(each.decided_by, []).append(wait)
    return Section(
        title="Who decided",
        tables=(
            Table(
                name="operators",
                title="Operators",
                columns=(
                    Column("operator", "operator"),
                    Column("approved", "approved", Kind.COUNT),
                    Column("denied", "denied", Kind.COUNT),
                    Column("edited", "edited first", Kind.COUNT),
                    Column("waited_s_median", "time to a decision, median", Kind.SECONDS),
                ),
                rows=tuple(
                    (
                        name,
                        tally["approved"],
                        tally["denied"],
                        tally["edited"],
                        median(waits.get(name, [])),
                    )
                    for name, tally in sorted(rows.items())
                ),
                note="" if rows else "Nobody decided anything in this time.",
            ),
        ),
    )


def _held(asked: list[ActionRecord]) -> Section:
    return Section(
        title="What was held",
        tables=(
            Table(
                name="held-actions",
                title="Held actions",
                columns=_COLUMNS,
                rows=tuple(
                    (
                        each.action.proposed_at,
                        each.action.agent_id,
                        each.action.kind,
                        _redact(each.action.resource),
                        each.verdict.risk.value,
                        each.status.value,
                        each.decided_by,
                        _waited_s(each),
                        _edited(each),
                        each.outcome.status.value if each.outcome else None,
                        _redact(each.decision_reason),
                        each.id,
                    )
                    for each in asked
                ),
                note="" if asked else "Nothing was held in this time.",
            ),
        ),
    )


def _waited_s(record: ActionRecord) -> float | None:
    if record.decided_at is None:
        return None
    return (record.decided_at - record.action.proposed_at).total_seconds()


def _edited(record: ActionRecord) -> bool:
    released = record.arguments_released
    return released is not None and released != record.action.arguments


def _redact(text: str) -> str:
    """A report leaves the machine: no secret may ride along."""
    return str(screen(text).redacted)
