"""The exact thing that would run, drawn by us: words of a command, a request, a query, a message.

It repeats what the arguments hold in the form in which it takes effect. The arguments stay below,
whole; this is bounded.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from console.language import _
from console.view_models.arguments import ROOT, Mark, Marked, gutter_of, widest_gutter
from console.view_models.ink import Line, Span, Spans, Tone, Wrap
from console.view_models.leaves import leaves_of, literal
from console.view_models.sql import sql_lines
from console.view_models.text import count, whole, whole_spans
from core.actions import JsonObject, JsonValue
from core.risk.shell.cmdlets import POWERSHELL
from core.risk.shell.parse import parse
from core.risk.shell.syntax import Call, Redirect, Word

LINES_MAX: Final = 40
_COMMAND_MAX: Final = 20_000  # characters; beyond it nobody reads a list of words
_DOMAINS_MAX: Final = 4
_BODY_MAX: Final = 20_000
_PLAIN: Final = re.compile(r"[\w@%+=:,./~-]+", re.ASCII)
_HIDDEN_USER: Final = re.compile(r"\[redacted:[a-z-]{1,40}+\]@")
_BETWEEN: Final = Span(" · ", Tone.DIM)
_REQUESTS: Final = frozenset({"network.request", "http.request"})
_RECIPIENTS: Final = ("to", "recipients", "recipient", "cc", "bcc", "channel")
_BODIES: Final = ("body", "json", "data", "payload", "content")
_WORDS: Final = ("subject", "title", "body", "text", "message", "content")
_QUERIES: Final = ("query", "sql", "statement")


class Drawn(NamedTuple):
    """What would run, under its own name."""

    label: str
    lines: tuple[Line, ...]


def draw_running(kind: str, resource: str, arguments: JsonObject, marked: Marked) -> Drawn | None:
    """The thing that would run, in the form that its kind has; None when the arguments say it."""
    ways: Iterable[tuple[str, Callable[[], Iterable[Line]]]] = (
        (_("RUNS"), lambda: _command(kind, resource, arguments, marked)),
        (_("REQUEST"), lambda: _request(kind, resource, arguments)),
        (_("QUERY"), lambda: _query(kind, arguments)),
        (_("MESSAGE"), lambda: _message(kind, arguments)),
    )
    for label, draw in ways:
        if lines := tuple(draw()):
            return Drawn(label, _bounded(lines))
    return None


def _bounded(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    if len(lines) <= LINES_MAX:
        return lines
    more = _("⋯ {lines}; all of it stands in the arguments").format(
        lines=count(len(lines) - LINES_MAX, "more line", "more lines")
    )
    return (*lines[:LINES_MAX], Line((Span(more, Tone.WARN),)))


# -- a command, split as the shell splits it ------------------------------------------------


def _command(kind: str, resource: str, arguments: JsonObject, marked: Marked) -> Iterator[Line]:
    command = arguments.get("command")
    if not kind.startswith("shell.") or not isinstance(command, str):
        return
    if resource.lower() in POWERSHELL:
        yield Line(
            (Span(_("PowerShell splits it by rules of its own: read the command"), Tone.WARN),)
        )
        return
    if len(command) > _COMMAND_MAX:
        yield Line((Span(_("too long to be split into words here"), Tone.WARN),))
        return
    script = parse(command, known={})
    calls = [each for each in script.calls if each.words or each.assignments or each.redirects]
    if "\r" in command:
        words = _("it holds \\r, which belongs to a word for the shell: read the command itself")
        yield Line((Span(words, Tone.BAD),))
    elif len(calls) == 1 and _says_itself(calls[0], command) and not script.broken:
        return
    marks = marked.marks.get(f"{ROOT}.command", ())
    width = len(str(len(calls)))
    numbers = {id(each): number for number, each in enumerate(calls, 1)}
    risky = [_pointing(marks, call) for call in calls]
    signs = widest_gutter(risky)
    follow = (Span(" " * (signs + width + 4), Tone.DIM),)
    for number, call in enumerate(calls, 1):
        sign = gutter_of(risky[number - 1], signs)
        lead = (Span(sign, Tone.BAD), Span(f"{number:>{width}}  ", Tone.DIM))
        fed_by = None if call.fed_by is None else numbers.get(id(call.fed_by))
        yield Line(tuple(_call(call, marks, fed_by)), lead, follow, Wrap.CHARACTERS)
    if any(word.dynamic for call in calls for word in call.words):
        yield Line(
            (Span(_("? before a word: only the shell will know what it becomes"), Tone.WARN),)
        )
    if script.broken or script.too_deep:
        yield Line((Span(_("not all of it can be split: read the command itself"), Tone.BAD),))


def _pointing(marks: Sequence[Mark], call: Call) -> list[int]:
    return [mark.number for mark in marks if any(_overlap(mark, word) for word in call.words)]


def _says_itself(call: Call, command: str) -> bool:
    plain = not (call.assignments or call.redirects or call.heredoc)
    words = [word.text for word in call.words]
    return plain and " ".join(words) == command.strip() and all(map(_PLAIN.fullmatch, words))


def _call(call: Call, marks: Sequence[Mark], fed_by: int | None) -> Iterator[Span]:
    for name, word in call.assignments:
        yield from _word(word, marks, Tone.INFO, before=f"{name}=")
        yield _BETWEEN
    for at, word in enumerate(call.words):
        if at:
            yield _BETWEEN
        yield from _word(word, marks, Tone.PLAIN if at else Tone.STRONG)
    for redirect in call.redirects:
        yield from _redirect(redirect, marks)
    if call.heredoc:
        yield Span(_("  reads the text given with it"), Tone.DIM)
    if fed_by is not None:
        yield Span(_("  reads what {fed_by} prints").format(fed_by=fed_by), Tone.DIM)


def _word(word: Word, marks: Sequence[Mark], tone: Tone, *, before: str = "") -> Iterator[Span]:
    if any(_overlap(mark, word) for mark in marks):
        tone = Tone.MARK
    elif word.dynamic:
        tone = Tone.WARN
    if word.dynamic:
        yield Span("?", Tone.WARN)
    text = word.text if _PLAIN.fullmatch(word.text) else literal(word.text)
    yield from whole_spans(before + text, tone)


def _overlap(mark: Mark, word: Word) -> bool:
    if mark.start is None or mark.end is None:
        return False
    return mark.start < word.span.end and word.span.start < mark.end


def _redirect(redirect: Redirect, marks: Sequence[Mark]) -> Iterator[Span]:
    tone = Tone.WARN if redirect.writes else Tone.DIM
    yield Span(f"  {whole(redirect.operator)} ", tone)
    yield from _word(redirect.target, marks, tone)


# -- a request ------------------------------------------------------------------------------


def _request(kind: str, resource: str, arguments: JsonObject) -> Iterator[Line]:
    method, url = arguments.get("method"), arguments.get("url", resource)
    if not isinstance(url, str) or "://" not in url:
        return
    if kind not in _REQUESTS and not isinstance(method, str):
        return
    verb = method.upper() if isinstance(method, str) else _("GET, as no method is named:")
    line = (*whole_spans(verb, Tone.STRONG), Span(" "), *whole_spans(url))
    yield Line(line, follow=(Span("  "),), wrap=Wrap.CHARACTERS)
    yield from _host(url)
    headers = arguments.get("headers")
    if isinstance(headers, Mapping):
        for name, value in headers.items():
            text = value if isinstance(value, str) else literal(value)
            yield _field(name, text)
    for name in _BODIES:
        if arguments.get(name) not in (None, "", {}):
            yield from _body(name, arguments[name])


def _host(url: str) -> Iterator[Line]:
    """Where it really goes: what stands before an @ is no host, whatever it looks like."""
    try:
        parts = urlsplit(_HIDDEN_USER.sub("@", url))  # brackets there belong to no address
        host, port = parts.hostname or "", parts.port
    except ValueError:
        yield Line((Span(_("this address cannot be read as one"), Tone.BAD),))
        return
    where = f"{host}:{port}" if port else host
    yield Line((Span(_("goes to "), Tone.DIM), *whole_spans(where or _("no host"), Tone.STRONG)))
    if "@" in parts.netloc:
        yield Line((Span(_("what stands before the @ is a name, not the host"), Tone.BAD),))
    if not host.isascii() or "xn--" in host:
        yield Line((Span(_("the host's name holds letters of other scripts"), Tone.BAD),))
    if parts.scheme.lower() == "http":
        yield Line((Span(_("not encrypted"), Tone.WARN),))


def _body(name: str, value: JsonValue) -> Iterator[Line]:
    yield Line((Span(f"{name}:", Tone.DIM),))
    yield from _text_lines(_pretty(value))


def _pretty(value: JsonValue) -> str:
    if not isinstance(value, str):
        return _indented(value)
    if len(value) > _BODY_MAX or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return _indented(json.loads(value))
    except (ValueError, RecursionError):
        return value


def _indented(value: JsonValue) -> str:
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    except RecursionError:
        return "\n".join(f"{each.shown} = {literal(each.value)}" for each in leaves_of(value))


def _text_lines(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n")):
        if number > LINES_MAX:
            yield Line((Span(_("⋯ goes on in the arguments"), Tone.WARN),), (Span("  "),))
            return
        cut = line[:_BODY_MAX]
        yield Line(whole_spans(cut), (Span("  "),), (Span("  ┆ ", Tone.DIM),), Wrap.CHARACTERS)


def _field(name: str, value: str) -> Line:
    return Line((*_name(name), *whole_spans(value[:_BODY_MAX])), wrap=Wrap.CHARACTERS)


def _name(name: str) -> Spans:
    return (*whole_spans(name, Tone.KEY), Span(": ", Tone.DIM))


# -- a query --------------------------------------------------------------------------------


def _query(kind: str, arguments: JsonObject) -> Iterable[Line]:
    for name in _QUERIES:
        text = arguments.get(name)
        if isinstance(text, str) and (kind == "data.query" or name in {"sql", "statement"}):
            return sql_lines(text[:_BODY_MAX])
    return ()


# -- a message ------------------------------------------------------------------------------


def _message(kind: str, arguments: JsonObject) -> Iterator[Line]:
    if not (kind == "message.send" or {"subject", "body"} <= arguments.keys()):
        return
    for name in _RECIPIENTS:
        if people := _people(arguments.get(name)):
            yield from _addressed(name, people)
    for name in _WORDS:
        text = arguments.get(name)
        if not isinstance(text, str) or not text:
            continue
        if "\n" in text or name not in {"subject", "title"}:
            yield from _body(name, text)
        else:
            yield _field(name, text)


def _people(value: JsonValue) -> list[str]:
    if isinstance(value, str):
        return [each.strip() for each in re.split(r"[,;]", value) if each.strip()]
    if isinstance(value, Sequence):
        return [each if isinstance(each, str) else literal(each) for each in value]
    return []


def _addressed(name: str, people: Sequence[str]) -> Iterator[Line]:
    domains = sorted({each.rsplit("@", 1)[1].rstrip(">").lower() for each in people if "@" in each})
    where = _(" at {domains}").format(domains=", ".join(domains[:_DOMAINS_MAX])) if domains else ""
    left = len(domains) - _DOMAINS_MAX
    more = _(" and {number} more domains").format(number=left) if left > 0 else ""
    head = f"{count(len(people), 'recipient', 'recipients')}{where}{more}"
    yield Line((*_name(name), *whole_spans(head, Tone.STRONG)))
    shown: Spans = whole_spans(", ".join(people[:LINES_MAX])[:_BODY_MAX])
    left = len(people) - LINES_MAX
    if left > 0:
        shown = (*shown, Span(_(" and {left} more").format(left=left), Tone.WARN))
    yield Line(shown, (Span("  "),), (Span("  "),))
