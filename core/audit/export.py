"""Export of the trail with all that a third party needs to verify it offline.

Beside the entries (JSON Lines or CSV) stand `<name>.pub`, `<name>.checkpoints.jsonl` and
`<name>.manifest.json`. A whole export is verified like the trail itself. A filtered one cannot be
chained to a signed head, so its manifest is signed: the key's owner vouches that these entries,
and no other fitting ones, are in the trail.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import IO, Any, Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.audit.checkpoints import format_checkpoint, key_id
from core.audit.files import load_public_key, public_pem, read_checkpoints
from core.audit.model import Checkpoint, ExportFilter, Row
from core.audit.rules import GENESIS, chain_hash
from core.audit.verify import verify_chain
from core.errors import ConfigError
from core.ports import VerifyReport
from core.records import AuditHead

ExportFormat = Literal["jsonl", "csv"]
_DOMAIN: Final = b"maestro-audit-export-v1\n"
_COLUMNS: Final = ("seq", "at", "event", "actor", "action_id", "previous", "hash", "text")
_TEXT_CHARS_MAX: Final = 2**30  # csv's own limit is less than one long argument


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What was written."""

    entries: int
    files: tuple[Path, ...]
    signed: bool


def write_export(
    target: Path,
    rows: Iterable[Row],
    checkpoints: Iterable[Checkpoint],
    public_key: Ed25519PublicKey,
    *,
    selection: ExportFilter | None = None,
    form: ExportFormat = "jsonl",
    start: AuditHead = GENESIS,
    signing_key: Ed25519PrivateKey | None = None,
) -> Export:
    """Write the entries of `rows` that fit, and the files that prove them; old ones are replaced.

    `start` is the anchor when `rows` do not begin with entry 1. Raises ConfigError when a filtered
    export has no signing key, or a file cannot be written.
    """
    selection = selection or ExportFilter()
    if not selection.whole and signing_key is None:
        raise ConfigError("a filtered export is proved by its signature: the signing key is needed")
    beside = _beside(target)
    try:
        with target.open("w", encoding="utf-8", newline="") as file:
            count, head = _write_entries(file, rows, selection, form, start)
        with beside["checkpoints"].open("w", encoding="utf-8", newline="") as file:
            file.writelines(f"{format_checkpoint(each)}\n" for each in checkpoints)
        beside["pub"].write_bytes(public_pem(public_key))
        manifest: dict[str, Any] = {
            "version": 1,
            "format": form,
            "filter": selection.as_json(),
            "whole": selection.whole,
            "entries": count,
            "start": [start.length, start.hash],
            "head": [head.length, head.hash],
            "sha256": _digest(target),
            "key": key_id(public_key),
        }
        if signing_key is not None:
            manifest["signature"] = signing_key.sign(_signed_bytes(manifest)).hex()
        beside["manifest"].write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write the export {target}: {error.strerror}") from error
    return Export(entries=count, files=(target, *beside.values()), signed=signing_key is not None)


def verify_export(target: Path, *, public_key: Ed25519PublicKey | None = None) -> VerifyReport:
    """Verify an export with nothing but its files and, better, a public key got another way.

    Raises ConfigError when a file is missing or the manifest is none.
    """
    beside = _beside(target)
    key = public_key or load_public_key(beside["pub"])
    try:
        manifest: Any = json.loads(beside["manifest"].read_bytes())
        whole, form = manifest["whole"] is True, manifest["format"]
        start = AuditHead(length=manifest["start"][0], hash=manifest["start"][1])
        digest = _digest(target)
    except OSError as error:
        raise ConfigError(f"cannot read the export {target}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ConfigError(f"{beside['manifest']} is not the manifest of an export") from error
    entries = _read_entries(target, form)
    if whole:
        rows = ((seq, text, stored) for seq, _, stored, text in entries)
        return verify_chain(rows, read_checkpoints(beside["checkpoints"]), key, start=start)
    if not _manifest_holds(manifest, key) or manifest["sha256"] != digest:
        return _report(0, "", "the export is not what its signed manifest says: it was edited")
    return _verify_links(entries)


def _verify_links(entries: Iterable[tuple[int, str, str, str]]) -> VerifyReport:
    """Each entry hashes from its predecessor's hash; neighbours link."""
    count, last_seq, last = 0, 0, ""
    for seq, previous, stored, text in entries:
        follows = last_seq < seq and (seq != last_seq + 1 or not last or previous == last)
        if not follows or chain_hash(previous, text) != stored:
            return _report(count, last, f"entry {seq} does not hash to what was exported", seq)
        count, last_seq, last = count + 1, seq, stored
    return _report(count, last, "", signed=last_seq)


def _report(
    entries: int, head: str, problem: str, first_bad: int | None = None, *, signed: int = 0
) -> VerifyReport:
    return VerifyReport(
        ok=not problem,
        entries=entries,
        head=head,
        signed_length=signed,
        problem=problem,
        first_bad=first_bad,
    )


def _write_entries(
    file: IO[str],
    rows: Iterable[Row],
    selection: ExportFilter,
    form: ExportFormat,
    start: AuditHead,
) -> tuple[int, AuditHead]:
    table = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
    if form == "csv":
        table.writeheader()
    count, head = 0, start
    for seq, text, stored in rows:
        value: Mapping[str, Any] = json.loads(text)
        if _fits(value, selection):
            count += 1
            entry = {"seq": seq, "previous": head.hash, "hash": stored, "text": text}
            if form == "csv":
                columns = {
                    name: _cell(value[name]) for name in ("at", "event", "actor", "action_id")
                }
                table.writerow({**columns, **entry})
            else:
                file.write(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n")
        head = AuditHead(length=seq, hash=stored)
    return count, head


def _read_entries(target: Path, form: str) -> Iterator[tuple[int, str, str, str]]:
    """seq, previous, hash, text; seq 0 for what is no entry: it fits nowhere."""
    with target.open(encoding="utf-8", newline="", errors="replace") as file:
        csv.field_size_limit(_TEXT_CHARS_MAX)
        lines: Iterator[Any] = csv.DictReader(file) if form == "csv" else map(_parse, file)
        for line in lines:
            try:
                yield int(line["seq"]), line["previous"], line["hash"], line["text"]
            except (ValueError, KeyError, TypeError):
                yield 0, "", "", ""


def _parse(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _fits(value: Mapping[str, Any], selection: ExportFilter) -> bool:
    at = datetime.fromisoformat(value["at"])
    about = {value["actor"], value["body"].get("agent_id"), value["body"].get("agent")}
    return (
        (selection.action_id is None or value["action_id"] == selection.action_id)
        and (selection.agent is None or selection.agent in about)
        and (selection.since is None or at >= selection.since.astimezone(UTC))
        and (selection.until is None or at < selection.until.astimezone(UTC))
    )


def _cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula; the text column stays exact."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _digest(path: Path) -> str:
    with path.open("rb") as file:
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


def _beside(target: Path) -> dict[str, Path]:
    return {
        "pub": target.with_name(f"{target.name}.pub"),
        "checkpoints": target.with_name(f"{target.name}.checkpoints.jsonl"),
        "manifest": target.with_name(f"{target.name}.manifest.json"),
    }
