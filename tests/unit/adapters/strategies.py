"""Records of every kind with odd text and odd JSON in them, for property tests."""

from datetime import UTC

from hypothesis import strategies as st

from core.actions import (
    Action,
    ActionStatus,
    Counsel,
    Decision,
    Finding,
    OutcomeStatus,
    RiskLevel,
    Verdict,
)
from core.records import (
    ActionRecord,
    ApprovalRecord,
    ApprovalStatus,
    GrantRecord,
    Outcome,
    PrincipalRecord,
    Record,
    Role,
    SessionRecord,
    SpanRecord,
    TokenKind,
    TokenRecord,
    TrustRecord,
    Vote,
)

ODD = ("", "\x00", "a\x00b", "\u202e", "\U0001f512", "'; DROP TABLE actions; --", '"', "\\u0041")
TEXT = st.text(max_size=20) | st.sampled_from(ODD)
TRACE_IDS = st.from_regex("[0-9a-f]{32}", fullmatch=True)  # what the edge lets in, and looks up
LONE_SURROGATES = st.text(st.characters(categories=["Cs"]), min_size=1, max_size=1)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | LONE_SURROGATES
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=4)
TIMES = st.datetimes(timezones=st.just(UTC))
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
SHARES = st.floats(0, 1)
COUNTS = st.integers(0, 2**70)
RISKS = st.sampled_from(RiskLevel)


FINDINGS = st.builds(
    Finding,
    code=TEXT,
    source=TEXT,
    level=RISKS,
    message=TEXT,
    start=st.none() | COUNTS,
    evidence=TEXT,
)
COUNSELS = st.builds(
    Counsel, called_for=st.booleans(), types=TEXTS, confidence=SHARES, professional=st.none() | TEXT
)
ACTIONS = st.builds(
    Action,
    id=TEXT,
    agent_id=TEXT,
    kind=TEXT,
    resource=TEXT,
    arguments=OBJECTS,
    purpose=TEXT | LONE_SURROGATES,
    untrusted=TEXTS,
    session_id=st.none() | TEXT,
    risk_claimed=st.none() | RISKS,
    correlation_id=TRACE_IDS,
    idempotency_key=st.none() | TEXT,
    proposed_at=TIMES,
    deadline=st.none() | TIMES,
)
VERDICTS = st.builds(
    Verdict,
    decision=st.sampled_from(Decision),
    risk=RISKS,
    reasons=TEXTS,
    policies=TEXTS,
    findings=st.lists(FINDINGS, max_size=2).map(tuple),
    facts=OBJECTS,
    counsel=st.none() | COUNSELS,
    trust=st.none() | SHARES,
)
OUTCOMES = st.builds(
    Outcome, status=st.sampled_from(OutcomeStatus), usage=OBJECTS, reported_at=TIMES
)
VOTES = st.builds(Vote, operator=TEXT, digest=TEXT, at=TIMES)
RECORDS: dict[type[Record], st.SearchStrategy[Record]] = {
    ActionRecord: st.builds(
        ActionRecord,
        id=TEXT,
        action=ACTIONS,
        digest=TEXT,
        status=st.sampled_from(ActionStatus),
        verdict=VERDICTS,
        decided_at=st.none() | TIMES,
        arguments_released=st.none() | OBJECTS,
        outcome=st.none() | OUTCOMES,
    ),
    ApprovalRecord: st.builds(
        ApprovalRecord,
        id=TEXT,
        agent_id=TEXT,
        session_id=st.none() | TEXT,
        kind=TEXT,
        resource=TEXT,
        risk=RISKS,
        digest=TEXT,
        digest_original=TEXT,
        arguments_edited=st.none() | OBJECTS,
        verdict_edited=st.none() | VERDICTS,
        status=st.sampled_from(ApprovalStatus),
        created_at=TIMES,
        expires_at=TIMES,
        votes=st.lists(VOTES, max_size=2).map(tuple),
    ),
    PrincipalRecord: st.builds(
        PrincipalRecord,
        id=TEXT,
        role=st.sampled_from(Role),
        permissions=TEXTS,
        pack=TEXT,
        first_seen=TIMES,
        last_seen=TIMES,
        quarantined=st.booleans(),
    ),
    TokenRecord: st.builds(
        TokenRecord,
        id=TEXT,
        kind=st.sampled_from(TokenKind),
        hash=TEXT,
        label=TEXT,
        created_at=TIMES,
        revoked_at=st.none() | TIMES,
    ),
    TrustRecord: st.builds(
        TrustRecord,
        id=TEXT,
        clean=COUNTS,
        violations=COUNTS,
        score=SHARES,
        start=SHARES,
        updated_at=TIMES,
        history=st.lists(st.tuples(TIMES, SHARES, TEXT), max_size=3).map(tuple),
    ),
    GrantRecord: st.builds(
        GrantRecord,
        id=TEXT,
        agent_id=TEXT,
        kind=TEXT,
        resource_pattern=TEXT,
        created_by=TEXT,
        created_at=TIMES,
        expires_at=TIMES,
        from_action=TEXT,
        risk_max=RISKS,
        used=COUNTS,
    ),
    SessionRecord: st.builds(
        SessionRecord,
        id=TEXT,
        agent_id=TEXT,
        purposes=TEXTS,
        untrusted=TEXTS,
        started_at=TIMES,
        ended_at=st.none() | TIMES,
    ),
    SpanRecord: st.builds(
        SpanRecord,
        id=TEXT,
        trace_id=TRACE_IDS,
        parent_id=st.none() | TEXT,
        action_id=st.none() | TEXT,
        name=TEXT,
        started_at=TIMES,
        duration_us=COUNTS,
        ok=st.booleans(),
        attributes=OBJECTS,
    ),
}
