"""Actions that are decided together: what they have in common is said once."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from console.language import _
from console.view_models import signs
from console.view_models.ink import Span, Spans, Tone, plain_text
from console.view_models.summary import Brief, what_spans
from console.view_models.text import short_id, visible
from core.records import ApprovalRecord

_NEAR: Final = 8  # characters before a difference that are kept, where its word is too long


def common_kind(approvals: Sequence[ApprovalRecord]) -> str:
    """The kind that all of them have; "" when they differ."""
    kinds = {each.kind for each in approvals}
    return next(iter(kinds)) if len(kinds) == 1 else ""


def group_spans(members: Sequence[tuple[ApprovalRecord, Brief]], room: int) -> tuple[Spans, ...]:
    """What each one does, in so many cells: where two would be cut to the same, what they begin
    with alike gives way; two that look the same all the same say so.
    """
    alike = bool(common_kind([approval for approval, _brief in members]))
    spans = [_what(approval, brief, room, leave_out_kind=alike) for approval, brief in members]
    texts = [plain_text(each) for each in spans]
    rows: list[Spans] = []
    seen: dict[str, str] = {}
    for (approval, _brief), whole, text, told in zip(
        members, spans, texts, tell_apart(texts, room), strict=True
    ):
        row = whole if told == text else (Span(told, Tone.STRONG),)
        look = told if len(told) <= room else told[: room - 1]
        first = seen.setdefault(look, short_id(approval.id))
        if first != short_id(approval.id):
            row = (Span(_("looks like {id}  ").format(id=first), Tone.WARN), *row)
        rows.append(row)
    return tuple(rows)


def _what(approval: ApprovalRecord, brief: Brief, room: int, *, leave_out_kind: bool) -> Spans:
    kind = () if leave_out_kind else (Span(visible(approval.kind)), signs.STEP)
    spans = what_spans(approval.kind, approval.resource, brief.fit(room - len(plain_text(kind))))
    if not leave_out_kind:
        return spans
    return spans[2:] if spans[1:2] == (signs.STEP,) else spans[1:]


def tell_apart(texts: Sequence[str], room: int) -> list[str]:
    """The texts; those that would be cut to the same are shortened where they are the same."""
    told = list(texts)
    cut: defaultdict[str, list[int]] = defaultdict(list)
    for at, text in enumerate(texts):
        if len(text) > room:
            cut[text[: room - 1]].append(at)
    for places in cut.values():
        alike = [texts[at] for at in places]
        if len(set(alike)) == 1:
            continue
        columns = enumerate(zip(*alike, strict=False))
        shortest = min(map(len, alike))
        differs = next((at for at, letters in columns if len(set(letters)) > 1), shortest)
        start = alike[0].rfind(" ", 0, differs) + 1
        start = start if differs - start <= room // 3 else differs - _NEAR
        longest = max(len(text) - start for text in alike)
        head = min(start, max(room // 3, room - longest - 2))
        for at in places:
            told[at] = f"{alike[0][:head].rstrip()} ⋯{texts[at][start:]}"
    return told
