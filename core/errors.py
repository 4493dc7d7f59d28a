"""Every deliberate error. The console and the command line show `str(error)` as it stands."""


class MaestroError(Exception):
    """Root of the tree: says what is wrong, where, and what to do."""


class ConfigError(MaestroError):
    """The configuration is wrong. Retrying never helps."""


class HomeInUse(MaestroError):
    """Another process hosts this home. Retrying helps once that process has stopped."""


class RestartBudgetSpent(MaestroError):
    """A service failed more often than its budget allows. Retrying needs a person."""

    def __init__(self, service: str, failures: int) -> None:
        super().__init__(f"service {service!r} failed {failures} times and is not restarted again")
        self.service = service
        self.failures = failures


class StorageError(MaestroError):
    """A store could not be read or written. Retrying may help."""


class StorageFull(StorageError):
    """The disk is full. Retrying helps once there is room."""


class StorageReadOnly(StorageError):
    """The store's disk or file is read-only. Retrying helps once it is writable."""


class StorageBusy(StorageError):
    """Another process holds the store's lock. Retrying may help."""


class WriteConflict(StorageError):
    """A guarded write found another state than it expected; nothing of its unit was written."""


class AuditChainBroken(StorageError):
    """The trail does not hash to what it claims. Retrying never helps."""

    def __init__(self, message: str, *, position: int) -> None:
        super().__init__(message)
        self.position = position


class PolicyInvalid(MaestroError):
    """A policy set does not parse or does not fit the schema; the one in force stays."""


class Unauthenticated(MaestroError):
    """No token, or one that is unknown, revoked or expired."""


class PermissionDenied(MaestroError):
    """A principal lacks a permission. The message names agent, role and permission."""


class BlockedByFault(MaestroError):
    """A part that judges failed; the action stays as it was. Retrying helps once it works."""


class InvalidAction(MaestroError):
    """A proposal, edit or outcome that cannot be taken as it is. Retrying never helps."""


class ActionConflict(InvalidAction):
    """What is asked does not fit where the action stands now. The same may fit another time."""


class ActionNotFound(MaestroError):
    """No action or approval with this id is known here."""


class ApprovalSettled(MaestroError):
    """The approval was decided elsewhere, has expired, or the digest no longer fits."""


class Overloaded(MaestroError):
    """A bounded queue is full. Retrying after a moment helps."""


class SourceFailed(MaestroError):
    """A metric's source could not be read. Retrying may help; the metric goes stale meanwhile."""


class DependencyInvalid(MaestroError):
    """Agents depend on each other in a circle, or on one that there is not. Names the path."""


class MessageUndelivered(MaestroError):
    """A message or its answer did not arrive in time; the message is among the dead letters."""


class MessageNotFound(MaestroError):
    """No message with this id is among the dead letters."""


class AlertNotFound(MaestroError):
    """No alert with this id is known here."""


class AgentNotFound(MaestroError):
    """No agent of this name is in the fleet, or it is not hosted here."""


class OperationFailed(MaestroError):
    """An allowed operation could not be carried out. The message says what failed."""
