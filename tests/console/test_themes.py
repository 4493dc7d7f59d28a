"""Every theme that ships is legible, also to colour-blind eyes: measured on what is drawn.

Contrast as in WCAG 2.2. Colour-blind vision after Machado, Oliveira and Fernandes (2009), at full
strength, on linear RGB; how far colours stay apart is CIE76 in Lab (D65).
"""

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Final

import pytest
from textual.color import Color

from console.themes import ThemeFile, read_shipped, shipped_themes

THEMES: Final = [read_shipped(name) for name in shipped_themes()]
COLOURED: Final = [each for each in THEMES if not each.ansi]
OF_TERMINAL: Final = [each for each in THEMES if each.ansi]
APART_MIN: Final = 20.0

Light = tuple[float, float, float]  # linear red, green, blue, 0..1

EYES: Final[dict[str, tuple[Light, Light, Light]]] = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
_LAB_OF_RGB: Final = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
_WHITE: Final = (0.9505, 1.0, 1.089)


def names(themes: Sequence[ThemeFile]) -> list[str]:
    return [each.name for each in themes]


def light_of(colour: str) -> Light:
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4
        for each in Color.parse(colour).normalized
    )
    return red, green, blue


def dot(row: Light, light: Light) -> float:
    return sum(weight * each for weight, each in zip(row, light, strict=True))


def seen(colour: str, eyes: str) -> Light:
    """What these eyes get of it."""
    light = light_of(colour)
    red, green, blue = (min(1.0, max(0.0, dot(row, light))) for row in EYES[eyes])
    return red, green, blue


def lab(light: Light) -> Light:
    def bend(value: float) -> float:
        return value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116

    x, y, z = (
        bend(dot(row, light) / white) for row, white in zip(_LAB_OF_RGB, _WHITE, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def apart(one: str, other: str, eyes: str) -> float:
    """ΔE between two colours as these eyes see them."""
    return math.dist(lab(seen(one, eyes)), lab(seen(other, eyes)))


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    dark, light = sorted(dot((0.2126, 0.7152, 0.0722), light_of(each)) for each in (one, other))
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


def test_the_measures_are_those_of_the_standards() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert apart("#000000", "#FFFFFF", "normal") == pytest.approx(100, abs=0.1)
    # The pair that deuteranopes know best: far apart for most, hardly for them.
    assert apart("#C06030", "#7A8A30", "normal") > 2 * apart("#C06030", "#7A8A30", "deuteranopia")


@pytest.mark.parametrize("theme", COLOURED, ids=names(COLOURED))
def test_everything_can_be_read(theme: ThemeFile) -> None:
    weak = [
        f"{what}: {contrast(one, other):.1f} < {floor}"
        for what, one, other, floor in pairs(theme)
        if contrast(one, other) < floor
    ]
    assert not weak


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("theme", COLOURED, ids=names(COLOURED))
def test_good_warning_and_bad_stay_apart_for_all_eyes(theme: ThemeFile, eyes: str) -> None:
    said = theme.variables
    states = {"ok": said.status_ok, "warn": said.status_warn, "bad": said.status_bad}
    close = [
        f"{one} and {other}: {apart(states[one], states[other], eyes):.0f}"
        for one, other in combinations(states, 2)
        if apart(states[one], states[other], eyes) < APART_MIN
    ]
    assert not close


@pytest.mark.parametrize("theme", OF_TERMINAL, ids=names(OF_TERMINAL))
def test_a_theme_of_the_terminal_names_its_colours_only(theme: ThemeFile) -> None:
    said = theme.variables
    colours = [
        theme.foreground,
        theme.background,
        theme.panel,
        *(getattr(said, each) for each in said.__slots__ if not each.startswith("style_")),
    ]
    assert [each for each in colours if not each.startswith("ansi_")] == []


@pytest.mark.parametrize("theme", THEMES, ids=names(THEMES))
def test_what_must_not_be_missed_is_told_by_more_than_colour(theme: ThemeFile) -> None:
    said = theme.variables
    assert said.style_escape != "none"
    assert said.style_selected != "none"
    if theme.ansi:
        assert {"reverse", "underline"} & set(said.style_mark.split())
