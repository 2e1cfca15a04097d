"""The page's two colour schemes: legible each, for everyone, and followed by the figures."""

from __future__ import annotations

import re
from importlib import resources

import numpy as np
import pytest
from matplotlib import colormaps

from designer.report.schemes import COLOURS, INK, SCHEMES, css

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
    text = (resources.files("designer.report") / "templates" / "look.js").read_text(encoding="utf-8")
    assert re.findall(r'"(\w+)"', text.split("PALETTE = ")[1].split("]")[0]) == list(CURVES)
    assert [SCHEMES[word][0] for word in CURVES] == [INK if colour == "#000000" else colour for colour in COLOURS]
    for word in CURVES:
        assert contrast(SCHEMES[word][scheme], SCHEMES["paper"][scheme]) >= 3.0, word


def test_the_dark_scheme_is_of_screens_alone() -> None:
    """Paper is light, whatever the screen was."""
    light, dark = re.findall(r"--paper: (#[0-9a-f]{6})", css())
    assert (light, dark) == ("#ffffff", "#14181d")
    assert css().index("@media screen and (prefers-color-scheme: dark)") < css().index(dark)


def test_a_page_s_scales_are_those_of_the_printed_figures() -> None:
    """Eleven stops of each scale that the page's script mixes, against matplotlib's, to two steps of 255."""
    text = (resources.files("designer.report") / "templates" / "look.js").read_text(encoding="utf-8")
    scales = re.findall(r'(\w+): "((?:[0-9a-f]{6} ?){11})"', text)
    assert [name for name, _ in scales] == ["viridis", "RdBu_r", "PuOr"]
    for name, stops in scales:
        parts = [[int(stop[i : i + 2], 16) for i in (0, 2, 4)] for stop in stops.split()]
        np.testing.assert_allclose(parts, 255 * colormaps[name](np.linspace(0, 1, 11))[:, :3], atol=2, err_msg=name)
