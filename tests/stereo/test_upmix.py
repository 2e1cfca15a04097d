"""The upmix: what holds exactly, and that blocks of any size give the samples of the whole."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Real
from designer.stereo.upmix import Analysis, Synthesis, Upmix, half_erb_bands, upmix, upmix_gains
from stereo.signals import RATE_HZ, clicks, panned, pink

SHORT_HZ = 1500.0  # frames of 64 samples: the naive loop has time for them


def pair(seed: int, count: int = 9000) -> Real:
    """Two unlike channels with a common part."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((count, 2)) * rng.uniform(0.1, 1.0, 2) + rng.standard_normal((count, 1))


def test_sides_and_centre_add_up() -> None:
    """L' + C = L and R' + C = R to the rounding of double precision."""
    stereo = pair(0)
    left, right, centre = upmix(stereo, RATE_HZ).T
    assert np.abs(np.column_stack([left + centre, right + centre]) - stereo).max() < 4 * np.finfo(float).eps * 5
    assert np.abs(centre).max() > 0.1


@pytest.mark.parametrize("level", [1.0, 1e-3, 1e-9])
def test_exact_limits(level: float) -> None:
    """Silence stays silence, mono goes to C whole, and of hard-panned and out-of-phase sound nothing does, at any level."""
    sound, nothing = level * pink(0.4, 3), np.zeros(round(0.4 * RATE_HZ))
    assert (upmix(np.column_stack([nothing, nothing]), RATE_HZ) == 0).all()
    mono = upmix(np.column_stack([sound, sound]), RATE_HZ)
    np.testing.assert_allclose(mono[:, 2], sound, rtol=0, atol=1e-14 * level)
    np.testing.assert_allclose(mono[:, :2], 0, rtol=0, atol=1e-14 * level)
    for left, right in ((sound, nothing), (nothing, sound), (sound, -sound)):
        stereo = np.column_stack([left, right])
        np.testing.assert_array_equal(upmix(stereo, RATE_HZ), np.column_stack([stereo, nothing]))


@given(st.floats(-1.0, 1.0), st.integers(0, 1000))
@settings(max_examples=25)
def test_a_lone_source_is_panned_pairwise(beta: float, seed: int) -> None:
    """A lone source at β gives C = (1 - |β|) M, 2|β| M on its own side, and nothing on the other."""
    middle = np.random.default_rng(seed).standard_normal(1500)
    left, right, centre = upmix(panned(middle, beta), SHORT_HZ).T
    own, other = (left, right) if beta > 0 else (right, left)
    np.testing.assert_allclose(centre, (1 - abs(beta)) * middle, rtol=0, atol=1e-9)
    np.testing.assert_allclose(own, 2 * abs(beta) * middle, rtol=0, atol=1e-9)
    np.testing.assert_allclose(other, 0, rtol=0, atol=1e-9)


@pytest.mark.parametrize("train", [clicks(0.5, 0.11), pink(0.5, 2)], ids=["clicks", "pink"])
def test_nine_positions(train: Real) -> None:
    """Pink noise, and clicks, which fill no more than a few frames each, obey the same law at nine positions across."""
    for beta in np.linspace(-1, 1, 9):
        centre = upmix(panned(train, beta), RATE_HZ)[:, 2]
        np.testing.assert_allclose(centre, (1 - abs(beta)) * train, rtol=0, atol=1e-12)


def naive_transform(samples: list[float], start: int, frame: int) -> list[complex]:
    """A windowed frame's spectrum, by its definition."""
    cut = [
        (samples[start + n] if 0 <= start + n < len(samples) else 0.0) * math.sin(math.pi * (n + 0.5) / frame)
        for n in range(frame)
    ]
    return [sum(x * cmath.exp(-2j * math.pi * k * n / frame) for n, x in enumerate(cut)) for k in range(frame // 2 + 1)]


def naive_bands(frame: int, rate_hz: float) -> list[list[int]]:
    """Bins by half equivalent rectangular bandwidths."""
    bands: dict[int, list[int]] = {}
    for k in range(frame // 2 + 1):
        number = 21.4 * math.log10(1 + 4.37 * (k * rate_hz / frame) / 1000)
        bands.setdefault(math.floor(number / 0.5), []).append(k)
    return list(bands.values())


def test_decorrelated_by_a_naive_loop() -> None:
    """Re E[C S*] = 0 where |ρ| < 1, and Re E[L' R'*] = 0 where 0 < α < 1, in each band, by loops over frames and bins.

    The loop has its own transform, bands and weights of the past; of the upmix it takes ρ and α alone, as what is to be
    judged. Each band's averages are those of its frame: the newest 40 frames and all before.
    """
    frame, hop, frames = 64, 16, 40
    stereo = pair(4, frames * hop)
    stage = Upmix(SHORT_HZ)
    assert (stage.frame, stage.hop) == (frame, hop)
    stage.push(stereo)
    left = [naive_transform(stereo[:, 0].tolist(), (j + 1) * hop - frame, frame) for j in range(frames)]
    right = [naive_transform(stereo[:, 1].tolist(), (j + 1) * hop - frame, frame) for j in range(frames)]
    remaining = math.exp(-2 * hop / (0.15 * SHORT_HZ))
    bands = naive_bands(frame, SHORT_HZ)
    between = within = 0
    for now in (20, frames - 1):
        for b, bins in enumerate(bands):
            rho, alpha = float(stage.rho[now, b]), float(stage.alpha[now, b])
            centre_side = sides = middle_power = side_power = 0.0
            for j in range(now + 1):
                weight = (now - j + 1) * remaining ** (now - j)
                for k in bins:
                    middle, side = (left[j][k] + right[j][k]) / 2, (left[j][k] - right[j][k]) / 2
                    centre = alpha * (middle - rho * side)
                    centre_side += weight * (centre * side.conjugate()).real
                    sides += weight * ((left[j][k] - centre) * (right[j][k] - centre).conjugate()).real
                    middle_power += weight * abs(middle) ** 2
                    side_power += weight * abs(side) ** 2
            scale = middle_power + side_power
            if abs(rho) < 1:
                between += 1
                assert abs(centre_side) < 1e-11 * scale
            if abs(rho) < 1 and 0 < alpha < 1:
                within += 1
                assert abs(sides) < 1e-11 * scale
    assert between > len(bands) / 2
    assert within > len(bands) / 2


@given(
    st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9), st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=9)
)
def test_gains_of_any_samples(samples: list[tuple[float, float, float, float]]) -> None:
    """From any averages |ρ| ≤ 1 and 0 ≤ α ≤ 1, and no sound is louder in C than in L and R together, sample by sample."""
    middle = np.array([complex(a, b) for a, b, _, _ in samples])
    side = np.array([complex(c, d) for _, _, c, d in samples])
    moments = (np.abs(middle) ** 2, np.abs(side) ** 2, (middle * side.conj()).real)
    rho, alpha = upmix_gains(*(np.array([np.mean(moment)]) for moment in moments))
    assert abs(rho[0]) <= 1
    assert 0 <= alpha[0] <= 1
    centre = alpha * (middle - rho * side)
    together = np.abs(middle + side) ** 2 + np.abs(middle - side) ** 2
    assert (np.abs(centre) ** 2 <= together * (1 + 1e-9) + 1e-30).all()


@given(st.lists(st.integers(0, 3000), max_size=12), st.sampled_from([RATE_HZ, 44_100, 8_000, 96_000]))
@settings(max_examples=20)
def test_blocks_of_any_size_give_the_same_samples(sizes: list[int], rate_hz: int) -> None:
    """Block by block, N - 1 samples late, the samples are those of the whole file, to the last bit."""
    stereo = pair(5)
    stage = Upmix(rate_hz)
    cuts = np.minimum(np.cumsum([0, *sizes]), len(stereo))
    blocks = [stereo[a:b] for a, b in zip(cuts, [*cuts[1:], len(stereo)], strict=True)]
    outs = [stage.push(block) for block in blocks]
    assert [len(out) for out in outs] == [len(block) for block in blocks]
    streamed = np.concatenate([*outs, stage.finish()])
    assert (streamed[: stage.latency_samples] == 0).all()
    assert stage.latency_samples == stage.frame - 1
    np.testing.assert_array_equal(streamed[stage.latency_samples :], upmix(stereo, rate_hz))


def test_one_sample_at_a_time() -> None:
    """The smallest blocks there are."""
    stereo = pair(6, 700)
    stage = Upmix(SHORT_HZ)
    streamed = np.concatenate([*(stage.push(sample[None]) for sample in stereo), stage.finish()])
    np.testing.assert_array_equal(streamed[stage.latency_samples :], upmix(stereo, SHORT_HZ))


def test_frames_reconstruct() -> None:
    """The windows of analysis and synthesis return the input, from its first sample on."""
    sound = pink(0.3, 1)
    analysis, synthesis = Analysis(512, 1), Synthesis(512)
    early = analysis.frame - analysis.hop
    back = synthesis.push(analysis.push(np.append(sound, np.zeros(2047))[None])[0])[early:]
    np.testing.assert_allclose(back[: sound.size], sound, rtol=0, atol=1e-14)


def test_bands_are_half_a_bandwidth() -> None:
    """Around 1 kHz, where the bandwidth is 24.7 (1 + 4.37) = 132.6 Hz, bands are half of it wide, to a bin of 23.4 Hz."""
    bands = half_erb_bands(2048, 48_000)
    width_hz = bands.count * 48_000 / 2048
    middle = int(np.searchsorted(bands.first * 48_000 / 2048, 1000.0))
    assert abs(np.mean(width_hz[middle - 3 : middle + 3]) - 132.6 / 2) < 48_000 / 2048
    assert bands.count.sum() == 1025
