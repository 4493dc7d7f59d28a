"""The policy enforcement point: the only place that decides whether an action may run."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from core.actions import Action, Counsel, Decision, JsonObject, JsonValue, RiskLevel, Verdict
from core.clock import Clock
from core.governance.facts import Evidence, gather_evidence
from core.governance.identities import Admission
from core.governance.model import (
    Counsellor,
    Facts,
    PolicyAnswer,
    PolicyJudge,
    PolicyRequest,
)
from core.governance.rules import find_grant
from core.governance.screening.rules import screen
from core.ports import Tracer
from core.records import GrantRecord, Role, SessionRecord

_Answer = TypeVar("_Answer")

BLOCKED_BY_FAULT: Final = "fail-safe"


class PartFailedError(Exception):
    """One part of the pipeline failed; whatever it was, the action is blocked."""

    def __init__(self, part: str, why: str) -> None:
        super().__init__(f"{part} failed: {why}")
        self.part = part
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A verdict, what stood behind it, and the arguments as they may be shown and kept."""

    verdict: Verdict
    arguments_redacted: JsonObject
    grant: GrantRecord | None = None
    lifted: tuple[str, ...] = ()  # policies that stand against it without the operator's consent
    latency_us: int = 0  # what judging took
    violation: bool = False  # a policy forbade it outright: counts against the agent's trust


class JudgePort:
    """Justiça: policies over the facts. A subclass may wait (a remote policy decision point)."""

    waits = False  # True: it may wait, so counsel works meanwhile

    def __init__(self, policies: PolicyJudge) -> None:
        self.policies = policies

    async def judge(self, request: PolicyRequest) -> PolicyAnswer:
        """Answer one question."""
        return self.policies.judge(request)


class Enforcement:
    """Screening, then judge and counsel at the same time; any fault blocks, with its reason."""

    def __init__(
        self,
        *,
        judge: JudgePort,
        counsellor: Counsellor,
        clock: Clock,
        tracer: Tracer,
        judge_timeout_s: float,
        counsel_timeout_s: float,
        coordination_problem: Callable[[], str] = lambda: "",
    ) -> None:
        """`coordination_problem`: why nothing but reading is allowed now, or ""."""
        self._coordination_problem = coordination_problem
        self._judge = judge
        self._counsellor = counsellor
        self._clock = clock
        self._tracer = tracer
        self._judge_timeout_s = judge_timeout_s
        self._counsel_timeout_s = counsel_timeout_s

    async def evaluate(
        self,
        action: Action,
        *,
        admission: Admission,
        session: SessionRecord | None,
        grants: tuple[GrantRecord, ...] = (),
        approved: bool = False,
    ) -> Evaluation:
        """Decide. Never raises for a fault inside: that is a deny that names the part.

        `approved` is an operator's consent to exactly this action; policies are evaluated with it,
        so that it can never outrank a deny or a missing permit.
        """
        started_s = self._clock.monotonic_s()
        try:
            with self._tracer.span("screening", action=action):
                evidence = await self._look(action, admission, session)
            if problem := self._why_blocked(admission, evidence):
                return self.block(action, "coordination", problem)
            answer, counsel = await self._judge_and_counsel(action, admission, evidence, approved)
            lifted: tuple[str, ...] = ()
            if approved:
                answer, lifted = await self._say_what_is_lifted(action, admission, evidence, answer)
            answer, grant = await self._apply_grants(action, admission, evidence, answer, grants)
        except PartFailedError as failed:
            return self.block(action, failed.part, failed.why)
        latency_us = round((self._clock.monotonic_s() - started_s) * 1e6)
        evaluation = self._conclude(
            admission, evidence, answer, counsel, grant=grant, latency_us=latency_us
        )
        return replace(evaluation, lifted=lifted) if lifted else evaluation

    def _why_blocked(self, admission: Admission, evidence: Evidence) -> str:
        """While coordination fails nothing but reading goes on, and operators who mend it."""
        if evidence.facts.read_only or admission.principal.role is Role.OPERATOR:
            return ""
        return self._coordination_problem()

    async def _look(
        self, action: Action, admission: Admission, session: SessionRecord | None
    ) -> Evidence:
        work = gather_evidence(
            action, principal=admission.principal, trust=admission.trust_now, session=session
        )
        return await _part("screening", work, None)

    async def _judge_and_counsel(
        self,
        action: Action,
        admission: Admission,
        evidence: Evidence,
        approved: bool,  # noqa: FBT001 - private
    ) -> tuple[PolicyAnswer, Counsel]:
        """Both at once; neither sees the other's context, nor can change it.

        Two parts that only compute have nothing to do at the same time: tasks would cost more.
        """
        facts = replace(evidence.facts, approved=True) if approved else evidence.facts
        own_copy = replace(action, arguments=_copy_object(action.arguments))
        if self._judge.waits or self._counsellor.waits:
            return await asyncio.gather(
                self._ask_judge(action, admission, facts),
                self._ask_counsel(own_copy, evidence),
            )
        answer = await self._ask_judge(action, admission, facts)
        return answer, await self._ask_counsel(own_copy, evidence)

    async def _ask_judge(self, action: Action, admission: Admission, facts: Facts) -> PolicyAnswer:
        request = PolicyRequest(
            principal=admission.principal, kind=action.kind, resource=action.resource, facts=facts
        )
        with self._tracer.span("judge", action=action) as span:
            work = self._judge.judge(request)
            if self._judge.waits:
                answer = await _part("judge", work, self._judge_timeout_s)
            else:
                answer = _at_once("judge", work)
            span.set("maestro.decision", answer.decision.value)
        return answer

    async def _ask_counsel(self, action: Action, evidence: Evidence) -> Counsel:
        work = self._counsellor.counsel(action, evidence.facts, evidence.findings)
        with self._tracer.span("counsel", action=action):
            if not self._counsellor.waits:
                return _at_once("counsel", work)
            return await _part("counsel", work, self._counsel_timeout_s)

    async def _say_what_is_lifted(
        self, action: Action, admission: Admission, evidence: Evidence, answer: PolicyAnswer
    ) -> tuple[PolicyAnswer, tuple[str, ...]]:
        """A permit's reason is true of what nothing stands against: else say what consent lifts."""
        if answer.decision is not Decision.ALLOW:
            return answer, ()
        without = await self._ask_judge(action, admission, evidence.facts)
        if without.decision is Decision.ALLOW:
            return answer, ()
        reasons = ("no policy denies it", f"consent lifts: {'; '.join(without.reasons)}")
        second = answer.second_approver or without.second_approver
        return replace(answer, reasons=reasons, second_approver=second), without.policies

    async def _apply_grants(
        self,
        action: Action,
        admission: Admission,
        evidence: Evidence,
        answer: PolicyAnswer,
        grants: tuple[GrantRecord, ...],
    ) -> tuple[PolicyAnswer, GrantRecord | None]:
        """A remembered approval stands in for the operator, never for a second approver."""
        if answer.decision is not Decision.ASK or answer.second_approver or not grants:
            return answer, None
        grant = find_grant(grants, action, risk=evidence.risk, now=self._clock.now())
        if grant is None:
            return answer, None
        facts = replace(evidence.facts, approved=True)
        again = await self._ask_judge(action, admission, facts)
        return (again, grant) if again.decision is Decision.ALLOW else (answer, None)

    def _conclude(
        self,
        admission: Admission,
        evidence: Evidence,
        answer: PolicyAnswer,
        counsel: Counsel,
        *,
        grant: GrantRecord | None,
        latency_us: int,
    ) -> Evaluation:
        reasons = answer.reasons
        if answer.decision is not Decision.ALLOW:
            reasons = tuple(
                dict.fromkeys((*reasons, *(each.message for each in evidence.findings)))
            )
        elif grant is not None:
            reasons = (
                f"approved until {grant.expires_at:%Y-%m-%d %H:%M} UTC by {grant.created_by}",
            )
        risk = evidence.risk
        if answer.second_approver:  # what two people must look at is never shown as harmless
            risk = max(risk, RiskLevel.HIGH, key=lambda level: level.rank)
        verdict = Verdict(
            decision=answer.decision,
            risk=risk,
            reasons=reasons,
            policies=(*answer.policies, *((f"grant:{grant.id}",) if grant else ())),
            findings=evidence.findings,
            facts=evidence.facts_written,
            policy_version=self._judge.policies.version,
            counsel=counsel,
            trust=round(admission.trust_now, 4),
            second_approver=answer.second_approver or evidence.risk is RiskLevel.CRITICAL,
        )
        return Evaluation(
            verdict=verdict,
            arguments_redacted=evidence.arguments_redacted,
            grant=grant,
            latency_us=latency_us,
            violation=answer.violation,
        )

    def block(self, action: Action, part: str, why: str) -> Evaluation:
        """A deny because `part` of the pipeline failed; nothing of it is judged."""
        verdict = Verdict(
            decision=Decision.DENY,
            risk=RiskLevel.HIGH,
            reasons=(_scrub(f"blocked because {part} failed: {why}; nothing ran"),),
            policies=(f"{BLOCKED_BY_FAULT}:{part}",),
        )
        return Evaluation(verdict=verdict, arguments_redacted=_redact_or_drop(action))


def _copy_object(value: JsonObject) -> JsonObject:
    """A copy that shares nothing that could be changed."""
    return {key: _copy(each) for key, each in value.items()}


def _copy(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return _copy_object(value)
    return list(map(_copy, value)) if isinstance(value, Sequence) else value


def _redact_or_drop(action: Action) -> JsonObject:
    """Arguments fit for the trail even when screening itself is what fails: then none."""
    try:
        redacted = screen(action.arguments).redacted
    except Exception:  # noqa: BLE001 - whatever screening does, nothing unscreened may be kept
        return {}
    return redacted if isinstance(redacted, dict) else {}


def _scrub(text: str) -> str:
    """An error's text may quote an argument: no secret may ride along."""
    try:
        return str(screen(text).redacted)
    except Exception:  # noqa: BLE001 - screening may be the part that fails
        return "blocked because a part of the pipeline failed; nothing ran"


async def _part(name: str, work: Awaitable[_Answer], timeout_s: float | None) -> _Answer:
    try:
        if timeout_s is None:  # it computes and waits for nobody
            answer = await work
        else:
            async with asyncio.timeout(timeout_s):
                answer = await work
    except TimeoutError as error:
        raise PartFailedError(name, f"no answer within {timeout_s:g} s") from error
    except Exception as error:
        raise PartFailedError(name, f"{type(error).__name__}: {error}") from error
    if answer is None:
        raise PartFailedError(name, "it gave no answer")
    return answer


def _at_once(name: str, work: Coroutine[object, object, _Answer]) -> _Answer:
    """The answer of a part that only computes: no time-out could stop it. Waiting is a fault."""
    try:
        work.send(None)
    except StopIteration as done:
        answer: _Answer | None = done.value
    except Exception as error:
        raise PartFailedError(name, f"{type(error).__name__}: {error}") from error
    else:
        work.close()
        raise PartFailedError(name, "it waited, though it says that it never does")
    if answer is None:
        raise PartFailedError(name, "it gave no answer")
    return answer
