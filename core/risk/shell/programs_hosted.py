"""What runs on the machines of others: clouds and forges, told by the verbs of their tools."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.catalog import Row
from core.risk.shell.options import Reading
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Span, Word

_CLOUD_CHANGES: Final = re.compile(
    r"^(?:delete|remove|rm|rb|terminate|destroy|put|create|get-secret|assume-role|ssh|start|deploy|upload"
    r"|authorize|attach|detach|update|purge|stop|reboot|run-instances|invoke|send|publish|add-|modify-|set-"
    r"|grant|revoke|enable-|disable-|import|restore|copy-|share|(?:de)?register|(?:dis)?associate|replace-"
    r"|reset-|rotate|change-|promote|edit|[\w-]+:(?:add|set|unset|destroy|remove|transfer|scale)\b)"
)
_CLOUD_SECRETS: Final = re.compile(
    r"^(?:secrets?|keyvault|vault)$|^(?:get|create|print)-[\w-]*(?:token|password|secret)[\w-]*$"
    r"|^(?:get-caller-)?credentials$"
)
_COPIES: Final = frozenset({"cp", "sync", "copy", "mv", "move"})
_CLOUD_REMOTE: Final = re.compile(r"^(?:s3|gs|az|oss|https?)://|^[\w-]+:(?!/)")


def _cloud(review: Review, _call: Call, _row: Row, reading: Reading) -> None:
    review.external = True
    for word in reading.leading(4):
        if _CLOUD_SECRETS.search(word.text):
            review.note("asks-for-secret", RiskLevel.HIGH, "Asks the cloud for a secret.", word)
        if _CLOUD_CHANGES.match(word.text):
            review.changes = True
            review.note("changes-cloud", RiskLevel.HIGH, "Changes what runs elsewhere.", word)
    target = _target(reading)
    if {word.text for word in reading.leading(3)} & _COPIES and _CLOUD_REMOTE.match(target.text):
        review.note("sends-data", RiskLevel.HIGH, "Copies files to the cloud.", target)


def _target(reading: Reading) -> Word:
    """The last place that is named; what an unknown option may have taken counts if it is far."""
    places = [
        word
        for index, word in enumerate(reading.positionals)
        if index not in reading.doubtful or _CLOUD_REMOTE.match(word.text)
    ]
    return places[-1] if places else Word("", Span(0, 0))


HOSTED_SPECIALS: Final[Mapping[str, Callable[[Review, Call, Row, Reading], None]]] = {
    "cloud": _cloud,
}
