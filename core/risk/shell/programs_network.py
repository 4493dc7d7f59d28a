"""What only one program or family does: containers, transfers, other machines."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.arguments import check_command_value
from core.risk.shell.catalog import Row
from core.risk.shell.options import Reading
from core.risk.shell.review import FETCHED, Review
from core.risk.shell.syntax import Call, Word

_HOST_MOUNT: Final = re.compile(
    r"^(?:type=bind,)?(?:source=|src=)?/(?:etc|root|var(?:/run)?|proc|sys|dev|boot|usr|home|)"
    r"(?:/?[:,]|/?$|/docker\.sock)|docker\.sock"
)
_CONTAINER_RIGHTS: Final = re.compile(
    r"^--(?:privileged|pid=host|ipc=host|userns=host|cap-add|device|security-opt)"
)
_CONTAINER_ERASES: Final = frozenset({"prune", "rmi"})
_CONTAINER_RUNS: Final = frozenset({"run", "exec", "create", "attach", "shell"})


def _container(review: Review, call: Call, _row: Row, _reading: Reading) -> None:
    words = call.arguments
    plain = [word.text for word in words if not word.text.startswith("-")]
    verbs = set(plain[:2])
    for previous, word in zip(call.words, words, strict=False):
        text = word.text.partition("=")[2] if word.text.startswith("--") else word.text
        mounts = previous.text.startswith(("-v", "--v", "--m")) or word.text.startswith(
            ("--v", "--m")
        )
        if _CONTAINER_RIGHTS.match(word.text) or (mounts and _HOST_MOUNT.search(text)):
            review.note(
                "escapes-container",
                RiskLevel.HIGH,
                "Gives the container rights over this machine.",
                word,
            )
    if verbs & _CONTAINER_RUNS:
        _container_shell(review, call)
    if verbs & _CONTAINER_ERASES:
        review.irreversible = True
        review.note("erases", RiskLevel.MEDIUM, "Removes containers, images or volumes.", call.span)
    if "push" in verbs:
        review.external = True
        review.note("sends-data", RiskLevel.MEDIUM, "Publishes an image.", call.span)
    review.changes = review.changes or not verbs & {
        "ps", "images", "logs", "inspect", "version", "info", "stats", "top", "get", "describe",
    }  # fmt: skip


def _container_shell(review: Review, call: Call) -> None:
    last = call.arguments[-1]
    if re.fullmatch(r"(?:\S*/)?(?:ba|da|z|a|k)?sh", last.text):
        review.note("starts-shell", RiskLevel.MEDIUM, "Opens a shell in a container.", last)
    for index, word in enumerate(call.arguments[:-1]):
        if re.fullmatch(r"(?:\S*/)?(?:ba|da|z|a|k)?sh", word.text):
            review.run(call.inner(call.arguments[index:]))
            return


_SENDS: Final = frozenset(
    {"-d", "--data", "--data-binary", "--data-raw", "--data-ascii", "--data-urlencode", "--json",
     "-F", "--form", "--form-string", "--post-data", "--body-data", "--method"}
)  # fmt: skip
_METHODS: Final = frozenset({"POST", "PUT", "DELETE", "PATCH"})
_SCHEMES: Final = re.compile(
    r"^(?:telnet|gopher|dict|tftp|smb|ldap|ftp|scp|sftp|imap|smtp|pop3)s?://"
)
_LOCAL_URL: Final = re.compile(
    r"^(?:https?://)?(?:localhost|127\.[\d.]+|\[::1\]|0\.0\.0\.0)(?:[:/]|$)"
)


def _fetch(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    review.external = True
    texts = [word.text for word in call.arguments]
    local = any(_LOCAL_URL.match(text) for text in texts)
    for index, word in enumerate(call.arguments):
        name, _, attached = word.text.partition("=")
        if not name.startswith("--"):
            name, attached = word.text[:2], word.text[2:]
        value = attached or (texts[index + 1] if index + 1 < len(texts) else "")
        method = name in {"-X", "--request"} and value.upper() in _METHODS
        if name in _SENDS or method:
            _note_sending(review, word, value, local=local)
        elif _SCHEMES.match(word.text):
            review.note(
                "unusual-protocol", RiskLevel.MEDIUM, "Talks another protocol than the web's.", word
            )
    _remember_download(review, call, reading)


def _note_sending(review: Review, word: Word, value: str, *, local: bool) -> None:
    review.changes = True
    of_file = value.startswith("@") or "=@" in value or "=<" in value
    if of_file or not local:
        review.note(
            "sends-data",
            RiskLevel.HIGH if of_file else RiskLevel.MEDIUM,
            "Sends a file away." if of_file else "Sends data to another machine.",
            word,
            value,
        )


def _remember_download(review: Review, call: Call, reading: Reading) -> None:
    for hit in reading.hits:
        if hit.kind == "write" and hit.value is not None and hit.value.text.strip():
            review.written[review.resolve(hit.value.text)] = FETCHED
    if call.name == "wget" or any(
        word.text in {"-O", "-LO", "-OL", "-sO"} for word in reading.flags
    ):
        for word in reading.positionals:
            name = word.text.partition("?")[0].rpartition("/")[2]
            if name:
                review.written.setdefault(name, FETCHED)


_SSH_RUNS: Final = re.compile(
    r"^(?:-o)?\s*(?:Proxy|Local|KnownHosts|PermitLocal|Remote|AuthorizedKeys)\w*Command\b",
    re.IGNORECASE,
)


def _ssh(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    if reading.informs and len(call.arguments) == 1:
        return
    review.external = True
    review.changes = True
    if reading.positionals:
        review.note(
            "acts-elsewhere",
            RiskLevel.MEDIUM,
            "Acts on another machine, where nothing is judged.",
            reading.positionals[0],
        )
    for previous, word in zip(call.words, call.arguments, strict=False):
        if _SSH_RUNS.match(word.text):
            review.note("option-runs-command", RiskLevel.HIGH, "ssh runs this command here.", word)
        elif previous.text in {"-L", "-R", "-D", "-w", "-W"}:
            review.note("opens-listener", RiskLevel.HIGH, "Forwards a connection.", word)


_REMOTE: Final = re.compile(r"^(?:[\w.-]+@)?[\w.-]+::?(?!//)|^(?:rsync|scp|sftp)://")


def _ssh_copy(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    words = reading.positionals
    if not words:
        return
    *sources, target = words
    if _REMOTE.match(target.text) or call.name == "sftp":
        review.external = True
        review.note("sends-data", RiskLevel.HIGH, "Copies files to another machine.", target)
        return
    review.external = review.external or any(_REMOTE.match(word.text) for word in sources)
    if sources:
        review.check_write(target)
    for word in call.arguments:
        if _SSH_RUNS.match(word.text):
            check_command_value(review, word, by=call.name)
    if any(word.text.startswith("--delete") for word in reading.flags):
        review.irreversible = True


_CLOUD_CHANGES: Final = re.compile(
    r"^(?:delete|remove|rm|rb|terminate|destroy|put|create-access|get-secret|assume-role|ssh|deploy"
    r"|authorize|attach|detach|update|purge|stop|reboot|run-instances|invoke|send|publish)"
)
_CLOUD_REMOTE: Final = re.compile(r"^(?:s3|gs|az|oss)://|^[\w-]+:(?!/)")


def _cloud(review: Review, _call: Call, _row: Row, reading: Reading) -> None:
    review.external = True
    for word in reading.positionals[:4]:
        if _CLOUD_CHANGES.match(word.text):
            review.changes = True
            review.note("changes-cloud", RiskLevel.HIGH, "Changes what runs elsewhere.", word)
    if reading.positionals and _CLOUD_REMOTE.match(reading.positionals[-1].text):
        verbs = {word.text for word in reading.positionals[:3]}
        if verbs & {"cp", "sync", "copy", "mv", "move"}:
            review.note(
                "sends-data", RiskLevel.HIGH, "Copies files to the cloud.", reading.positionals[-1]
            )


NETWORK_SPECIALS: Final[Mapping[str, Callable[[Review, Call, Row, Reading], None]]] = {
    "container": _container,
    "fetch": _fetch,
    "ssh": _ssh,
    "ssh-copy": _ssh_copy,
    "cloud": _cloud,
}
