"""Every theme is legible: contrast by WCAG 2.2, measured on what is really drawn."""

import pytest
from textual.color import Color

from console.themes import ThemeFile, load_themes

THEMES = load_themes()


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""

    def luminance(colour: Color) -> float:
        channels = [
            each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4
            for each in colour.normalized
        ]
        return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]

    light, dark = sorted(map(luminance, (Color.parse(one), Color.parse(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def pairs(theme: ThemeFile) -> list[tuple[str, str, str, float]]:
    """What stands on what, and how far apart it must be at least."""
    said = theme.variables
    grounds = {
        "background": theme.background,
        "selected row": said.row_selected,
        "blurred row": said.row_blurred,
        "panel": theme.panel,
    }
    texts = {
        "text": (theme.foreground, 7.0),
        "strong": (said.text_strong, 7.0),
        "dim": (said.text_dim, 4.5),
        "title": (said.title, 4.5),
        "ok": (said.status_ok, 4.5),
        "warn": (said.status_warn, 4.5),
        "bad": (said.status_bad, 4.5),
        "info": (said.status_info, 4.5),
    }
    on = [
        (f"{text} on {ground}", colour, grounds[ground], floor)
        for text, (colour, floor) in texts.items()
        for ground in grounds
    ]
    return [
        *on,
        ("mark", said.mark_foreground, said.mark_background, 4.5),
        ("alarm", said.alarm_foreground, said.alarm_background, 4.5),
        ("off", said.text_off, theme.panel, 3.0),
    ]


@pytest.mark.parametrize("theme", THEMES, ids=[each.name for each in THEMES])
def test_everything_can_be_read(theme: ThemeFile) -> None:
    weak = [
        f"{what}: {contrast(one, other):.1f} < {floor}"
        for what, one, other, floor in pairs(theme)
        if contrast(one, other) < floor
    ]
    assert not weak
