"""Responses at the ears of a listener over a bank's keys: a bank of its own, aligned and interpolated as filters are."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from designer.acoustics.scene_of_problem import scene
from designer.acoustics.several_listeners import heard_by
from designer.arrays import Real
from designer.bank.filter_bank import Axis, FilterBank, aligned_bank
from designer.problem.schema import Problem
from designer.search.bank_keys import Followed, problem_at
from designer.stereo.chain import removed_samples, responses_at_ears
from designer.stereo.render import ear_samples
from designer.stereo.signal_path import EARS

PLACES = {1: 41, 2: 13}
"""Places along each of one key or two at which responses are computed."""


def ear_places(keys: Sequence[Followed]) -> list[Real]:
    """Values of each key at which responses are computed."""
    return [np.linspace(key.low, key.high, PLACES[len(keys)]) for key in keys]


def ear_bank(
    problem: Problem, keys: Sequence[Followed], axes: Sequence[Real], listener: str | None = None
) -> FilterBank:
    """Responses (L, T) from the drivers' feeds to each ear, channels "left ear" and "right ear", at the product of some values of each key.

    The way through the air that their times leave out is the same at all values: as the head walks away, all becomes later.

    Parameters
    ----------
    listener : str or None, whose ears, where they are several; None for the first

    Raises
    ------
    DataError : a head's file cannot be used

    """
    length = ear_samples(problem.sample_rate_hz)
    scenes = [heard_by(scene(problem_at(problem, keys, values)), listener) for values in itertools.product(*axes)]
    at_places = [responses_at_ears(at_place, length) for at_place in scenes]
    removed = np.array([removed_samples(at_place, length) for at_place in scenes], dtype=float)
    shape = tuple(len(values) for values in axes)
    whole = np.array(at_places).reshape(*shape, *at_places[0].shape)
    taps = {name: np.take(whole, n, axis=len(shape)) for n, name in enumerate(EARS)}
    named = [Axis(key.key, values) for key, values in zip(keys, axes, strict=True)]
    bank = aligned_bank(named, problem.driver_names, problem.sample_rate_hz, taps, 0)
    later = (removed - removed.min()).reshape(*shape, 1)
    return replace(bank, delay_samples={name: delay + later for name, delay in bank.delay_samples.items()})
