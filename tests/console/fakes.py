"""An operator's port in memory, filled with a small realistic day."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

from core.actions import (
    Decision,
    JsonObject,
)
from core.bus import Bus
from core.commands import (
    ApproveAction,
    Command,
    DeferAction,
    DenyAction,
    EditAction,
    RevokeGrant,
    SetQuarantine,
)
from core.errors import ActionNotFound, ApprovalSettled, MaestroError, StorageError
from core.events import ActionSettled
from core.ids import ActionId, CorrelationId, OperatorId
from core.ports import AgentView, Dossier, VerifyReport
from core.records import (
    ActionQuery,
    ActionRecord,
    ApprovalRecord,
    AuditEntry,
    AuditQuery,
    GrantRecord,
    SpanRecord,
    Vote,
)
from tests.factories import NOW, make_action_record, make_approval, make_verdict

MARIA = OperatorId("maria")
PAUL = OperatorId("paul")


def action_id(tail: str) -> ActionId:
    """An id that ends in `tail`."""
    return ActionId(tail.rjust(26, "0"))


class FakeOperator:
    """Keeps approvals and dossiers; settles what it is told to; remembers each command."""

    def __init__(self, bus: Bus | None = None) -> None:
        self.bus = bus or Bus()
        self.commands: list[Command] = []
        self.failure: MaestroError | None = None
        self.broken: set[str] = set()  # reads that fail
        self.pending: list[ApprovalRecord] = []
        self.dossiers: dict[ActionId, Dossier] = {}
        self.agents: list[AgentView] = []
        self.entries: list[AuditEntry] = []
        self.spans: list[SpanRecord] = []
        self.past: list[ActionRecord] = []  # settled ones
        self.actions_asked_of: str | None = None
        self.grants: list[GrantRecord] = []
        self.report = VerifyReport(ok=True, entries=0, head="", signed_length=0)
        self.before_dispatch: Callable[[], None] | None = None

    def hold(self, tail: str, **changes: Any) -> ApprovalRecord:
        """Put an action into the queue, with its dossier."""
        arguments: JsonObject = changes.pop("arguments", {"command": "ls"})
        shown: JsonObject = changes.pop("shown", arguments)
        findings = changes.pop("findings", ())
        reasons = changes.pop("reasons", ("the command writes outside the workspace",))
        policies = changes.pop("policies", ("ask:shell-risk",))
        counsel = changes.pop("counsel", None)
        purpose = changes.pop("purpose", "list the files")
        session = changes.pop("session", None)
        recent = changes.pop("recent", ())
        trust = changes.pop("trust", None)
        facts = changes.pop("facts", {})
        deadline = changes.pop("deadline", None)
        digest = "sha256:" + sha256(f"{tail}{arguments}".encode()).hexdigest()
        approval = make_approval(
            **{"id": action_id(tail), "digest": digest, "digest_original": digest, **changes}
        )
        record = make_action_record(
            action={
                "id": approval.id,
                "agent_id": approval.agent_id,
                "kind": approval.kind,
                "resource": approval.resource,
                "arguments": arguments,
                "purpose": purpose,
                "session_id": approval.session_id,
                "proposed_at": approval.created_at,
                "deadline": deadline,
                "correlation_id": CorrelationId("4bf92f3577b34da6a3ce929d0e0e4736"),
            },
            digest=digest,
            verdict=make_verdict(
                risk=approval.risk,
                reasons=reasons,
                policies=policies,
                findings=findings,
                counsel=counsel,
                facts=facts,
                trust=None if trust is None else trust.score,
                policy_version="sha256:6c1b07d2",
                second_approver=approval.votes_needed > 1,
            ),
        )
        self.pending.append(approval)
        self.dossiers[approval.id] = Dossier(
            record=record,
            approval=approval,
            arguments_shown=shown,
            session=session,
            recent=recent,
            trust=trust,
            shown_digest=f"shown-{tail}",
        )
        return approval

    def drop(self, tail: str) -> None:
        """Settled elsewhere."""
        self.pending = [each for each in self.pending if each.id != action_id(tail)]

    def change(self, tail: str, **changes: Any) -> None:
        """Another state of one that waits."""
        where = next(at for at, each in enumerate(self.pending) if each.id == action_id(tail))
        approval = replace(self.pending[where], **changes)
        self.pending[where] = approval
        dossier = self.dossiers[approval.id]
        edited, original = approval.arguments_edited, dossier.original_shown
        original = dossier.arguments_shown if original is None else original
        self.dossiers[approval.id] = replace(
            dossier,
            approval=approval,
            arguments_shown=dossier.arguments_shown if edited is None else edited,
            original_shown=None if edited is None else original,
            shown_digest=dossier.shown_digest + "+",
        )

    def serve_as(self, tail: str, shown_digest: str) -> None:
        """Name what is served of one otherwise."""
        dossier = self.dossiers[action_id(tail)]
        self.dossiers[action_id(tail)] = replace(dossier, shown_digest=shown_digest)

    async def dispatch(self, command: Command) -> None:
        self.commands.append(command)
        if self.before_dispatch is not None:
            self.before_dispatch()
        if self.failure is not None:
            raise self.failure
        if isinstance(command, DeferAction):
            self.change(command.action_id[-6:], deferred_until=command.until)
            return
        if isinstance(command, ApproveAction | DenyAction | EditAction):
            await self._settle(command)
        if isinstance(command, RevokeGrant):
            self.grants = [replace(each, revoked_at=NOW) for each in self.grants]
        if isinstance(command, SetQuarantine):
            self.agents = [
                replace(each, principal=replace(each.principal, quarantined=command.quarantined))
                if each.principal.id == command.agent_id
                else each
                for each in self.agents
            ]

    async def settle_elsewhere(self, tail: str, status: str, *, by: OperatorId | None) -> None:
        """Somebody else, or the clock, settles one."""
        approval = next(each for each in self.pending if each.id == action_id(tail))
        self.pending.remove(approval)
        await self._tell(approval, status, by=by, reason="", edited=False)

    def _check(self, read: str) -> None:
        if read in self.broken:
            raise StorageError(f"{read}: disk I/O error")

    async def _settle(self, command: ApproveAction | DenyAction | EditAction) -> None:
        found = [each for each in self.pending if each.id == command.action_id]
        if not found:
            raise ApprovalSettled("this action was decided elsewhere")
        approval = found[0]
        if isinstance(command, ApproveAction) and approval.votes_needed > len(approval.votes) + 1:
            vote = Vote(operator=command.operator, digest=command.digest, at=NOW)
            self.change(approval.id[-6:], votes=(*approval.votes, vote))
            return
        self.pending.remove(approval)
        denied = isinstance(command, DenyAction)
        await self._tell(
            approval,
            "denied" if denied else "approved",
            by=command.operator,
            reason=command.reason,
            edited=isinstance(command, EditAction),
        )

    async def _tell(
        self,
        approval: ApprovalRecord,
        status: str,
        *,
        by: OperatorId | None,
        reason: str,
        edited: bool,
    ) -> None:
        await self.bus.publish(
            ActionSettled(
                at=NOW,
                action_id=approval.id,
                agent_id=approval.agent_id,
                correlation_id=CorrelationId("0" * 32),
                decision=Decision.ALLOW if status == "approved" else Decision.DENY,
                status=status,
                by=by,
                reason=reason,
                edited=edited,
            )
        )

    async def list_approvals(self) -> tuple[ApprovalRecord, ...]:
        self._check("list_approvals")
        return tuple(self.pending)

    async def show_action(self, action_id: ActionId) -> Dossier:
        self._check("show_action")
        if action_id not in self.dossiers:
            raise ActionNotFound(f"no action {action_id} is known here")
        return self.dossiers[action_id]

    async def list_actions(self, query: ActionQuery) -> tuple[ActionRecord, ...]:
        self._check("list_actions")
        self.actions_asked_of = query.agent_id
        records = (*self.past, *(each.record for each in self.dossiers.values()))
        return records[: query.limit]

    async def list_agents(self) -> tuple[AgentView, ...]:
        self._check("list_agents")
        return tuple(self.agents)

    async def list_grants(self) -> tuple[GrantRecord, ...]:
        self._check("list_grants")
        return tuple(self.grants)

    async def read_audit(self, query: AuditQuery) -> tuple[AuditEntry, ...]:
        self._check("read_audit")
        return tuple(
            entry
            for entry in reversed(self.entries)
            if entry.seq > query.after_seq
            and (query.before_seq is None or entry.seq < query.before_seq)
            and query.text in entry.text
            and (query.actor is None or f'"actor":"{query.actor}"' in entry.text)
            and (query.event is None or f'"event":"{query.event}"' in entry.text)
        )[: query.limit]

    async def verify_audit(self) -> VerifyReport:
        self._check("verify_audit")
        return self.report

    async def load_trace(self, action_id: ActionId) -> tuple[SpanRecord, ...]:  # noqa: ARG002
        self._check("load_trace")
        return tuple(self.spans)
