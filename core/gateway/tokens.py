"""Bearer tokens: 256 random bits each, kept as hashes, made, rotated and revoked on the record."""

import asyncio
import hashlib
import hmac
import logging
import os
import secrets
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from core.audit.standing import FINGERPRINT_CHARS
from core.clock import Clock
from core.errors import ActionNotFound, ConfigError, InvalidAction, Unauthenticated
from core.governance.names import is_same_person
from core.ids import IdSource, TokenId
from core.ports import Store
from core.records import AuditDraft, TokenKind, TokenRecord, WriteUnit

SYSTEM: Final = "maestro"  # the actor when no person asked
_PREFIXES: Final = {TokenKind.AGENT: "mst_agent_", TokenKind.OPERATOR: "mst_oper_"}
_SECRET_BYTES: Final = 32
_LENGTH_MAX: Final = 128
_PRIVATE: Final = 0o600
_log = logging.getLogger("maestro.gateway")


class TokenRevoked(InvalidAction):
    """The token was revoked before; it stays so. Retrying never helps."""


def token_path(home: Path, kind: TokenKind) -> Path:
    """Where the local user's copy of the first token of this kind stands."""
    return home / f"{kind}.token"


class TokenBook:
    """Every token known here. Reads are in memory; changes are committed and audited first."""

    def __init__(
        self, records: Sequence[TokenRecord], *, store: Store, clock: Clock, ids: IdSource
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._home: Path | None = None
        self._ending = asyncio.Lock()  # of two who end a token at once, one does
        self._by_id: dict[TokenId, TokenRecord] = {}
        self._by_hash: dict[str, TokenRecord] = {}
        for record in records:
            self._remember(record)

    @classmethod
    async def load(cls, store: Store, *, clock: Clock, ids: IdSource) -> "TokenBook":
        """Read all tokens. Raises StorageError."""
        return cls(await store.list_tokens(), store=store, clock=clock, ids=ids)

    def verify(self, secret: str) -> TokenRecord:
        """Return the record behind a token. Raises Unauthenticated: unknown or revoked."""
        digest = hash_secret(secret) if len(secret) <= _LENGTH_MAX else ""
        record = self._by_hash.get(digest)
        if record is None or not hmac.compare_digest(record.hash, digest):
            raise Unauthenticated(
                "this token is not known here: take the one in agent.token or operator.token"
                " in the console's home"
            )
        self.require_live(record)
        return record

    def require_live(self, token: TokenRecord) -> None:
        """Raises Unauthenticated for a token that was verified before and is revoked by now."""
        if not self.is_live(token.id):
            raise Unauthenticated(f"token {token.label!r} was revoked: ask the operator for one")

    def is_operator(self, name: str) -> bool:
        """Whether somebody of this name can decide still."""
        return any(
            each.kind is TokenKind.OPERATOR
            and each.revoked_at is None
            and name == (each.bound_to or each.label)
            for each in self._by_id.values()
        )

    def is_revoked(self, token: TokenRecord) -> bool:
        """Whether a token was revoked since it was verified. What is none of ours never was."""
        record = self._by_id.get(token.id)
        return record is not None and record.revoked_at is not None

    def is_live(self, token_id: TokenId) -> bool:
        """Whether a token still holds; for what stays open long after it was verified."""
        record = self._by_id.get(token_id)
        return record is not None and record.revoked_at is None

    def list(self) -> tuple[TokenRecord, ...]:
        """All tokens, revoked ones too, oldest first."""
        return tuple(sorted(self._by_id.values(), key=lambda each: each.id))

    async def make(
        self, kind: TokenKind, label: str, *, bound_to: str | None = None, by: str = SYSTEM
    ) -> tuple[TokenRecord, str]:
        """Make a token; the secret is returned once and kept nowhere. Raises StorageError."""
        if not label.strip():
            raise InvalidAction("a token needs a label: say what it is for")
        record, secret = self._fresh(kind, label, bound_to)
        await self._commit((record,), ("token.created", record), by=by)
        return record, secret

    async def admit(self, digest: str, *, operator: str, by: str) -> None:
        """Take in, by its hash, an operator token made elsewhere. Raises StorageError.

        One that is known already stays as it is, also when it was revoked.
        """
        if digest not in self._by_hash:
            record = self._record(TokenKind.OPERATOR, digest, operator, operator)
            await self._commit((record,), ("token.created", record), by=by)

    async def rotate(self, token_id: TokenId, *, by: str = SYSTEM) -> tuple[TokenRecord, str]:
        """Revoke a token and make its successor in one step; its file in the home follows.

        Raises ActionNotFound, TokenRevoked, StorageError.
        """
        async with self._ending:
            old = self._get(token_id)
            if old.revoked_at is not None:
                raise TokenRevoked(f"token {old.label!r} is revoked already: make a new one")
            record, secret = await self._succeed(old, old.bound_to, by=by)
        if self._home is not None:
            path = token_path(self._home, old.kind)
            if hash_secret(_read(path) or "") == old.hash:
                _write(path, secret)
        return record, secret

    async def _succeed(
        self, old: TokenRecord, bound_to: str | None, *, by: str
    ) -> tuple[TokenRecord, str]:
        ended = replace(old, revoked_at=self._clock.now())
        record, secret = self._fresh(old.kind, old.label, bound_to)
        await self._commit(
            (ended, record), ("token.revoked", ended), ("token.created", record), by=by
        )
        return record, secret

    async def revoke(self, token_id: TokenId, *, by: str = SYSTEM) -> TokenRecord:
        """End a token now; a second time changes nothing. Raises ActionNotFound, StorageError."""
        async with self._ending:
            record = self._get(token_id)
            if record.revoked_at is None:
                record = replace(record, revoked_at=self._clock.now())
                await self._commit((record,), ("token.revoked", record), by=by)
            return record

    async def ensure_files(self, home: Path, *, operator: str = "operator") -> None:
        """Give the local user one token of each kind, in files of mode 0600; keep good ones.

        A file whose token was revoked stays as it is: revoking is not undone by a restart. A
        file that holds nothing known here (the store is new) is replaced, and so is an operator's
        whose name is another by now.

        Args:
            operator: The identity that operator.token decides as; the console's own, or one
                person could stand for two.

        Raises: ConfigError (a file cannot be read or written), StorageError.
        """
        self._home = home
        for kind, bound_to in ((TokenKind.AGENT, None), (TokenKind.OPERATOR, operator)):
            path = token_path(home, kind)
            known = self._by_hash.get(hash_secret(_read(path) or ""))
            if known is None:
                _, secret = await self.make(kind, kind.value, bound_to=bound_to)
            elif bound_to is not None and self._is_from_before(known, bound_to):
                _, secret = await self._succeed(known, bound_to, by=SYSTEM)
            else:
                _tighten(path)
                continue
            _write(path, secret)

    def _is_from_before(self, token: TokenRecord, operator: str) -> bool:
        """Whether it was made here for the console's operator under another name."""
        made_here = token.label == token.kind.value and self.is_live(token.id)
        return made_here and not is_same_person(token.bound_to or "", operator)

    def _fresh(self, kind: TokenKind, label: str, bound_to: str | None) -> tuple[TokenRecord, str]:
        secret = make_secret(kind)
        return self._record(kind, hash_secret(secret), label, bound_to), secret

    def _record(
        self, kind: TokenKind, digest: str, label: str, bound_to: str | None
    ) -> TokenRecord:
        return TokenRecord(
            id=TokenId(self._ids.next_id()),
            kind=kind,
            hash=digest,
            label=label,
            bound_to=bound_to,
            created_at=self._clock.now(),
        )

    async def _commit(
        self,
        records: tuple[TokenRecord, ...],
        *events: tuple[str, TokenRecord],
        by: str,
    ) -> None:
        drafts = tuple(self._draft(event, record, by) for event, record in events)
        await self._store.commit(WriteUnit(puts=records, audit=drafts))
        for record in records:
            self._remember(record)

    def _draft(self, event: str, record: TokenRecord, by: str) -> AuditDraft:
        # Every command line that calls the engine loads this module, to find its token's file.
        from core.governance.screening.texts import redact_text  # noqa: PLC0415

        body = {
            "token": record.id,
            "kind": record.kind.value,
            "label": redact_text(record.label),
            "bound_to": record.bound_to,
            "fingerprint": record.hash[:FINGERPRINT_CHARS],
        }
        return AuditDraft(event=event, at=self._clock.now(), actor=by, action_id=None, body=body)

    def _get(self, token_id: TokenId) -> TokenRecord:
        try:
            return self._by_id[token_id]
        except KeyError:
            raise ActionNotFound(f"no token {token_id!r} is known here: list them first") from None

    def _remember(self, record: TokenRecord) -> None:
        self._by_id[record.id] = record
        self._by_hash[record.hash] = record


def make_secret(kind: TokenKind) -> str:
    """A new token of 256 random bits; its prefix tells the kind."""
    return _PREFIXES[kind] + secrets.token_urlsafe(_SECRET_BYTES)


def hash_secret(secret: str) -> str:
    """What is kept of a token, in hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _read(path: Path) -> str | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            return os.read(handle, _LENGTH_MAX + 2).decode("ascii", "replace").strip()
        finally:
            os.close(handle)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from error


def _tighten(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & ~_PRIVATE:
        _log.warning("%s was readable by others (mode %o): made private", path.name, mode)
        path.chmod(_PRIVATE)


def _write(path: Path, secret: str) -> None:
    """Write beside and rename: a reader sees the old token or the new one, never half of one."""
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _PRIVATE)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"{path} cannot be used ({error.strerror}): make it a plain file that you own, or delete"
        " it to get a new token"
    )
