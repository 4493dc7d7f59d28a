"""Screens JSON: secrets redacted, prompt injections and dangerous characters marked. Pure.

Offsets in findings are those of the text as it came in; `locate_in_redacted` moves them.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final

from core.actions import Finding, JsonValue, RiskLevel
from core.governance.model import Screening
from core.governance.screening.characters import find_dangers, strip_controls
from core.governance.screening.injections import find_injection
from core.governance.screening.judgement import (
    classify_name,
    is_count,
    is_named_secret,
    is_pin,
    is_random,
    is_reference,
)
from core.governance.screening.lists import find_across
from core.governance.screening.secrets import (
    Span,
    find_secrets,
    is_marker,
    marker,
    merge,
    redact,
)

DEPTH_MAX: Final = 64
FINDINGS_MAX: Final = 200
_EVIDENCE_CHARS_MAX: Final = 160
_RUNS_MAX: Final = 16  # of dangerous characters, a string
_STEP_CHARS_MAX: Final = 200  # of a key in a path: a finding never costs what a body may hold
_NAME_CHARS_MAX: Final = 100  # of a key that is remembered
_VALUES: Final = frozenset(("value", "Value", "VALUE"))
_LABELS: Final = ("name", "key", "variable", "field")
_PLAIN_KEY: Final = re.compile(r"[\w-]+")


def screen(value: JsonValue, *, path: str = "arguments") -> Screening:
    """Look through any JSON; raises nothing. `redacted` keeps the structure and cuts nothing.

    What lies deeper than `DEPTH_MAX` is not looked at, so it is redacted whole.
    """
    screener = _Screener(path)
    redacted = screener.walk(value, (), "")
    return Screening(
        redacted=redacted,
        secrets=screener.secrets,
        injection=screener.injection,
        findings=tuple(screener.findings),
    )


def locate_in_redacted(screening: Screening, path: str, offset: int) -> int:
    """Where a character of the text at `path` stands after redaction; a secret's: its marker."""
    moved = offset
    for each in screening.findings:
        if each.code != "secret" or each.path != path or each.start is None or each.end is None:
            continue
        if offset >= each.end:
            moved += len(each.evidence) - (each.end - each.start)
        elif offset > each.start:
            moved -= offset - each.start
    return moved


_Steps = tuple[str | int, ...]
"""The way to a value: redacted keys and positions. Written out only where something is found."""


class _Screener:
    """One walk over one value."""

    def __init__(self, root: str) -> None:
        self._root = root
        self.findings: list[Finding] = []
        self.secrets = False
        self.injection = False

    def walk(self, value: JsonValue, steps: _Steps, kind: str) -> JsonValue:
        """The redacted copy; `kind` is set inside of what is named as a secret."""
        if isinstance(value, str):
            return self._text(value, steps, kind)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._number(value, steps, kind)
        if len(steps) >= DEPTH_MAX:
            return self._too_deep(steps)
        if isinstance(value, Mapping):
            return self._mapping(value, steps, kind)
        return self._list(value, steps, kind)

    def _list(self, value: Sequence[JsonValue], steps: _Steps, kind: str) -> list[JsonValue]:
        across = {} if kind else find_across(value)
        return [
            self._text(str(each), (*steps, index), kind, across[index])
            if index in across
            else self.walk(each, (*steps, index), kind)
            for index, each in enumerate(value)
        ]

    def _mapping(
        self, value: Mapping[str, JsonValue], steps: _Steps, kind: str
    ) -> dict[str, JsonValue]:
        copy: dict[str, JsonValue] = {}
        alike: dict[str, int] = {}
        label = "" if _VALUES.isdisjoint(value) else _label_of(value)
        for key, each in value.items():
            clean = _is_clean(key)
            spans = [] if clean else find_secrets(key)
            if kind and not spans and is_named_secret(key):
                clean, spans = False, [(0, len(key), kind)]
            shown = unique = redact(key, spans) if spans else key
            # Two names may be redacted to one: neither value is dropped.
            while unique in copy:
                alike[shown] = alike.get(shown, 0) + 1
                unique = f"{shown}#{alike[shown]}"
            inner = (*steps, unique)
            if not clean:
                self._look_at(key, inner, spans, in_name=True)
            named = _kind_of(label if label and key in _VALUES else key, each)
            copy[unique] = self.walk(each, inner, named or kind)
        return copy

    def _text(self, text: str, steps: _Steps, kind: str, across: Sequence[Span] = ()) -> str:
        """`across` are spans that what stands around the text tells."""
        spans: list[Span] = []
        if not kind:
            spans = find_secrets(text)
            if across:
                spans = merge([*spans, *across])
        elif text and not is_marker(text) and not is_reference(text):
            spans = [(0, len(text), kind)]
        self._look_at(text, steps, spans)
        return redact(text, spans) if spans else text

    def _number(self, value: float, steps: _Steps, kind: str) -> JsonValue:
        if not kind or is_count(value, kind):
            return value
        self.secrets = True
        message = _says_secret("the number", kind)
        self._add(steps, "secret", RiskLevel.MEDIUM, message, evidence=marker(kind))
        return marker(kind)

    def _too_deep(self, steps: _Steps) -> str:
        message = f"nested deeper than {DEPTH_MAX} levels: not looked at, so not shown"
        self._add(steps, "too-deep", RiskLevel.HIGH, message)
        return marker("too-deep")

    def _look_at(
        self, text: str, steps: _Steps, secrets: list[Span], *, in_name: bool = False
    ) -> None:
        """Note all that is in one text. Offsets are those of values: a name has none."""
        self._note_dangers(text, steps, secrets, in_name=in_name)
        self._note_injection(text, steps, secrets, in_name=in_name)
        for start, end, kind in secrets:
            self.secrets = True
            message = _says_secret("the name" if in_name else "the text", kind)
            span = None if in_name else (start, end)
            self._add(steps, "secret", RiskLevel.MEDIUM, message, evidence=marker(kind), span=span)

    def _note_dangers(
        self, text: str, steps: _Steps, secrets: list[Span], *, in_name: bool
    ) -> None:
        for danger, span in islice(find_dangers(text), _RUNS_MAX):
            self._add(
                steps,
                danger.code,
                danger.level,
                danger.message,
                evidence=_quote(text, span, secrets),
                span=None if in_name else span,
            )

    def _note_injection(
        self, text: str, steps: _Steps, secrets: list[Span], *, in_name: bool
    ) -> None:
        found = find_injection(text)
        if found is None:
            return
        self.injection = True
        if found.decoded:
            whole = [kind for start, end, kind in secrets if (start, end) == (0, len(text))]
            size = len(found.text)
            secrets = [(0, size, kind) for kind in whole] or find_secrets(found.text)
        self._add(
            steps,
            "prompt-injection",
            RiskLevel.MEDIUM,
            "the text reads like instructions to a model"
            + (" once it is decoded" if found.decoded else ""),
            evidence=_quote(found.text, found.span, secrets),
            span=None if found.decoded or in_name else found.span,
        )

    def _add(
        self,
        steps: _Steps,
        code: str,
        level: RiskLevel,
        message: str,
        *,
        evidence: str = "",
        span: tuple[int, int] | None = None,
    ) -> None:
        if len(self.findings) >= FINDINGS_MAX:
            return
        self.findings.append(
            Finding(
                code=code,
                source="screening",
                level=level,
                message=message,
                path=self._root + "".join(_written(step) for step in steps),
                start=None if span is None else span[0],
                end=None if span is None else span[1],
                evidence=evidence,
            )
        )


def _is_clean(name: str) -> bool:
    """Nothing to note about a key of an object. The same few come again and again."""
    return len(name) <= _NAME_CHARS_MAX and _is_clean_name(name)


@lru_cache(maxsize=1024)
def _is_clean_name(name: str) -> bool:
    dangers = next(iter(find_dangers(name)), None)
    return not find_secrets(name) and dangers is None and find_injection(name) is None


def _quote(text: str, span: tuple[int, int], secrets: list[Span]) -> str:
    """The text there, safe to draw and to keep: a secret that reaches into it is its marker."""
    first, last = span
    inside = [
        (max(start, first) - first, min(end, last) - first, kind)
        for start, end, kind in secrets
        if start < last and end > first
    ]
    return strip_controls(redact(text[first:last], inside)[:_EVIDENCE_CHARS_MAX])


def _says_secret(where: str, kind: str) -> str:
    return f"{where} holds a secret ({kind}); it is kept nowhere in the clear"


def _label_of(value: Mapping[str, JsonValue]) -> str:
    """What a value is called beside it: {"name": "DB_PASSWORD", "value": "…"}."""
    told = {key.lower(): each for key, each in value.items()}
    label = next((told[each] for each in _LABELS if each in told), "")
    return label if isinstance(label, str) else ""


def _kind_of(name: str, value: JsonValue) -> str:
    """The kind of secret that a value is by its name; "" for none."""
    kind, sure = classify_name(name)
    if kind == "pin":
        return kind if isinstance(value, str | int) and is_pin(value) else ""
    if not kind or sure or (isinstance(value, str) and is_random(value)):
        return kind
    return ""


def _written(step: str | int) -> str:
    """One step of a path: [0], .key, or ["a key"] when it is not a plain word."""
    if isinstance(step, int):
        return f"[{step}]"
    if len(step) > _STEP_CHARS_MAX:
        step = step[:_STEP_CHARS_MAX] + "…"
    return f".{step}" if _PLAIN_KEY.fullmatch(step) else f"[{json.dumps(strip_controls(step))}]"
