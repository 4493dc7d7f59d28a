"""Which keys stand in the last row of a screen."""

from collections.abc import Sequence

from console.keymap import Keys, Need, key_name, reason_disabled
from console.language import _
from console.widgets.bars import KeyHint


def key_hints(
    screen: str, keys: Keys, missing: Sequence[Need], *, can_go_back: bool
) -> tuple[KeyHint, ...]:
    """What can be pressed on a screen, the most needed first."""
    hidden = {screen, "quit" if can_go_back else "back"}
    rows = [row for row in keys.rows_for(screen) if row.label and row.action not in hidden]
    # What has nothing to act on is not shown as missing: it would take the room of what works.
    for need in {Need.ROW, Need.AGENT, Need.FIRST_RUN} & set(missing):
        rows = [row for row in rows if need not in row.needs]
    rows.sort(key=lambda row: row.place)
    return tuple(
        KeyHint(
            key_name(row.keys[0]),
            _(row.label),
            row.action,
            not reason_disabled(row.action, missing, keys),
        )
        for row in rows
    )
