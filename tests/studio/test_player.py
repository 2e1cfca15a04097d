"""Switching sounds leaves no gap: the player rendered offline, sample by sample, against arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RATE, LENGTH = 48_000, 12_000
FADE = 480
"""Samples of a cross-fade of 10 ms."""
SCRIPT = (resources.files("designer.studio") / "templates" / "player.js").read_text(encoding="utf-8")
RENDER = (
    "async ({ sounds, heard, loop, switches, samples, rate }) => {"
    + SCRIPT
    + """
  const context = new OfflineAudioContext(1, samples, rate),
    player = new Player(context);
  player.load(new Map(Object.entries(sounds).map(([name, { values, gain }]) => {
    const buffer = new AudioBuffer({ length: values.length, sampleRate: rate });
    buffer.copyToChannel(Float32Array.from(values), 0);
    return [name, { buffer, gain }];
  })));
  player.heard = heard;
  if (loop) player.repeat(...loop);
  player.begin();
  for (const [name, when] of switches) player.hear(name, when);
  return [...(await context.startRendering()).getChannelData(0)];
}"""
)


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    yield page
    page.close()


def rendered(page: Page, sounds: dict[str, Any], **how: Any) -> np.ndarray[Any, Any]:
    """What the player's output is: sounds by name, each its values and its gain."""
    of_page = {name: {"values": values.tolist(), "gain": gain} for name, (values, gain) in sounds.items()}
    wanted = {"heard": next(iter(sounds)), "loop": None, "switches": [], "samples": LENGTH, "rate": RATE, **how}
    return np.array(page.evaluate(RENDER, {"sounds": of_page, **wanted}))


def test_a_switch_between_equal_sounds_is_not_heard(page: Page) -> None:
    """Two copies of a sine, switched over and back within a fade and later: from the first fade on the output is the sine itself."""
    sine = 0.5 * np.sin(2 * np.pi * 440 * np.arange(LENGTH) / RATE)
    switches = [("B", 0.05), ("A", 0.054), ("B", 0.0545), ("A", 0.15)]
    output = rendered(page, {"A": (sine, 1.0), "B": (sine, 1.0)}, switches=switches)
    np.testing.assert_allclose(output[FADE:], sine[FADE:], atol=2e-6)


def test_a_switch_is_a_straight_line_between_equal_loudnesses(page: Page) -> None:
    """Constants of 0.8 and of 0.1 with gains that make them 0.4 and 0.3: the output goes from one to the other in 10 ms, in a line."""
    sounds = {"A": (np.full(LENGTH, 0.8), 0.5), "plain": (np.full(LENGTH, 0.1), 3.0)}
    output = rendered(page, sounds, switches=[("plain", 0.1)])
    np.testing.assert_allclose(output[FADE:4800], 0.4, atol=1e-6)
    np.testing.assert_allclose(output[4800 : 4800 + FADE], np.linspace(0.4, 0.3, FADE, endpoint=False), atol=1e-5)
    np.testing.assert_allclose(output[4800 + FADE :], 0.3, atol=1e-6)


def test_all_sounds_go_round_one_loop(page: Page) -> None:
    """After some rounds of a loop a switch meets the other sound at the same place: each counts its own samples."""
    places = np.arange(6000) / 6000
    first, last = 1200, 4200
    switch = 10_080  # in the fourth round
    output = rendered(
        page,
        {"A": (places, 1.0), "B": (-places, 1.0)},
        loop=[first / RATE, last / RATE],
        switches=[("B", switch / RATE)],
    )
    at = places[first + np.arange(LENGTH) % (last - first)]
    np.testing.assert_allclose(output[FADE:switch], at[FADE:switch], atol=1e-5)
    np.testing.assert_allclose(output[switch + FADE :], -at[switch + FADE :], atol=1e-5)
