"""From the engine's problem details back to the errors that it raised."""

from collections.abc import Mapping
from typing import Any, Final, cast

from console.language import _
from core import errors
from core.errors import MaestroError
from core.gateway.http.problem import problem_type


class EngineSilentError(errors.StorageError):
    """The engine gave no answer. Reads can be tried again."""


class EngineDiffersError(MaestroError):
    """The engine speaks another form than this console. Retrying never helps."""


class EngineRefusedError(MaestroError):
    """The engine's edge turned a call down; the text is its own."""


# Those that a command or a read of the ports may raise, and the edge's own.
_KINDS: Final[Mapping[str, type[MaestroError]]] = {
    problem_type(kind): kind
    for kind in (
        errors.ActionConflict,
        errors.ActionNotFound,
        errors.AgentNotFound,
        errors.AlertNotFound,
        errors.ApprovalSettled,
        errors.BlockedByFault,
        errors.InvalidAction,
        errors.MessageNotFound,
        errors.Overloaded,
        errors.PermissionDenied,
        errors.StorageError,
        errors.StorageFull,
        errors.StorageReadOnly,
        errors.Unauthenticated,
        errors.WriteConflict,
    )
}


def read_problem(status: int, answer: Any) -> MaestroError:
    """The error behind an answer that is none."""
    if not isinstance(answer, Mapping):
        return EngineRefusedError(
            _("the engine answered {status} and did not say why").format(status=status)
        )
    told = cast("Mapping[str, Any]", answer)
    detail = (
        told.get("detail")
        or told.get("title")
        or _("the engine answered {status}").format(status=status)
    )
    kind = _KINDS.get(str(told.get("type", "")), EngineRefusedError)
    return kind(str(detail))
