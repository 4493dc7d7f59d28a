"""What only one program or family does: transfers, other machines, the cloud."""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.arguments import check_command_value
from core.risk.shell.catalog import Row
from core.risk.shell.fetched import remember_download
from core.risk.shell.options import Hit, Reading
from core.risk.shell.printed import printed_by
from core.risk.shell.review import FETCHED, Review
from core.risk.shell.syntax import Call, Word, join_words
from core.risk.shell.targets import is_local_url, is_shell_name
from core.risk.shell.words import names_secret_variable, secret_variable_in

_SENDS: Final = frozenset(
    {"-d", "--data", "--data-binary", "--data-raw", "--data-ascii", "--data-urlencode", "--json",
     "-F", "--form", "--form-string", "--post-data", "--body-data", "--method"}
)  # fmt: skip
_CREDENTIALS: Final = frozenset(
    {"-H", "--header", "-u", "--user", "--password", "-b", "--cookie", "--oauth2-bearer"}
)
_HOST: Final = re.compile(
    r"^(?:https?://)?(?:[^/@\s]*@)?(?P<host>[\w-]+(?:\.[\w-]+)+)", re.IGNORECASE
)
_SHORT_NAMES: Final = {"gh": "github", "gl": "gitlab", "hf": "huggingface", "cf": "cloudflare"}
_METHODS: Final = frozenset({"POST", "PUT", "DELETE", "PATCH"})
_SCHEMES: Final = re.compile(
    r"^(?:telnet|gopher|dict|tftp|smb|ldap|ftp|scp|sftp|imap|smtp|pop3)s?://"
)
_FILLS: Final = (
    r"(?:\$\(|`)"
    r"(?:[^)`]*\b(?:base(?:64|32|58)|xxd|od|hexdump)\b"
    r"|\s*<\s*[\w~./$]"
    r"|\s*(?:cat|env|getent|head|history|hostname|id|ifconfig|ls|printenv|ps|set|tac|tail|tar|who"
    r"|whoami)\b)"
)
_CARRIES: Final = re.compile(rf"://[^\s`$]*{_FILLS}")
_FILLED: Final = re.compile(_FILLS)
_DESCRIBES: Final = frozenset({"-H", "--header", "-A", "--user-agent", "-e", "--referer"})
_GETS: Final = re.compile(r"--get$|-[fgikLsSv]*G$")
_REROUTES: Final = (
    "-x", "--proxy", "--preproxy", "--socks", "--resolve", "--connect-to", "-K", "--config",
    "--doh-url",
)  # fmt: skip
_ITEM: Final = re.compile(r"^[\w.\[\]-]+(?:=(?!=)|:=|@)")
_ITEMS_FOLLOW: Final = frozenset({"http", "https", "xh", "xhs"})  # data follows the address


def _fetch(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    texts = [word.text for word in call.arguments]
    local = _stays_here(call, reading)
    # A server of this machine may do anything, so asking it is no plain reading either.
    review.external, review.changes = review.external or not local, review.changes or local
    asks = any(map(_GETS.match, texts))  # then the data is part of the address
    named = {id(each.word): each for each in (*reading.values, *reading.hits)}
    for index, word in enumerate(call.arguments):
        name, value = _named_by(named.get(id(word)), word, texts[index + 1 : index + 2])
        method = name in {"-X", "--request"} and value.upper() in _METHODS
        if _CARRIES.search(word.text) and not local:
            review.note(
                "sends-data", RiskLevel.MEDIUM, "The address carries data of this machine.", word
            )
        elif "://" in word.text and names_secret_variable(word.text) and not local:
            review.note("sends-data", RiskLevel.MEDIUM, "The address carries a secret.", word)
        elif name in _CREDENTIALS and not local:
            _check_credential(review, call, value, reading)
        if (name in _SENDS and not (asks and "@" not in value)) or method or _tells(name, value):
            _note_sending(review, word, value, local=local)
        elif _SCHEMES.match(word.text) and not local:
            review.note(
                "unusual-protocol", RiskLevel.MEDIUM, "Talks another protocol than the web's.", word
            )
    if call.name in _ITEMS_FOLLOW and not local:
        _check_items(review, call, reading)
    _remember_download(review, call, reading)


def _named_by(hit: Hit | None, word: Word, following: list[str]) -> tuple[str, str]:
    """An option's name and value: in a cluster or shortened as its row reads it, else as typed."""
    if hit is not None and hit.value is not None:
        return hit.option, hit.value.text
    name, _, attached = word.text.partition("=")
    if not name.startswith("--"):
        name, attached = word.text[:2], word.text[2:]
    return name, attached or "".join(following)


def _tells(name: str, value: str) -> bool:
    """True where an option that describes the request carries what stands in a file."""
    return (name in _DESCRIBES and _FILLED.search(value) is not None) or (
        name == "--url-query" and "@" in value
    )


def _check_items(review: Review, call: Call, reading: Reading) -> None:
    """`http ADDRESS NAME=VALUE NAME@FILE`, and what such a call is fed."""
    fed = call.fed_by is not None or call.heredoc or _reads_file(call)
    items = [word for word in reading.positionals if _ITEM.search(word.text)]
    methods = [word for word in reading.positionals[:1] if word.text in _METHODS]
    for word in (*methods, *items, *(call.words[:1] if fed else ()))[:1]:
        _note_sending(review, word, word.text.partition("@")[1], local=False)


def _stays_here(call: Call, reading: Reading) -> bool:
    """True when every address that a transfer names is this machine, and nothing leads elsewhere.

    One such address among others, or in a header, says nothing of where data goes.
    """
    if any(word.text.startswith(_REROUTES) for word in reading.flags):
        return False
    places = [word.text for word in reading.positionals]
    for option, word in pairwise(call.arguments):
        if option.text == "--url":
            places.append(word.text)
    places += [word.text[6:] for word in reading.flags if word.text.startswith("--url=")]
    if call.name in _ITEMS_FOLLOW:
        places = [place for place in places if not place.isupper()][:1]
    return bool(places) and all(map(is_local_url, places))


def _check_credential(review: Review, call: Call, value: str, reading: Reading) -> None:
    """A variable's secret goes to whom its name tells: `$GITHUB_TOKEN` to api.github.com."""
    variable = secret_variable_in(value)
    if not variable:
        return
    owner = variable.lower().partition("_")[0]
    owner = _SHORT_NAMES.get(owner, owner)
    for word in call.arguments:  # each at its own place: one named host says nothing of another
        text = word.text.removeprefix("--url=")
        found = _HOST.match(text) if word in reading.positionals or "://" in text else None
        if found is not None and found["host"].lower().split(".")[-2] != owner:
            review.note(
                "sends-credential",
                RiskLevel.MEDIUM,
                f"Sends the value of {variable} to {found['host']}.",
                word,
                found["host"],
            )


def _note_sending(review: Review, word: Word, value: str, *, local: bool) -> None:
    review.changes = True
    of_file = value.startswith("@") or "=@" in value or "=<" in value
    if not local:
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
            path = review.resolve(hit.value.text)
            review.written[path] = FETCHED
            remember_download(review, path, call.arguments)
    if call.name == "wget" or any(
        word.text in {"-O", "-LO", "-OL", "-sO"} for word in reading.flags
    ):
        for word in reading.positionals:
            name = word.text.partition("?")[0].rpartition("/")[2]
            if name:
                review.written.setdefault(name, FETCHED)
                remember_download(review, review.resolve(name), (word,))


_GREETING: Final = re.compile(r"^git@(?:github|gitlab|bitbucket|codeberg)\.(?:com|org)$")
_SSH_RUNS: Final = re.compile(
    r"^(?:-o)?\s*(?:Proxy|Local|KnownHosts|PermitLocal|Remote|AuthorizedKeys)\w*Command\b",
    re.IGNORECASE,
)


def _ssh(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    if reading.informs and len(call.arguments) == 1:
        return
    review.external = True
    review.changes = True
    words = call.arguments
    host = reading.positionals[0] if reading.positionals else None
    command = words[words.index(host) + 1 :] if host is not None else ()
    if host is not None and command:
        whole = command[0] if len(command) == 1 else join_words(command)
        review.run_elsewhere(whole, host)
    elif host is not None and not _GREETING.match(host.text):
        review.note("acts-elsewhere", RiskLevel.MEDIUM, "Opens a shell on another machine.", host)
    if host is not None and call.heredoc and (not command or is_shell_name(command[0].text)):
        review.run_elsewhere(call.document, host)
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
    if any(word.text in {"-n", "--dry-run"} for word in reading.flags):
        return
    if _REMOTE.match(target.text) or call.name == "sftp":
        review.external = True
        host = target.text.partition("://")[2] or target.text
        review.note(
            "copies-elsewhere",
            RiskLevel.MEDIUM,
            "Copies files to another machine.",
            target,
            host.partition(":")[0].partition("/")[0],
        )
        return
    review.external = review.external or any(_REMOTE.match(word.text) for word in sources)
    if sources:
        review.check_write(target)
    for word in call.arguments:
        if _SSH_RUNS.match(word.text):
            check_command_value(review, word, by=call.name)
    if any(word.text.startswith("--delete") for word in reading.flags):
        review.irreversible = True


_ROUTE_CHANGES: Final = frozenset({"add", "del", "delete", "replace", "change", "append", "flush"})


def _routes(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    texts = [word.text for word in reading.positionals]
    if texts[:2] == ["netns", "exec"]:
        review.run(call.inner(reading.positionals[3:]))
        return
    for word in reading.positionals[:3]:
        if word.text in _ROUTE_CHANGES:
            review.changes = True
            review.note("changes-system", RiskLevel.MEDIUM, "Changes the network's setup.", word)


def _tls(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    """`openssl s_client` hands over what it is fed."""
    if not reading.positionals or reading.positionals[0].text != "s_client":
        return
    review.external = True
    source = call.fed_by
    fed = source is not None and (source.name != "echo" or len(source.arguments) > 1)
    if fed or _reads_file(call) or call.heredoc:
        review.note("sends-data", RiskLevel.MEDIUM, "Sends what it is fed.", call.span)


def _reads_file(call: Call) -> bool:
    """True when a file is the call's standard input."""
    return any("<" in each.operator and each.target.text != "/dev/null" for each in call.redirects)


def _mail(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    """A text that stands in the command can be read by who decides; a file cannot."""
    review.external = review.changes = True
    fed = call.fed_by is not None and printed_by(call.fed_by) is None
    if not fed and not _reads_file(call):
        return
    for receiver in reading.positionals or (Word("", call.span),):
        review.note(
            "mails-file",
            RiskLevel.MEDIUM,
            f"Mails what is in a file to {receiver.text or 'whom that file names'}.",
            receiver,
            receiver.text,
        )


NETWORK_SPECIALS: Final[Mapping[str, Callable[[Review, Call, Row, Reading], None]]] = {
    "fetch": _fetch,
    "ssh": _ssh,
    "ssh-copy": _ssh_copy,
    "routes": _routes,
    "tls": _tls,
    "mail": _mail,
}
