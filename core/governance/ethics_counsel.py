"""Sofia: counsel by rules over the facts of an action. She advises; she does not block."""

from dataclasses import dataclass
from typing import Final

from core.actions import Action, Counsel, Finding, RiskLevel
from core.governance.model import Facts

_CONSENT_PEOPLE_MIN: Final = 2
_MANY_PEOPLE: Final = 100


@dataclass(frozen=True, slots=True)
class _Topic:
    """One kind of counsel, what it asks, and who should be consulted where it is serious."""

    type: str
    advice: str
    questions: tuple[str, ...]
    professional: str | None = None


_IRREVERSIBLE: Final = _Topic(
    "irreversible",
    "This cannot be undone.",
    ("Is there a backup, and was it tried?", "Could a smaller step show the effect first?"),
)
_PEOPLE: Final = _Topic(
    "ethical",
    "People other than the requester are affected.",
    ("Do they expect this?", "Who speaks for them if it goes wrong?"),
)
_PRIVACY: Final = _Topic(
    "privacy",
    "Data of a special category is touched (GDPR art. 9).",
    ("On which legal basis?", "Is less data enough?"),
    "legal",
)
_MONEY: Final = _Topic(
    "financial",
    "Money moves.",
    ("Who is the recipient, and how was that checked?", "Is the amount the one agreed?"),
)
_PURPOSE: Final = _Topic(
    "purpose",
    "This lies outside what the user asked for.",
    ("Why does the agent need it?", "Did text from a tool put the target there?"),
)
_SECRETS: Final = _Topic(
    "security",
    "A secret stands in what would be sent or run.",
    ("Does the receiver need it?", "Can a reference stand in its place?"),
)
_NOT_CALLED_FOR: Final = Counsel(called_for=False)
_HIGH_AMOUNT_MICROS: Final = 10_000_000_000  # ten thousand units of the currency


def topics_of(facts: Facts) -> tuple[_Topic, ...]:
    """What the facts call counsel for, in a fixed order."""
    rows = (
        (facts.irreversible, _IRREVERSIBLE),
        (facts.people_affected >= _CONSENT_PEOPLE_MIN, _PEOPLE),
        (facts.special_category, _PRIVACY),
        (facts.amount_micros > 0, _MONEY),
        (
            facts.purpose_known
            and not facts.read_only
            and (not facts.grounded or not facts.tool_named or facts.tainted),
            _PURPOSE,
        ),
        (facts.secrets, _SECRETS),
    )
    return tuple(topic for applies, topic in rows if applies)


class RuleCounsellor:
    """The embedded counsellor. Confidence is the share of facts that were known, not a feeling."""

    waits = False

    async def counsel(self, action: Action, facts: Facts, findings: tuple[Finding, ...]) -> Counsel:
        """Advise on one action; `called_for` is False when nothing in it asks for counsel."""
        return advise(action, facts, findings)


def advise(action: Action, facts: Facts, findings: tuple[Finding, ...]) -> Counsel:
    """Counsel of one action from its facts; also for HIGH and CRITICAL risk with no topic."""
    topics = topics_of(facts)
    serious = facts.risk_rank >= RiskLevel.HIGH.rank
    if not topics and not serious:
        return _NOT_CALLED_FOR
    known = (facts.purpose_known, bool(action.untrusted) or not facts.tainted, bool(findings))
    confidence = round((1 + sum(known)) / (1 + len(known)), 2)
    advice = " ".join(topic.advice for topic in topics) or "The risk is high: look twice."
    questions = tuple(question for topic in topics for question in topic.questions)
    return Counsel(
        called_for=True,
        types=tuple(topic.type for topic in topics) or ("risk",),
        confidence=confidence,
        basis=_basis(facts, findings),
        advice=advice,
        questions=questions or ("What is the worst that could follow?",),
        professional=_professional(facts, topics),
    )


def _professional(facts: Facts, topics: tuple[_Topic, ...]) -> str | None:
    if facts.amount_micros >= _HIGH_AMOUNT_MICROS:
        return "financial"
    if facts.people_affected >= _MANY_PEOPLE:
        return "legal"
    return next((topic.professional for topic in topics if topic.professional), None)


def _basis(facts: Facts, findings: tuple[Finding, ...]) -> str:
    purpose = "the user's words are known" if facts.purpose_known else "no user's words to hold it"
    found = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
    return f"rules over facts: {found}; {purpose}"
