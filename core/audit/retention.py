"""Old entries may leave the store once the daily files hold them; the chain goes on."""

from collections.abc import Iterable
from hashlib import sha256
from itertools import chain
from pathlib import Path

from core.audit.files import AuditFiles, parse_daily_line, read_lines
from core.audit.home import find_anchor, verify_home
from core.audit.model import Row
from core.audit.rules import GENESIS
from core.errors import AuditChainBroken
from core.records import AuditHead


def find_archivable(
    home: Path, day: str, *, rows: Iterable[Row], key_file: Path | None = None
) -> AuditHead:
    """The last entry of days before `day` (YYYY-MM-DD): up to it all may leave the store.

    Everything is verified. GENESIS when there is nothing to archive. The last entry always stays:
    the store finds its head in it. Raises AuditChainBroken when store or files do not hold.
    """
    stored = iter(rows)
    first = next(stored, None)
    if first is None:
        return GENESIS
    joined = chain((first,), stored)
    report = verify_home(home, rows=joined, from_anchor=True, key_file=key_file)
    if not report.ok:
        raise AuditChainBroken(
            f"nothing was archived: {report.problem}", position=report.first_bad or 0
        )
    anchor = _archived_head(AuditFiles(home), day, length_max=report.entries - 1)
    return GENESIS if anchor.length < first[0] else anchor


def _archived_head(files: AuditFiles, day: str, *, length_max: int) -> AuditHead:
    """The head that the daily files before `day` reach without a gap."""
    head = GENESIS
    for path in files.daily():
        if path.stem >= day:
            break
        for line in read_lines(path):
            row = parse_daily_line(line)
            if row is not None and not head.length and row[0] > 1:
                head = find_anchor(files.checkpoints, row[0] - 1)
            if row is None or row[0] != head.length + 1 or not _hashes(head, row):
                raise AuditChainBroken(
                    f"nothing was archived: {path} does not hold entry {head.length + 1}",
                    position=head.length + 1,
                )
            if head.length == length_max:
                return head
            head = AuditHead(length=row[0], hash=row[2].decode())
    return head


def _hashes(head: AuditHead, row: Row) -> bool:
    return row[2] == sha256(head.hash.encode() + row[1]).hexdigest().encode()
