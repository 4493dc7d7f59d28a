"""Which keys the last row names when it is too short for all."""

import pytest
from rich.cells import cell_len

from console import language
from console.keymap import KEYMAP, Keys, key_name
from console.language import _
from console.widgets.bars import KeyHint, fit_hints

SCREENS = sorted({name for row in KEYMAP for name in row.screens} - {"help"})  # `?` leads there


def drawn(hints: tuple[KeyHint, ...]) -> str:
    return " " + "  ".join(f"{each.key} {each.label}".rstrip() for each in hints)


def hint(key: str, label: str) -> KeyHint:
    return KeyHint(key, label, action=label, enabled=True)


HINTS = (
    hint("a", "approve"),
    hint("t", "trace"),
    hint("1", "overview"),
    hint("2", "agents"),
    hint("Esc", "back"),
    hint("?", "help"),
    hint(":", "command"),
)


@pytest.mark.parametrize(
    ("width", "row"),
    [
        (80, " a approve  t trace  1 overview  2 agents  Esc back  ? help  : command"),
        (62, " a approve  t trace  1 overview  Esc back  ? help  : command"),
        (50, " a approve  t trace  Esc back  ? help  : command"),
        (47, " a approve  t trace  Esc back  ? help  :"),
        (36, " a approve  t trace  Esc back  ?  :"),
        (34, " a approve  Esc back  ? help  :"),
        (5, " Esc back  ?  :"),
    ],
)
def test_other_screens_go_first_then_words_everybody_knows_then_own_keys(
    width: int, row: str
) -> None:
    assert drawn(fit_hints(HINTS, width)) == row


@pytest.mark.parametrize("code", ["en", "pt_BR"])
@pytest.mark.parametrize("hidden", ["back", "quit"])
@pytest.mark.parametrize("name", SCREENS)
def test_a_footer_of_80_cells_ends_with_help_and_command_on_every_screen(
    name: str, hidden: str, code: str
) -> None:
    rows = [row for row in Keys().rows_for(name) if row.label and row.action not in {name, hidden}]
    rows.sort(key=lambda row: row.place)
    try:
        language.use(code)
        hints = tuple(
            KeyHint(key_name(row.keys[0]), _(row.label), row.action, enabled=True) for row in rows
        )
    finally:
        language.use("en")
    shown = fit_hints(hints, 80)
    assert [each.key for each in shown[-2:]] == ["?", ":"]
    assert cell_len(drawn(shown)) <= 80
    assert any(each.action == "back" for each in shown) == (hidden == "quit")
