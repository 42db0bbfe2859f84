"""Every text colour of the theme on every ground it stands on, in both schemes, by WCAG 2.2's formula."""

import re
from pathlib import Path

import pytest

STYLE = Path(__file__).parents[2] / "generator/theme/assets/portal.css"
PAIR_RE = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")

TOKENS = ("ink", "keyword", "comment", "string", "numeral", "preproc", "type", "function")
ROWS = ("code", "added", "removed", "target")
MARKS = ("added-mark", "removed-mark")
PAPER = ("ground", "panel")

TEXT = (
    *[(token, ground) for token in TOKENS for ground in ROWS + MARKS],
    *[("number", ground) for ground in ROWS],
    *[("link", ground) for ground in PAPER + ROWS],
    *[("soft", ground) for ground in (*PAPER, "code", "target")],
    *[
        (name, ground)
        for name in ("ink", "ok", "warn", "bad", "amber", "sign-added", "sign-removed")
        for ground in PAPER
    ],
    ("ink", "found"),
    ("on-link", "link"),
)
# Not text, but needed to see what is there: borders of fields, focus rings, bars, the mark.
SHAPES = (
    *[("edge", ground) for ground in PAPER],
    *[("amber", ground) for ground in (*PAPER, "code")],
    ("brand", "ground"),
    ("caught", "ground"),
    ("caught", "target"),
    ("sign-added", "added"),
    ("sign-removed", "removed"),
)


def colours() -> dict[str, dict[str, str]]:
    pairs = PAIR_RE.findall(STYLE.read_text(encoding="utf-8"))
    return {
        "light": {name: light for name, light, _ in pairs},
        "dark": {name: dark for name, _, dark in pairs},
    }


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def shortfalls(scheme: str, pairs: tuple[tuple[str, str], ...], least: float) -> list[str]:
    names = colours()[scheme]
    measured = [(ratio(names[front], names[back]), front, back) for front, back in pairs]
    return [f"{front} on {back}: {value:.2f}" for value, front, back in sorted(measured) if value < least]


def test_the_formula_gives_the_known_extremes() -> None:
    assert ratio("#000000", "#ffffff") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_reaches_four_and_a_half_to_one(scheme: str) -> None:
    assert shortfalls(scheme, TEXT, 4.5) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shapes_reach_three_to_one(scheme: str) -> None:
    assert shortfalls(scheme, SHAPES, 3.0) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_changed_word_can_be_told_from_its_line(scheme: str) -> None:
    names = colours()[scheme]
    for kind in ("added", "removed"):
        assert ratio(names[f"{kind}-mark"], names[kind]) >= 1.15


def test_no_colour_stands_outside_the_proven_ones() -> None:
    style = STYLE.read_text(encoding="utf-8")
    rest = PAIR_RE.sub("", style)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{}]*\{)|rgba?\(|hsla?\(|oklch\(", rest) == []
