"""What runs on the machines of others: clouds and forges, told by the verbs of their tools."""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
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
    r"|reset-|rotate|change-|promote|edit|resize|deallocate|failover|cancel|suspend|move(?:$|-)"
    r"|regenerate|renew|[\w-]+:(?:add|set|unset|destroy|remove|transfer|scale)\b)"
)
_CLOUD_SECRETS: Final = re.compile(
    r"^(?:secrets?|keyvault|vault)$|^(?:batch-)?(?:get|create|print)-[\w-]*(?:token|password|secret)[\w-]*$"
    r"|^(?:get-caller-|export-)?credentials$|^aws_(?:secret_access_key|session_token)$"
    r"|^(?:asymmetric-)?decrypt$"
)
_AZURE_KEYS: Final = frozenset({"keys", "list-keys", "show-connection-string", "credential"})
# AWS alone names each operation by its verb, hundreds of them: what is none of reading changes.
_AWS_READS: Final = re.compile(
    r"^(?:(?:batch-|transact-)?(?:get|describe|check|detect)|list|head|help|wait|lookup|search|query"
    r"|scan|select|filter|tail|view|test(?!-invoke)|validate|verify|estimate|simulate|evaluate|decode"
    r"|receive|poll|discover|preview|count|translate|compare|recognize|classify|retrieve|summarize|download-db-log)"
    r"(?:-|$)"
)
_AWS_OWN: Final = frozenset({"s3", "configure", "sso", "login", "logout", "history", "help"})
_AWS_LOCAL: Final = frozenset({"login", "logout"})  # `codeartifact login` sets up a tool here
_COPIES: Final = frozenset({"cp", "sync", "rsync", "copy", "mv", "move", "export"})
_CLOUD_REMOTE: Final = re.compile(r"^(?:s3|gs|az|oss|https?)://|^:?[\w-]+:(?!/)|^:[\w-]+,")


def _cloud(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    review.external = True
    for word in reading.leading(4):
        azure = call.name == "az" and word.text in _AZURE_KEYS
        if azure or _CLOUD_SECRETS.search(word.text):
            review.note("asks-for-secret", RiskLevel.HIGH, "Asks the cloud for a secret.", word)
        if _CLOUD_CHANGES.match(word.text):
            review.changes = True
            review.note("changes-cloud", RiskLevel.HIGH, "Changes what runs elsewhere.", word)
    if call.name == "aws":
        _check_operation(review, reading.positionals[:2])
    target = _target(reading)
    if {word.text for word in reading.leading(3)} & _COPIES and _CLOUD_REMOTE.match(target.text):
        review.note("sends-data", RiskLevel.HIGH, "Copies files to the cloud.", target)


def _check_operation(review: Review, words: tuple[Word, ...]) -> None:
    """`words`: a service of AWS and its operation, unless the call has fewer."""
    match [word.text for word in words]:
        case [service, operation] if service not in _AWS_OWN and operation not in _AWS_LOCAL:
            if not _AWS_READS.match(operation):
                review.changes = True
                review.note(
                    "changes-cloud", RiskLevel.HIGH, "Changes what runs elsewhere.", words[1]
                )
        case _:
            pass


def _target(reading: Reading) -> Word:
    """The last place that is named; what an unknown option may have taken counts if it is far."""
    places = [
        word
        for index, word in enumerate(reading.positionals)
        if index not in reading.doubtful or _CLOUD_REMOTE.match(word.text)
    ]
    return places[-1] if places else Word("", Span(0, 0))


_METHOD: Final = re.compile(r"^(?:-X|--method=)(?P<name>\w+)$")
_FIELD: Final = re.compile(r"^(?:-[fF]|--field|--raw-field|--input)(?:$|=)")


def _forge(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    """`gh api` reads, unless a method, a field or a mutation says that it writes."""
    if not reading.positionals or reading.positionals[0].text != "api":
        return
    review.external = True
    method, fields = "", False
    for before, word in pairwise(call.words):
        found = _METHOD.match(word.text)
        if found is not None or before.text in {"-X", "--method"}:
            method = (found["name"] if found is not None else word.text).upper()
        fields = fields or _FIELD.match(word.text) is not None
    if "graphql" in [word.text for word in reading.positionals]:
        writes = any("mutation" in word.text for word in call.arguments)
    else:
        writes = method not in {"", "GET", "HEAD"} or (fields and not method)
    if writes:
        review.changes = True
        review.note("changes-cloud", RiskLevel.HIGH, "Changes what the forge keeps.", call.span)


_STATES: Final = frozenset({"output", "show"})
_WHOLE: Final = frozenset({"-json", "--json", "-raw", "--raw"})


def _state(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    """Values marked as sensitive are hidden in a list, and stand in the clear in these forms."""
    asked = _STATES.intersection(word.text for word in reading.leading(2))
    if asked and not _WHOLE.isdisjoint(word.text for word in call.arguments):
        message = "Prints what is marked as sensitive in the clear."
        review.note("asks-for-secret", RiskLevel.MEDIUM, message, call.span)


HOSTED_SPECIALS: Final[Mapping[str, Callable[[Review, Call, Row, Reading], None]]] = {
    "cloud": _cloud,
    "forge": _forge,
    "state": _state,
}
