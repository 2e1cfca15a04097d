"""Stereo through a bank along a path: one set where the path stays, and what the ears hear there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from designer.arrays import Real
from designer.bank.filter_bank import Axis, FilterBank, aligned_bank, with_chain
from designer.bank.section_bank import section_bank
from designer.errors import DataError
from designer.stereo.moving import BLOCK, Moving, ValuePath, read_path, render_along
from designer.stereo.signal_path import EARS

RATE = 48_000.0


def pair(channels: tuple[str, str], seed: int) -> FilterBank:
    """Random filters of two drivers at two values, of two channels."""
    random = np.random.default_rng(seed)
    taps = {name: random.normal(size=(2, 2, 24)) / 10 for name in channels}
    return aligned_bank([Axis("x", np.array([0.0, 1.0]))], ("a", "b"), RATE, taps, 3, align=False)


@pytest.fixture(scope="module")
def bank() -> FilterBank:
    """A bank whose right side waits for two samples."""
    return with_chain(pair(("left", "right"), 1), {"left": 0, "right": 2}, upmix=False)


def sections(channels: tuple[str, str], seed: int) -> FilterBank:
    """Random sections of two drivers at two values, whose delays move."""
    random = np.random.default_rng(seed)
    numerators, delay = ({name: random.uniform(0, 2, (2, 2, n)) for name in channels} for n in (5, 1))
    poles = dict.fromkeys(channels, np.array([[[-1.2, 0.5], [0.3, 0.2]], [[-0.4, 0.1], [0.9, 0.6]]]))
    delays = {name: each[..., 0] for name, each in delay.items()}
    return section_bank([Axis("x", np.array([0.0, 1.0]))], ("a", "b"), RATE, numerators, poles, delays, 3)


def play(moving: Moving, stereo: Real) -> Real:
    """The whole output, pushed in parts."""
    parts = [moving.push(stereo[n : n + 300]) for n in range(0, len(stereo), 300)]
    return np.concatenate([*parts, moving.finish()])


def test_a_path_that_stays_plays_the_filters_there(bank: FilterBank) -> None:
    """Feeds are sums of convolutions; at the ears these go through the responses there."""
    stereo = np.random.default_rng(2).normal(size=(1000, 2))
    stays = ValuePath(np.array([0.0, 1.0]), np.full((2, 1), 0.4))
    expected = np.zeros((2, 1000 + 60))
    for channel, wait, signal in zip(("left", "right"), (0, 2), stereo.T, strict=True):
        for l in range(2):
            through = np.convolve(signal, bank.at(channel, [0.4])[l])
            expected[l, wait : wait + through.size] += through
    feeds = play(Moving(bank, stays), stereo)
    np.testing.assert_allclose(feeds[:1060].T, expected, atol=1e-12)
    ears = pair(EARS, 3)
    heard = play(Moving(bank, stays, ears), stereo)
    for n, ear in enumerate(EARS):
        left, right = (np.convolve(expected[l], ears.at(ear, [0.4])[l])[:1000] for l in range(2))
        np.testing.assert_allclose(heard[:1000, n], left + right, atol=1e-12)


def test_sections_play_along_a_path_too() -> None:
    """Where the path stays, sums of convolutions with the bank's impulse responses, behind what a side waits."""
    bank = with_chain(sections(("left", "right"), 1), {"left": 0, "right": 2}, upmix=False)
    stereo = np.random.default_rng(2).normal(size=(1000, 2))
    feeds = play(Moving(bank, ValuePath(np.array([0.0, 1.0]), np.full((2, 1), 0.4))), stereo)
    expected = np.zeros((2, 3000))
    for channel, wait, signal in zip(("left", "right"), (0, 2), stereo.T, strict=True):
        for l in range(2):
            through = np.convolve(signal, bank.at(channel, [0.4])[l])
            expected[l, wait : wait + through.size] += through
    np.testing.assert_allclose(feeds[:1000].T, expected[:, :1000], atol=1e-4)


def test_a_path_that_moves_has_its_values_at_the_ends_of_blocks(bank: FilterBank) -> None:
    """After the block in which it arrives, the filters are those of its end; before it leaves, those of its start."""
    time_s = np.array([0.0, 10 * BLOCK / RATE, 11 * BLOCK / RATE, 1.0])
    path = ValuePath(time_s, np.array([[0.0], [0.0], [1.0], [1.0]]))
    stereo = np.zeros((20 * BLOCK, 2))
    stereo[:, 0] = np.random.default_rng(4).normal(size=20 * BLOCK)
    feeds = play(Moving(bank, path), stereo)
    for value, part in ((0.0, slice(0, 10 * BLOCK)), (1.0, slice(11 * BLOCK, 20 * BLOCK))):
        expected = np.convolve(stereo[:, 0], bank.at("left", [value])[1])[: len(stereo)]
        np.testing.assert_allclose(feeds[part, 1], expected[part], atol=1e-12)


def test_a_file_is_rendered_along_a_path(bank: FilterBank, tmp_path: Path) -> None:
    """A column a driver, as long as the input and the filters' tails; the lines say what was played."""
    wavfile.write(
        tmp_path / "in.wav", 48_000, (1000 * np.random.default_rng(5).normal(size=(4800, 2))).astype(np.int16)
    )
    (tmp_path / "path.csv").write_text("time_s, x\n0, 0.0\n0.1, 1.0\n", encoding="utf-8")
    path = read_path(tmp_path / "path.csv", {"x": (0.0, 1.0)})
    lines = render_along(bank, tmp_path / "in.wav", tmp_path / "out.wav", path)
    assert lines[0] == "plays the bank along a path of 2 rows, 0.1 s"
    import soundfile

    samples, rate = soundfile.read(tmp_path / "out.wav")
    assert rate == 48_000
    assert samples.shape == (4800 + bank.length + 2 - 1, 2)
    assert np.abs(samples).max() > 0.01


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "time_s;x\n0;1\n",
            "got columns with semicolons between them; expected commas, as time_s,x, and points in numbers",
        ),
        ("time_s,y\n0,1\n", "got columns time_s, y; expected columns time_s, x"),
        ("time_s,x\n", "got no rows; expected one or more, of the columns time_s, x"),
        (
            "time_s,x\n0,0\n2,1\n2,1\n",
            "line 4: got time_s 2 after 2; expected times that rise from row to row; sort the rows",
        ),
        ("time_s,x\n0,0\n1,nan\n", "line 3: got nan in x; expected a finite number"),
        ("time_s,x\n\n0,zero\n", "line 3: got zero in x; expected a finite number"),
        ("time_s,x\n0\n", "line 2: got nothing in x; expected a finite number"),
        (
            "time_s,x\n0,0\n1,1.5\n",
            "got x from 0 to 1.5; expected 0 to 1, the bank's range; make a bank over a wider range",
        ),
    ],
)
def test_a_path_that_cannot_be_followed_is_refused(text: str, message: str, tmp_path: Path) -> None:
    """By its file, with what was expected."""
    (tmp_path / "path.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=rf"path\.csv[:,] .*{message}"):
        read_path(tmp_path / "path.csv", {"x": (0.0, 1.0)})
