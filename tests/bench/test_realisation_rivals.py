"""Realised filters against three other ways to make as many taps, in the same run, over the library's ear channels.

Everyone is judged alike, with the head moved where no design looked and between the design's frequencies. The two rivals
that choose their own weights are regularised until their mean effort in the band is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import linalg

import designer
from designer.acoustics.scene_of_problem import fine_frequencies_hz
from designer.arrays import Real
from designer.designs import ChannelDesign, design_channel
from designer.designs.bounds import reachable_gain
from designer.evaluation.moved_head import moved_head
from designer.evaluation.refinement import realize_judged
from designer.measures import db, effort
from designer.problem.schema import Realization
from designer.realization import realize, response
from designer.requirements.channel_target import channel_target, driver_index
from designer.requirements.target import ChannelTarget

ROOT = Path(__file__).parents[2]
LIBRARY = (
    "laptop-pair",
    "smart-speaker",
    "pair-kemar",
    "soundbar-kemar",
    "couch",
    "cylinder-speaker",
    "too-much-asked",
)
FREE_FIELD = ("laptop-pair", "couch", "eight-drivers")
TAPS = 128
RESPONSE_TAPS = 512
"""Of the impulse responses from the drivers to the ears, in the time-domain rival."""


@dataclass(frozen=True)
class Case:
    """One ear channel of the library, and what the rivals need of it."""

    channel: ChannelDesign
    scene: designer.Scene

    @property
    def rate(self) -> float:
        return self.scene.problem.sample_rate_hz

    @cached_property
    def own(self) -> Real:
        return realize([self.channel], self.scene, TAPS)[0][0]

    @cached_property
    def band(self) -> ChannelTarget:
        target = channel_target(self.channel.design, self.scene, self.channel.plain)
        return target.at(target.in_band)

    def mean_effort_db(self, taps: Real) -> float:
        w = response(taps, self.scene.frequency_hz, self.rate)[self.channel.in_band]
        return float(np.mean(db(effort(self.band.bright, w[:, driver_index(self.channel.design, self.scene.drivers)]))))

    def gains_db(self, taps: Real) -> Real:
        return moved_head(self.channel.design, taps, self.scene).gain_db.ravel()

    def at_our_effort(self, made: Callable[[float], Real]) -> Real:
        """The rival's taps with the regularisation at which its mean effort is ours: more of it, less effort."""
        wanted = self.mean_effort_db(self.own)
        low, high = -9.0, 3.0
        for _ in range(14):
            middle = (low + high) / 2
            if self.mean_effort_db(made(10**middle)) > wanted:
                low = middle
            else:
                high = middle
        return made(10**high)


@cache
def case(name: str, head: str | None = None) -> Case:
    path = ROOT / "problems" / f"{name}.toml"
    problem = designer.load(path if path.exists() else ROOT / "reports" / "few-taps" / f"{name}.toml")
    if head is not None:
        listener = problem.listener.model_copy(update={"head": head})
        problem = problem.model_copy(update={"listener": listener})
    scene = designer.scene(problem).at(fine_frequencies_hz(problem))
    table = next(table for table in problem.designs if table.ear == "left")
    return Case(design_channel(table, scene), scene)


@cache
def deep(name: str) -> Case:
    """The same channel asked for 40 dB, at a limit of effort that is the mean of what the curve cost: as deep as that buys."""
    one = case(name)
    limit_db = one.mean_effort_db(one.own)
    table = one.channel.design.model_copy(update={"cancellation_gain_db": [[1000.0, 40.0]], "max_effort_db": limit_db})
    return Case(design_channel(table, one.scene), one.scene)


CHEAP_DB = -1.0
"""Beside the curve's mean effort: what a frequency may cost and still be asked for more than the curve."""


@cache
def cheap(name: str) -> Case:
    """The same channel asked for its curve, and for more where that is cheap: half a decibel less than the most that 1 dB
    less than the curve's mean effort reaches at each frequency, 40 dB at most.
    """
    one = case(name)
    limit = 10 ** ((one.mean_effort_db(one.own) + CHEAP_DB) / 10)
    within = reachable_gain(replace(one.band, max_effort=np.full(one.band.frequency_hz.size, limit)))
    assert one.band.gamma is not None
    asked_db = np.maximum(db(one.band.gamma), np.minimum(db(within) - 0.5, 40.0))
    curve = [[float(f), float(gain)] for f, gain in zip(one.band.frequency_hz, asked_db, strict=True)]
    table = one.channel.design.model_copy(update={"cancellation_gain_db": curve})
    return Case(design_channel(table, one.scene), one.scene)


@dataclass(frozen=True)
class RefinedCase(Case):
    """The same channel with its taps refined from the joint fit's, at the fit's mean effort."""

    @cached_property
    def own(self) -> Real:
        refined, _ = realize_judged([self.channel], self.scene, Realization(taps=TAPS, refine=True))
        return refined.taps[0]


@cache
def refined(name: str) -> Case:
    """The same channel and curve, the taps refined."""
    one = case(name)
    return RefinedCase(one.channel, one.scene)


def joint_fit(one: Case) -> Real:
    """The taps that the refinement begins from."""
    return realize([one.channel], one.scene, TAPS)[0][0]


def pooled(cases: list[Case], rival: Callable[[Case], Real]) -> tuple[Real, Real]:
    """Median and 5th percentile over all channels, heads and frequencies: ours, the rival's."""
    ours, theirs = [], []
    for one in cases:
        mine, other = one.gains_db(one.own), one.gains_db(rival(one))
        print(
            f"{one.scene.problem.source}: ours {np.percentile(mine, [50, 5])}, rival {np.percentile(other, [50, 5])} dB"
        )
        ours.append(mine)
        theirs.append(other)
    found = np.array([np.percentile(np.concatenate(gains), [50, 5]) for gains in (ours, theirs)])
    print(f"all: ours {found[0]}, rival {found[1]} dB")
    return found[0], found[1]


def frequency_sampling(one: Case) -> Real:
    """The weights at T/2 + 1 frequencies, their inverse transform, and a Hamming window."""
    f = np.linspace(0.0, one.rate / 2, TAPS // 2 + 1)
    solved, weights = one.channel.frequency_hz, one.channel.weights
    sampled = np.stack([np.interp(f, solved, w.real) + 1j * np.interp(f, solved, w.imag) for w in weights.T], axis=1)
    turned = sampled * np.exp(-1j * np.pi * np.arange(f.size))[:, None]
    return np.asarray(np.fft.irfft(turned.T, TAPS, axis=1) * np.hamming(TAPS + 1)[:TAPS])


def time_domain_least_squares(one: Case) -> Real:
    """Taps x that minimise ||H x - d||² + β ||x||², H the convolution with the impulse responses to every ear of the cloud.

    d is the plain driver's response at the ears to reach, T/2 samples late, and nothing at the ears to cancel.
    """
    grid = one.scene.at(np.linspace(0.0, one.rate / 2, RESPONSE_TAPS + 1))
    target = channel_target(one.channel.design, grid, one.channel.plain)
    early = 2 * np.pi * grid.frequency_hz * nearest_m(one) / one.scene.problem.speed_of_sound_m_s
    shift = np.exp(1j * early)[:, None]
    drivers = target.bright.shape[2]
    shapes = [np.moveaxis(points * shift[:, :, None], 0, -1) for points in (target.bright, target.dark)]
    h = np.concatenate([np.fft.irfft(points, axis=2) for points in shapes])[:, :, :RESPONSE_TAPS]
    wanted = np.moveaxis(np.einsum("fml,fl->fm", target.bright, target.plain) * shift, 0, -1)
    length = RESPONSE_TAPS + TAPS - 1
    d = np.zeros((len(h), length))
    d[: len(wanted), TAPS // 2 : TAPS // 2 + RESPONSE_TAPS] = np.fft.irfft(wanted, axis=1)[:, :RESPONSE_TAPS]
    d = d[:, :length]
    normal, right = np.zeros((drivers * TAPS, drivers * TAPS)), np.zeros(drivers * TAPS)
    for responses, goal in zip(h, d, strict=True):
        rows = np.concatenate(
            [linalg.toeplitz(np.r_[one_h, np.zeros(TAPS - 1)], np.zeros(TAPS)) for one_h in responses], axis=1
        )
        normal += rows.T @ rows
        right += rows.T @ goal
    values, vectors = linalg.eigh(normal)  # serves every weight
    turned = vectors.T @ right
    own = driver_index(one.channel.design, one.scene.drivers)

    def made(weight: float) -> Real:
        x = np.zeros((len(one.scene.drivers), TAPS))
        x[own] = (vectors @ (turned / (values + weight * values.mean()))).reshape(drivers, TAPS)
        return x

    return one.at_our_effort(made)


def nearest_m(one: Case) -> float:
    """The way from the nearest driver to the head, less its radius and 10 cm: what all responses begin with."""
    listener = one.scene.problem.listener
    places = np.array([driver.position_m for driver in one.scene.problem.drivers])
    return float(np.linalg.norm(places - listener.position_m, axis=1).min() - listener.head_radius_m - 0.1)


def rake_max_sinr(one: Case) -> Real:
    """Pyroomacoustics' weights for the two ear points of the centre, its bulk advance removed, and its own filters."""
    beamforming = pytest.importorskip("pyroomacoustics.beamforming", reason="pyroomacoustics is not installed")
    problem = one.scene.problem
    places = np.array([driver.position_m for driver in problem.drivers])[:, :2].T
    at = np.array(problem.listener.position_m)[:2]
    radius_m = problem.listener.head_radius_m
    aside = np.array([0.0, radius_m])
    left, right = at - aside, at + aside  # the listener's left is at -y
    source, interferer = (SimpleNamespace(images=ear[:, None]) for ear in (left, right))

    def made(weight: float) -> Real:
        beam = beamforming.Beamformer(places, problem.sample_rate_hz, N=TAPS, Lg=TAPS)
        scale = weight / np.linalg.norm(at) ** 2 / (4 * np.pi) ** 2
        beam.rake_max_sinr_weights(source, interferer, R_n=scale * np.eye(places.shape[1]), attn=True)
        way_m = np.linalg.norm(places - left[:, None], axis=0).min()
        # filters_from_weights conjugates: the advance e^{jωr/c} of the filters is taken from the weights as it stands.
        beam.weights = beam.weights * np.exp(2j * np.pi * beam.frequencies * way_m / problem.speed_of_sound_m_s)
        beam.filters_from_weights()
        return np.asarray(beam.filters)

    return one.at_our_effort(made)


@pytest.mark.long
def test_better_than_frequency_sampling_with_a_window() -> None:
    """Over the library, 128 taps, the same weights: a higher median, and a 5th percentile at least 0.5 dB higher."""
    ours, rival = pooled([case(name) for name in LIBRARY], frequency_sampling)
    assert ours[0] > rival[0]
    assert ours[1] > rival[1] + 0.5


@pytest.mark.long
def test_better_than_least_squares_in_time() -> None:
    """Over the library, 128 taps, equal effort, asked for the curve and more where that is cheap: a higher median.

    The 5th percentile is the rival's there: a speaker whose playback begins at 150 Hz costs the joint fit effort that the rival is
    then given. Asked for as much as that effort reaches at each frequency by itself it is
    the other way round: what the curves cost at low frequencies is then cut short.
    """
    both, rival = pooled([cheap(name) for name in LIBRARY], time_domain_least_squares)
    assert both[0] > rival[0]
    deepest, rival = pooled([deep(name) for name in LIBRARY], time_domain_least_squares)
    assert deepest[0] > rival[0]


@pytest.mark.long
def test_refined_taps_are_better_than_the_joint_fit() -> None:
    """Over the library, 128 taps, the fit's mean effort to 0.01 dB: no problem loses 0.1 dB of its median, 5th or 1st percentile; together
    they gain 0.8, 0.5 and 0.7 dB, and the soundbar 2 dB in the median and the 5th percentile.
    """
    cases = [refined(name) for name in LIBRARY]
    for one in cases:
        assert one.mean_effort_db(one.own) <= one.mean_effort_db(joint_fit(one)) + 0.01
    gains = [[one.gains_db(taps) for taps in (joint_fit(one), one.own)] for one in cases]
    for before, after in gains:
        assert (np.percentile(after, [50, 5, 1]) > np.percentile(before, [50, 5, 1]) - 0.1).all()
    before, after = (np.percentile(np.concatenate(side), [50, 5, 1]) for side in zip(*gains, strict=True))
    assert (after - before > [0.8, 0.5, 0.7]).all()
    ours, rival = pooled([refined("soundbar-kemar")], joint_fit)
    assert (ours > rival + 2.0).all()


@pytest.mark.long
def test_better_than_rake_max_sinr() -> None:
    """Over the free-field problems with ear points, 128 taps, equal effort: a higher median and 5th percentile."""
    ours, rival = pooled([case(name, "points") for name in FREE_FIELD], rake_max_sinr)
    assert ours[0] > rival[0]
    assert ours[1] > rival[1]
