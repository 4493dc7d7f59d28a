"""Export of the trail with all that a third party needs to verify it offline.

Beside the entries (JSON Lines or CSV) stand `<name>.pub`, `<name>.checkpoints.jsonl` and
`<name>.manifest.json`. A whole export is verified like the trail itself. A filtered one cannot be
chained to a signed head, so its manifest is signed: the key's owner vouches that these entries,
and no other fitting ones, are in the trail.
"""

import csv
import json
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.audit.checkpoints import (
    format_checkpoint,
    key_id,
    next_checkpoint,
    sign_checkpoint,
)
from core.audit.export_entries import (
    COLUMNS,
    ExportedEntries,
    ExportFormat,
    parse_text,
    write_cells,
    write_line,
)
from core.audit.files import load_public_key, open_regular, public_pem, read_lines, size_of
from core.audit.model import Checkpoint, ExportFilter, Row
from core.audit.rules import GENESIS, chain_hash
from core.audit.verify import Verification
from core.errors import AuditChainBroken, ConfigError
from core.ports import VerifyReport
from core.records import AuditHead

_MODE: Final = 0o600  # the entries tell of people and secrets' places, wherever they are put
_DOMAIN: Final = b"maestro-audit-export-v1\n"
_KEY_BESIDE: Final = (
    "the key that lies beside the export: nobody without that key made or changed it, and whoever"
    " replaced the export could replace the key; compare its id with the one that `maestro audit"
    " verify` names in the home, or give --public-key"
)
_UNSIGNED: Final = (
    "its manifest is not signed: whether entries were cut off its end cannot be told; give its"
    " length and head, got another way (--expect-length, --expect-head), or export where the"
    " signing key can be read"
)
_EDITED: Final = "the export is not what its signed manifest says: it was edited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What was written, and how the whole trail verified on the way."""

    entries: int
    files: tuple[Path, ...]
    report: VerifyReport


def write_export(
    target: Path,
    rows: Iterable[Row],
    checkpoints: Path,
    public_key: Ed25519PublicKey,
    *,
    selection: ExportFilter | None = None,
    form: ExportFormat = "jsonl",
    start: AuditHead = GENESIS,
    signing_key: Ed25519PrivateKey | None = None,
) -> Export:
    """Write the entries of `rows` that fit, and the files that prove them; old ones are replaced.

    The trail is verified on the way; a broken one is exported whole, as it is. `start` is the
    anchor when `rows` do not begin with entry 1. With `signing_key` the end is signed where the
    engine has not done so yet. Raises ConfigError when a filtered export has no
    signing key, or a file cannot be written; AuditChainBroken when a filtered one would vouch for
    a broken trail.
    """
    selection = selection or ExportFilter()
    if not selection.whole and signing_key is None:
        raise ConfigError("a filtered export is proved by its signature: the signing key is needed")
    try:
        with _in_place_at_the_end(target) as draft:
            beside = name_proofs(draft)
            for path in (draft, *beside.values()):
                path.touch(mode=_MODE)
            with beside["checkpoints"].open("wb") as file:
                file.writelines(line + b"\n" for line in read_lines(checkpoints))
            with draft.open("w", encoding="utf-8", newline="") as file:
                writer = _Writer(file, selection, form, start)
                copied = writer.copy(rows)
                signed = read_lines(beside["checkpoints"])
                verification = Verification(copied, signed, public_key, start=start)
                report = verification.report()
                deque(copied, maxlen=0)  # what stands after the first bad entry
            if signing_key is not None and report.ok and report.signed_length < writer.head.length:
                _sign_end(beside["checkpoints"], verification.last_signed, writer, signing_key)
                report = replace(report, signed_length=writer.head.length)
            if not report.ok and not selection.whole:
                raise _nothing_exported(report)
            beside["pub"].write_bytes(public_pem(public_key))
            manifest = {**writer.as_json(), "sha256": _digest(draft), "key": key_id(public_key)}
            if report.ok and signing_key is None:
                report = replace(report, unproved=_UNSIGNED)
            _write_manifest(beside["manifest"], manifest, signing_key if report.ok else None)
    except OSError as error:
        raise ConfigError(f"cannot write the export {target}: {error.strerror}") from error
    files = (target, *name_proofs(target).values())
    return Export(entries=writer.entries, files=files, report=report)


def _nothing_exported(report: VerifyReport) -> AuditChainBroken:
    return AuditChainBroken(
        f"nothing was exported: the trail does not hold: {report.problem}",
        position=report.first_bad or 0,
    )


def _write_manifest(
    path: Path, manifest: dict[str, Any], signing_key: Ed25519PrivateKey | None
) -> None:
    if signing_key is not None:
        manifest["signature"] = signing_key.sign(_signed_bytes(manifest)).hex()
    path.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


@contextmanager
def _in_place_at_the_end(target: Path) -> Generator[Path]:
    """Where to write an export: half of one would tell of a trail that was cut off."""
    with TemporaryDirectory(prefix=".export-", dir=target.parent) as folder:
        draft = Path(folder, target.name)
        yield draft
        for path in (target, *name_proofs(target).values()):
            draft.with_name(path.name).replace(path)


def verify_export(
    target: Path,
    *,
    public_key: Ed25519PublicKey | None = None,
    expected: AuditHead | None = None,
) -> VerifyReport:
    """Verify an export with nothing but its files and, better, a public key got another way.

    Without that key `key_note` says what the one beside the export is worth. A whole export must
    pass through `expected`, a head noted elsewhere. Raises ConfigError when a file is missing, the
    manifest is none, or a part of the trail is to pass through a head.
    """
    if public_key is None:
        key = load_public_key(name_proofs(target)["pub"])
        report = verify_export(target, public_key=key, expected=expected)
        return replace(report, key_note=_KEY_BESIDE)
    beside, key = name_proofs(target), public_key
    manifest, start = _read_manifest(beside["manifest"])
    try:
        digest = _digest(target)
    except OSError as error:
        raise ConfigError(f"cannot read the export {target}: {error.strerror}") from error
    if manifest.get("whole") is True:
        entries = ExportedEntries(target, manifest.get("format"), after=start.hash)
        report = _verify_whole(entries, beside["checkpoints"], key, start, expected)
        return _judge_manifest(report, manifest, key, digest, expected) if report.ok else report
    if expected is not None:
        raise ConfigError("a head is of the whole trail: a filtered export cannot pass through it")
    if not _manifest_holds(manifest, key) or manifest["sha256"] != digest:
        return _report(0, "", _EDITED, key=key)
    return _verify_links(ExportedEntries(target, manifest.get("format"), after=None), key)


def _verify_whole(
    entries: ExportedEntries,
    checkpoints: Path,
    key: Ed25519PublicKey,
    start: AuditHead,
    expected: AuditHead | None,
) -> VerifyReport:
    if not size_of(checkpoints):
        raise ConfigError(f"{checkpoints} is missing: nothing proves the export without it")
    rows = ((seq, text.encode(), stored.encode()) for seq, _, stored, text in entries)
    signed = read_lines(checkpoints)
    report = Verification(rows, signed, key, start=start, expected=expected).report()
    first_bad = start.length + entries.count + 1
    if entries.problem and (report.first_bad or first_bad) >= first_bad:
        return replace(report, ok=False, problem=entries.problem, first_bad=first_bad)
    return report


def _judge_manifest(
    report: VerifyReport,
    manifest: Mapping[str, Any],
    key: Ed25519PublicKey,
    digest: str,
    expected: AuditHead | None,
) -> VerifyReport:
    """Who cuts the end off takes the signature off as well: then a noted end alone proves it."""
    if "signature" not in manifest:
        proved = expected is not None and expected.length == report.entries
        return report if proved else replace(report, unproved=_UNSIGNED)
    if _manifest_holds(manifest, key) and manifest["sha256"] == digest:
        return report
    return replace(report, ok=False, problem=_EDITED)


def name_proofs(target: Path) -> dict[str, Path]:
    """The files that stand beside an export and prove it."""
    return {
        "pub": target.with_name(f"{target.name}.pub"),
        "checkpoints": target.with_name(f"{target.name}.checkpoints.jsonl"),
        "manifest": target.with_name(f"{target.name}.manifest.json"),
    }


def _sign_end(
    path: Path, last: Checkpoint | None, written: "_Writer", key: Ed25519PrivateKey
) -> None:
    """Add a checkpoint over the end of the export: the engine's own may follow in a second."""
    unsigned = next_checkpoint(
        last,
        length=written.head.length,
        head=written.head.hash,
        at=written.at,
        kind="group",
        key=key_id(key.public_key()),
    )
    with path.open("ab") as file:
        file.write(format_checkpoint(sign_checkpoint(key, unsigned)) + b"\n")


class _Writer:
    """Writes what fits of the rows that pass through."""

    def __init__(
        self, file: IO[str], selection: ExportFilter, form: ExportFormat, start: AuditHead
    ) -> None:
        self._file = file
        self._form = form
        self._selection = selection
        self._start = start
        self._table = csv.writer(file, lineterminator="\n") if form == "csv" else None
        self._actions: set[str] = set()  # of the selected agent, as far as they were read
        self.entries = 0
        self.head = start
        self.at = ""  # of the last entry that was read
        if self._table is not None:
            self._table.writerow(COLUMNS)

    def as_json(self) -> dict[str, Any]:
        """What was written, for the manifest."""
        return {
            "version": 1,
            "format": self._form,
            "filter": self._selection.as_json(),
            "whole": self._selection.whole,
            "entries": self.entries,
            "start": [self._start.length, self._start.hash],
            "head": [self.head.length, self.head.hash],
        }

    def copy(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Each row is written before it is handed on: also the one that does not hold."""
        for row in rows:
            seq, text, stored = row[0], _decode(row[1]), _decode(row[2])
            value = parse_text(text)
            if self._selection.whole or _fits(value, self._selection, self._actions):
                self.entries += 1
                entry = seq, self.head.hash, stored, text
                if self._table is None:
                    self._file.write(write_line(entry))
                else:
                    self._table.writerow(write_cells(entry, value))
            self.head = AuditHead(length=seq, hash=stored)
            self.at = _time_of(value)
            yield row


def _fits(value: Any, selection: ExportFilter, actions: set[str]) -> bool:
    """False for what is no entry: verification stops there and nothing is exported."""
    try:
        at = datetime.fromisoformat(value["at"])
        about = selection.agent is None or _is_about(value, selection.agent, actions)
        return (
            about
            and (selection.action_id is None or value["action_id"] == selection.action_id)
            and (selection.since is None or at >= selection.since.astimezone(UTC))
            and (selection.until is None or at < selection.until.astimezone(UTC))
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _is_about(value: Any, agent: str, actions: set[str]) -> bool:
    """Whether an entry is of an agent, or of an action of its own: who decided on it, say."""
    body, action = value["body"], value["action_id"]
    if agent in (value["actor"], body.get("agent_id"), body.get("agent")):
        if value["event"] == "action.judged":
            actions.add(action)
        return True
    return action in actions


def _time_of(value: Any) -> str:
    try:
        return str(value["at"])
    except (KeyError, TypeError):  # no entry: nothing is signed over it
        return ""


def _read_manifest(path: Path) -> tuple[Mapping[str, Any], AuditHead]:
    try:
        with open_regular(path) as file:
            manifest: Any = json.loads(file.read())
        length, digest = manifest["start"]
    except OSError as error:
        raise ConfigError(f"cannot read the manifest {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigError(f"{path} is not the manifest of an export") from error
    if type(length) is not int or type(digest) is not str:
        raise ConfigError(f"{path} is not the manifest of an export")
    return manifest, AuditHead(length=length, hash=digest)


def _decode(stored: bytes | None) -> str:
    """What is no text in an edited store becomes text that does not hash."""
    return (stored or b"").decode("utf-8", "replace")


def _verify_links(entries: ExportedEntries, key: Ed25519PublicKey) -> VerifyReport:
    """Each entry hashes from its predecessor's hash; neighbours link."""
    last_seq, last = 0, ""
    for seq, previous, stored, text in entries:
        follows = last_seq < seq and (seq != last_seq + 1 or not last or previous == last)
        if not follows or chain_hash(previous, text) != stored:
            problem = f"entry {seq} does not hash to what was exported"
            return _report(entries.count - 1, last, problem, seq, key=key)
        last_seq, last = seq, stored
    return _report(entries.count, last, entries.problem, signed=entries.count, key=key)


def _report(
    entries: int,
    head: str,
    problem: str,
    first_bad: int | None = None,
    *,
    signed: int = 0,
    key: Ed25519PublicKey,
) -> VerifyReport:
    return VerifyReport(
        ok=not problem,
        entries=entries,
        head=head,
        signed_length=signed,
        problem=problem,
        first_bad=first_bad,
        key=key_id(key),
    )


def _digest(path: Path) -> str:
    with open_regular(path) as file:
        return file_digest(file, "sha256").hexdigest()


def _manifest_holds(manifest: Mapping[str, Any], key: Ed25519PublicKey) -> bool:
    try:
        key.verify(bytes.fromhex(manifest["signature"]), _signed_bytes(manifest))
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return False
    return True


def _signed_bytes(manifest: Mapping[str, Any]) -> bytes:
    unsigned = {name: value for name, value in manifest.items() if name != "signature"}
    return _DOMAIN + json.dumps(unsigned, sort_keys=True).encode()
