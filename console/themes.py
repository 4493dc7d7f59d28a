"""Reads the themes: TOML files, each value checked before any of it is used.

Checked by hand: a validating library would cost more of the start than all of the drawing.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final, cast

from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from console.language import _
from core.errors import ConfigError

DEFAULT_THEME: Final = "maestro-night"
MONO_THEME: Final = "mono"
SUFFIX: Final = ".toml"
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,40}")
_TEXT_STYLE: Final = re.compile(r"(none|(bold|underline|reverse|italic)( |$))+")
_STYLE: Final = "style_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeVariables:
    """What is drawn with, beside a theme's own colours. In files the names have dashes."""

    text_dim: str
    text_off: str
    text_strong: str
    title: str
    status_ok: str
    status_warn: str
    status_bad: str
    status_info: str
    mark_foreground: str
    mark_background: str
    alarm_foreground: str
    alarm_background: str
    row_selected: str
    row_blurred: str
    rule: str
    style_strong: str
    style_title: str
    style_bad: str
    style_alarm: str
    style_escape: str
    style_mark: str
    style_selected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeFile:
    """One theme. `ansi`: its colours are the terminal's own, or none at all."""

    name: str
    dark: bool
    ansi: bool
    primary: str
    secondary: str
    accent: str
    foreground: str
    background: str
    surface: str
    panel: str
    success: str
    warning: str
    error: str
    variables: ThemeVariables


_SWITCHES: Final = ("dark", "ansi")
_COLOURS: Final = tuple(
    each.name for each in fields(ThemeFile) if each.name not in {"name", "variables", *_SWITCHES}
)
_VARIABLES: Final = tuple(each.name.replace("_", "-") for each in fields(ThemeVariables))
_SECTION: Final = "variables"


def read_theme(text: str, *, where: str, name: str) -> ThemeFile:
    """Check one theme. Raises ConfigError naming `where`, the line and each thing wrong."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            _("{where}: a theme is named in small letters, digits and dashes").format(where=where)
        )
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            _("{where} is not valid TOML: {error}").format(where=where, error=error)
        ) from error
    section: Any = given.pop(_SECTION, {})
    if not isinstance(section, dict):
        raise ConfigError(
            _("{where}, line {line_of}: [variables] is a table").format(
                where=where, line_of=_line_of(text, _SECTION)
            )
        )
    said = cast("dict[str, Any]", section)
    wrong = [
        *_check(given, _COLOURS, switches=("dark",), may_have=("ansi",)),
        *_check(said, _VARIABLES),
    ]
    if wrong:
        raise ConfigError(
            "; ".join(
                _("{where}, line {line_of}: {key} {why}").format(
                    where=where, line_of=_line_of(text, key), key=key, why=why
                )
                for key, why in wrong
            )
        )
    named = {key.replace("-", "_"): value for key, value in said.items()}
    colours: dict[str, Any] = {"ansi": False, **given}
    return ThemeFile(name=name, variables=ThemeVariables(**named), **colours)


def _check(
    given: Mapping[str, Any],
    names: Iterable[str],
    *,
    switches: tuple[str, ...] = (),
    may_have: tuple[str, ...] = (),
) -> Iterable[tuple[str, str]]:
    """What is wrong: key and reason."""
    must_have = (*names, *switches)
    for key in given:
        if key not in must_have and key not in may_have:
            yield key, _("is not a key of a theme")
    for key in must_have:
        if key not in given:
            yield key, _("is missing")
    for key, value in given.items():
        if (key in must_have or key in may_have) and (reason := _reason(key, value)):
            yield key, reason


def _reason(key: str, value: object) -> str:
    if key in _SWITCHES:
        return "" if isinstance(value, bool) else _("is true or false")
    if not isinstance(value, str):
        return _("is a text")
    if key.replace("-", "_").startswith(_STYLE):
        fits = _TEXT_STYLE.fullmatch(value)
        return (
            ""
            if fits
            else _("{value!r} is not of none, bold, underline, reverse, italic").format(value=value)
        )
    try:
        Color.parse(value)
    except ColorParseError:
        return _("{value!r} is not a colour").format(value=value)
    return ""


def _line_of(text: str, key: str) -> int:
    """Where a key stands, counted from 1; a missing one would belong at the end."""
    stands = re.compile(rf"\s*\[?\s*[\"']?{re.escape(key)}[\"']?\s*[\]=]")
    lines = text.splitlines()
    return next((at for at, line in enumerate(lines, 1) if stands.match(line)), max(1, len(lines)))


def shipped_themes() -> Mapping[str, Traversable]:
    """The files of the themes that ship, by name."""
    found = sorted(files("themes").iterdir(), key=lambda each: each.name)
    return {each.name.removesuffix(SUFFIX): each for each in found if each.name.endswith(SUFFIX)}


def read_shipped(name: str) -> ThemeFile:
    """One of the themes that ship. Raises ConfigError, KeyError."""
    file = shipped_themes()[name]
    return read_theme(file.read_text(encoding="utf-8"), where=file.name, name=name)


def to_textual(theme: ThemeFile) -> Theme:
    """The same as Textual takes it."""
    colours = {key: getattr(theme, key) for key in (*_COLOURS, *_SWITCHES)}
    variables = {
        each.name.replace("_", "-"): getattr(theme.variables, each.name)
        for each in fields(ThemeVariables)
    }
    if theme.ansi:  # Textual's own style sheet asks such themes for more
        variables = {**BUILTIN_THEMES["ansi-dark"].variables, **variables}
    return Theme(name=theme.name, variables=variables, **colours)
