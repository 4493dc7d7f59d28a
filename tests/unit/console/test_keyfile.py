"""An operator's own keys: taken whole, or refused with the place and the nearest right name."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.keyfile import KEYS_FILE, load_keys, read_keys
from console.keymap import KEYMAP, Keys, rows_for
from core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('aprove = "x"', "keys.toml line 1: no action 'aprove' (did you mean 'approve'?)"),
        ('\napprove = "d"', "keys.toml line 2: d is already 'deny' on approvals"),
        ('approve = "enter"', "Enter means the same everywhere"),
        ('approve = "j"', "j means the same everywhere"),
        ('open = "x"', "'open' stays on Enter"),
        ("approve = 3", "a key is written as text"),
        ("approve = []", "'approve' needs a key"),
        ('approve = "f22x"', "no key 'f22x' (did you mean 'f22'?)"),
        ("[approve]\nx = 1", "keys.toml line 1: a key is written as text"),
        ("approve =", "is not valid TOML"),
    ],
)
def test_what_cannot_be_taken_is_told_with_its_place(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_keys(text, where="keys.toml")
    assert words in str(caught.value)


def test_keys_change_on_every_screen_of_an_action_and_swap() -> None:
    keys = read_keys('approve = "d"\ndeny = ["a", "f9"]', where="k")
    rows = {row.action: row.keys for row in keys.rows_for("approvals")}
    assert (rows["approve"], rows["deny"]) == (("d",), ("a", "f9"))
    assert keys.bindings() == {"approvals.approve": "d", "approvals.deny": "a,f9"}
    assert keys.pressed("approve", "a") == "d"
    assert keys.pressed("approve", ":approve") == ":approve"
    assert keys.pressed("edit", "e") == "e"


def test_characters_are_written_as_they_stand_on_the_keyboard() -> None:
    keys = read_keys('last_view = "!"\nfilter = "f3"', where="k")
    assert keys.own == {"last_view": ("exclamation_mark",), "filter": ("f3",)}


def test_the_home_wins_and_no_file_changes_nothing(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "folder"
    home.mkdir()
    folder.mkdir()
    assert load_keys(None, home, folder) == Keys()
    (folder / KEYS_FILE).write_text('sort = "f6"')
    assert load_keys(home, folder).own == {"sort": ("f6",)}
    (home / KEYS_FILE).write_text('sort = "f5"')
    assert load_keys(home, folder).own == {"sort": ("f5",)}
    (home / KEYS_FILE).write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_keys(home, folder)


@given(
    st.dictionaries(
        st.sampled_from([row.action for row in KEYMAP]),
        st.sampled_from(["f2", "f3", "f4", "w", "a", "d", "!", "enter"]),
        max_size=4,
    )
)
def test_whatever_is_taken_leaves_no_key_with_two_meanings(said: dict[str, str]) -> None:
    text = "\n".join(f'{action} = "{key}"' for action, key in said.items())
    try:
        keys = read_keys(text, where="k")
    except ConfigError:
        return
    for screen in {name for row in KEYMAP for name in row.screens}:
        pressed = [key for row in keys.rows_for(screen) for key in row.keys]
        assert len(pressed) == len(set(pressed))
        assert {row.action for row in keys.rows_for(screen)} == {
            row.action for row in rows_for(screen)
        }
