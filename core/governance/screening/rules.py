"""Screens JSON: secrets redacted, prompt injections and dangerous characters marked. Pure.

Offsets in findings are those of the text as it came in; `locate_in_redacted` moves them.
"""

import base64
import contextlib
import html
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
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
    screener = _Screener()
    redacted = screener.walk(value, path, "", 0)
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


class _Screener:
    """One walk over one value."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.secrets = False
        self.injection = False

    def walk(self, value: JsonValue, path: str, kind: str, depth: int) -> JsonValue:
        """The redacted copy; `kind` is set inside of what is named as a secret."""
        if isinstance(value, str):
            return self._text(value, path, kind)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._number(value, path, kind)
        if depth >= DEPTH_MAX:
            return self._too_deep(path)
        if isinstance(value, Mapping):
            return self._mapping(value, path, kind, depth)
        return [
            self.walk(each, f"{path}[{index}]", kind, depth + 1) for index, each in enumerate(value)
        ]

    def _mapping(
        self, value: Mapping[str, JsonValue], path: str, kind: str, depth: int
    ) -> dict[str, JsonValue]:
        copy: dict[str, JsonValue] = {}
        label = value.get("name", value.get("key"))  # {"name": "DB_PASSWORD", "value": "…"}
        for key, each in value.items():
            spans = find_secrets(key)
            shown = redact(key, spans)
            inner = f"{path}{_step(shown)}"
            self._note_secrets(spans, inner, "the name")
            self._note_dangers(key, inner)
            named = _kind_of(str(label) if key == "value" and label else key, each)
            # Two names may be redacted to one: neither value is dropped.
            while shown in copy:
                shown += "'"
            copy[shown] = self.walk(each, inner, named or kind, depth + 1)
        return copy

    def _text(self, text: str, path: str, kind: str) -> str:
        self._note_dangers(text, path)
        self._note_injection(text, path)
        if kind:
            if not text or is_marker(text) or is_reference(text):
                return text
            spans: list[Span] = [(0, len(text), kind)]
        else:
            spans = find_secrets(text)
        if not spans:
            return text
        self._note_secrets(spans, path, "the text")
        return redact(text, spans)

    def _number(self, value: float, path: str, kind: str) -> JsonValue:
        if not kind or kind == "token":  # numbers named token are counts
            return value
        self.secrets = True
        self._add(_secret_finding(kind, path, "the number"))
        return marker(kind)

    def _too_deep(self, path: str) -> str:
        self._add(
            Finding(
                code="too-deep",
                source="screening",
                level=RiskLevel.HIGH,
                message=f"nested deeper than {DEPTH_MAX} levels: not looked at, so not shown",
                path=path,
            )
        )
        return marker("too-deep")

    def _note_secrets(self, spans: list[Span], path: str, where: str) -> None:
        for start, end, kind in spans:
            self.secrets = True
            self._add(_secret_finding(kind, path, where, start, end))

    def _note_dangers(self, text: str, path: str) -> None:
        if text.isascii() and text.isprintable():
            return
        for count, found in enumerate(_DANGEROUS.finditer(text)):
            if count == _RUNS_MAX:
                return
            code, level, message = _DANGERS[str(found.lastgroup)]
            self._add(
                Finding(
                    code=code,
                    source="screening",
                    level=level,
                    message=message,
                    path=path,
                    start=found.start(),
                    end=found.end(),
                    evidence=strip_controls(found[0][:_EVIDENCE_CHARS_MAX]),
                )
            )

    def _note_injection(self, text: str, path: str) -> None:
        for plain, decoded in _readings(text):
            for pattern in INJECTIONS:
                found = pattern.search(plain)
                if found is None:
                    continue
                self.injection = True
                evidence = found[0][:_EVIDENCE_CHARS_MAX]
                self._add(
                    Finding(
                        code="prompt-injection",
                        source="screening",
                        level=RiskLevel.MEDIUM,
                        message="the text reads like instructions to a model"
                        + (" once it is decoded" if decoded else ""),
                        path=path,
                        start=None if decoded else found.start(),
                        end=None if decoded else found.end(),
                        evidence=strip_controls(redact(evidence, find_secrets(evidence))),
                    )
                )
                return

    def _add(self, finding: Finding) -> None:
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(finding)


def _secret_finding(
    kind: str, path: str, where: str, start: int | None = None, end: int | None = None
) -> Finding:
    return Finding(
        code="secret",
        source="screening",
        level=RiskLevel.MEDIUM,
        message=f"{where} holds a secret ({kind}); it is kept nowhere in the clear",
        path=path,
        start=start,
        end=end,
        evidence=marker(kind),
    )


def _kind_of(name: str, value: JsonValue) -> str:
    """The kind of secret that a value is by its name; "" for none."""
    kind, sure = classify_name(name)
    if sure or (isinstance(value, str) and is_random(value)):
        return kind
    return ""


def _step(key: str) -> str:
    """One step of a path: .key, or ["a key"] when it is not a plain word."""
    return f".{key}" if _PLAIN_KEY.fullmatch(key) else f"[{json.dumps(strip_controls(key))}]"


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
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return _BASE64.sub(_decode_base64, text)


def _decode_base64(found: re.Match[str]) -> str:
    letters = found[0].rstrip("=").replace("-", "+").replace("_", "/")
    letters = letters[: len(letters) // 4 * 4]
    try:
        return base64.b64decode(letters).decode()
    except UnicodeDecodeError:
        return found[0]
