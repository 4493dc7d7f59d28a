"""`keys.toml`: an operator's own keys, checked as a whole before any of them counts."""

import difflib
import re
import tomllib
import unicodedata
from pathlib import Path
from typing import Final, cast

from textual.keys import KEY_NAME_REPLACEMENTS
from textual.keys import Keys as TextualKeys

from console.keymap import KEYMAP, Keys, find_row, key_name, rows_for
from console.language import _
from core.errors import ConfigError

KEYS_FILE: Final = "keys.toml"
# Moving in lists, and what every dialog is left by: these mean the same for everybody.
_FIXED: Final = frozenset(
    {"up", "down", "j", "k", "pageup", "pagedown", "home", "end", "enter", "escape", "tab"}
    | {"ctrl+c", "ctrl+p", "ctrl+q"}
)
_KNOWN: Final = frozenset(each for key in TextualKeys if "<" not in (each := str(key.value)))
_BYTES_MAX: Final = 100_000


def load_keys(*folders: Path | None) -> Keys:
    """The first `keys.toml` in these folders; no file: the table's own keys.

    Raises ConfigError naming the file, the line and the nearest right name.
    """
    for file in (folder / KEYS_FILE for folder in folders if folder is not None):
        try:
            with file.open("rb") as opened:
                text = opened.read(_BYTES_MAX).decode()
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                _("{file} cannot be read: {error}").format(file=file, error=error)
            ) from error
        return read_keys(text, where=str(file))
    return Keys()


def try_keys(*folders: Path | None) -> tuple[Keys, str]:
    """The operator's own keys; with a broken file the usual ones, and what is wrong with it."""
    try:
        return load_keys(*folders), ""
    except ConfigError as error:
        return Keys(), _("{error}. The usual keys hold.").format(error=error)


def read_keys(text: str, *, where: str) -> Keys:
    """Check one file: `action = "key"`, or a list of keys.

    Raises ConfigError naming `where`, the line and the nearest right name.
    """
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            _("{where} is not valid TOML: {error}").format(where=where, error=error)
        ) from error
    own: dict[str, tuple[str, ...]] = {}
    for action, given in said.items():
        place = f"{where}{_line_of(text, action)}"
        own[action] = _check(action, given, place)
    keys = Keys(own)
    for action in own:
        _refuse_clash(keys, action, f"{where}{_line_of(text, action)}")
    return keys


def _check(action: str, given: object, place: str) -> tuple[str, ...]:
    actions = [row.action for row in KEYMAP]
    if action not in actions:
        close = difflib.get_close_matches(action, actions, n=1)
        hint = _(" (did you mean {close!r}?)").format(close=close[0]) if close else ""
        raise ConfigError(
            _("{place}: no action {action!r}{hint}").format(place=place, action=action, hint=hint)
        )
    if fixed := _FIXED & set(find_row(action).keys):
        raise ConfigError(
            _("{place}: {action!r} stays on {key_name}").format(
                place=place, action=action, key_name=key_name(min(fixed))
            )
        )
    wanted = cast("list[object]", given) if isinstance(given, list) else [given]
    if not wanted:
        raise ConfigError(_("{place}: {action!r} needs a key").format(place=place, action=action))
    return tuple(dict.fromkeys(_read_key(each, place) for each in wanted))


def _read_key(given: object, place: str) -> str:
    if not isinstance(given, str) or not given:
        raise ConfigError(
            _('{place}: a key is written as text, such as "x" or "f2"').format(place=place)
        )
    key = _name_of(given) if len(given) == 1 else given.casefold()
    bare = key.removeprefix("ctrl+")
    named = {name for row in KEYMAP for name in row.keys}
    if len(given) > 1 and key not in _KNOWN | named and not re.fullmatch(r"[a-z0-9]", bare):
        close = difflib.get_close_matches(key, _KNOWN | named, n=1)
        hint = _(" (did you mean {close!r}?)").format(close=close[0]) if close else ""
        raise ConfigError(
            _("{place}: no key {given!r}{hint}").format(place=place, given=given, hint=hint)
        )
    if key in _FIXED:
        raise ConfigError(
            _("{place}: {key_name} means the same everywhere; choose another key").format(
                place=place, key_name=key_name(key)
            )
        )
    return key


def _name_of(character: str) -> str:
    """Textual's name of a character's key."""
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name) or character


def _refuse_clash(keys: Keys, action: str, place: str) -> None:
    """No key may mean two things on one screen."""
    for screen in {name for row in KEYMAP for name in row.screens} | {"help"}:
        if action not in {row.action for row in rows_for(screen)}:
            continue
        for other in keys.rows_for(screen):
            both = set(other.keys) & set(keys.own[action])
            if other.action != action and both:
                raise ConfigError(
                    _("{place}: {key_name} is already {action!r} on {screen}").format(
                        place=place,
                        key_name=key_name(min(both)),
                        action=other.action,
                        screen=screen,
                    )
                )


def _line_of(text: str, action: str) -> str:
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*[\"']?{re.escape(action)}[\"']?\s*[=.\]]", line.lstrip(" [")):
            return _(" line {number}").format(number=number)
    return ""
