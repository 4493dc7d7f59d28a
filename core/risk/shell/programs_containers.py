"""What only container tools do: rights over this machine, commands inside, what is lost."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.arguments import check_script_value
from core.risk.shell.catalog import Row
from core.risk.shell.options import Reading
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Word, join_words
from core.risk.shell.targets import canonical, is_home, is_shell_name, is_url, reaches_secret

_HOST_MOUNT: Final = re.compile(
    r"^(?:type=bind,)?(?:source=|src=)?/(?:etc|root|var(?:/run)?|proc|sys|dev|boot|usr|home|)"
    r"(?:/?[:,]|/?$|/docker\.sock)|docker\.sock"
)
_SOURCE: Final = re.compile(r"(?:^|\b(?:source|src)=)(?P<path>[^:,=]+)(?=[:,])")
_RIGHTS: Final = re.compile(
    r"^--(?:privileged|pid=host|ipc=host|userns=host|cap-add|device|security-opt)"
    r"|[\"']?(?:privileged|hostPID|hostIPC|hostNetwork)[\"']?\s*:\s*true|[\"']hostPath[\"']"
)
_ERASES: Final = frozenset({"prune"})
_GRANTS: Final = re.compile(r"^(?:cluster)?role(?:binding)?s?(?:/|$)")
_SECRETS_TOO: Final = re.compile(r"^[\w.,]*,secrets?(?:,|$)|^secrets?,")  # kinds, with others
_ENVIRONMENT: Final = re.compile(r"(?:^|-c |[;&|]\s*)(?:/usr/bin/)?(?:env|printenv)\s*(?:$|[;&|>])")
_PRINTS: Final = frozenset({"get", "describe", "edit"})
_CHANGES: Final = frozenset({"create", "patch", "edit", "replace"})
_INSTALLS: Final = frozenset(
    {"apply", "create", "replace", "install", "upgrade", "build", "import"}
)
_RUNS: Final = frozenset({"run", "exec", "create", "attach", "shell"})
_LOOKS: Final = frozenset(
    {"ps", "images", "logs", "inspect", "version", "info", "stats", "top", "get", "describe"}
)


def _container(review: Review, call: Call, row: Row, reading: Reading) -> None:
    words = call.arguments
    verbs = {word.text for word in reading.leading(2)}
    granted = _check_rights(review, call)
    if verbs & _RUNS:
        _check_inner(review, call, row, executes="exec" in verbs, granted=granted)
    _check_installed(review, words, verbs, cluster=row.special == "cluster")
    if "build" in verbs and reading.positionals:
        check_script_value(review, reading.positionals[-1], by=f"{call.name} build")
    everything = bool(verbs & {"rm", "rmi"}) and any(word.dynamic for word in words)
    volumes = {"volume", "rm"} <= verbs or ("down" in verbs and {"-v", "--volumes"} & _flags(words))
    if verbs == {"config", "view"} and "--raw" in _flags(words):
        review.note("asks-for-secret", RiskLevel.HIGH, "Prints keys to the cluster.", call.span)
    if verbs & _ERASES or everything or volumes:
        review.irreversible = True
        review.note("erases", RiskLevel.MEDIUM, "Removes containers, images or volumes.", call.span)
    if "push" in verbs:
        review.external = True
        review.note("sends-data", RiskLevel.MEDIUM, "Publishes an image.", call.span)
    if reading.first("reveal") is None:
        review.changes = review.changes or not verbs & _LOOKS


def _check_installed(
    review: Review, words: tuple[Word, ...], verbs: set[str], *, cluster: bool
) -> None:
    for word in words:
        if cluster and verbs & _CHANGES and _GRANTS.match(word.text):
            review.note("changes-privilege", RiskLevel.HIGH, "Changes who may do what.", word)
        if cluster and verbs & _PRINTS and _SECRETS_TOO.search(word.text):
            review.note("asks-for-secret", RiskLevel.HIGH, "Prints what is kept secret.", word)
        if verbs & _INSTALLS and is_url(word.text):
            review.external = True
            review.note("runs-download", RiskLevel.MEDIUM, "Installs from the network.", word)


def _flags(words: tuple[Word, ...]) -> set[str]:
    return {word.text for word in words if word.text.startswith("-")}


def _check_rights(review: Review, call: Call) -> bool:
    granted = False
    for previous, word in zip(call.words, call.arguments, strict=False):
        text = word.text.partition("=")[2] if word.text.startswith("--") else word.text
        mounts = previous.text.startswith(("-v", "--v", "--m")) or word.text.startswith(
            ("--v", "--m", "source=", "src=")
        )
        if _RIGHTS.search(word.text) or (mounts and _opens_host(text)):
            granted = True
            review.note(
                "escapes-container",
                RiskLevel.HIGH,
                "Gives the container rights over this machine.",
                word,
            )
    return granted


def _opens_host(mount: str) -> bool:
    """True for a folder of the machine or of the user, and one that keeps secrets."""
    if _HOST_MOUNT.search(mount):
        return True
    source = _SOURCE.search(mount)
    path = source["path"] if source is not None else ""
    return is_home(path) or reaches_secret(path) or canonical(path).startswith("..")


def _check_inner(review: Review, call: Call, row: Row, *, executes: bool, granted: bool) -> None:
    """The command that runs inside, as far as it can be told from the tool's own arguments."""
    inner = _command_inside(call, row)
    if not inner:
        return
    shell = is_shell_name(inner[0].text.rpartition("/")[2])
    waits = shell and all(word.text.startswith("-") and word.text != "-c" for word in inner[1:])
    if waits and call.fed_by is None and not call.heredoc:
        # Without a mount or a right, what is typed in a container of this machine stays in it.
        level = RiskLevel.LOW if row.special == "container" and not granted else RiskLevel.MEDIUM
        review.note("starts-shell", level, "Opens a shell in a container.", inner[0])
    elif shell or executes:
        if row.special == "cluster" and _ENVIRONMENT.search(join_words(inner).text):
            message = "Prints the environment of a pod, where its passwords are."
            review.note("asks-for-secret", RiskLevel.MEDIUM, message, inner[0])
        review.run(call.inner(inner))


def _command_inside(call: Call, row: Row) -> tuple[Word, ...]:
    words = list(call.arguments)
    verb = next((index for index, word in enumerate(words) if word.text in _RUNS), len(words))
    index = verb + 1
    while index < len(words) and words[index].text.startswith("-"):
        if words[index].text == "--":
            return tuple(words[index + 1 :])
        takes_value = words[index].text in row.valued
        index += 2 if takes_value else 1
    rest = words[index + 1 :]  # after the container's or the image's name
    after = next((place for place, word in enumerate(rest) if word.text == "--"), -1)
    return tuple(rest[after + 1 :])


CONTAINER_SPECIALS: Final[Mapping[str, Callable[[Review, Call, Row, Reading], None]]] = {
    "container": _container,
    "cluster": _container,
}
