"""From an action to the facts that policies see: shell, grounding, screening, money, people."""

import asyncio
import posixpath
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from core.actions import Action, Decision, Finding, JsonObject, JsonValue, RiskLevel
from core.governance.amounts import Amount, read_amount
from core.governance.grounding.rules import ground_action
from core.governance.model import Facts, Grounding, Screening
from core.governance.policies.facts import facts_to_json
from core.governance.screening.rules import screen
from core.governance.shell_actions import judge_shell
from core.ids import ActionId, AgentId, CorrelationId
from core.records import PrincipalRecord, SessionRecord
from core.risk.shell.model import ShellRisk
from core.risk.shell.targets import is_obeyed, secret_in, startup_in

_IN_THREAD_CHARS: Final = 50_000  # above this, looking through the text would be seen on screen
_MEMBER_CHARS: Final = 10  # what a number, a list or a name costs to look at, in characters of text
_REMEMBERED_CHARS_MAX: Final = 1_000
_DEPTH_MAX: Final = 64

_EXTERNAL_KINDS: Final = frozenset(
    {"network.request", "message.send", "payment.transfer", "data.export"}
)
_TRIMMED: Final = "\ufeff" + string.whitespace
_PATH: Final = re.compile(r"\S+|(?:[/~.]|[A-Za-z]:[\\/]).*")  # from a root on also with spaces
_PAYMENT: Final = "payment.transfer"
_TOOL_KINDS: Final = frozenset({"tool.call", "mcp.call"})
_ELSEWHERE: Final = re.compile(r"[a-z0-9+.-]://|\bwww\.|[^\s@]@[a-z0-9-]+\.[a-z]", re.IGNORECASE)
_IRREVERSIBLE_KINDS: Final = frozenset({"file.delete", "payment.transfer", "message.send"})
_READ_KINDS: Final = frozenset({"file.read"})
_PEOPLE_KEYS: Final = frozenset(
    {"recipients", "to", "cc", "bcc", "participants", "users", "subjects", "audience"}
)
_SPECIAL: Final = re.compile(
    r"\b(diagnos[ei]s|medical|patients?|health_?record|religion|religious|sexual_?orientation"
    r"|ethnicity|trade_?union|biometric|genetic|political_?opinion|hiv)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that was found about one action before anybody judges it."""

    facts: Facts
    facts_written: JsonObject  # the same for the record, made once for what comes again
    findings: tuple[Finding, ...]
    risk: RiskLevel
    arguments_redacted: JsonObject


async def gather_evidence(
    action: Action, *, principal: PrincipalRecord, trust: float, session: SessionRecord | None
) -> Evidence:
    """Look at the action from every side; long arguments are looked through in a thread."""
    if is_long(action.arguments):
        return await asyncio.to_thread(
            collect_evidence, action, principal=principal, trust=trust, session=session
        )
    return collect_evidence(action, principal=principal, trust=trust, session=session)


def is_long(arguments: JsonObject) -> bool:
    """Whether looking through these arguments would hold up everybody else: then use a thread."""
    if len(arguments) == 1 and isinstance(command := arguments.get("command"), str):
        return len(command) > _IN_THREAD_CHARS
    left = _IN_THREAD_CHARS
    stack: list[JsonValue] = [arguments]
    while stack and left >= 0:
        value = stack.pop()
        if isinstance(value, str):
            left -= len(value)
        elif isinstance(value, Mapping | Sequence):
            left -= _MEMBER_CHARS * len(value)
            if left >= 0 and isinstance(value, Mapping):
                stack.extend(value)
                stack.extend(value.values())
            elif left >= 0:
                stack.extend(value)
    return left < 0


def collect_evidence(
    action: Action, *, principal: PrincipalRecord, trust: float, session: SessionRecord | None
) -> Evidence:
    """The same, at once. Pure: reads nothing but its arguments."""
    workspace = _workspace(session)
    who = _Actor(round(trust * 1000), principal.quarantined, principal.permissions)
    asked = _lone_command(action, workspace)
    if asked is None:
        return _put_in(_look(action, workspace, session.untrusted if session else ()), who)
    return look_at_command(asked, who)


def _workspace(session: SessionRecord | None) -> str | None:
    """The session's folder; None when it is not known, or one that does not say where it is."""
    folder = posixpath.normpath(session.cwd) if session and session.cwd else ""
    return folder if folder.startswith("/") else None


class _Actor(NamedTuple):
    """The facts about who acts."""

    trust_permille: int
    quarantined: bool
    permissions: tuple[str, ...]


class _Command(NamedTuple):
    """All that counts of a shell action with no argument but its command."""

    command: str
    resource: str
    purpose: str
    risk_claimed: RiskLevel | None
    workspace: str | None


class _Found(NamedTuple):
    """What there is to see of an action, whoever acts."""

    facts: Facts
    findings: tuple[Finding, ...]
    risk: RiskLevel
    arguments_redacted: JsonObject


def _put_in(found: _Found, who: _Actor) -> Evidence:
    facts, written = _facts_of(found.facts, who)
    return Evidence(
        facts=facts,
        facts_written=written,
        findings=found.findings,
        risk=found.risk,
        arguments_redacted=found.arguments_redacted,
    )


@lru_cache(maxsize=1024)
def _facts_of(facts: Facts, who: _Actor) -> tuple[Facts, JsonObject]:
    """Most commands of an agent that nobody has seen yet are as harmless as the one before."""
    whole = replace(
        facts,
        trust_permille=who.trust_permille,
        quarantined=who.quarantined,
        permissions=frozenset(who.permissions),
    )
    return whole, facts_to_json(whole)


def _lone_command(action: Action, workspace: str | None) -> _Command | None:
    """A short shell action that has no other argument; else None."""
    if action.kind != "shell.execute" or len(action.arguments) != 1:
        return None
    command = action.arguments.get("command")
    if not isinstance(command, str):
        return None
    if len(command) + len(action.purpose) + len(action.resource) > _REMEMBERED_CHARS_MAX:
        return None
    return _Command(command, action.resource, action.purpose, action.risk_claimed, workspace)


@lru_cache(maxsize=1024)
def look_at_command(asked: _Command, who: _Actor) -> Evidence:
    """Agents run the same commands all day, and trust changes slower than they come again."""
    return _put_in(look_at_nobodys(asked), who)


@lru_cache(maxsize=1024)
def look_at_nobodys(asked: _Command) -> _Found:
    """What else there is to an action must not count here: the command is looked at as nobody's."""
    action = Action(
        id=ActionId(""),
        agent_id=AgentId(""),
        kind="shell.execute",
        resource=asked.resource,
        arguments={"command": asked.command},
        purpose=asked.purpose,
        risk_claimed=asked.risk_claimed,
        correlation_id=CorrelationId(""),
        proposed_at=datetime.min.replace(tzinfo=UTC),
    )
    return _look(action, asked.workspace, ())


def _look(action: Action, workspace: str | None, untrusted: Sequence[str]) -> _Found:
    """All but the facts about who acts."""
    shell = judge_shell(action, workspace)
    grounding = ground_action(action, untrusted=untrusted)
    screening = _screen(action)
    outside = shell.outside_workspace or _outside(action, workspace)
    amount = _read_sum(action, grounding)
    own = (*_own(action, outside), *amount.findings)
    findings = (*shell.findings, *grounding.findings, *screening.findings, *own)
    if screening.secrets:
        findings = tuple(map(_without_secrets, findings))
    risk = max(
        (action.risk_claimed or RiskLevel.LOW, *(each.level for each in findings)),
        key=lambda level: level.rank,
    )
    facts = _facts(
        action,
        shell,
        grounding,
        screening,
        findings=findings,
        risk=risk,
        outside=outside,
        amount_micros=amount.micros,
    )
    redacted = screening.redacted
    return _Found(
        facts=facts,
        findings=findings,
        risk=risk,
        arguments_redacted=redacted if isinstance(redacted, Mapping) else {},
    )


def _screen(action: Action) -> Screening:
    """Arguments and resource: an address may carry a secret away as well as an argument."""
    arguments, resource = screen(action.arguments), _screen_resource(action.resource)
    if resource is None:
        return arguments
    return replace(
        arguments,
        secrets=arguments.secrets or resource.secrets,
        injection=arguments.injection or resource.injection,
        findings=(*arguments.findings, *resource.findings),
    )


def _screen_resource(resource: str) -> Screening | None:
    """None when nothing is found. The same few tools and files are named again and again."""
    return _screen_short(resource) if len(resource) <= _REMEMBERED_CHARS_MAX else _seen_in(resource)


def _seen_in(resource: str) -> Screening | None:
    found = screen(resource, path="resource")
    return found if found.findings else None


_screen_short = lru_cache(maxsize=1024)(_seen_in)


def _facts(
    action: Action,
    shell: ShellRisk,
    grounding: Grounding,
    screening: Screening,
    *,
    findings: Sequence[Finding],
    risk: RiskLevel,
    outside: bool,
    amount_micros: int,
) -> Facts:
    is_shell = action.kind == "shell.execute"
    texts = tuple(_texts(action.arguments))
    read_only = shell.read_only if is_shell else grounding.read_only or action.kind in _READ_KINDS
    return Facts(
        risk_rank=risk.rank,
        finding_codes=frozenset(each.code for each in findings),
        purpose_known=bool(action.purpose.strip()),
        read_only=read_only,
        grounded=grounding.grounded,
        tainted=grounding.tainted,
        tool_named=grounding.tool_named,
        shell_level=_SHELL_LEVELS[shell.decision] if is_shell else 0,
        irreversible=shell.irreversible or grounding.erases or action.kind in _IRREVERSIBLE_KINDS,
        people_affected=_people(action.arguments),
        special_category=any(map(_SPECIAL.search, texts)),
        amount_micros=amount_micros,
        outside_workspace=outside,
        secrets=screening.secrets,
        injection=screening.injection,
        external=shell.external or _leaves(action, texts),
    )


_SHELL_LEVELS: Final = {Decision.ALLOW: 0, Decision.ASK: 1, Decision.DENY: 2}


def _leaves(action: Action, texts: Sequence[str]) -> bool:
    """True when it reaches beyond this machine: by its kind, or an address among a tool's words."""
    if action.kind in _TOOL_KINDS:
        return any(map(_ELSEWHERE.search, texts))
    return action.kind in _EXTERNAL_KINDS


def _without_secrets(finding: Finding) -> Finding:
    """What a finding quotes is shown, kept and put on the trail."""
    return replace(
        finding,
        message=str(screen(finding.message).redacted),
        evidence=str(screen(finding.evidence).redacted),
    )


def _own(action: Action, outside: bool) -> Iterator[Finding]:  # noqa: FBT001 - private
    if outside and action.kind.startswith("file."):
        yield Finding(
            code="outside-workspace",
            source="workspace",
            level=RiskLevel.LOW if action.kind == "file.read" else RiskLevel.MEDIUM,
            message=f"{action.resource} lies outside the session's workspace",
            path="resource",
        )
    if action.kind.startswith("file."):
        # Not every file system tells capitals from small letters.
        names = {action.resource, action.resource.casefold()}
        if any(map(secret_in, names)):
            yield _named(action, "secret-file", "names a place that holds secrets")
        if action.kind == "file.write" and any(
            startup_in(each) or is_obeyed(each) for each in names
        ):
            yield _named(action, "runs-later-file", "is run or obeyed later")

    if action.kind in _TOOL_KINDS and any(map(_names_secret, _texts(action.arguments))):
        yield _named(action, "secret-file", "is given a place that holds secrets")


def _names_secret(text: str) -> bool:
    """True for a path alone, in any case: prose may well speak of such files."""
    path = text.strip(_TRIMMED)
    plain = len(path) <= _REMEMBERED_CHARS_MAX and _PATH.fullmatch(path)
    return bool(plain) and any(map(secret_in, {path, path.casefold()}))


def _named(action: Action, code: str, what: str) -> Finding:
    message = f"{action.resource} {what}"
    level = RiskLevel.MEDIUM
    return Finding(code=code, source="file", level=level, message=message, path="resource")


def _outside(action: Action, workspace: str | None) -> bool:
    """A file action whose path leaves the workspace; unknown workspace: absolute paths do."""
    if not action.kind.startswith("file."):
        return False
    path = PurePosixPath(action.resource)
    if ".." in path.parts or action.resource.startswith("~"):
        return True
    if "\\" in action.resource or action.resource != action.resource.strip(_TRIMMED):
        return True  # another system, or a client that trims it, opens another file
    if not path.is_absolute():
        return False
    # The root sets no file apart from all others.
    apart = workspace is not None and bool(workspace.strip("/"))
    return not apart or not path.is_relative_to(str(workspace))


def _texts(value: JsonValue, depth: int = 0) -> Iterator[str]:
    """Each string and each key; deeper than 64 levels is screening's finding."""
    if isinstance(value, str):
        yield value
    elif depth < _DEPTH_MAX and isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            yield from _texts(inner, depth + 1)
    elif depth < _DEPTH_MAX and isinstance(value, Sequence):
        for inner in value:
            yield from _texts(inner, depth + 1)


def _people(arguments: JsonObject) -> int:
    lists = (value for key, value in arguments.items() if key.casefold() in _PEOPLE_KEYS)
    return sum(
        len(value) if isinstance(value, Sequence) and not isinstance(value, str) else 1
        for value in lists
        if value
    )


def _read_sum(action: Action, grounding: Grounding) -> Amount:
    """The largest sum named in the arguments of a payment or of a tool."""
    if action.kind == _PAYMENT:
        return read_amount(action.arguments, pays=True)
    if action.kind in _TOOL_KINDS:
        return read_amount(action.arguments, pays=grounding.pays)
    return Amount(0)
