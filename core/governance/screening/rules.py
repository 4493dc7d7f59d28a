"""Screens JSON: secrets redacted, prompt injections and dangerous characters marked. Pure.

Offsets in findings are those of the text as it came in; `locate_in_redacted` moves them.
"""

import base64
import contextlib
import html
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final
from urllib.parse import unquote

from core.actions import Finding, JsonValue, RiskLevel
from core.governance.model import Screening
from core.governance.screening.catalog import INJECTION_HINTS, INJECTIONS
from core.governance.screening.judgement import classify_name, is_random, is_reference
from core.governance.screening.secrets import Span, find_secrets, is_marker, marker, redact

DEPTH_MAX: Final = 64
FINDINGS_MAX: Final = 200
_EVIDENCE_CHARS_MAX: Final = 160
_RUNS_MAX: Final = 16  # of dangerous characters, a string
_STEP_CHARS_MAX: Final = 200  # of a key in a path: a finding never costs what a body may hold
_DECODE_CHARS_MAX: Final = 200_000  # decoding is for a weak signal: not worth more of the budget

_BIDI: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_HIDDEN: Final = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f"
    "\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_OTHER: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_ANSI: Final = (
    r"\x1b(?:\[[0-?]{0,64}+[ -/]{0,8}+[@-~]?"
    r"|[\]PX^_][^\x07\x1b\x9c]{0,1024}+(?:\x07|\x1b\\)?|[ -~])?"
    r"|\x9b[0-?]{0,64}+[ -/]{0,8}+[@-~]?"
)
_DANGEROUS: Final = re.compile(
    rf"(?P<ansi>{_ANSI})|(?P<bidi>[{_BIDI}]+)|(?P<hidden>[{_HIDDEN}]+)|(?P<control>[{_OTHER}]+)"
)
_ESCAPED: Final = re.compile(f"[\t\n\r{_OTHER}{_BIDI}{_HIDDEN}]")
_NAMED: Final = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
_DANGERS: Final = {
    "ansi": ("terminal-escape", RiskLevel.MEDIUM, "a terminal escape sequence stands in the text"),
    "bidi": ("bidi-control", RiskLevel.MEDIUM, "characters that reorder the text as it is shown"),
    "hidden": ("invisible-characters", RiskLevel.LOW, "characters that no screen shows"),
    "control": ("control-characters", RiskLevel.LOW, "control characters stand in the text"),
}
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,}+={0,2}")
_INVISIBLE: Final = re.compile(f"[{_BIDI}{_HIDDEN}]")
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


def strip_controls(text: str, *, keep_newlines: bool = False, keep_tabs: bool = False) -> str:
    """Text that is safe to draw: what would move, hide or reorder is shown as an escape."""
    if text.isascii() and text.isprintable():
        return text
    kept = ("\n" if keep_newlines else "") + ("\t" if keep_tabs else "")
    return _ESCAPED.sub(lambda found: found[0] if found[0] in kept else _escape(found[0]), text)


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
        return [self.walk(each, (*steps, index), kind) for index, each in enumerate(value)]

    def _mapping(
        self, value: Mapping[str, JsonValue], steps: _Steps, kind: str
    ) -> dict[str, JsonValue]:
        copy: dict[str, JsonValue] = {}
        alike: Counter[str] = Counter()
        label = value.get("name", value.get("key"))  # {"name": "DB_PASSWORD", "value": "…"}
        for key, each in value.items():
            spans = find_secrets(key)
            shown = unique = redact(key, spans)
            # Two names may be redacted to one: neither value is dropped.
            while unique in copy:
                alike[shown] += 1
                unique = f"{shown}#{alike[shown]}"
            inner = (*steps, unique)
            self._look_at(key, inner, spans, in_name=True)
            named = _kind_of(label if key == "value" and isinstance(label, str) else key, each)
            copy[unique] = self.walk(each, inner, named or kind)
        return copy

    def _text(self, text: str, steps: _Steps, kind: str) -> str:
        spans: list[Span] = []
        if not kind:
            spans = find_secrets(text)
        elif text and not is_marker(text) and not is_reference(text):
            spans = [(0, len(text), kind)]
        self._look_at(text, steps, spans)
        return redact(text, spans) if spans else text

    def _number(self, value: float, steps: _Steps, kind: str) -> JsonValue:
        if not kind or kind == "token":  # numbers named token are counts
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
        if text.isascii() and text.isprintable():
            return
        for found in islice(_DANGEROUS.finditer(text), _RUNS_MAX):
            code, level, message = _DANGERS[str(found.lastgroup)]
            span = None if in_name else found.span()
            evidence = _quote(text, found.span(), secrets)
            self._add(steps, code, level, message, evidence=evidence, span=span)

    def _note_injection(
        self, text: str, steps: _Steps, secrets: list[Span], *, in_name: bool
    ) -> None:
        for plain, decoded in _readings(text):
            found = next(filter(None, (each.search(plain) for each in INJECTIONS)), None)
            if found is None:
                continue
            self.injection = True
            whole = bool(secrets) and secrets[0][:2] == (0, len(text))
            known = secrets if not decoded else [(0, len(plain), secrets[0][2])] if whole else None
            self._add(
                steps,
                "prompt-injection",
                RiskLevel.MEDIUM,
                "the text reads like instructions to a model"
                + (" once it is decoded" if decoded else ""),
                evidence=_quote(
                    plain, found.span(), find_secrets(plain) if known is None else known
                ),
                span=None if decoded or in_name else found.span(),
            )
            return

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


def _kind_of(name: str, value: JsonValue) -> str:
    """The kind of secret that a value is by its name; "" for none."""
    kind, sure = classify_name(name)
    if sure or (isinstance(value, str) and is_random(value)):
        return kind
    return ""


def _written(step: str | int) -> str:
    """One step of a path: [0], .key, or ["a key"] when it is not a plain word."""
    if isinstance(step, int):
        return f"[{step}]"
    if len(step) > _STEP_CHARS_MAX:
        step = step[:_STEP_CHARS_MAX] + "…"
    return f".{step}" if _PLAIN_KEY.fullmatch(step) else f"[{json.dumps(strip_controls(step))}]"


def _escape(character: str) -> str:
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    if code < 0x100:  # noqa: PLR2004 - the widths of Python's own escapes
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004


def _readings(text: str) -> Iterator[tuple[str, bool]]:
    """The text as it stands, then decoded, where either could hold an injection."""
    if _may_inject(text):
        yield text, False
    decoded = _decode(text[:_DECODE_CHARS_MAX])
    if decoded != text and _may_inject(decoded):
        yield decoded, True


def _may_inject(text: str) -> bool:
    lowered = text.lower()
    return bool([hint for hint in INJECTION_HINTS if hint in lowered])


def _decode(text: str) -> str:
    """Undo what hides words: percent and HTML escapes, look-alike and invisible letters, base64."""
    if "%" in text:
        text = unquote(text)
    if "&" in text:
        with contextlib.suppress(ValueError):  # a number of more digits than Python reads
            text = html.unescape(text)
    if not text.isascii():
        # One character may become eighteen.
        text = unicodedata.normalize("NFKC", text)[:_DECODE_CHARS_MAX]
        text = _INVISIBLE.sub("", text)
    return _BASE64.sub(_decode_base64, text)


def _decode_base64(found: re.Match[str]) -> str:
    letters = found[0].rstrip("=").replace("-", "+").replace("_", "/")
    letters = letters[: len(letters) // 4 * 4]
    try:
        return base64.b64decode(letters).decode()
    except UnicodeDecodeError:
        return found[0]
