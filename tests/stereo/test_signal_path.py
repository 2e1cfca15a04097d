"""The paths of each mode, made of a chain whose filters are known."""

from __future__ import annotations

import numpy as np
import pytest
from toml_text import toml

import designer
from designer.arrays import Real
from designer.errors import DataError
from designer.stereo.chain import StereoChain
from designer.stereo.signal_path import Running, SignalPath, feeds_path, headphones_path, plain_path
from stereo.signals import pink
from stereo.small_designs import trio

RATE_HZ = 16_000


def chain(**changes: object) -> StereoChain:
    """Two drivers, filters of 5 taps, the centre 7 samples late, and a crosstalk model of 3 and 4 taps."""
    taps = {
        name: np.random.default_rng(n).standard_normal((2, 5))
        for n, name in enumerate(("virtual-left", "virtual-right", "centre"))
    }
    parts: dict[str, object] = {
        "sample_rate_hz": RATE_HZ,
        "drivers": ("a", "b"),
        "taps": taps,
        "delay_samples": {**dict.fromkeys(taps, 0), "centre": 7},
        "upmix": True,
        "crosstalk": {"near": np.array([1.0, -0.5, 0.2]), "far": np.array([0.0, 0.0, 0.3, 0.1])},
        "gain": 0.5,
    }
    return StereoChain(**{**parts, **changes})  # type: ignore[arg-type]  # the parts are as the class says


def through(path: SignalPath, stereo: Real) -> Real:
    running = Running(path, RATE_HZ)
    return running.run(stereo)


def test_feeds_take_the_virtual_channels_delays_and_gain() -> None:
    """A centred sound is the centre's filters, 7 samples late, times the gain; a hard-panned one the virtual side's at once."""
    result, click = chain(), np.zeros((4000, 2))
    click[500] = 1.0
    feeds = through(feeds_path(result), click)
    assert feeds.shape == (4000 + 7 + 4, 2)
    np.testing.assert_allclose(feeds[507:512], 0.5 * result.taps["centre"].T, rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.delete(feeds, range(507, 512), axis=0), 0, rtol=0, atol=1e-12)
    for side, name in enumerate(("virtual-left", "virtual-right")):
        one = np.zeros_like(click)
        one[500, side] = 1.0
        feeds = through(feeds_path(result), one)
        np.testing.assert_allclose(feeds[500:505], 0.5 * result.taps[name].T, rtol=0, atol=1e-12)


def test_without_upmix_the_sides_play_alone() -> None:
    """A chain that has no upmix sends nothing to the centre."""
    result = chain(upmix=False)
    stereo = np.random.default_rng(9).standard_normal((3000, 2))
    feeds = through(feeds_path(result), stereo)
    for driver, feed in enumerate(feeds.T):
        sides = zip(stereo.T, ("virtual-left", "virtual-right"), strict=True)
        expected = sum(np.convolve(x, 0.5 * result.taps[name][driver]) for x, name in sides)
        np.testing.assert_allclose(feed, expected, rtol=0, atol=1e-12)


def test_headphones_play_the_crosstalk_model_alone() -> None:
    """Each ear gets its own side through the near-ear filter and the other through the far-ear one; no upmix, no gain."""
    result, stereo = chain(), np.random.default_rng(8).standard_normal((3000, 2))
    near, far = np.append(result.crosstalk["near"], 0.0), result.crosstalk["far"]
    ears = through(headphones_path(result), stereo)
    for ear in range(2):
        expected = np.convolve(stereo[:, ear], near) + np.convolve(stereo[:, 1 - ear], far)
        np.testing.assert_allclose(ears[:, ear], expected, rtol=0, atol=1e-12)


def test_blocks_do_not_show_in_the_whole_path() -> None:
    """Upmix, delays and filters together give the same samples in any blocks, to the last bit."""
    stereo = np.column_stack([pink(0.4, 1, RATE_HZ), pink(0.4, 2, RATE_HZ)])
    path = feeds_path(chain())
    running = Running(path, RATE_HZ)
    parts = [running.push(block) for block in np.array_split(stereo, [1, 3, 700, 701, 5000])]
    np.testing.assert_array_equal(np.concatenate([*parts, running.finish()]), through(path, stereo))


@pytest.mark.parametrize("count", [0, 1, 100, 511])
def test_a_sound_shorter_than_the_latency(count: int) -> None:
    """A sound shorter than a frame comes out whole: as many samples as came in, and the filters' tail."""
    stereo = np.tile(np.random.default_rng(1).standard_normal((count, 1)), (1, 2))
    result = chain()
    feeds = through(feeds_path(result), stereo)
    assert feeds.shape == (count + 11, 2)
    for driver, feed in enumerate(feeds.T if count else []):
        expected = np.convolve(stereo[:, 0], 0.5 * result.taps["centre"][driver])
        np.testing.assert_allclose(feed[7:], expected, rtol=0, atol=1e-12)


def test_the_outermost_drivers() -> None:
    """The listener's left is at -y, whatever the order of the file; drivers above each other have no sides."""
    table = trio("left")
    table["drivers"] = table["drivers"][::-1]
    filters = plain_path(designer.loads(toml(table)), 5).filters
    assert [(o, i, n) for o, i, n in np.argwhere(filters).tolist()] == [(0, 1, 5), (2, 0, 5)]
    for n, driver in enumerate(table["drivers"]):
        driver["position_m"] = [0.0, 0.0, 0.1 * n]
    with pytest.raises(
        DataError, match="got no driver further to the left or right than another; expected two for plain"
    ):
        plain_path(designer.loads(toml(table)), 5)
