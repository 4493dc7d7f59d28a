"""Grounding of one action: which of its targets and operations the user asked for. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.actions import Action, Finding, RiskLevel
from core.governance.grounding.operations import (
    Asked,
    Operation,
    ask_for,
    read_operation,
    speaks_of,
)
from core.governance.grounding.provenance import ToolText
from core.governance.grounding.request import Request, read_request
from core.governance.grounding.targets import (
    CONTENT_CHARS_MAX,
    Leaf,
    find_spans,
    is_described,
    is_loopback,
    is_named,
    is_plain_page,
    is_sensitive_path,
    matches_name,
    walk_leaves,
)
from core.governance.grounding.vocabulary import READING_VERBS, Role
from core.governance.model import Grounding

_SHOWN_CHARS_MAX: Final = 80
_CONTENTS_CHARS_MAX: Final = 100_000  # of content in all arguments together
_FINDINGS_MAX: Final = 200
_NO_TARGETS: Final = frozenset({Role.CONTENT, Role.IGNORED, Role.SETTING})
_ACCEPTED: Final = RiskLevel.LOW  # a finding of this level informs; it does not ask
_HIGH_ROLES: Final = frozenset({Role.OUTWARD, Role.URL, Role.SECRET, Role.AMOUNT})
_TAINTED: Final = frozenset({"target-only-in-tool-text", "target-ordered-by-tool-text"})
_SENTENCES: Final = {
    "target-not-in-purpose": "{} does not stand in what the user asked.",
    "target-only-in-tool-text": "{} stands in text that came from a tool, not in what the user "
    "asked.",
    "target-ordered-by-tool-text": "Text that came from a tool orders to act on {}.",
    "target-described": "The user's request describes {} without naming it.",
    "target-matches-name": "{} spells a name from the request; the user gave no address.",
    "content-too-long": "{} is too long to be searched to its end for links and addresses.",
}


def needs_operator(grounding: Grounding, *, purpose_known: bool) -> bool:
    """Whether the shipped policies ask an operator, as far as grounding goes."""
    asked_for = grounding.grounded and grounding.tool_named and not grounding.tainted
    return purpose_known and not asked_for


def ground_action(action: Action, *, untrusted: Sequence[str] = ()) -> Grounding:
    """Compare an action with `action.purpose`, the user's words. Raises nothing.

    `action.untrusted` and `untrusted` are text that came from tools: it never grounds a target,
    it only adds doubt. Shell commands have a classifier of their own and pass here.
    """
    if action.kind.startswith("shell."):
        return Grounding(read_only=False, grounded=True, tainted=False, tool_named=True)
    operation = read_operation(action)
    leaves, complete = walk_leaves(action, operation)
    if operation.read_only:
        leaves = [leaf for leaf in leaves if leaf.role is Role.URL and not is_loopback(leaf.value)]
    if not action.purpose.strip():
        return _without_purpose(operation, read_only=operation.read_only and not leaves)
    request = read_request(action.purpose)
    case = _Case(
        kind=action.kind,
        operation=operation,
        asked=ask_for(operation, request),
        has_target=any(leaf.role not in _NO_TARGETS for leaf in leaves),
        request=request,
        tool_text=ToolText((*action.untrusted, *untrusted)),
    )
    findings, read = _judge_all(leaves, case)
    if not (complete and read):
        findings.append(_finding("arguments-too-large", "There are too many arguments to check."))
    doubts = [finding for finding in findings if finding.level is not _ACCEPTED]
    named, about_operation = _judge_operation(case, findings)
    return Grounding(
        read_only=operation.read_only and not doubts,
        grounded=not doubts,
        tainted=any(finding.code in _TAINTED for finding in doubts),
        tool_named=named,
        pays=operation.pays,
        erases=operation.erases,
        findings=(*about_operation, *findings),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What the targets of one action are compared with."""

    kind: str
    operation: Operation
    asked: Asked
    has_target: bool
    request: Request
    tool_text: ToolText

    @property
    def verbs(self) -> frozenset[str]:
        """Verbs by which a text would order this operation."""
        return READING_VERBS.union(*(f.request_verbs for f in self.operation.families))


def _without_purpose(operation: Operation, *, read_only: bool) -> Grounding:
    message = "The user's request is not known, so the action cannot be compared with it."
    return Grounding(
        read_only=read_only,
        grounded=read_only,
        tainted=False,
        tool_named=read_only,
        pays=operation.pays,
        erases=operation.erases,
        findings=() if read_only else (_finding("no-purpose", message),),
    )


def _judge_operation(case: _Case, findings: Sequence[Finding]) -> tuple[bool, list[Finding]]:
    """Whether the operation was asked for, and what there is to say about it."""
    name = _show(" ".join(case.operation.words) or case.kind)
    aims = case.has_target or speaks_of(case.operation, case.request)
    if case.asked is Asked.YES and case.operation.erases and not aims:
        message = f"What the user asked does not say what to {name}, and no argument does."
        return False, [_finding("operation-without-target", message)]
    if case.asked is Asked.YES or (case.kind.startswith("network.") and not findings):
        return True, []
    if case.asked is Asked.DELEGATED and not findings and not case.operation.consequential:
        message = f"The user left it to a text that tools read whether to {name}."
        return True, [_finding("operation-delegated", message, level=_ACCEPTED)]
    return False, [
        _finding("operation-not-asked", f"What the user asked does not call for {name}.")
    ]


def _judge_all(leaves: Sequence[Leaf], case: _Case) -> tuple[list[Finding], bool]:
    """What there is to say about all arguments, and whether all content was read."""
    findings: list[Finding] = []
    left = _CONTENTS_CHARS_MAX
    complete = True
    for leaf in leaves:
        if leaf.role is Role.CONTENT and not case.kind.startswith("file."):
            left -= min(len(leaf.value), CONTENT_CHARS_MAX)
            if left < 0 or len(findings) > _FINDINGS_MAX:
                complete = False
                continue
        findings.extend(_judge(leaf, case))
    return findings, complete


def _judge(leaf: Leaf, case: _Case) -> list[Finding]:
    """What there is to say about one argument; nothing when the user named it."""
    if leaf.role is Role.IGNORED:
        return []
    if leaf.role is Role.CONTENT:
        return [] if case.kind.startswith("file.") else _judge_content(leaf, case)
    if is_named(leaf, case.request):
        return []
    code = _read_description(leaf, case)
    if code is None:
        return [_doubt(leaf, case)]
    if case.tool_text.tells(leaf.value, case.verbs):
        return [_about(leaf, "target-ordered-by-tool-text", RiskLevel.MEDIUM)]
    return [_about(leaf, code, _ACCEPTED)]


def _judge_content(leaf: Leaf, case: _Case) -> list[Finding]:
    """Content is the agent's to write, but not the links, addresses and accounts in it."""
    findings: list[Finding] = []
    if len(leaf.value) > CONTENT_CHARS_MAX:
        findings.append(_about(leaf, "content-too-long", RiskLevel.MEDIUM))
    for span in find_spans(leaf):
        part = Leaf(path=leaf.path, key="", value=span.text, role=span.role)
        if not is_named(part, case.request) and not matches_name(part, case.request):
            findings.append(_doubt(part, case, start=span.start, end=span.end))
    return findings


def _read_description(leaf: Leaf, case: _Case) -> str | None:
    """The code of the weaker tie between request and target that is good enough, if any."""
    operation, request = case.operation, case.request
    if operation.read_only:
        open_page = request.opens_links and is_plain_page(leaf.value)
        return "target-described" if open_page else None
    if case.kind.startswith("file."):
        plain = not operation.final and not is_sensitive_path(leaf.value)
        return "target-described" if plain else None
    if leaf.role is Role.OUTWARD and not operation.pays and matches_name(leaf, request):
        return "target-matches-name"
    if case.asked is not Asked.YES:
        return None
    if leaf.role is Role.ID:
        return None if operation.final else "target-described"
    person = leaf.role is Role.OUTWARD and leaf.value.replace(" ", "").isalpha()
    inside = (leaf.role is Role.NAME or person) and not operation.consequential
    return "target-described" if inside and is_described(leaf, request) else None


def _doubt(leaf: Leaf, case: _Case, *, start: int = 0, end: int | None = None) -> Finding:
    held = case.tool_text.holds(leaf.value)
    code = "target-only-in-tool-text" if held else "target-not-in-purpose"
    level = RiskLevel.HIGH if leaf.role in _HIGH_ROLES else RiskLevel.MEDIUM
    return _about(leaf, code, level, start=start, end=end)


def _about(
    leaf: Leaf, code: str, level: RiskLevel, *, start: int = 0, end: int | None = None
) -> Finding:
    secret = leaf.role is Role.SECRET
    shown = "" if secret else _show(leaf.value)
    what = f"the {leaf.key or leaf.role}" if secret else f"'{shown}'"
    sentence = _SENTENCES[code].format(what)
    return _finding(
        code,
        sentence[0].upper() + sentence[1:],
        level=level,
        path=leaf.path,
        start=start,
        end=len(leaf.value) if end is None else end,
        evidence=shown,
    )


def _finding(
    code: str,
    message: str,
    *,
    level: RiskLevel = RiskLevel.MEDIUM,
    path: str = "",
    start: int | None = None,
    end: int | None = None,
    evidence: str = "",
) -> Finding:
    return Finding(
        code=code,
        source="grounding",
        level=level,
        message=message,
        path=path,
        start=start,
        end=end,
        evidence=evidence,
    )


def _show(text: str) -> str:
    """A short form that is safe to print: control and invisible characters are spelled out."""
    short = text if len(text) <= _SHOWN_CHARS_MAX else text[: _SHOWN_CHARS_MAX - 1] + "…"
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in short
    )
