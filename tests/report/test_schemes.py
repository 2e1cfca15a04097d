"""The page's two colour schemes: legible each, for everyone, and followed by the figures."""

from __future__ import annotations

import re

import numpy as np
import pytest

from designer.report.canvas import COLOURS, INK, figure, in_style, svg
from designer.report.schemes import SCHEMES, THEMED, css, in_page

CURVES = ("blue", "orange", "green", "pink", "amber", "sky", "ink", "brown")
LIGHT_DARK = (0, 1)


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", LIGHT_DARK)
def test_text_is_legible(scheme: int) -> None:
    """Text is at 4.5 to 1 or more on every ground that it stands on: WCAG 2.2, 1.4.3, level AA."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    colours = {word: both[scheme] for word, both in SCHEMES.items()}
    for text in ("ink", "soft", "good", "bad", "link"):
        for ground in ("paper", "panel", "shade"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


@pytest.mark.parametrize("scheme", LIGHT_DARK)
def test_curves_are_seen(scheme: int) -> None:
    """Curves are at 3 to 1 or more on the paper: WCAG 2.2, 1.4.11, level AA; every colour of the figures has its name."""
    assert [THEMED[colour.lower()] for colour in COLOURS] == list(CURVES)
    for word in CURVES:
        assert contrast(SCHEMES[word][scheme], SCHEMES["paper"][scheme]) >= 3.0, word


def test_the_dark_scheme_is_of_screens_alone() -> None:
    """Paper is light, whatever the screen was."""
    light, dark = re.findall(r"--paper: (#[0-9a-f]{6})", css())
    assert (light, dark) == ("#ffffff", "#14181d")
    assert css().index("@media screen and (prefers-color-scheme: dark)") < css().index(dark)


def test_a_figure_takes_the_page_s_colours_and_a_map_keeps_its_own() -> None:
    """Text, axes, grid, ground and curves are named colours; the colours of levels stay as they are drawn; the caption is named."""
    with in_style():
        drawn = figure(4, 3)
        one, other = drawn.subplots(1, 2)
        one.plot([0, 1], [0, 1], color=COLOURS[0])
        one.set_xlabel("x", color=INK)
        other.contourf(np.arange(9.0).reshape(3, 3), levels=[0, 4, 9], colors=["#440154", "#fde725"])
        alone = svg(drawn)
    inside = in_page(alone, "both")
    assert set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", alone)) > {
        "#440154",
        "#fde725",
        INK,
        "#0072b2",
        "#ffffff",
    }
    assert set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", inside)) == {"#440154", "#fde725"}
    assert {"paper", "ink", "soft", "faint", "blue"} <= set(re.findall(r"var\(--(\w+)\)", inside))
    assert inside.startswith('<svg role="img" aria-labelledby="caption-both"')
