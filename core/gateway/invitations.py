"""A second operator is invited by hand: who can write the home leaves a note, the engine takes it.

Nothing that comes over the network makes an operator, so that no caller can become two approvers.
"""

import contextlib
import json
import logging
import os
import pwd
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from core.clock import Clock
from core.errors import ConfigError, InvalidAction, StorageError
from core.gateway.tokens import TokenBook, hash_secret, make_secret
from core.governance.names import could_pass_for_another, is_same_person
from core.records import TokenKind

FOLDER: Final = "invitations"
NAME_MAX: Final = 100
_NAME: Final = re.compile(r"[^\W_](?:[\w .@+'-]*[\w.@+'-])?")
_NOTE_BYTES_MAX: Final = 4_096
_HASH_CHARS: Final = 64
_log = logging.getLogger("maestro.gateway")


def invite_operator(home: Path, name: str, *, known: Iterable[str] = ()) -> tuple[Path, str]:
    """Leave a note for an operator of that name; the note, and the secret that is kept nowhere.

    It counts once the engine on `home` has taken the note away: at once, or at its next start.
    Raises InvalidAction for a name that none can have or that is one of `known`, the operators of
    this home, in another spelling; ConfigError when the home cannot be written.
    """
    _check_name(name)
    folder = home / FOLDER
    _check_new((*known, *(note.operator for note in _read_notes(folder))), name)
    secret = make_secret(TokenKind.OPERATOR)
    digest = hash_secret(secret)
    draft, note = folder / f".{digest}", folder / f"{digest}.json"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"operator": name, "hash": digest}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(note)
    except OSError as error:
        raise ConfigError(f"cannot write to {folder}: {error.strerror}") from error
    return note, secret


class Invitations:
    """Takes in the notes of `invite_operator`. `run` lasts until it is cancelled."""

    name = "invitations"

    def __init__(
        self, tokens: TokenBook, *, home: Path, clock: Clock, interval_s: float = 1.0
    ) -> None:
        self._tokens = tokens
        self._folder = home / FOLDER
        self._clock = clock
        self._interval_s = interval_s

    async def run(self) -> None:
        """Look once a second."""
        while True:
            await self.take_in()
            await self._clock.sleep(self._interval_s)

    async def take_in(self) -> None:
        """Make a token of every note; a note that is none goes too, and the log says why.

        When the store cannot serve, the notes stay for the next look.
        """
        for note in _read_notes(self._folder):
            try:
                await self._tokens.admit(note.digest, operator=note.operator, by=note.by)
            except StorageError:
                return
            _remove(note.path)


class _Note(NamedTuple):
    path: Path
    operator: str
    digest: str
    by: str  # who wrote it, as the file system knows


def _read_notes(folder: Path) -> Iterator[_Note]:
    try:
        paths = sorted(folder.glob("*.json"))
    except OSError:
        return
    for path in paths:
        try:
            yield _read_note(path)
        except (OSError, ValueError, LookupError, TypeError, InvalidAction) as error:
            _log.warning("%s is no invitation and was removed: %s", path.name, error)
            _remove(path)


def _read_note(path: Path) -> _Note:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(file.fileno())
        if state.st_uid not in {0, os.getuid()} or state.st_mode & 0o022:
            raise ValueError("somebody else owns it, or may write it")
        content: dict[str, Any] = json.loads(file.read(_NOTE_BYTES_MAX))
    operator, digest = content["operator"], content["hash"]
    _check_name(operator)
    if len(digest) != _HASH_CHARS or not set(digest) <= set("0123456789abcdef"):
        raise ValueError("it holds no hash")
    return _Note(path, operator, digest, _user_name(state.st_uid))


def _check_name(name: object) -> None:
    if (
        not isinstance(name, str)
        or not name
        or name != name.strip()
        or len(name) > NAME_MAX
        or not _NAME.fullmatch(unicodedata.normalize("NFKC", name))
    ):
        raise InvalidAction(
            f"an operator's name has 1 to {NAME_MAX} letters, digits, spaces and . _ - @ + ' and"
            " begins with a letter or a digit"
        )
    if could_pass_for_another(name):
        raise InvalidAction(
            f"the name {name!a} has a letter that no screen shows, or mixes letters of several"
            " scripts: it could pass for another name"
        )


def _check_new(known: Iterable[str], name: str) -> None:
    """One person under two names would look like two people wherever decisions are read."""
    same = next((each for each in known if is_same_person(each, name) and each != name), None)
    if same is not None:
        raise InvalidAction(f"{name} is {same} in another spelling: name the person {same}")


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
