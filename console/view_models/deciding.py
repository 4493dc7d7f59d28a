"""What of an action itself stands between the operator and a decision."""

from collections.abc import Iterable

from console.keys.model import Need
from console.view_models.dossier import voted
from console.view_models.view import View
from core.actions import RiskLevel
from core.ports import Dossier
from core.records import ApprovalStatus


def undecidable(dossier: Dossier | None, view: View) -> Iterable[Need]:
    """What keys lack to decide about it; `dossier` None: it is not before the operator's eyes."""
    if dossier is None:
        yield Need.SHOWN
        return
    approval = dossier.approval
    if approval is None or approval.status is not ApprovalStatus.PENDING:
        yield Need.PENDING
        return
    if approval.expires_at <= view.now:
        yield Need.PENDING
    if voted(approval, view.operator):
        yield Need.OWN_VOTE
    if approval.risk is RiskLevel.CRITICAL or approval.votes_needed > 1:
        yield Need.RULE
