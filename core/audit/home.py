"""Verification of a whole home: store, signed checkpoints and daily copy held together."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.audit.checkpoints import key_id, parse_checkpoint
from core.audit.daily import DailyCopy
from core.audit.files import (
    AuditFiles,
    load_private_key,
    load_public_key,
    read_lines,
    size_of,
)
from core.audit.model import Row
from core.audit.rules import GENESIS
from core.audit.verify import Verification
from core.errors import ConfigError
from core.ports import VerifyReport
from core.records import AuditHead


def verify_home(
    home: Path,
    *,
    rows: Iterable[Row],
    public_key: Ed25519PublicKey | None = None,
    expected: AuditHead | None = None,
    from_anchor: bool = False,
    key_file: Path | None = None,
) -> VerifyReport:
    """Verify the trail of `home`; `rows` are the store's entries, as one snapshot.

    Give `rows` lazily: the engine may be running, and what it signs after the snapshot must not
    look cut off. Entries that the store no longer holds are read from the daily files; with
    `from_anchor` they may be missing and the trail starts at the signed anchor. Without
    `public_key` the home's own is used, which whoever can replace the home can replace too: it is
    compared with the signing key, which `key_file` names where it is kept elsewhere. Raises
    ConfigError when the public key cannot be read.
    """
    files = AuditFiles(home, key_file)
    key = public_key or load_public_key(files.public_key)
    # The engine commits first; a checkpoint read after the copy is as far as at that moment, or
    # further: so neither looks cut.
    copy = DailyCopy([(path, size_of(path)) for path in files.daily()])
    signed_bytes = size_of(files.checkpoints)
    stored = iter(rows)
    first = next(stored, None)
    start = GENESIS
    if from_anchor and first is not None and first[0] != 1:
        start = find_anchor(files.checkpoints, first[0] - 1)
    verification = Verification(
        _joined(first, stored, copy, start),
        read_lines(files.checkpoints, size=signed_bytes),
        key,
        expected=expected,
        start=start,
    )
    report = copy.judge(verification.report(), verification.last_signed)
    anchored = verification.anchor.length
    if first is not None and first[0] - 1 > anchored:
        problem = (
            f"entries from {anchored + 1} to {first[0] - 1} were removed from the store: no signed"
            " checkpoint lets them live in the daily copy alone"
        )
        if not report.ok:
            problem = f"{problem}; {report.problem}"
        report = replace(report, ok=False, problem=problem, first_bad=anchored + 1)
    return _judge_key(_judge_names(report, files), files, key)


def read_trail(
    home: Path, rows: Iterable[Row], *, from_anchor: bool = False
) -> tuple[AuditHead, Iterator[Row]]:
    """The head to start from, and every entry after it; `rows` are the store's.

    Archived entries come from the daily files, or with `from_anchor` not at all.
    """
    files = AuditFiles(home)
    stored = iter(rows)
    first = next(stored, None)
    if first is None:
        return GENESIS, stored
    if from_anchor and first[0] != 1:
        return find_anchor(files.checkpoints, first[0] - 1), chain((first,), stored)
    copy = DailyCopy([(path, size_of(path)) for path in files.daily()])
    return GENESIS, chain(copy.read_until(first[0]), (first,), stored)


def find_anchor(checkpoints: Path, length: int) -> AuditHead:
    """The anchor at `length`, or GENESIS when none was signed (yet to be vouched for)."""
    for checkpoint in map(parse_checkpoint, read_lines(checkpoints)):
        if checkpoint is not None and checkpoint.anchor_length == length:
            return AuditHead(length=length, hash=checkpoint.anchor_head)
    return GENESIS


def _joined(
    first: Row | None, stored: Iterator[Row], copy: DailyCopy, start: AuditHead
) -> Iterator[Row]:
    """Archived entries, then the store's, each of these held against its daily line."""
    if first is None:
        return copy.compare(())
    archived: Iterator[Row] = iter(())
    if start == GENESIS:
        archived = copy.read_until(first[0])
    else:
        copy.skip_until(first[0])
    return chain(archived, copy.compare(chain((first,), stored)))


def _judge_names(report: VerifyReport, files: AuditFiles) -> VerifyReport:
    """A file that the engine never made was put there by somebody."""
    for path in files.misnamed() if report.ok else ():
        problem = f"{path} is no daily file, there is no such day: move it away"
        return replace(report, ok=False, problem=problem)
    return report


def _judge_key(report: VerifyReport, files: AuditFiles, key: Ed25519PublicKey) -> VerifyReport:
    """A public key that is not the private one's was replaced, and the trail with it."""
    if not files.private_key.exists():
        return replace(report, key_note="no signing key here to compare")
    try:
        own = load_private_key(files.private_key).public_key()
    except ConfigError as error:  # not ours to read, say
        return replace(report, key_note=f"not compared: {error}")
    if not report.ok or key_id(own) == key_id(key):
        return report
    return replace(
        report,
        ok=False,
        problem=f"the trail is signed with key {key_id(key)}, not with this home's {key_id(own)}:"
        " it was replaced",
        first_bad=1,
    )
