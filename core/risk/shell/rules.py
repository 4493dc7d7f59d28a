"""Whether a shell command may run by itself, and why: the one entry of this package."""

import re
from dataclasses import replace
from typing import Final

from core.actions import Decision, RiskLevel
from core.risk.shell.arguments import (
    check_arguments,
    check_code,
    check_fresh_argument,
    check_script_value,
)
from core.risk.shell.catalog import Catalog, Row, look_up, shipped_catalog
from core.risk.shell.cmdlets import check_blocks, check_cmdlet, in_bash
from core.risk.shell.code import is_remote_shell
from core.risk.shell.cost import is_costly, readable_length
from core.risk.shell.environment import check_environment
from core.risk.shell.fetched import check_fetched
from core.risk.shell.flow import (
    check_name,
    check_prompt,
    check_redirects,
    check_tee,
    reads_input,
)
from core.risk.shell.hits import check_hits
from core.risk.shell.model import ShellRisk
from core.risk.shell.named import ground
from core.risk.shell.options import Reading, head, read_options, tail
from core.risk.shell.parse import parse
from core.risk.shell.plain import read_plain
from core.risk.shell.printed import printed_by, said_by
from core.risk.shell.programs import SPECIALS, exfiltrates, run_known_script
from core.risk.shell.review import Elsewhere, Review, Text
from core.risk.shell.sources import check_source
from core.risk.shell.syntax import Call, Script, Span, Word, stands_in
from core.risk.shell.targets import is_system, secret_in
from core.risk.shell.unknown import check_setting, check_unknown
from core.risk.shell.unread import collapse

_LENGTH_MAX: Final = 100_000  # characters; longer commands are not parsed
_DEPTH_MAX: Final = 6  # commands inside commands
_TEXTS_MAX: Final = 300
_CALLS_MAX: Final = 2_000
_ASK_FROM: Final = RiskLevel.MEDIUM
_READERS: Final = frozenset({"read", "search", "list", "text", "diagnose"})
_NO_SHELL_TAKES: Final = re.compile("[\0\ud800-\udfff]")
_KEEPS_MESSAGES: Final = frozenset({"git", "gh", "glab"})
_MESSAGE: Final = re.compile(r"(?:^|\s)(?:-F|--(?:body-|notes-)?file)[ =]?-(?:\s|$)")
_HIDDEN: Final = re.compile(
    "[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]+"
)
_NETWORK_PATH: Final = re.compile(r"/dev/(?:tcp|udp)/|/inet[46]?/(?:tcp|udp)/")


def classify_command(
    command: str, *, purpose: str = "", workspace: str | None = None, powershell: bool = False
) -> ShellRisk:
    """Judge a command line without running any of it. Never raises on any text.

    Args:
        command: The text a shell would be given.
        purpose: What the user asked for. A numeric address or a machine named there is no
            surprise; nothing else becomes harmless by it.
        workspace: Absolute path which the agent may write below; None when not known.
        powershell: The text is for PowerShell: a name that no table knows asks.

    Returns: DENY with a critical finding, ASK with one of medium or high level, else ALLOW.
    """
    return classify_with(
        shipped_catalog(), command, purpose=purpose, workspace=workspace, powershell=powershell
    )


def classify_with(
    catalog: Catalog,
    command: str,
    *,
    purpose: str = "",
    workspace: str | None = None,
    powershell: bool = False,
) -> ShellRisk:
    """`classify_command` with other knowledge of programs."""
    review = Review(catalog=catalog, workspace=workspace, powershell=powershell)
    whole = Span(0, len(command))
    if len(command) > _LENGTH_MAX:
        review.note(
            "too-long", RiskLevel.HIGH, "Too long to be read, by rules or by a person.", whole
        )
        _judge_collapsed(review, Word(command, whole), {}, 0)
    elif _NO_SHELL_TAKES.search(command):
        review.note("unparseable", RiskLevel.HIGH, "Holds a character no shell takes.", whole)
        _judge_collapsed(review, Word(command, whole), {}, 0)
    else:
        if found := _HIDDEN.search(command):
            review.note(
                "hidden-characters",
                RiskLevel.MEDIUM,
                "Holds characters which a screen does not show, or shows in another order.",
                Span(*found.span()),
                repr(found[0]),
            )
        if powershell:
            check_blocks(review, command)
            command = in_bash(command)
        _judge_text(review, Word(command, whole, literal_at=0), {}, 0)
    return _conclude(review, purpose)


def _conclude(review: Review, purpose: str) -> ShellRisk:
    findings = [ground(finding, purpose) for finding in review.findings]
    findings.sort(key=lambda finding: (-finding.level.rank, finding.start or 0))
    worst = max((finding.level.rank for finding in findings), default=0)
    decision = Decision.ALLOW
    if worst >= RiskLevel.CRITICAL.rank:
        decision = Decision.DENY
    elif worst >= _ASK_FROM.rank:
        decision = Decision.ASK
    return ShellRisk(
        decision=decision,
        findings=tuple(findings),
        read_only=decision is Decision.ALLOW
        and not (review.changes or review.external or review.reads_outside),
        irreversible=review.irreversible,
        external=review.external,
        outside_workspace=review.outside_workspace,
    )


def _judge_text(review: Review, word: Word, known: dict[str, str], depth: int) -> None:
    review.texts += 1
    if depth > _DEPTH_MAX or review.texts > _TEXTS_MAX:
        review.note(
            "too-deep", RiskLevel.MEDIUM, "Hides commands inside commands too deeply.", word
        )
        return
    if is_costly(word.text):
        review.note("too-long", RiskLevel.HIGH, "Too much to be read as commands.", word)
        _judge_collapsed(review, word, known, depth)
        return
    length = readable_length(word.text)
    if length < len(word.text):
        _judge_typed(review, tail(word, length))
        word = head(word, length)
    script = _read(word, known)
    _judge_form(review, word, script)
    for call in script.calls[:_CALLS_MAX]:
        _judge_call(review, call, script.variables, depth)


def _judge_collapsed(review: Review, word: Word, known: dict[str, str], depth: int) -> None:
    text = collapse(word.text)
    if text != word.text and len(text) <= _LENGTH_MAX and not is_costly(text):
        _judge_text(review, Word(text, word.span), known, depth + 1)


def _read(word: Word, known: dict[str, str]) -> Script:
    if word.literal_at is None:
        return parse(word.text, inside=word.span, known=known)
    plain = read_plain(word.text, at=word.literal_at, known=known)
    return plain or parse(word.text, at=word.literal_at, known=known)


def _judge_typed(review: Review, word: Word) -> None:
    """Lines that a shell cannot read: they are typed into the program that runs before them."""
    review.changes = True
    review.note(
        "unparseable",
        RiskLevel.MEDIUM,
        "This part cannot be read as shell: a program before it may read it.",
        word,
    )
    check_arguments(review, Call((Word("input", word.span), word), word.span), None)


def _judge_form(review: Review, word: Word, script: Script) -> None:
    if script.broken is not None:
        review.note(
            "unparseable", RiskLevel.MEDIUM, "This part cannot be read as shell.", script.broken
        )
    if script.too_deep or len(script.calls) > _CALLS_MAX:
        review.note("too-deep", RiskLevel.MEDIUM, "Too entangled to be judged.", word)
    if script.recursive is not None:
        review.note(
            "fork-bomb",
            RiskLevel.CRITICAL,
            "Starts itself again and again until the machine stops.",
            script.recursive,
        )
    if _NETWORK_PATH.search(word.text) and is_remote_shell(word.text):
        review.external = True
        review.note("remote-shell", RiskLevel.CRITICAL, "Connects a shell to the network.", word)


def _judge_call(review: Review, call: Call, known: dict[str, str], depth: int) -> None:
    check_environment(review, call)
    check_redirects(review, call)
    row = _row_of(review, call)
    if call.words and check_name(review, call, row):
        _judge_program(review, call, row)
    pending, review.pending = review.pending, []
    for item in pending:
        if isinstance(item, Text):
            _judge_text(review, item.word, known, depth + 1)
        elif isinstance(item, Elsewhere):
            _judge_elsewhere(review, item, known, depth + 1)
        elif depth >= _DEPTH_MAX:
            review.note("too-deep", RiskLevel.MEDIUM, "Too many wrappers.", item.span)
        else:
            _judge_call(review, item, known, depth + 1)


def _judge_elsewhere(review: Review, item: Elsewhere, known: dict[str, str], depth: int) -> None:
    """What only looks at another machine is fine; the rest is for a person to decide."""
    there = Review(catalog=review.catalog, workspace=None)
    _judge_text(there, item.command, known, depth)
    worst = max((finding.level.rank for finding in there.findings), default=0)
    only_looks = worst < _ASK_FROM.rank and not (there.changes or item.command.dynamic)
    review.findings.extend(there.findings)
    review.irreversible = review.irreversible or there.irreversible
    review.note(
        "acts-elsewhere",
        RiskLevel.LOW if only_looks else RiskLevel.MEDIUM,
        "Acts on another machine.",
        item.host,
    )


def _row_of(review: Review, call: Call) -> Row | None:
    if "/" in call.name and call.name[0] != "@" and not is_system(review.resolve(call.name)):
        return None  # a program of that name which nobody knows
    return look_up(review.catalog, call.program)


def _judge_program(review: Review, call: Call, row: Row | None) -> None:
    _check_fed_names(review, call, row)
    check_setting(review, call)
    check_source(review, call)
    check_fetched(review, call, row)
    if row is None:
        review.changes = True
        named = look_up(review.catalog, call.program)
        if named is not None and named.always:  # wherever the program lies
            review.note(
                "abused-program", RiskLevel.MEDIUM, f"{call.name} {named.always}.", call.words[0]
            )
        check_arguments(review, call, None)
        check_unknown(review, call)
        check_cmdlet(review, call)
        _check_directory(review, call)
        return
    reading = read_options(row, call.arguments)
    review.changes = review.changes or _may_change(row, reading)
    handled = check_hits(review, call, row, reading) + _check_leading(review, call, row, reading)
    prose = _prose(call, row, reading)
    if row.always and not reading.informs and reading.first("quiet") is None:
        review.note("abused-program", RiskLevel.MEDIUM, f"{call.name} {row.always}.", call.words[0])
    special = SPECIALS.get(row.special)
    if special is not None:
        special(review, call, row, reading)
    fed = row.takes_script and reads_input(reading)
    if row.prompt or fed or reading.first("script") is not None:
        check_prompt(review, call, row, reading)
    own = call
    if row.wraps is not None and reading.rest and not _looks_up(reading):
        # What the wrapped program is given is judged with its own row.
        own = call.inner(call.words[: len(call.words) - len(reading.rest)])
        if row.special not in _RUNS_REST:
            review.run(call.inner(reading.rest))
    # What is judged as commands is no plain argument: `sh -c TEXT` is as safe as TEXT.
    judged = [item.word for item in review.pending if isinstance(item, Text)]
    _check_decoded(review, call, judged)
    check_arguments(review, _without(own, [*prose, *judged]), _as_used(row, reading), handled)
    _check_written(review, call, row, reading)
    _check_directory(review, call)
    if exfiltrates(call):
        review.note(
            "sends-secret", RiskLevel.CRITICAL, "Hands a secret to another machine.", call.span
        )


def _check_decoded(review: Review, call: Call, texts: list[Word]) -> None:
    """Text that is run although it was encoded: why would anybody hide an honest command?"""
    if call.name == "base64" and printed_by(call) is not None:
        review.decoded.append(call.span)
    for text in texts if review.decoded else ():
        start, end = text.span.start, text.span.end
        if any(start <= span.start and span.end <= end for span in review.decoded):
            review.note(
                "runs-encoded-text",
                RiskLevel.HIGH,
                f"{call.name} runs text that was encoded to hide it.",
                text,
            )


def _as_used(row: Row, reading: Reading) -> Row:
    """The row with the role that its program has in this call.

    "inform" is a role no table gives: it tells about a program or a device, and starts neither.
    """
    if row.special in {"mode", "owner"}:
        return replace(row, role="list")  # attributes, no contents
    if reading.first("quiet") is not None and not row.role:
        return replace(row, role="inform")
    return row


def _looks_up(reading: Reading) -> bool:
    """`command -v x` tells where x is, and does not run it."""
    return any(hit.kind == "quiet" and hit.option in {"-v", "-V"} for hit in reading.hits)


def _may_change(row: Row, reading: Reading) -> bool:
    """True unless the row reads only, or what it does is judged elsewhere."""
    if row.role in _READERS or reading.informs or (row.wraps is not None and reading.rest):
        return False
    return row.special not in _JUDGES_CHANGES


def _check_fed_names(review: Review, call: Call, row: Row | None) -> None:
    """A secret's name that is piped into a program which may open what it reads."""
    fed = printed_by(call.fed_by) or said_by(call.fed_by) if call.fed_by else call.heredoc
    opens = row is None or row.role not in _READERS or any(word.dynamic for word in call.words)
    if fed and opens and secret_in(fed) and not _is_message(call):
        review.note(
            "reads-secret-file",
            RiskLevel.HIGH,
            f"{call.name} is fed the name of a place that holds secrets.",
            call.span,
            fed,
        )


def _is_message(call: Call) -> bool:
    """Whether what a call is fed is the text of a commit, an issue or the like."""
    if call.name not in _KEEPS_MESSAGES:
        return False
    texts = " ".join(word.text for word in call.arguments)
    # The grammar loses a lone dash before a here-document.
    return _MESSAGE.search(f"{texts} -" if call.heredoc else texts) is not None


def _prose(call: Call, row: Row, reading: Reading) -> list[Word]:
    """Arguments that are messages, patterns or names of modules, with their options."""
    words = [
        word
        for hit in reading.hits
        if hit.kind == "text"
        for word in (hit.word, hit.value)
        if word is not None
    ]
    if row.special == "git" and reading.positionals and reading.positionals[0].text == "grep":
        words.extend(reading.positionals[1:2])
    if row.special == "python" and call.arguments[:1] and call.arguments[0].text == "-m":
        words.extend(call.arguments[1:2])
    return words


def _without(call: Call, words: list[Word]) -> Call:
    if not words:
        return call
    return replace(call, words=tuple(word for word in call.words if not stands_in(word, words)))


_JUDGES_CHANGES: Final = frozenset(
    {"git", "find", "sed", "container", "cluster", "tar", "crontab", "systemctl", "service",
     "mount", "firewall", "fetch", "shell"}
)  # fmt: skip
_RUNS_REST: Final = frozenset({"env", "xargs", "joined", "parallel"})


def _check_leading(review: Review, call: Call, row: Row, reading: Reading) -> tuple[Word, ...]:
    """The first argument of an interpreter: its script, or its program text."""
    first = reading.positionals[:1]
    if not first or reading.first("code") is not None or reading.first("script") is not None:
        return ()
    if row.takes_code:
        check_code(review, first[0], by=call.name)
        return first
    if row.takes_script and row.special != "shell":
        check_script_value(review, first[0], by=call.name, row=row)
        check_fresh_argument(review, call, first[0])
        run_known_script(review, call, first[0])
    return ()


def _check_written(review: Review, call: Call, row: Row, reading: Reading) -> None:
    words = reading.positionals
    if row.role == "write-all":
        check_tee(review, call, words)
    elif row.role == "write-last" and row.special != "copy" and len(words) > 1:
        review.check_write(words[-1])


def _check_directory(review: Review, call: Call) -> None:
    if call.name in {"cd", "pushd"} and call.arguments:
        target = call.arguments[-1]
        review.directory = "" if target.dynamic else review.resolve(target.text)
