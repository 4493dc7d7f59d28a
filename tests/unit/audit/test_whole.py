"""A trail that does not hold is not served: its rows lead to the head that is signed."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.audit.checkpoints import format_checkpoint, key_id, next_checkpoint, sign_checkpoint
from core.audit.files import AuditFiles
from core.audit.model import Row
from core.audit.rules import GENESIS, seal_entries
from core.audit.whole import find_anchor, read_anchor, require_whole
from core.errors import AuditChainBroken
from core.records import AuditDraft, AuditHead
from tests.factories import NOW

KEY = Ed25519PrivateKey.generate()
DRAFT = AuditDraft(event="engine.started", at=NOW, actor="engine", action_id=None, body={})


def rows(count: int) -> list[Row]:
    entries = seal_entries(GENESIS, [DRAFT] * count)
    return [(each.seq, each.text.encode(), each.hash.encode()) for each in entries]


def head_of(row: Row) -> AuditHead:
    return AuditHead(length=row[0], hash=row[2].decode())


TRAIL = rows(600)
END = head_of(TRAIL[-1])
ANCHOR = head_of(TRAIL[9])
OLDER = head_of(TRAIL[3])


@pytest.mark.parametrize(
    ("trail", "anchor", "head"),
    [
        ([], GENESIS, GENESIS),
        (TRAIL, GENESIS, END),
        (TRAIL[:1], GENESIS, head_of(TRAIL[0])),
        (TRAIL[10:], ANCHOR, END),
        (TRAIL, ANCHOR, END),  # a crash kept the archive from removing anything
        (TRAIL[4:], ANCHOR, END),  # or this archive, after one that was done
    ],
)
def test_what_leads_to_the_head_holds(trail: list[Row], anchor: AuditHead, head: AuditHead) -> None:
    require_whole(trail, anchor=anchor, head=head, find_older=lambda _: OLDER)


def _edited(place: int) -> list[Row]:
    seq, text, stored = TRAIL[place]
    return [*TRAIL[:place], (seq, text + b" ", stored), *TRAIL[place + 1 :]]


@pytest.mark.parametrize(
    ("trail", "anchor", "position"),
    [
        (_edited(0), GENESIS, 1),
        (_edited(300), GENESIS, 301),
        (_edited(10)[10:], ANCHOR, 11),
        (_edited(9)[9:], ANCHOR, 10),  # put before the first one that the archive left
        (TRAIL[9:], ANCHOR, 10),
        (_edited(4)[4:], ANCHOR, 5),
        ([*TRAIL[:7], *TRAIL[8:]], GENESIS, 8),
        (TRAIL[1:], GENESIS, 1),
        (TRAIL[11:], ANCHOR, 11),
        ([(-3, *TRAIL[0][1:]), *TRAIL], GENESIS, 1),
        (TRAIL[:-1], GENESIS, 599),
    ],
)
def test_what_was_edited_or_removed_does_not(
    trail: list[Row], anchor: AuditHead, position: int
) -> None:
    with pytest.raises(AuditChainBroken) as broken:
        require_whole(trail, anchor=anchor, head=END, find_older=lambda _: OLDER)
    assert broken.value.position == position


def _write_checkpoint(home: Path, key: Ed25519PrivateKey) -> AuditFiles:
    unsigned = next_checkpoint(
        None,
        length=600,
        head=END.hash,
        at=NOW.isoformat(),
        kind="anchor",
        key=key_id(key.public_key()),
    )._replace(anchor_length=ANCHOR.length, anchor_head=ANCHOR.hash)
    files = AuditFiles(home)
    files.folder.mkdir()
    files.checkpoints.write_bytes(format_checkpoint(sign_checkpoint(key, unsigned)) + b"\n")
    return files


def test_the_anchor_is_the_one_that_was_signed_last(tmp_path: Path) -> None:
    assert read_anchor(AuditFiles(tmp_path), KEY.public_key()) == GENESIS
    files = _write_checkpoint(tmp_path, KEY)
    assert read_anchor(files, KEY.public_key()) == ANCHOR
    assert find_anchor(files, KEY.public_key(), ANCHOR.length) == ANCHOR
    assert find_anchor(files, KEY.public_key(), 4) == GENESIS
    other = Ed25519PrivateKey.generate().public_key()
    assert read_anchor(files, other) == GENESIS
    assert find_anchor(files, other, ANCHOR.length) == GENESIS
