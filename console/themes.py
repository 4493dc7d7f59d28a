"""Reads the themes: TOML files, each value checked before any of it is used."""

import tomllib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from textual.color import Color, ColorParseError
from textual.theme import Theme

from core.errors import ConfigError

DEFAULT_THEME: Final = "maestro-night"
MONO_THEME: Final = "mono"


def _colour(value: str) -> str:
    try:
        Color.parse(value)
    except ColorParseError as error:
        raise ValueError(f"{value!r} is not a colour") from error
    return value


Colour = Annotated[str, AfterValidator(_colour)]
TextStyle = Annotated[str, Field(pattern=r"^(none|(bold|underline|reverse|italic)( |$))+$")]


def _dashed(name: str) -> str:
    return name.replace("_", "-")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=_dashed)


class ThemeVariables(_Strict):
    """What the style sheet asks for beside a theme's own colours."""

    text_dim: Colour
    text_off: Colour
    text_strong: Colour
    title: Colour
    status_ok: Colour
    status_warn: Colour
    status_bad: Colour
    status_info: Colour
    mark_foreground: Colour
    mark_background: Colour
    alarm_foreground: Colour
    alarm_background: Colour
    row_selected: Colour
    row_blurred: Colour
    rule: Colour
    style_strong: TextStyle
    style_title: TextStyle
    style_bad: TextStyle
    style_alarm: TextStyle
    style_escape: TextStyle
    style_mark: TextStyle
    style_selected: TextStyle


class ThemeFile(_Strict):
    """One theme file."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    dark: bool
    primary: Colour
    secondary: Colour
    accent: Colour
    foreground: Colour
    background: Colour
    surface: Colour
    panel: Colour
    success: Colour
    warning: Colour
    error: Colour
    variables: ThemeVariables


def read_theme(text: str, *, where: str) -> ThemeFile:
    """Check one theme. Raises ConfigError naming `where` and every wrong key."""
    try:
        return ThemeFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not valid TOML: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()
        )
        raise ConfigError(f"{where}: {wrong}") from error


def load_themes() -> tuple[ThemeFile, ...]:
    """The themes that ship, by name. Raises ConfigError."""
    found = sorted(files("themes").iterdir(), key=lambda each: each.name)
    return tuple(_read_file(each) for each in found if each.name.endswith(".toml"))


def _read_file(file: Traversable) -> ThemeFile:
    return read_theme(file.read_text(encoding="utf-8"), where=file.name)


def to_textual(theme: ThemeFile) -> Theme:
    """The same as Textual takes it."""
    return Theme(
        **theme.model_dump(exclude={"variables"}),
        variables=theme.variables.model_dump(by_alias=True),
    )
